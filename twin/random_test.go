package twin

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// soak says how many random cases a test takes: few in the suite, many with HALLTWIN_SOAK=1.
func soak(few, many int) int {
	if os.Getenv("HALLTWIN_SOAK") == "1" {
		return many
	}
	return few
}

// draw makes random worlds.
type draw struct{ *rand.Rand }

func newDraw(seed int) draw { return draw{rand.New(rand.NewPCG(uint64(seed), 2025))} }

func (d draw) chance(p float64) bool { return d.Float64() < p }

func (d draw) oneOf(choices ...string) string { return choices[d.IntN(len(choices))] }

func (d draw) between(lo, hi float64) float64 { return lo + (hi-lo)*d.Float64() }

// scenario returns a scenario with a small site of any kind, work of any kind, and much going wrong.
func (d draw) scenario() string {
	var b strings.Builder
	hours := d.between(0.5, 3)
	fmt.Fprintf(&b, "duration: %.4f h\nseed: %d\n", hours, d.IntN(1000))
	fmt.Fprintf(&b, "step: {calm: %s, disturbed: %s}\n", d.oneOf("60 s", "37 s", "300 s"), d.oneOf("10 s", "7 s", "60 s"))
	gpus, nodes := d.site(&b)
	d.work(&b, gpus, nodes, hours*3600)
	fmt.Fprintf(&b, "scheduler: {policy: %s, placement: %s}\n",
		d.oneOf("easy-backfill", "fcfs", "conservative-backfill", "first-fit", "sjf", "priority", "round-robin"),
		d.oneOf("first-fit", "best-fit", "spread", "pack-by-node", "pack-by-rack", "pack-by-leaf", "random", "load-balance"))
	d.failures(&b, gpus)
	d.timeline(&b, gpus, hours*3600)
	fmt.Fprintf(&b, "record: {every: %s, channels: [%s]}\n", d.oneOf("60 s", "300 s", "47 s"), `"*"`)
	if d.chance(0.3) {
		fmt.Fprintf(&b, "controls: {power_limit: %.0f W}\n", d.between(200, 600))
	} else if d.chance(0.2) {
		fmt.Fprintf(&b, "controls: {capping: {limits: {site: %.0f %%, row: %.0f %%}, poll: %s, first: [%s]}}\n", d.between(60, 90), d.between(60, 90), d.oneOf("3 s", "47 s"), d.oneOf("service", "training", "batch"))
	} else if d.chance(0.2) {
		fmt.Fprintf(&b, "controls: {demand_response: {%s, from: %d min, for: 30 min, notice: 2 min, defer: %v, cap: %v}}\n",
			d.oneOf("limit: 1 GW", "reduce: 2 kW", "reduce: 20 kW"), 10+d.IntN(20), d.chance(0.5), d.chance(0.7))
	}
	fmt.Fprintf(&b, "expect:\n  - {that: \"max(rack.inlet_temperature) < degC(%d)\"}\n  - {that: \"p95(site.power) > 0\"}\n  - {that: \"nodes.lost < %d\"}\n", 20+d.IntN(30), d.IntN(5))
	return b.String()
}

