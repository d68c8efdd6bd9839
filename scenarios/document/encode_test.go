package document

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/halltwin/halltwin/models/unit"
)

// encoded has a field of every form that can be encoded.
type encoded struct {
	Name   string                `yaml:"name" doc:"name" required:"true"`
	On     bool                  `yaml:"on" doc:"switch" default:"true"`
	Count  int                   `yaml:"count" doc:"count" default:"3"`
	Share  float64               `yaml:"share" doc:"share" default:"0.5"`
	Power  unit.Power            `yaml:"power" doc:"power" default:"1 kW"`
	Maybe  *unit.Duration        `yaml:"maybe" doc:"optional"`
	List   []float64             `yaml:"list" doc:"list" default:"[1, 2]"`
	Limits map[string]unit.Power `yaml:"limits" doc:"by name"`
	Inner  sampleUPS             `yaml:"inner" doc:"struct"`
	Parts  []sampleRack          `yaml:"parts" doc:"list of structs"`
}

func TestEncodeIsTheInverseOfDecode(t *testing.T) {
	for _, text := range []string{
		"name: all defaults\n",
		`name: "12"
on: false
count: 0
share: 0.125
power: 2.5 MW
maybe: 90 s
list: []
limits: {b: 3 W, a: 1 W}
inner: {mode: eco, load: 40 %, bypass: false}
parts: [{name: x, power: 12 kW, cooling: {rear_door: true}}, {name: y}]
`,
	} {
		var first, second encoded
		v, ds := (&Loader{}).LoadBytes("first.yaml", []byte(text))
		if ds = append(ds, Decode(v, &first)...); len(ds) > 0 {
			t.Fatal(ds)
		}
		var b bytes.Buffer
		if err := Encode(&first).Print(&b, false); err != nil {
			t.Fatal(err)
		}
		v, ds = (&Loader{}).LoadBytes("second.yaml", b.Bytes())
		if ds = append(ds, Decode(v, &second)...); len(ds) > 0 {
			t.Fatalf("%v\n%s", ds, b.String())
		}
		if d := cmp.Diff(first, second); d != "" {
			t.Errorf("%s\n%s", d, b.String())
		}
	}
}

func TestEncodeLeavesOutDefaults(t *testing.T) {
	var spec encoded
	v, _ := (&Loader{}).LoadBytes("x.yaml", []byte("{name: x, count: 3, power: 1000 W, inner: {rating: 1 MW}}"))
	if ds := Decode(v, &spec); len(ds) > 0 {
		t.Fatal(ds)
	}
	var b bytes.Buffer
	if err := Encode(&spec).Print(&b, false); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != "name: x\n" {
		t.Errorf("%q", got)
	}
}
