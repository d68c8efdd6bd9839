package reading

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Batch{Source: rapid.String().Draw(t, "source"), At: Number(rapid.Float64().Draw(t, "at")), Whole: rapid.Bool().Draw(t, "whole")}
		for range rapid.IntRange(0, 3).Draw(t, "values") {
			b.Values = append(b.Values, Value{Thing: Thing{Kind: "gpu", Host: rapid.String().Draw(t, "host"), Index: rapid.Int().Draw(t, "index")},
				Quantity: "power", At: Number(rapid.Float64().Draw(t, "time")), Value: Number(rapid.Float64().Draw(t, "value"))})
		}
		text, err := json.Marshal(&b)
		if err != nil {
			t.Fatal(err)
		}
		var back Batch
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(&back)
		if err != nil || string(again) != string(text) {
			t.Fatalf("%s\nis read as\n%s, %v", text, again, err)
		}
	})
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 214748364.7, 0, 1.7e308} {
		text, err := json.Marshal(Number(v))
		if err != nil {
			t.Fatal(err)
		}
		var back Number
		if err := json.Unmarshal(text, &back); err != nil || math.Float64bits(float64(back)) != math.Float64bits(v) && !math.IsNaN(v) {
			t.Errorf("%v is %s is %v, %v", v, text, back, err)
		}
	}
	var n Number
	if json.Unmarshal([]byte(`"hot"`), &n) == nil {
		t.Error(`"hot" is a number`)
	}
	if !reflect.DeepEqual([]bool{Waiting.Over(), Running.Over(), Done.Over(), Failed.Over(), Cancelled.Over()}, []bool{false, false, true, true, true}) {
		t.Error("over")
	}
}