// site writes a site of up to a few racks and returns the GPUs of a node and the number of nodes.
func (d draw) site(b *strings.Builder) (gpus, nodes int) {
	gpus = []int{0, 1, 2, 4, 8}[d.IntN(5)]
	each := 1 + d.IntN(4)
	liquid := d.chance(0.4)
	racks, rows, halls := 1+d.IntN(4), 1+d.IntN(2), 1+d.IntN(2)
	nodes = each * racks * rows * halls
	fans := ""
	if d.chance(0.6) {
		fans = fmt.Sprintf("\n            fans: {power: %d W, flow: %.3f m3/s, minimum: 30 %%}", d.IntN(400), d.between(0.1, 0.3))
	}
	share := "flow: 0.3 m3/s"
	if liquid {
		share = fmt.Sprintf("liquid: %d %%, flow: 0.2 m3/s", 50+d.IntN(50))
	}
	fmt.Fprintf(b, `site:
  altitude: %d m
  halls:
    - count: %d
      rows:
        - count: %d
          racks: %d
          rack:
            %s
            nodes: %d
            node: {gpus: %d, gpu: {idle: 60 W, max: %d W, min_limit: 100 W, power: {model: %s}, resistance: %.3f K/W%s}, gpu_rows: %d, cpus: 2,
              cpu: {cores: 16}, other: 100 W, psu: {model: %s}%s}
`, d.IntN(3000), halls, rows, racks, strings.ReplaceAll(share, ", ", "\n            "), each, gpus, 300+d.IntN(600), d.oneOf("linear", "sqrt", "cubic", "mse"),
		d.between(0.03, 0.15), d.dies(), 1+d.IntN(2)*(1-gpus%2), d.oneOf("ideal", "titanium, rating: 3 kW, count: 2", "affine, constant: 10 W, efficiency: 97 %"),
		strings.ReplaceAll(fans, "\n            fans", ", fans"))
	if liquid {
		fmt.Fprintf(b, "  liquid: {supply: %d degC}\n", 25+d.IntN(20))
	}
	plant, beside := d.oneOf("chiller-tower", "dry-cooler", "none"), ""
	if plant != "none" {
		beside = d.oneOf("", "", ", in_row: {share: 40 %}", ", in_row: {}", ", rear_door: {kind: active, capture: 40 %}, crah: {control: {by: inlet}}")
	}
	fmt.Fprintf(b, "  air: {supply: %d degC, containment: %s%s}\n", 19+d.IntN(12), d.oneOf("hot-aisle", "cold-aisle", "none"), beside)
	fmt.Fprintf(b, "  plant: {kind: %s, chilled: {supply: 12 degC}}\n", plant)
	switch redundancy := d.oneOf("none", "N", "N+1", "2N", "3N/2"); {
	case redundancy == "none":
		fmt.Fprintf(b, "  power: {redundancy: none}\n")
	default:
		fmt.Fprintf(b, "  power:\n    redundancy: %s\n    ups: {each: {rating: %d kW, autonomy: %d s}}\n    pdu: {rating: %d kW}\n    genset: {fail_to_start: %d %%}\n",
			redundancy, 20+d.IntN(100), 10+d.IntN(300), 50+d.IntN(100), d.IntN(60))
	}
	shines := !d.chance(0.7)
	if !shines {
		dry := d.IntN(60) - 15
		fmt.Fprintf(b, "  weather: {constant: {dry_bulb: %d degC, relative_humidity: %d %%}}\n", dry, 10+d.IntN(90-max(0, dry)))
	} else {
		fmt.Fprintf(b, "  weather: {file: weather/%s.epw}\n  solar: {rating: %d kW, tilt: %d, export: %d kW}\n", d.oneOf("denver", "chicago"), 5+d.IntN(100), d.IntN(60), d.IntN(2)*d.IntN(40))
		if d.chance(0.6) {
			fmt.Fprintf(b, "  battery: {capacity: 20 kWh, power: 5 kW, policy: self-consumption, charge: %d %%}\n", d.IntN(100))
		}
	}
	fmt.Fprintf(b, "  fabric: {nodes_per_leaf: %d}\n", d.IntN(4))
	if d.chance(0.5) {
		fmt.Fprintf(b, "  grid: {carbon: {constant: %d g/kWh}, price: {constant: 0.1 USD/kWh}}\n", d.IntN(600))
		if !shines && d.chance(0.5) {
			fmt.Fprintf(b, "  battery: {capacity: 20 kWh, power: 5 kW, carbon_threshold: 300 g/kWh, charge: 40 %%}\n")
		}
	}
	return gpus, nodes
}

