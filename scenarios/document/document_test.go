package document

import (
	"bytes"
	"testing"
	"testing/fstest"
	"time"

	"github.com/halltwin/halltwin/models/unit"
)

type sampleUPS struct {
	Rating   unit.Power    `yaml:"rating" doc:"rated output power" default:"1 MW" source:"typical" range:"(0,)"`
	Autonomy unit.Duration `yaml:"autonomy" doc:"battery time" default:"5 min" source:"typical"`
	Mode     string        `yaml:"mode" doc:"operating mode" enum:"double-conversion,eco" default:"double-conversion"`
}
type sampleCDU struct {
	Supply unit.Temperature `yaml:"supply" doc:"supply temperature" default:"30 degC" source:"typical"`
}
type sample struct {
	Start time.Time            `yaml:"start" doc:"start" required:"true"`
	UPS   sampleUPS            `yaml:"ups" doc:"the ups"`
	CDU   *sampleCDU           `yaml:"cdu" doc:"the cdu"`
	Parts []sampleUPS          `yaml:"parts" doc:"parts"`
	By    map[string]sampleUPS `yaml:"by" doc:"by name"`
}

func TestFirst(t *testing.T) {
	lib := fstest.MapFS{"sites/a.yaml": {Data: []byte("ups:\n  rating: 1.2\ncdu: {suply: 3 K}\n")}}
	l := &Loader{Library: lib}
	v, ds := l.LoadBytes("main.yaml", []byte("use: sites/a\nparts: {add: [{mode: ecco}]}\n"))
	w, more := l.Resolve(v)
	ds = append(ds, more...)
	var s sample
	ds = append(ds, Decode(w, &s)...)
	var b bytes.Buffer
	ds.Render(&b, l.Sources(), false)
	t.Log("\n" + b.String())
}
