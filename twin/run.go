package twin

import (
	"context"
	"errors"
	"math"
	"runtime"
	"time"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/kernel"
	"github.com/halltwin/halltwin/twin/record"
)

// Options say how a run is carried out; none of them changes its outcome.
type Options struct {
	Seed     uint64
	Sink     record.Sink // nil records nothing
	Version  string
	Command  string         // reproduces the run
	Progress func(Progress) // called at samples, at most about ten times a second; nil for none
	Pacer    *kernel.Pacer  // nil: as fast as possible
	Until    float64        // s at which it is to end, whole but unjudged; 0: the end of the plan

	// Decider schedules in a scenario whose scheduler is external.
	Decider Decider

	// View sees more than is recorded: at each sample the channels that it wants, whatever the scenario records.
	View View
}

// Progress is what a person who waits wants to see.
type Progress struct {
	Now, Duration float64 // s simulated
	Wall          time.Duration
	IT, Site      float64 // W
	PUE           float64
	Hottest       float64 // °C of the hottest busy GPU
	Place         string  // where that is
	Running       int64
	Queued        int64
	Faults        int64 // open
}

// Run lives a plan to its end and returns the summary. Cancelling the context stops it at the next boundary; the
// summary then says so and nothing recorded is lost. An error is a broken ledger, a plan that cannot be run, or a sink that
// could not be opened; the summary is still returned where there is one.
func Run(ctx context.Context, plan *scenarios.Plan, o Options) (*record.Summary, error) {
	if plan.Growth != nil {
		return grow(ctx, plan, o)
	}
	r, err := Begin(plan, o)
	if err != nil {
		return nil, err
	}
	return r.End(ctx, r.Advance(ctx, plan.Duration))
}

// Begin makes the world of a plan at time 0 and opens its recording.
func Begin(plan *scenarios.Plan, o Options) (*Driven, error) {
	if plan.Growth != nil {
		return nil, errors.New("a plan of years is many short runs, which nobody can drive: `halltwin run` lives it; to drive its first period, take growth out with --set growth=null")
	}
	w, err := New(plan, o.Seed)
	if err != nil {
		return nil, err
	}
	return begin(w, o)
}

// begin opens the recording of a world.
func begin(w *World, o Options) (*Driven, error) {
	d := &Driven{world: w, rec: &recorder{world: w, options: o, began: time.Now()}}
	if o.Sink != nil {
		if err := o.Sink.Open(w.Header(o)); err != nil {
			return nil, err
		}
	}
	if o.View != nil {
		if err := o.View.Open(w.Header(o)); err != nil {
			return nil, err
		}
	}
	w.listenTo(o.Decider)
	if o.Sink != nil || o.View != nil {
		w.out = d.rec.event
		for i := range w.opening {
			d.rec.event(&w.opening[i])
		}
		w.opening = nil
	}
	if o.Sink != nil || o.View != nil || o.Progress != nil {
		w.see = d.rec.sample
	}
	d.clock = kernel.NewClock(&w.Agenda, w.Now, o.Pacer)
	return d, nil
}

// End closes the books and the recording after the given outcome of [Driven.Advance], and returns the summary. It is called
// once, and last.
func (d *Driven) End(ctx context.Context, err error) (*record.Summary, error) {
	w, o := d.world, d.rec.options
	d.clock.Close()
	w.countAll()
	s := w.Summary(o)
	switch {
	case err == nil && d.Now() < w.plan.Duration && (o.Until <= 0 || d.Now() < o.Until):
		s.Verdict = record.Interrupted
	case err == nil:
		if err = w.closeBooks(); err != nil {
			s.Verdict, s.Reason = record.Broken, err.Error()
		}
	case errors.Is(err, context.Canceled) || ctx.Err() != nil:
		s.Verdict = record.Interrupted
		err = nil
	default:
		s.Verdict, s.Reason = record.Broken, err.Error()
	}
	s.Judge()
	if s.Verdict != record.Interrupted && s.Verdict != record.Broken && d.Now() < w.plan.Duration {
		s.Verdict, s.Reason = record.Unjudged, "it was to end at "+record.Clock(o.Until)+", before what is expected of the whole scenario can be judged"
	}
	d.rec.engine(s)
	if o.Sink != nil {
		if e := o.Sink.Close(s); err == nil {
			err = e
		}
	}
	if o.View != nil {
		if e := o.View.Close(s); err == nil {
			err = e
		}
	}
	return s, err
}

// countAll brings the progress of every job up to now, at the end of a run.
func (w *World) countAll() {
	for j := range w.Jobs {
		switch s := &w.Jobs[j]; s.Phase {
		case Running, Stalled:
			w.count(int32(j))
		case Queued:
			if spec := &w.work.Jobs[j]; spec.Class == workload.Train {
				w.Books.Training.Wait(spec.GPUs(), w.Now-s.Queued)
			}
		}
	}
}

