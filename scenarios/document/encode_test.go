package document

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/halltwin/halltwin/models/unit"
)

// encodable is a spec of what Encode is for: figures found by a fit.
type encodable struct {
	UPS   sampleUPS             `yaml:"ups" doc:"the UPS"`
	CDU   *sampleCDU            `yaml:"cdu" doc:"the CDU"`
	Racks []sampleRack          `yaml:"racks" doc:"racks"`
	By    map[string]unit.Power `yaml:"by" doc:"limits by name"`
	Any   *Value                `yaml:"any" doc:"as written"`
}

func TestEncode(t *testing.T) {
	var l Loader
	v, ds := l.LoadBytes("x.yaml", []byte(`ups:
  rating: 1.2 MW
  load: 0.6
  bypass: false
  curve: [0.5]
cdu: {}
racks:
  - name: "7"
    cooling:
      rear_door: true
by:
  a: 1 W
  b: 2 kW
any: {x: [1, two]}
`))
	var first, second encodable
	if ds = append(ds, Decode(v, &first)...); len(ds) > 0 {
		t.Fatal(ds)
	}
	var out bytes.Buffer
	if err := Encode(&first).Print(&out, false); err != nil {
		t.Fatal(err)
	}
	again, ds := l.LoadBytes("again.yaml", out.Bytes())
	if ds = append(ds, Decode(again, &second)...); len(ds) > 0 {
		t.Fatalf("%v\n%s", ds, out.String())
	}
	if !same(first.Any, second.Any) {
		t.Error("what is taken as written differs")
	}
	first.Any, second.Any = nil, nil
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("%s\n%s", diff, out.String())
	}
	if bytes.Contains(out.Bytes(), []byte("autonomy")) || bytes.Contains(out.Bytes(), []byte("approach")) {
		t.Errorf("a default is written:\n%s", out.String())
	}
}
