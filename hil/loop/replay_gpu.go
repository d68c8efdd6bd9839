package loop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/halltwin/halltwin/hil/bench"
	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
)

// replayName is the experiment that the fit does not see.
const replayName = "replay"

// ReplaySteps is the experiment that [ReplayGPUs] foretells: levels, and where limits may be set one that no sweep has.
func ReplaySteps(scale float64, limits bool) bench.Experiment {
	e := bench.Experiment{Name: replayName, About: "what a fit of the other experiments must foretell", Steps: []bench.Step{
		{Name: "idle", Seconds: 20 * scale},
		{Name: "full", Seconds: 60 * scale, Demand: bench.Demand{Level: 1, Mix: bench.Mixed}},
		{Name: "idle", Seconds: 20 * scale},
		{Name: "half", Seconds: 40 * scale, Demand: bench.Demand{Level: 0.5, Mix: bench.Mixed}},
	}}
	if limits {
		e.Steps = append(e.Steps, bench.Step{Name: "limited", Seconds: 60 * scale, Demand: bench.Demand{Level: 1, Mix: bench.Mixed}, Limit: 0.5})
	}
	return e
}

// GPUStep is a step of the replay, measured and as the twin lives it, of one GPU in the mean.
type GPUStep struct {
	Name      string  `json:"name"`
	Limit     float64 `json:"limit_w,omitempty"` // 0: none below the highest
	Measured  float64 `json:"measured_w"`
	Simulated float64 `json:"simulated_w"`
	Seconds   float64 `json:"measured_s,omitempty"` // that the work took; 0: it was not counted
	Lived     float64 `json:"simulated_s,omitempty"`

	from, work, share float64
}

// GPUReplay is the replay of GPUs in the twin.
type GPUReplay struct {
	GPUs     int          `json:"gpus"`
	Idle     float64      `json:"idle_w"`
	Max      float64      `json:"max_w"`  // at full utilisation
	Knots    [][2]float64 `json:"limits"` // limit ÷ demand, speed
	Steps    []GPUStep    `json:"steps"`
	Error    float64      `json:"power_error"`              // mean |simulated/measured - 1| of the steps' powers
	RunError float64      `json:"run_time_error,omitempty"` // likewise of the time that work took
	Scenario string       `json:"-"`
}

// ReplayGPUs fits power over utilisation and speed over the power limit to all steps but those of [ReplaySteps], and lives these in the
// twin: a node of as many GPUs of a part of the library with a job for each step, of the work that was really done.
func ReplayGPUs(ctx context.Context, r *bench.Recording, part string) (*GPUReplay, error) {
	out := &GPUReplay{GPUs: len(r.Devices)}
	var seen []bench.Point
	held := map[int][]bench.Point{} // by step
	for _, p := range r.Points() {
		if p.Experiment != replayName {
			seen = append(seen, p)
			continue
		}
		i := slices.IndexFunc(r.Steps, func(s bench.Ran) bool { return s.From == p.From && s.Experiment == replayName })
		held[i] = append(held[i], p)
	}
	if len(held) == 0 {
		return nil, errors.New("the steps to replay were not recorded")
	}
	if err := out.fit(seen); err != nil {
		return nil, err
	}
	if err := out.plan(r, seen, held, part); err != nil {
		return nil, err
	}
	return out, out.live(ctx)
}

// uncapped reports whether no limit below the highest was in force.
func uncapped(p *bench.Point) bool { return p.Step.Limit == 0 && p.Step.Clock == 0 }