// RunTo lives a world until the given time, in s, without recording. It is how forks and tests drive one.
func (w *World) RunTo(ctx context.Context, until float64) error {
	clock := kernel.NewClock(&w.Agenda, w.Now, nil)
	defer clock.Close()
	return clock.Run(ctx, w, until)
}

// Hash identifies the state of a world: equal states have equal hashes.
func (w *World) Hash() [32]byte { return kernel.Hash(&w.State) }

// Snapshot writes the state of a world between two windows.
func (w *World) Snapshot() []byte { return kernel.Encode(&w.State) }

// Restore returns the world of a snapshot, which must be of the same plan and seed.
func Restore(plan *scenarios.Plan, seed uint64, snapshot []byte) (*World, error) {
	w, err := New(plan, seed)
	if err != nil {
		return nil, err
	}
	w.State = State{}
	if err := kernel.Decode(snapshot, &w.State); err != nil {
		return nil, err
	}
	w.weatherNow()
	clear(w.layouts)
	for r := range w.Racks {
		w.rackPower[r] = w.Racks[r].Power
	}
	return w, nil
}

// Header describes the recording of this world.
func (w *World) Header(o Options) *record.Header {
	p := w.plan
	inputs := make([]record.Input, len(p.Inputs))
	for i, in := range p.Inputs {
		inputs[i] = record.Input(in)
	}
	return &record.Header{
		Run: record.RunName(p.Name, p.Variant), Scenario: p.Name, About: p.About, Variant: p.Variant, Seed: o.Seed,
		Start: p.Start, Duration: p.Duration, Every: p.Every, Source: record.Simulated, Version: o.Version,
		Site: p.Tree, Channels: p.Channels, Resolved: p.Resolved, Inputs: inputs, Command: o.Command,
	}
}

// recorder hands what a world shows to the sink and the person who waits.
type recorder struct {
	world   *World
	options Options
	began   time.Time
	shown   time.Time
	failed  error
}

func (r *recorder) event(e *record.Event) {
	if s := r.options.Sink; s != nil {
		if err := s.Event(e); err != nil && r.failed == nil {
			r.failed = err
		}
	}
	if v := r.options.View; v != nil {
		if err := v.Event(e); err != nil && r.failed == nil {
			r.failed = err
		}
	}
}

func (r *recorder) sample(w *World) error {
	if r.options.Sink != nil {
		if err := w.Frames(r.options.Sink.Frame); err != nil && r.failed == nil {
			r.failed = err
		}
	}
	if v := r.options.View; v != nil {
		if err := w.show(v.Wants(), v.Frame); err != nil {
			return err
		}
	}
	if r.options.Progress != nil && time.Since(r.shown) > 100*time.Millisecond {
		r.shown = time.Now()
		r.options.Progress(w.progress(time.Since(r.began)))
	}
	return nil
}

func (w *World) progress(wall time.Duration) Progress {
	grid, genset := w.sources()
	p := Progress{Now: w.Now, Duration: w.plan.Duration, Wall: wall, IT: w.Power.IT, Site: grid + genset,
		Running: w.Books.Jobs.Running, Queued: w.Books.Jobs.Queued, Faults: w.openFaults()}
	if pue, ok := w.siteGauge("site.pue"); ok {
		p.PUE = pue
	}
	at := 0
	for r := range w.Racks {
		if w.Racks[r].Hottest > p.Hottest {
			p.Hottest, at = w.Racks[r].Hottest, r
		}
	}
	p.Place = w.name(facility.Ref{Kind: facility.Rack, Index: int32(at)})
	return p
}

// openFaults counts what is down.
func (w *World) openFaults() int64 {
	n := int64(0)
	for k := range w.Down {
		for _, d := range w.Down[k] {
			if d > 0 {
				n++
			}
		}
	}
	return n
}

// stopwatch returns what tells how long ago that was.
func stopwatch() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}

// roughly rounds to three digits: no more of a speed repeats itself.
func roughly(v float64) float64 {
	if v <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(v))-2)
	return math.Round(v/unit) * unit
}

// engine adds how the run itself went.
func (r *recorder) engine(s *record.Summary) {
	t := &r.world.Totals
	wall := time.Since(r.began).Seconds()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.Add(record.Engine, record.KPI{Key: "engine.wall", Label: "wall time", Value: wall, Unit: "s", Provenance: record.ProvMeasured})
	s.Add(record.Engine, record.KPI{Key: "engine.speed", Label: "simulated over wall time", Value: roughly(r.world.Now / max(wall, 1e-9)), Unit: "", Provenance: record.ProvMeasured})
	s.Add(record.Engine, record.KPI{Key: "engine.steps", Label: "physical steps", Value: float64(t.Steps), Unit: "", Provenance: record.ProvMeasured})
	s.Add(record.Engine, record.KPI{Key: "engine.events", Label: "events", Value: float64(t.Events), Unit: "", Provenance: record.ProvMeasured})
	s.Add(record.Engine, record.KPI{Key: "engine.memory", Label: "memory obtained from the system", Value: float64(m.Sys), Unit: "B", Provenance: record.ProvMeasured})
}
