package twin

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
)

// rich is a site with at least one of everything that a channel can be a property of.
func rich(plant string) string {
	return `
duration: 2 h
site:
  halls: [{rows: [{racks: 2, rack: {nodes: 4, liquid: 60 %, flow: 0.3 m3/s, node: {gpus: 8, gpu: {use: hardware/gpu-h100-sxm}, fans: {power: 300 W, flow: 0.2 m3/s}}}}]}]
  air: {in_row: {share: 50 %}, rear_door: {capture: 50 %}}
  liquid: {supply: 32 degC}
  plant: {kind: ` + plant + `, chilled: {tank: {volume: 5 m3}}}
  power: {redundancy: N}
  grid: {carbon: {constant: 400 g/kWh}, price: {constant: 0.1 USD/kWh}}
  weather: {file: weather/denver.epw}
  battery: {capacity: 100 kWh, power: 20 kW, carbon_threshold: 500 g/kWh}
  solar: {rating: 200 kW, export: 50 kW}
controls: {demand_response: {reduce: 10 kW, from: 20 min, for: 30 min, defer: true}, swings: {short_circuit: 20 MW, floor: 50 %}}
economics: {assets: {servers: {per: node, price: 200 kUSD, embodied: 3 t}}, tariff: {demand: [{price: 10 USD}]}}
workload:
  - serve: {name: chat, model: {use: models/llama-3.1-70b}, gpus: 8, replicas: 1, load: {rate: 2 1/s}}
  - train: {name: llm, model: {use: models/llama-3.1-70b}, gpus: 32, duration: 40 min, parallel: {tensor: 8, pipeline: 4}}
  - job: {name: a, gpus: 4, work: 50 min, checkpoint: {every: 10 min}}
  - job: {name: b, gpus: 64, work: 1 h, submit: 10 min}
timeline: [{at: 0 s, set: {"gpu[0].power_limit": 400 W}}]
`
}

// Every channel that can be asked for has a value on a site that has such a thing.
func TestEveryChannelHasAProvider(t *testing.T) {
	seen := map[string]bool{}
	for _, text := range []string{rich("chiller-tower"), rich("dry-cooler"), stored} {
		w := world(t, plan(t, text), 5400)
		all := channel.All()
		for i := range all {
			ch := &all[i]
			var values []float64
			if ch.Kind == facility.Job {
				_, values = w.jobFrame(ch.Name, nil, nil)
			} else {
				values = w.gauge(ch, nil)
			}
			for _, v := range values {
				seen[ch.Name] = seen[ch.Name] || !math.IsNaN(v)
			}
		}
	}
	for _, ch := range channel.All() {
		if !seen[ch.Name] {
			t.Errorf("%s never has a value", ch.Name)
		}
	}
}

// What is shown of GPUs, nodes, racks, rows and halls is one thing seen at several levels.
func TestLevelsAgree(t *testing.T) {
	p := plan(t, rich("chiller-tower"))
	w := world(t, p, 1800)
	values := func(name string) []float64 {
		ch, ok := channel.Lookup(name)
		if !ok {
			t.Fatal(name)
		}
		return w.gauge(ch, nil)
	}
	sum := func(name string) (s float64) {
		for _, v := range values(name) {
			s += v
		}
		return s
	}
	for _, name := range []string{"node.power", "rack.power", "row.power", "hall.power", "site.it_power"} {
		if a, b := sum(name), w.Power.IT; math.Abs(a-b) > 1e-9*b {
			t.Errorf("%s sums to %g W, IT takes %g W", name, a, b)
		}
	}
	if a, b := sum("gpu.power"), w.RackUse[0]; math.Abs(a-b) > 1e-9*b {
		t.Errorf("gpu.power sums to %g W, the books have %g W", a, b)
	}
	die, rack := values("gpu.temperature"), values("rack.gpu_temperature")
	for r := range rack {
		lo, hi := p.Tree.Descendants(facility.Ref{Kind: facility.Rack, Index: int32(r)}, facility.GPU)
		hottest := 0.0
		for g := lo; g < hi; g++ {
			hottest = max(hottest, die[g])
		}
		if math.Abs(hottest-rack[r]) > 1e-3 {
			t.Errorf("rack %d: hottest GPU at %g °C, gpu.temperature says %g °C", r, rack[r], hottest)
		}
	}
	if use := values("gpu.utilisation"); len(use) != len(die) {
		t.Errorf("%d utilisations of %d GPUs", len(use), len(die))
	}
	if limit := values("gpu.power_limit"); limit[0] != 400 || limit[1] != 700 {
		t.Errorf("power limits are %g, %g, …", limit[0], limit[1])
	}
}

// The GPUs of a service draw what its load asks of them, however slowly that changes: here from 2 to 14 requests/s in
// half a day.
func TestServicePowerFollowsItsLoad(t *testing.T) {
	p := plan(t, `
duration: 14 h
site:
  halls: [{rows: [{racks: 1, rack: {nodes: 1, flow: 0.3 m3/s, node: {gpus: 8, gpu: {use: hardware/gpu-h100-sxm, spread: 0, leakage: 0 %/K}, cpus: 0}}}]}]
  plant: {kind: none}
  power: {redundancy: none}
  other: 0
workload:
  - serve: {name: chat, model: {use: models/llama-3.1-70b}, gpus: 8, replicas: 1, load: {rate: 8 1/s, swing: 75 %, peak: 14}}
`)
	low, high := world(t, p, 2*3600), world(t, p, 14*3600)
	for _, w := range []*World{low, high} {
		use := w.Services[0].Last.Use
		if want := 8 * (72 + 628*use); math.Abs(w.Power.IT-want) > 8*628*useTolerance {
			t.Errorf("%.0f W at a utilisation of %.3f, want %.0f W", w.Power.IT, use, want)
		}
	}
	if a, b := low.Services[0].Last.Use, high.Services[0].Last.Use; a > 0.7*b {
		t.Errorf("utilisation is %.3f at night and %.3f at the peak", a, b)
	}
}