// fit finds idle and full power over utilisation, and the speed that a limit leaves.
func (o *GPUReplay) fit(seen []bench.Point) error {
	var use, watts []float64
	for i := range seen {
		if p := &seen[i]; uncapped(p) && !math.IsNaN(p.Power+p.Utilisation) && (p.Demand.Level == 0 || p.Demand.Mix == bench.Mixed) {
			use, watts = append(use, p.Utilisation), append(watts, p.Power)
		}
	}
	if len(use) < 2 || slices.Max(use)-slices.Min(use) < 0.2 {
		return errors.New("power over utilisation needs both idle and loaded steps: run idle and load-step")
	}
	a, b := stat.LinearRegression(use, watts, nil, false)
	o.Idle, o.Max = max(a, 1), a+b
	if !(b > 0) {
		return fmt.Errorf("power falls with utilisation, from %.0f W to %.0f W", a, a+b)
	}
	rate, demand := average(seen, func(p *bench.Point) bool {
		return uncapped(p) && p.Demand.Level == 1 && p.Demand.Mix == bench.Mixed && p.Demand.Batch == 0
	})
	byLimit := map[float64][]bench.Point{}
	for _, p := range seen {
		if p.Step.Limit > 0 && p.Demand.Level == 1 && p.Demand.Mix == bench.Mixed && p.Rate > 0 {
			byLimit[p.Step.Limit] = append(byLimit[p.Step.Limit], p)
		}
	}
	for _, points := range byLimit {
		limit, speed := 0.0, 0.0
		for _, p := range points {
			limit, speed = limit+p.Limit/float64(len(points)), speed+p.Rate/rate/float64(len(points))
		}
		if x := limit / demand; x < 1 && speed > 0 {
			o.Knots = append(o.Knots, [2]float64{x, min(speed, 1)})
		}
	}
	slices.SortFunc(o.Knots, func(a, b [2]float64) int { return cmp.Compare(a[0], b[0]) })
	for i := 1; i < len(o.Knots); i++ {
		o.Knots[i][1] = max(o.Knots[i][1], o.Knots[i-1][1])
	}
	if len(o.Knots) > 0 {
		o.Knots = append(o.Knots, [2]float64{1, 1})
	}
	return nil
}

// average returns the mean rate and power of some points.
func average(points []bench.Point, of func(*bench.Point) bool) (rate, watts float64) {
	n := 0.0
	for i := range points {
		if of(&points[i]) {
			rate, watts, n = rate+points[i].Rate, watts+points[i].Power, n+1
		}
	}
	return rate / n, watts / n
}

const gpuReplayHead = `halltwin: v1
name: gpu-replay
about: steps of a bench of real GPUs, as fitted to the other steps
start: 2025-01-01T00:00:00Z
duration: %.0f s
site:
  halls:
    - rows:
        - {racks: 1, rack: {nodes: 1, flow: 1 m3/s, node: {gpus: %d, gpu: {use: %s, idle: %.2f W, max: %.2f W, min_limit: 1 W, leakage: 0 %%/K, spread: 0 %%, power: {model: linear}%s}}}}
  plant: {kind: none}
  power: {use: plants/power-direct}
  other: 0
scheduler: {policy: fcfs, placement: first-fit}
step: {calm: 1 s, disturbed: 1 s}
record: {every: 1 s, channels: [gpu.power]}
`

