package session

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// MaxSpeed bounds the pace, in simulated seconds a second.
const MaxSpeed = 1e7

// stretch is how long in real time the owner may be busy or asleep before it looks at what it has been asked.
const stretch = 25 * time.Millisecond

// ErrEnded is what a run answers that has ended.
var ErrEnded = errors.New("the run has ended")

// Options say how a run is begun.
type Options struct {
	twin.Options
	Path     string // of the scenario, beside which lie the files that it names
	Resolved []byte // the scenario as it was begun with, where the plan has more; nil: the plan's

	Speed  float64       // simulated seconds a second; 0: as fast as possible
	Paused bool          // begin at rest
	Limit  time.Duration // of real time, after which it is stopped; 0: none
	// Did hears of every act, once it is sure to happen: when, as the entry of a timeline, and by whom.
	Did func(at float64, entry, who string)
}

// Status is where a run stands.
type Status struct {
	Now    float64
	End    float64
	Paused bool
	Ended  bool
	Speed  float64
}

// Run is a run under way.
type Run struct {
	plan    *scenarios.Plan
	options Options
	asked   chan func()
	done    chan struct{}

	// Of the owner.
	world *twin.Driven
	marks pace
	said  []string // entries of what was done, in order
	steps int      // samples to go though paused
	stop  bool

	mu      sync.Mutex
	status  Status
	summary *record.Summary
	err     error
}

// Start begins the run of a plan. It goes on until its end, until the context is cancelled or until Stop.
func Start(ctx context.Context, plan *scenarios.Plan, o Options) (*Run, error) {
	w, err := twin.Begin(plan, o.Options)
	if err != nil {
		return nil, err
	}
	return begin(ctx, plan, w, o, nil), nil
}

func begin(ctx context.Context, plan *scenarios.Plan, w *twin.Driven, o Options, said []string) *Run {
	if o.Until <= 0 || o.Until > plan.Duration {
		o.Until = plan.Duration
	}
	r := &Run{plan: plan, options: o, asked: make(chan func()), done: make(chan struct{}), world: w, said: said}
	r.status = Status{Now: w.Now(), End: o.Until, Paused: o.Paused, Speed: o.Speed}
	go r.live(ctx)
	return r
}

// Plan returns what the run was compiled from.
func (r *Run) Plan() *scenarios.Plan {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.plan
}

// Status returns where the run stands.
func (r *Run) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// Done is closed when the run has ended and its recording is complete.
func (r *Run) Done() <-chan struct{} { return r.done }

// Wait returns the summary once the run has ended.
func (r *Run) Wait() (*record.Summary, error) {
	<-r.done
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.summary, r.err
}

// live is the owner.
func (r *Run) live(ctx context.Context) {
	defer close(r.done)
	if r.options.Limit > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, r.options.Limit, fmt.Errorf("stopped after %s of real time", r.options.Limit))
		defer cancel()
		ctx = limited
	}
	err := r.drive(ctx)
	stopped := err == nil && r.world.Now() < r.options.Until
	cause := context.Cause(ctx)
	summary, err := r.world.End(ctx, err)
	if summary != nil && cause != nil && !errors.Is(cause, context.Canceled) {
		summary.Reason = cause.Error()
	}
	if stopped && summary != nil && summary.Reason == "" {
		summary.Reason = "stopped by hand"
	}
	r.mu.Lock()
	r.status.Now, r.status.Ended, r.status.Paused = r.world.Now(), true, false
	r.summary, r.err = summary, err
	r.mu.Unlock()
}

// drive advances the world to its end.
func (r *Run) drive(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	r.marks.set(r.world.Now())
	for r.world.Now() < r.options.Until && !r.stop {
		now := r.world.Now()
		until, wait := r.target(now)
		if until > now {
			began := time.Now()
			if err := r.world.Advance(ctx, until); err != nil {
				return err
			}
			r.marks.took(until-now, time.Since(began))
			r.report()
		}
		timer.Reset(wait)
		select {
		case f := <-r.asked:
			f()
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// target returns up to when the world is to be advanced now, and how long to listen afterwards.
func (r *Run) target(now float64) (until float64, wait time.Duration) {
	s := r.Status()
	switch {
	case s.Paused && r.steps > 0:
		r.steps--
		next := (math.Floor(now/r.plan.Every*(1+1e-12)) + 1) * r.plan.Every
		r.marks.set(next)
		return min(next, r.options.Until), 0
	case s.Paused:
		return now, time.Hour
	case s.Speed <= 0:
		return min(now+r.marks.atOnce(r.plan.Every), r.options.Until), 0
	}
	due := r.marks.due(s.Speed)
	if due <= now {
		return now, stretch
	}
	if most := now + r.marks.atOnce(r.plan.Every); due > most { // it cannot keep the pace: go on from where it is
		if due > now+2*s.Speed {
			r.marks.set(most)
		}
		return min(most, r.options.Until), 0
	}
	return min(due, r.options.Until), stretch
}

func (r *Run) report() {
	r.mu.Lock()
	r.status.Now = r.world.Now()
	r.mu.Unlock()
}

// ask lets the owner do something between two stretches.
func (r *Run) ask(ctx context.Context, f func() error) error {
	answer := make(chan error, 1)
	select {
	case r.asked <- func() { answer <- f() }:
		return <-answer
	case <-r.done:
		return ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *Run) change(ctx context.Context, f func(*Status) error) error {
	return r.ask(ctx, func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		err := f(&r.status)
		r.marks.set(r.world.Now())
		return err
	})
}

// Pause lets the run rest.
func (r *Run) Pause(ctx context.Context) error {
	return r.change(ctx, func(s *Status) error { s.Paused, r.steps = true, 0; return nil })
}

// Resume lets it go on.
func (r *Run) Resume(ctx context.Context) error {
	return r.change(ctx, func(s *Status) error { s.Paused = false; return nil })
}

// Step lets a run at rest go on to its next sample.
func (r *Run) Step(ctx context.Context) error {
	return r.change(ctx, func(s *Status) error { s.Paused = true; r.steps++; return nil })
}

// SetSpeed sets the pace in simulated seconds a second; 0 is as fast as possible.
func (r *Run) SetSpeed(ctx context.Context, speed float64) error {
	if !(speed >= 0 && speed <= MaxSpeed) {
		return fmt.Errorf("a speed of %g: write 0 (as fast as possible) to %g simulated seconds a second", speed, MaxSpeed)
	}
	return r.change(ctx, func(s *Status) error { s.Speed = speed; return nil })
}

// Stop ends the run here.
func (r *Run) Stop(ctx context.Context) error {
	return r.ask(ctx, func() error { r.stop = true; return nil })
}

// Act does something as soon as it can, on behalf of who. It returns the action with the time at which it happens.
func (r *Run) Act(ctx context.Context, a action.Action, who string) (done action.Action, err error) {
	if err := Check(&a, r.Plan()); err != nil {
		return a, err
	}
	err = r.ask(ctx, func() error {
		a.At = 0
		if done, err = r.world.Act(a); err != nil {
			return err
		}
		r.did(done.At, Entry(done), who)
		if r.Status().Paused { // else it would be seen to do nothing
			err = r.world.Advance(ctx, done.At)
			r.report()
		}
		return err
	})
	return done, err
}

// did notes an entry of the log.
func (r *Run) did(at float64, entry, who string) {
	r.said = append(r.said, entry)
	if r.options.Did != nil {
		r.options.Did(at, entry, who)
	}
}