// dies writes how dies heat up and leak, if they do.
func (d draw) dies() string {
	s := ""
	switch d.IntN(3) {
	case 1:
		s = fmt.Sprintf(", die_capacity: %d J/K", 50+d.IntN(300))
	case 2:
		s = fmt.Sprintf(", die_resistance: %.3f K/W, die_capacity: %d J/K, sink_capacity: %d J/K", d.between(0.005, 0.029), 50+d.IntN(300), 100+d.IntN(3000))
	}
	if d.chance(0.5) {
		s += fmt.Sprintf(", leakage: %.2f %%/K, clear: %d K", d.between(0, 0.4), d.IntN(5))
	}
	return s
}

// work writes jobs, generated and stated.
func (d draw) work(b *strings.Builder, gpus, nodes int, end float64) {
	b.WriteString("workload:\n")
	if gpus > 0 && d.chance(0.5) {
		fmt.Fprintf(b, "  - generate: {load: %d %%, largest: 100 %%, sizes: [{share: 1, gpus: 1, duration: [{median: 5 min, sigma: 1}]}, {share: 1, nodes: 1, duration: [{median: 10 min, sigma: 1}]}], utilization: {gpu: 80 %%}, checkpoint: {every: 4 min, cost: 5 s, restart: 20 s}, walltime: {factor: 2}, failed: 10 %%, cancelled: 10 %%}\n", 20+d.IntN(150))
	}
	if gpus > 0 && d.chance(0.15) {
		kind := [...]struct{ every, more string }{{"s", ""}, {"min", ", detail: requests, chunk: 512"}, {"s", ", autoscale: {min: 1, max: 3, cool_down: 2 min}, preemptible: true"},
			{"min", ", detail: requests, remote: {replicas: 1, gpus: 2, route: fastest}"}}[d.IntN(4)]
		fmt.Fprintf(b, "  - serve: {name: chat, model: {use: models/llama-3.1-70b}, gpus: %d, replicas: %d, load: {rate: %d 1/%s}%s}\n", gpus, 1+d.IntN(2), 1+d.IntN(20), kind.every, kind.more)
	}
	for j := range 1 + d.IntN(8) {
		size := fmt.Sprintf("nodes: %d", 1+d.IntN(nodes))
		switch {
		case gpus == 0:
			size = fmt.Sprintf("cpus: %d", 1+d.IntN(32))
		case d.chance(0.4):
			size = fmt.Sprintf("gpus: %d, cpus: %d", 1+d.IntN(gpus), d.IntN(4))
		}
		fmt.Fprintf(b, "  - job: {name: j%d, %s, work: %.0f s, submit: %.0f s", j, size, d.between(1, end), d.between(0, end/2))
		if d.chance(0.5) {
			fmt.Fprintf(b, ", checkpoint: {every: %.0f s, cost: %.0f s, restart: %.0f s}", d.between(20, 1000), d.between(0, 60), d.between(0, 100))
		}
		if d.chance(0.3) {
			fmt.Fprintf(b, ", walltime: %.0f s", d.between(60, end))
		}
		if d.chance(0.4) {
			fmt.Fprintf(b, ", phases: [{for: %.0f s, gpu: 30 %%, cpu: 10 %%}, {for: %.1f s, gpu: 100 %%}, {for: 100 s, gpu: %d %%}]", d.between(10, 500), d.between(1, 500), d.IntN(100))
		}
		b.WriteString("}\n")
	}
}

func (d draw) failures(b *strings.Builder, gpus int) {
	if d.chance(0.4) {
		return
	}
	b.WriteString("failures:\n  processes:\n")
	kinds := []string{"node", "rack", "row", "utility", "ups", "pdu", "crah", "in-row", "rear-door", "cdu", "chiller", "pump", "leaf", "genset"}
	if gpus > 0 {
		kinds = append(kinds, "gpu", "gpu", "gpu")
	}
	for i := range 1 + d.IntN(4) {
		fmt.Fprintf(b, "    - {name: p%d, component: %s, mtbf: %.0f min, detect: %.0f s, failed_draw: %s, repair: {time: {distribution: exponential, mean: %.0f min}}}\n",
			i, d.oneOf(kinds...), d.between(20, 600), d.between(0, 120), d.oneOf("off", "idle", "50 %"), d.between(1, 60))
	}
	if d.chance(0.4) {
		fmt.Fprintf(b, "    - {name: sag, component: utility, mtbf: %d min, detect: 0 s, sag: {voltages: [{from: 10 %%, to: 90 %%, share: 1}]}, repair: {time: {distribution: lognormal, median: %g s, sigma: 1}}}\n",
			5+d.IntN(60), d.between(0.05, 10))
	}
	if d.chance(0.2) {
		fmt.Fprintf(b, "  bursts: [{name: storm, within: site, component: utility, mtbf: 1 h, fraction: 100 %%, detect: 0 s, repair: {time: {distribution: exponential, mean: 5 min}}}]\n")
	} else if d.chance(0.3) {
		fmt.Fprintf(b, "  bursts: [{name: storm, within: %s, component: node, mtbf: 2 h, fraction: 50 %%}]\n", d.oneOf("rack", "row", "site"))
	}
}

