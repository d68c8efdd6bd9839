package twin

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// slow is a twin that anybody can check: it knows no events, looks at everything in every step of h seconds, and
// moves it on by what it finds. Whole-node jobs, first come first served on the lowest free nodes.
type slow struct {
	h        float64
	nodes    int
	end      float64
	jobs     []slowJob
	failures []slowFailure
	limits   [][2]float64 // from when, W a GPU; in order of time

	energy float64 // J
}

type slowJob struct {
	submit, work, walltime float64
	every, cost, restart   float64
	nodes                  int
	phases                 [][2]float64 // until which progress, utilisation

	state                         JobPhase
	progress, saved, cycle, stall float64
	saving                        bool
	on                            []int
	start, ended                  float64
	restarts, turns               int // turns: how often a step may have rounded a moment
}

type slowFailure struct {
	node     int
	from, to float64
}

// The devices: two GPUs a node of 100–500 W, 150 W beside them, a converter that loses 10 W and 4 %.
const slowGPUs, slowIdle, slowMax, slowFixed = 2, 100.0, 500.0, 150.0

// slowSpeed is the curve of the measured V100 by hand: throughput at limit ÷ demand.
func slowSpeed(x float64) float64 {
	xs, ys := []float64{0.15, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}, []float64{0, 0.56, 0.73, 0.846, 0.905, 0.948, 0.982, 1}
	for i := 1; i < len(xs); i++ {
		if x <= xs[i] {
			return ys[i-1] + (ys[i]-ys[i-1])*(x-xs[i-1])/(xs[i]-xs[i-1])
		}
	}
	return 1
}

func (s *slow) down(node int, t float64) bool {
	return slices.ContainsFunc(s.failures, func(f slowFailure) bool { return f.node == node && f.from <= t && t < f.to })
}

func (s *slow) run() {
	for k := 0; ; k++ {
		t := float64(k) * s.h
		if t >= s.end {
			break
		}
		s.stop(t)
		s.begin(t)
		limit := math.Inf(1)
		for _, l := range s.limits {
			if l[0] <= t {
				limit = l[1]
			}
		}
		gpu := make([]float64, s.nodes) // W of each node's GPUs
		for n := range gpu {
			gpu[n] = slowGPUs * slowIdle
		}
		for j := range s.jobs {
			if x := &s.jobs[j]; x.state == Running {
				use := 1.0
				for _, p := range x.phases {
					use = p[1]
					if x.progress < p[0] {
						break
					}
				}
				demand := slowIdle + (slowMax-slowIdle)*use
				draw, speed := demand, 1.0
				if limit < demand {
					draw, speed = limit, slowSpeed(limit/demand)
				}
				for _, n := range x.on {
					gpu[n] = slowGPUs * draw
				}
				x.move(s.h, speed)
			}
		}
		for n, w := range gpu {
			if !s.down(n, t) {
				s.energy += (w + slowFixed + 10) / 0.96 * s.h
			}
		}
	}
	s.stop(s.end)
}

// stop ends, kills and interrupts jobs.
func (s *slow) stop(t float64) {
	for j := range s.jobs {
		x := &s.jobs[j]
		if x.state != Running {
			continue
		}
		switch {
		case slices.ContainsFunc(x.on, func(n int) bool { return s.down(n, t) }):
			x.state, x.on = Queued, nil
			x.progress, x.cycle, x.stall, x.saving = x.saved, 0, 0, false
			x.restarts++
		case x.progress >= x.work-1e-6:
			x.state, x.ended, x.on = Done, t, nil
		case x.walltime > 0 && t >= x.start+x.walltime-1e-6:
			x.state, x.ended, x.on = Failed, t, nil
		}
	}
}

// begin starts the first jobs in the queue, in order of submission, as long as there are nodes.
func (s *slow) begin(t float64) {
	var free []int
	for n := range s.nodes {
		if !s.down(n, t) && !slices.ContainsFunc(s.jobs, func(x slowJob) bool { return slices.Contains(x.on, n) }) {
			free = append(free, n)
		}
	}
	for j := range s.jobs {
		x := &s.jobs[j]
		if x.state == Pending && x.submit <= t {
			x.state = Queued
		}
		if x.state != Queued {
			continue
		}
		if len(free) < x.nodes {
			free = nil // whoever is behind it waits too
			continue
		}
		x.on, free = free[:x.nodes], free[x.nodes:]
		x.state, x.start = Running, t
		if x.restarts > 0 {
			x.stall = x.restart
		}
		x.turns++
	}
}

// move lets a job work, write or restart for h seconds.
func (x *slowJob) move(h, speed float64) {
	if x.stall > 1e-9 {
		x.stall -= h
		if x.stall <= 1e-9 && x.saving {
			x.saving, x.saved, x.cycle = false, x.progress, 0
		}
		return
	}
	x.progress += speed * h
	x.cycle += speed * h
	if x.every > 0 && x.cycle >= x.every-1e-6 && x.progress < x.work-1e-6 {
		x.turns++
		if x.cost > 0 {
			x.stall, x.saving = x.cost, true
		} else {
			x.saved, x.cycle = x.progress, 0
		}
	}
}

