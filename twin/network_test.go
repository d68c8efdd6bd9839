package twin_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// heard keeps events of one type.
type heard struct {
	kind  string
	texts []string
	times []float64
}

func (h *heard) Open(*record.Header) error   { return nil }
func (h *heard) Frame(*record.Frame) error   { return nil }
func (h *heard) Close(*record.Summary) error { return nil }
func (h *heard) Event(e *record.Event) error {
	if e.Type == h.kind {
		h.texts, h.times = append(h.texts, e.Subject+" "+e.Text), append(h.times, e.Time)
	}
	return nil
}

// Two training runs meet on the second of three leaves, whose uplinks carry as much as one node sends: each gets half of them.
// Later the first run is alone and loses half of the uplinks of its first leaf, with the same consequence.
const shared = `halltwin: v1
name: shared
start: 2026-01-01T00:00:00Z
duration: 6 h
site:
  halls: [{rows: [{racks: 6, rack: {use: hardware/rack-dgx-h100-4}}]}]
  fabric: {nodes_per_leaf: 8, oversubscription: 8, routing: adaptive}
  air: {supply: 22 degC}
scheduler: {placement: pack-by-leaf}
failures: {use: failures/none}
workload:
  - train: {name: a, model: {use: models/llama-3.1-70b}, gpus: 96, duration: 2 h, global_batch: 24, precision: fp8, parallel: {tensor: 8, pipeline: 4, sharding: optimizer}, checkpoint: {every: never}}
  - train: {name: b, model: {use: models/llama-3.1-70b}, gpus: 96, submit: 1 h, duration: 30 min, global_batch: 24, precision: fp8, parallel: {tensor: 8, pipeline: 4, sharding: optimizer}, checkpoint: {every: never}}
timeline:
  - {at: 100 min, set: {leaf-0.uplinks: 50 %}}
`

func TestCongestionBetweenJobs(t *testing.T) {
	run := func(text, kind string) *heard {
		t.Helper()
		f, ds := scenarios.LoadBytes("shared.yaml", []byte(text))
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		p, ds := f.Plan("")
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		h := &heard{kind: kind}
		if _, err := twin.Run(context.Background(), p, twin.Options{Seed: 1, Sink: h}); err != nil {
			t.Fatal(err)
		}
		return h
	}
	ends := func(text string) map[string]float64 {
		h := run(text, "job.done")
		out := map[string]float64{}
		for i, s := range h.texts {
			out[strings.Fields(s)[1]] = h.times[i]
		}
		return out
	}
	both := ends(shared)
	want := []string{
		"job b gets 59 % of the network that it asks for", "job a gets 59 % of the network that it asks for",
		"job a gets 100 %", "job a gets 59 %",
	}
	for _, text := range run(shared, "job.congestion").texts {
		t.Log(text)
		for i, w := range want {
			if strings.HasPrefix(text, w) {
				want = append(want[:i:i], want[i+1:]...)
				break
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("not heard: %q", want)
	}
	wide := ends(strings.Replace(shared, "oversubscription: 8", "oversubscription: 1", 1))
	if math.Abs(wide["a"]-7200) > 1 || math.Abs(wide["b"]-5400) > 1 {
		t.Errorf("without a narrow fabric the jobs end at %v", wide)
	}
	if both["a"] <= wide["a"] || both["b"] <= wide["b"] {
		t.Errorf("the narrow fabric costs nothing: %v, wide %v", both, wide)
	}
}