// plan writes the scenario.
func (o *GPUReplay) plan(r *bench.Recording, seen []bench.Point, held map[int][]bench.Point, part string) error {
	var jobs, acts strings.Builder
	begin, end := math.Inf(1), 0.0
	for i := range r.Steps {
		if held[i] != nil {
			begin, end = min(begin, r.Steps[i].From), max(end, r.Steps[i].To)
		}
	}
	for i, s := range r.Steps {
		points := held[i]
		if points == nil {
			continue
		}
		n := float64(len(points))
		x := GPUStep{Name: s.Name, from: s.From - begin, work: s.Seconds}
		limit, samples := 0.0, 0.0
		for _, p := range points {
			x.Measured += p.Power / n
			limit += p.Limit / n
			samples += p.Rate / n * s.Seconds
		}
		if s.Demand.Level > 0 {
			like := func(p *bench.Point) bool {
				return uncapped(p) && p.Demand.Level == s.Demand.Level && p.Demand.Mix == s.Demand.Mix && p.Demand.Batch == s.Demand.Batch
			}
			k := 0.0
			for j := range seen {
				if like(&seen[j]) {
					x.share, k = x.share+seen[j].Utilisation, k+1
				}
			}
			if k == 0 {
				return fmt.Errorf("a load of %.0f %% was not seen before the replay", 100*s.Demand.Level)
			}
			x.share /= k
			if rate, _ := average(seen, like); rate > 0 && samples > 0 {
				x.work, x.Seconds = samples/rate, s.Seconds
			}
			fmt.Fprintf(&jobs, "  - job: {name: step-%d, gpus: %d, submit: %.3f s, work: %.6f s, gpu_utilisation: %.3f %%}\n", len(o.Steps), o.GPUs, x.from, x.work, 100*min(x.share, 1))
		}
		if s.Limit > 0 {
			x.Limit = limit
			fmt.Fprintf(&acts, "  - {at: %.3f s, set: {\"gpu[*].power_limit\": %.3f W}, for: %.3f s}\n", max(x.from-0.5, 0.001), limit, 2*s.Seconds)
		}
		o.Steps = append(o.Steps, x)
	}
	knots := ""
	if len(o.Knots) > 0 {
		var all []string
		for _, k := range o.Knots {
			all = append(all, fmt.Sprintf("{limit: %.4f, speed: %.4f}", k[0], k[1]))
		}
		knots = ", limits: [" + strings.Join(all, ", ") + "]"
	}
	o.Scenario = fmt.Sprintf(gpuReplayHead, math.Ceil(3*(end-begin)+60), o.GPUs, part, o.Idle, o.Max, knots)
	if acts.Len() > 0 {
		o.Scenario += "timeline:\n" + acts.String()
	}
	o.Scenario += "workload:\n" + jobs.String()
	return nil
}

// live runs the scenario and compares.
func (o *GPUReplay) live(ctx context.Context) error {
	f, ds := scenarios.LoadBytes("gpu-replay.yaml", []byte(o.Scenario))
	if len(ds) > 0 {
		return ds
	}
	plan, ds := f.Plan("")
	if len(ds) > 0 {
		return ds
	}
	s := &runs{start: map[string]float64{}, end: map[string]float64{}}
	d, err := twin.Begin(plan, twin.Options{Seed: plan.Seed, Sink: s})
	if err != nil {
		return err
	}
	defer d.Close()
	power, _ := channel.Lookup("gpu.power")
	var values []float64
	off, late, timed := 0.0, 0.0, 0
	for i := range o.Steps {
		x := &o.Steps[i]
		to := x.from + x.work
		if i+1 < len(o.Steps) {
			to = min(to, o.Steps[i+1].from)
		}
		n := 0
		for t := x.from + 0.3*(to-x.from); t < to-0.5; t++ { // the part that counts as settled when it was measured
			if err := d.Advance(ctx, t); err != nil {
				return err
			}
			values = d.Values(power, values)
			x.Simulated += stat.Mean(values, nil)
			n++
		}
		x.Simulated /= float64(n)
		off += math.Abs(x.Simulated/x.Measured - 1)
	}
	if err := d.Advance(ctx, plan.Duration); err != nil {
		return err
	}
	for i := range o.Steps {
		x := &o.Steps[i]
		if x.Seconds == 0 {
			continue
		}
		name := fmt.Sprintf("job step-%d", i)
		from, begun := s.start[name]
		to, done := s.end[name]
		if !begun || !done {
			return fmt.Errorf("the twin did not finish step %s", x.Name)
		}
		x.Lived = to - from
		late += math.Abs(x.Lived/x.Seconds - 1)
		timed++
	}
	o.Error = off / float64(len(o.Steps))
	o.RunError = late / float64(max(timed, 1))
	return nil
}