// timeline writes actions on what every site has, and on what this one may have.
func (d draw) timeline(b *strings.Builder, gpus int, end float64) {
	b.WriteString("timeline:\n  - {at: 0 s, note: begin}\n")
	things := []string{"node[0]", "rack[0]", "leaf[0]", "node[*]", "row[0]", "site", "hall[0]"}
	if gpus > 0 {
		things = append(things, "gpu[0]", "node[0]/gpu[*]")
	}
	for range d.IntN(8) {
		at := d.between(0, end)
		thing := d.oneOf(things...)
		spell := ""
		if d.chance(0.7) {
			spell = fmt.Sprintf(", for: %.0f s", d.between(1, end/2))
		}
		switch d.IntN(6) {
		case 0, 1:
			fmt.Fprintf(b, "  - {at: %.0f s, fail: %q%s}\n", at, thing, spell)
		case 2:
			fmt.Fprintf(b, "  - {at: %.0f s, repair: %q}\n", at, thing)
		case 3:
			if !strings.Contains(thing, "gpu") {
				fmt.Fprintf(b, "  - {at: %.0f s, drain: %q%s}\n", at, thing, spell)
			}
		case 4:
			if gpus > 0 {
				fmt.Fprintf(b, "  - {at: %.0f s, set: {\"gpu[*].power_limit\": %.0f W}%s}\n", at, d.between(50, 500), spell)
			}
		case 5:
			fmt.Fprintf(b, "  - {at: %.0f s, set: {\"site.air.supply\": %.0f degC}%s}\n", at, d.between(15, 35), spell)
		}
	}
}

// Whatever the world, its books close, what it shows is a number, a run that was cut goes on as if it had not been, a
// fork that changes nothing is its parent, and being looked at changes nothing.
func TestRandomWorlds(t *testing.T) {
	// The heat ledger of these had not closed: a step of milliseconds, over which the last digits of what masses hold are
	// more than 1e-9 of the heat that flows.
	seeds := []int{111, 950, 1038, 1078, 1182, 2027, 3273, 4529}
	for seed := range soak(100, 5000) {
		seeds = append(seeds, seed)
	}
	slices.Sort(seeds)
	for _, seed := range slices.Compact(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			d := newDraw(seed)
			text := d.scenario()
			p, ds := compiled(text)
			for k := 0; len(ds) > 0 && k < 3; k++ { // a plant may be impossible
				text = d.scenario()
				p, ds = compiled(text)
			}
			if len(ds) > 0 {
				t.Fatalf("%v\n%s", ds.Error(), text)
			}
			defer func() {
				if r := recover(); r != nil || t.Failed() {
					t.Errorf("%v\n%s", r, text)
					if r != nil {
						panic(r)
					}
				}
			}()
			w, err := New(p, p.Seed)
			if err != nil {
				t.Fatal(err)
			}
			w.out = func(*record.Event) {}
			w.see = func(w *World) error { return sound(w) }
			if err := live(w); err != nil {
				t.Fatal(err)
			}

			quiet, err := New(p, p.Seed)
			if err != nil {
				t.Fatal(err)
			}
			middle := math.Round(p.Duration * newDraw(seed).between(0.1, 0.9))
			if err := quiet.RunTo(t.Context(), middle); err != nil {
				t.Fatal(err)
			}
			fork := quiet.Fork()
			back, err := Restore(p, p.Seed, quiet.Snapshot())
			if err != nil {
				t.Fatal(err)
			}
			if err := live(quiet); err != nil {
				t.Fatal(err)
			}
			for name, other := range map[string]*World{"fork": fork, "restored world": back} {
				if err := live(other); err != nil {
					t.Fatal(err)
				}
				if other.Hash() != quiet.Hash() {
					t.Errorf("the %s does not end as the uninterrupted run", name)
				}
			}
			if w.Hash() != quiet.Hash() {
				t.Errorf("looked at, the racks took %g J, else %g J", w.Totals.Flowed, quiet.Totals.Flowed)
			}
		})
	}
}