// slowCase draws a case and writes it as a scenario too.
func slowCase(seed int) (s slow, text string) {
	d := newDraw(1000 + seed)
	whole := func(lo, hi float64) float64 { return math.Round(d.between(lo, hi)) }
	s = slow{nodes: 1 + d.IntN(4), end: 3000}
	var b strings.Builder
	fmt.Fprintf(&b, `duration: 3000 s
step: {calm: 1 s, disturbed: 1 s}
record: {every: 100 s}
scheduler: {policy: fcfs, placement: first-fit}
site:
  halls: [{rows: [{racks: 1, rack: {nodes: %d, flow: 0.5 m3/s, node: {gpus: 2, gpu: {idle: 100 W, max: 500 W, min_limit: 120 W, spread: 0,
    resistance: 0.02 K/W, flow_exponent: 0}, cpus: 1, cpu: {cores: 1, idle: 50 W, max: 51 W}, other: 100 W, psu: {model: affine, constant: 10 W, efficiency: 96 %%}}}}]}]
  plant: {kind: none}
  power: {redundancy: none}
  other: 0
workload:
`, s.nodes)
	submit := 0.0
	for j := range 1 + d.IntN(6) {
		x := slowJob{submit: submit, work: whole(20, 1200), nodes: 1 + d.IntN(s.nodes), start: math.NaN(), ended: math.NaN()}
		submit += whole(1, 300)
		fmt.Fprintf(&b, "  - job: {name: j%d, nodes: %d, submit: %g s, work: %g s, cpu_utilisation: 0, gpu_utilisation: 1", j, x.nodes, x.submit, x.work)
		if d.chance(0.6) {
			x.every, x.cost, x.restart = whole(30, 300), whole(0, 20), whole(0, 60)
			fmt.Fprintf(&b, ", checkpoint: {every: %g s, cost: %g s, restart: %g s}", x.every, x.cost, x.restart)
		}
		if d.chance(0.3) {
			x.walltime = whole(50, 1500)
			fmt.Fprintf(&b, ", walltime: %g s", x.walltime)
		}
		if d.chance(0.5) {
			b.WriteString(", phases: [")
			until := 0.0
			for range 1 + d.IntN(4) {
				length, use := whole(10, 400), whole(0, 10)/10
				until += length
				x.phases = append(x.phases, [2]float64{until, use})
				fmt.Fprintf(&b, "{for: %g s, gpu: %g}, ", length, use)
			}
			b.WriteString("]")
		}
		b.WriteString("}\n")
		s.jobs = append(s.jobs, x)
	}
	b.WriteString("timeline:\n  - {at: 0 s, note: begin}\n")
	for range d.IntN(4) {
		f := slowFailure{node: d.IntN(s.nodes), from: whole(1, 2500)}
		f.to = f.from + whole(1, 500)
		s.failures = append(s.failures, f)
		fmt.Fprintf(&b, "  - {at: %g s, fail: \"node[%d]\", for: %g s}\n", f.from, f.node, f.to-f.from)
	}
	at := 0.0
	for range d.IntN(4) {
		at += whole(1, 800)
		l := [2]float64{at, whole(150, 550)}
		s.limits = append(s.limits, l)
		fmt.Fprintf(&b, "  - {at: %g s, set: {\"gpu[*].power_limit\": %g W}}\n", l[0], l[1])
	}
	return s, b.String()
}

// The world with its events and closed forms does what the slow twin does step by step, to within the steps of both.
// Where two moments lie so close that steps of 1/8 s put them in the wrong order, steps of 1/64 s decide.
func TestSlowTwinAgrees(t *testing.T) {
	for seed := range soak(50, 500) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			_, text := slowCase(seed)
			w := world(t, plan(t, text), 3000)
			w.countAll()
			var wrong string
			for _, h := range []float64{1.0 / 8, 1.0 / 64} {
				s, _ := slowCase(seed)
				s.h = h
				s.run()
				if wrong = s.compare(w); wrong == "" {
					return
				}
			}
			t.Errorf("%s\n%s", wrong, text)
		})
	}
}

// compare says what differs by more than rounding to steps explains.
func (s *slow) compare(w *World) string {
	turns := 2.0
	for j := range s.jobs {
		x := &s.jobs[j]
		turns += float64(x.turns + 2*len(x.phases) + len(s.limits))
		slack := s.h * turns
		if len(x.phases) > 0 && len(s.limits) > 0 {
			slack += float64(len(x.phases)) // a phase may begin within a step of the world
		}
		got := &w.Jobs[j]
		if got.Phase != x.state || int(got.Restarts) != x.restarts {
			return fmt.Sprintf("j%d: %s after %d restarts, slowly %s after %d", j, phases[got.Phase], got.Restarts, phases[x.state], x.restarts)
		}
		if !math.IsNaN(x.ended) && math.Abs(got.End-x.ended) > slack {
			return fmt.Sprintf("j%d: ends at %.3f s, slowly at %.3f s", j, got.End, x.ended)
		}
		if math.Abs(got.Progress-x.progress) > slack {
			return fmt.Sprintf("j%d: %.3f s of work, slowly %.3f s", j, got.Progress, x.progress)
		}
	}
	if slack := (s.h*turns + 1) * 2 * (slowMax - slowIdle) * float64(s.nodes); math.Abs(w.Totals.Drawn-s.energy) > slack {
		return fmt.Sprintf("%.6g J, slowly %.6g J", w.Totals.Drawn, s.energy)
	}
	return ""
}
