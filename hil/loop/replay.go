package loop

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/halltwin/halltwin/hil/bench"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// Level is what the reference trainer did on some of a host's processors, fitted to the first passes of host-steps.
type Level struct {
	Processors  int     `json:"processors"`
	Rate        float64 `json:"samples_per_s"`
	Low         float64 `json:"samples_per_s_low"` // lowest and highest of the passes
	High        float64 `json:"samples_per_s_high"`
	Utilisation float64 `json:"utilisation"`
	Power       float64 `json:"power_w,omitempty"` // 0: not measured

	rates, shares, watts []float64
}

// Job is a stretch of the pass that the fit did not see, measured and as the twin lives it.
type Job struct {
	Name       string  `json:"name"`
	Processors int     `json:"processors"`
	Samples    float64 `json:"samples"`
	Measured   float64 `json:"measured_s"`
	Simulated  float64 `json:"simulated_s"`
}

// Replayed is a host's run in the twin.
type Replayed struct {
	Levels   []Level `json:"levels"`
	Jobs     []Job   `json:"jobs"`
	Error    float64 `json:"run_time_error"` // mean |simulated/measured - 1| of run times
	Idle     float64 `json:"idle_w,omitempty"`
	Max      float64 `json:"max_w,omitempty"`
	Energy   float64 `json:"measured_j,omitempty"` // of the pass that is replayed
	TwinJ    float64 `json:"simulated_j,omitempty"`
	Scenario string  `json:"-"` // as it was run
	Missing  string  `json:"missing,omitempty"`
}

// Replay fits a recording of bench.HostSteps but for its last pass, and lives that pass in the twin: a node of the host's
// processors with a job for each step, of the work that was really done, at the speed that the fit says.
func Replay(ctx context.Context, r *bench.Recording, processors int) (*Replayed, error) {
	points := r.Points()
	last := -1 // step at which the last pass begins
	for i, s := range r.Steps {
		if s.Name == "idle" {
			last = i
		}
	}
	if last <= 0 {
		return nil, errors.New("a replay needs two passes: one to fit and one to foretell")
	}
	out := &Replayed{}
	begin := r.Steps[last].From
	idle := []float64{}
	for _, p := range points {
		if p.From >= begin {
			continue
		}
		if p.Demand.Level == 0 {
			if !math.IsNaN(p.Power) {
				idle = append(idle, p.Power)
			}
			continue
		}
		l := out.level(bench.Workers(p.Demand.Level))
		l.rates, l.shares = append(l.rates, p.Rate), append(l.shares, p.Utilisation)
		if !math.IsNaN(p.Power) {
			l.watts = append(l.watts, p.Power)
		}
	}
	if len(out.Levels) == 0 {
		return nil, errors.New("no step with a load was recorded")
	}
	top := 0.0
	for i := range out.Levels {
		l := &out.Levels[i]
		l.Rate, l.Utilisation = stat.Mean(l.rates, nil), stat.Mean(l.shares, nil)
		l.Low, l.High = math.Inf(1), math.Inf(-1)
		for _, v := range l.rates {
			l.Low, l.High = min(l.Low, v), max(l.High, v)
		}
		if len(l.watts) > 0 {
			l.Power = stat.Mean(l.watts, nil)
		}
		top = max(top, l.Power)
	}
	measured := len(idle) > 0 && top > 0
	if measured {
		out.Idle = stat.Mean(idle, nil)
		full := out.Levels[len(out.Levels)-1]
		out.Max = out.Idle + (full.Power-out.Idle)/max(0.05, full.Utilisation)
	} else {
		out.Missing = "power is not measured on this machine: it has no RAPL that this user may read, so run times are compared and energy is not"
	}
	if err := out.write(r, points, last, processors); err != nil {
		return nil, err
	}
	if err := out.live(ctx); err != nil {
		return nil, err
	}
	if measured {
		out.Energy = energy(r, begin)
	}
	return out, nil
}

func (o *Replayed) level(processors int) *Level {
	for i := range o.Levels {
		if o.Levels[i].Processors == processors {
			return &o.Levels[i]
		}
	}
	at := 0
	for at < len(o.Levels) && o.Levels[at].Processors < processors {
		at++
	}
	o.Levels = append(o.Levels[:at], append([]Level{{Processors: processors}}, o.Levels[at:]...)...)
	return &o.Levels[at]
}

// energy returns what the host took in the last pass, in J: its power over time.
func energy(r *bench.Recording, begin float64) float64 {
	sum, was := 0.0, math.NaN()
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.Time >= begin {
			if p := row.Values[device.Power]; !math.IsNaN(was) && !math.IsNaN(p) {
				sum += p * (row.Time - was)
			}
			was = row.Time
		}
	}
	return sum
}