// sound checks every value that a world can show.
func sound(w *World) error {
	all := channel.All()
	for i := range all {
		ch := &all[i]
		var values []float64
		if ch.Kind == facility.Job {
			_, values = w.jobFrame(ch.Name, nil, nil)
		} else {
			values = w.gauge(ch, nil)
			if n := w.plan.Tree.Count(ch.Kind); len(values) != n {
				return fmt.Errorf("%s: %d values for %d subjects", ch.Name, len(values), n)
			}
		}
		for s, v := range values {
			switch {
			case math.IsInf(v, 0):
				return fmt.Errorf("%s of %d is %g", ch.Name, s, v)
			case math.IsNaN(v) && !w.unknown(ch):
				return fmt.Errorf("%s of %d is not a number", ch.Name, s)
			}
			if err := plausible(ch, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// plausible checks a value against what its unit allows.
func plausible(ch *channel.Channel, v float64) error {
	lo, hi := 0.0, math.Inf(1)
	switch {
	case ch.Unit == "degC":
		lo, hi = -60, 300
	case ch.Name == "site.battery_power" || ch.Name == "site.grid_power" || ch.Name == "site.cost" || ch.Name == "response.shed":
		lo = math.Inf(-1)
	case ch.Name == "job.speed" || ch.Name == "job.progress" || ch.Name == "gpu.utilisation" || ch.Name == "rack.speed" || ch.Name == "ups.charge":
		hi = 1 + 1e-9
	}
	if v < lo-1e-6 || v > hi {
		return fmt.Errorf("%s is %g", ch.Name, v)
	}
	return nil
}

// unknown reports whether a channel may have no value in this world: nothing has happened yet, or there is no such
// thing to have it.
func (w *World) unknown(ch *channel.Channel) bool {
	switch ch.Name {
	case "goodput", "ettr", "mean_wait", "p95_wait", "mean_slowdown", "pue", "sla.met":
		return true // of nothing yet
	case "site.pue":
		return w.Power.IT <= 0
	case "site.carbon", "site.carbon_intensity":
		return w.plan.Carbon == nil
	case "site.cost", "site.energy_price":
		return w.plan.Price == nil
	case "swing.range", "swing.ramp", "swing.band", "swing.stop", "swing.wasted", "swing.flicker":
		return w.plan.Swings == nil
	case "site.total_cost", "site.demand_cost", "site.embodied_carbon", "gpu_hour_cost":
		return true // of nothing yet, or nothing said
	case "site.battery_charge":
		return w.plan.Battery == nil
	case "site.tank_charge":
		return math.IsNaN(w.tankCharge())
	case "site.solar_power", "site.solar_curtailed", "site.solar_energy":
		return w.plan.Solar == nil
	case "response.requested", "response.shed", "response.met", "response.gpu_hours":
		return true // before the event, or without one
	case "rack.liquid_temperature":
		for i := range w.plan.RackTypes {
			if w.plan.RackTypes[i].Liquid == 0 {
				return true
			}
		}
		return false
	case "job.progress":
		return len(w.plan.Services) > 0
	case "service.load", "service.ttft_p99", "service.tpot_p99":
		return true // of a service that is down
	}
	return false
}
