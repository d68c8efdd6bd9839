package twin

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/kernel"
	"github.com/halltwin/halltwin/twin/record"
)

// View is a sink that says at each sample what it wants to see.
type View interface {
	record.Sink
	Wants() []*channel.Channel
}

// Driven is a run that its caller advances bit by bit, and may act on between. One that is advanced to its end in any
// number of bits, without acts, is the run that [Run] makes.
type Driven struct {
	world *World
	rec   *recorder
	clock *kernel.Clock
	acts  []action.Action
}

// Now returns the time up to which the run has been advanced, in s.
func (d *Driven) Now() float64 { return d.clock.Now() }

// Advance lives on until the given time, in s, or until the context is cancelled.
func (d *Driven) Advance(ctx context.Context, until float64) error {
	return d.clock.Run(ctx, d.world, min(until, d.world.plan.Duration))
}

// instants is how many a second there are at which acts are done: their times are short in decimals, and never now.
const instants = 1000

// Act puts an action on the agenda: at its time, or right after now if that is past. It returns the action as it will be
// done. The same action in the timeline of the scenario has the same consequences, but for its name in the log.
func (d *Driven) Act(a action.Action) (action.Action, error) {
	if !(a.At > d.Now()) {
		a.At = d.Soon()
	}
	if a.At > d.world.plan.Duration {
		return a, fmt.Errorf("the run ends at %s: nothing can be done after that", record.Clock(d.world.plan.Duration))
	}
	if a.Verb == action.Submit {
		return a, errors.New("a job joins a run through its scenario")
	}
	d.world.inject(a)
	d.acts = append(d.acts, a)
	return a, nil
}

// Acts returns what was done so far by [Driven.Act].
func (d *Driven) Acts() []action.Action { return slices.Clone(d.acts) }

// inject adds an action to the timeline. The plan is shared, so this world gets one of its own.
func (w *World) inject(a action.Action) {
	p := *w.plan
	p.Actions = append(slices.Clip(p.Actions), a)
	w.plan = &p
	w.push(a.At, phaseAction, evAction, int32(len(p.Actions)-1), 0)
}

// Fork returns an independent run from this moment on. Its recording begins with what is there now; nothing is recorded
// without a sink or a view.
func (d *Driven) Fork(o Options) (*Driven, error) {
	o.Seed = d.rec.options.Seed
	f, err := begin(d.world.Fork(), o)
	if err != nil {
		return nil, err
	}
	f.acts = slices.Clone(d.acts)
	return f, nil
}

// show sends the present values of channels to a sink, of all their subjects.
func (w *World) show(channels []*channel.Channel, send func(*record.Frame) error) error {
	f := record.Frame{Time: w.Now}
	for _, ch := range channels {
		f.Channel, f.Subjects = ch, nil
		if ch.Kind == facility.Job {
			f.Subjects, f.Values = w.jobFrame(ch.Name, w.jobSubjects[:0], w.buffer[:0])
			w.jobSubjects = f.Subjects
		} else {
			f.Values = w.gauge(ch, w.buffer[:0])
		}
		w.buffer = f.Values[:0]
		if err := send(&f); err != nil {
			return err
		}
	}
	return nil
}

// Soon returns the time at which an act that is asked for now would be done.
func (d *Driven) Soon() float64 { return (math.Floor(d.Now()*instants) + 1) / instants }

// Become goes on with another world at the same time, which is not driven by anybody else afterwards. The recording goes on.
func (d *Driven) Become(other *Driven) {
	w := other.world
	w.out, w.see = d.world.out, d.world.see
	d.world, d.rec.world = w, w
	d.clock.Close()
	d.clock = other.clock
	d.acts = other.acts
}

// Close lets go of a run that is not to be ended.
func (d *Driven) Close() { d.clock.Close() }