const replayHead = `halltwin: v1
name: host-replay
about: the last pass of a bench of this host, as fitted to those before it
start: 2025-01-01T00:00:00Z
duration: %.0f s
site:
  halls:
    - rows:
        - {racks: 1, rack: {nodes: 1, node: {gpus: 0, cpus: 1, cpu: {cores: %d, idle: %.3f W, max: %.3f W}, psu: {efficiency: 100 %%}}, flow: 0.05 m3/s}}
  plant: {kind: none}
  power: {use: plants/power-direct}
  other: 0
scheduler: {policy: fcfs, placement: first-fit}
step: {calm: 1 s, disturbed: 1 s}
record: {every: 1 s, channels: [site.it_power, site.it_energy, jobs.done]}
workload:
`

// write makes the scenario: the samples that a step got done are its work.
func (o *Replayed) write(r *bench.Recording, points []bench.Point, last, processors int) error {
	idle, most := o.Idle, o.Max
	if most == 0 {
		idle, most = 100, 350 // typical of a socket; nothing that is compared depends on them
	}
	begin, end := r.Steps[last].From, 0.0
	var jobs strings.Builder
	for i, s := range r.Steps {
		if i < last || s.Demand.Level == 0 {
			continue
		}
		n := bench.Workers(s.Demand.Level)
		l := o.level(n)
		if !(l.Rate > 0) {
			return fmt.Errorf("%s was not seen before the last pass", s.Name)
		}
		done := 0.0
		for _, p := range points {
			if p.From == s.From {
				done = p.Rate * s.Seconds
			}
		}
		if !(done > 0) {
			return fmt.Errorf("no samples were done in %s", s.Name)
		}
		share := min(1, l.Utilisation*float64(processors)/float64(n))
		name := fmt.Sprintf("step-%d", i)
		fmt.Fprintf(&jobs, "  - job: {name: %s, cpus: %d, submit: %.3f s, work: %.6f s, cpu_utilisation: %.2f %%}\n", name, n, s.From-begin, done/l.Rate, 100*share)
		o.Jobs = append(o.Jobs, Job{Name: name, Processors: n, Samples: done, Measured: s.Seconds})
		end = s.To - begin
	}
	o.Scenario = fmt.Sprintf(replayHead, math.Ceil(2*end+60), processors, idle, most) + jobs.String()
	return nil
}

// live runs the scenario and takes the jobs' run times, and the energy of as long as the pass lasted.
func (o *Replayed) live(ctx context.Context) error {
	f, ds := scenarios.LoadBytes("host-replay.yaml", []byte(o.Scenario))
	if len(ds) > 0 {
		return ds
	}
	plan, ds := f.Plan("")
	if len(ds) > 0 {
		return ds
	}
	s := &runs{start: map[string]float64{}, end: map[string]float64{}}
	if _, err := twin.Run(ctx, plan, twin.Options{Seed: plan.Seed, Sink: s}); err != nil {
		return err
	}
	sum, whole := 0.0, 0.0
	for i := range o.Jobs {
		j := &o.Jobs[i]
		from, ok := s.start["job "+j.Name]
		to, done := s.end["job "+j.Name]
		if !ok || !done {
			return fmt.Errorf("the twin did not finish %s", j.Name)
		}
		j.Simulated = to - from
		sum += math.Abs(j.Simulated/j.Measured - 1)
		whole = max(whole, to)
	}
	o.Error = sum / float64(len(o.Jobs))
	if o.Max > 0 {
		o.TwinJ = s.energyAt(whole)
	}
	return nil
}

// runs is a sink that keeps when jobs ran and what was drawn.
type runs struct {
	start, end   map[string]float64
	time, energy []float64
}

var _ record.Sink = (*runs)(nil)

func (s *runs) Open(*record.Header) error   { return nil }
func (s *runs) Close(*record.Summary) error { return nil }

func (s *runs) Frame(f *record.Frame) error {
	if f.Channel.Name == "site.it_energy" && len(f.Values) == 1 {
		s.time, s.energy = append(s.time, f.Time), append(s.energy, float64(f.Values[0]))
	}
	return nil
}

func (s *runs) Event(e *record.Event) error {
	switch e.Type {
	case "job.start":
		s.start[e.Subject] = e.Time
	case "job.done":
		s.end[e.Subject] = e.Time
	}
	return nil
}

func (s *runs) energyAt(t float64) float64 {
	for i, x := range s.time {
		if x >= t {
			return s.energy[i]
		}
	}
	return math.NaN()
}
