package twin

import (
	"errors"
	"fmt"

	"github.com/halltwin/halltwin/models/schedule"
)

// Decider is a scheduler outside the twin. It is asked whenever the twin's own would decide, and told everything each time: one
// that remembers nothing leaves runs that can be repeated and forked. Forks ask the same one, one after the other.
type Decider interface {
	Decide(c *schedule.Config, s *schedule.State, now float64) ([]schedule.Decision, error)
}

// errNoDecider says what is missing.
var errNoDecider = errors.New("scheduler.policy is external, and nobody decides: give the command of your scheduler with halltwin run --scheduler")

// mostRounds bounds how often a decider may change its mind at one moment.
const mostRounds = 1000

// ask lets the decider decide, and carries out what it wants.
func (w *World) ask() {
	if w.trouble != nil || w.Sched.Queue.Count == 0 && len(w.Sched.Running) == 0 {
		return
	}
	if w.decider == nil {
		w.undecided = true
		return
	}
	if w.askedAt != w.Now {
		w.askedAt, w.rounds = w.Now, 0
	}
	if w.rounds++; w.rounds > mostRounds {
		w.trouble = fmt.Errorf("the external scheduler has changed its mind %d times at %s and comes to no end", mostRounds, clock(w.Now))
		return
	}
	decisions, err := w.decider.Decide(w.sched, &w.Sched, w.Now)
	if err == nil {
		w.starts, err = w.sched.Apply(&w.Sched, w.Now, decisions, w.starts[:0])
	}
	if err != nil {
		w.trouble = fmt.Errorf("external scheduler at %s: %w", clock(w.Now), err)
		return
	}
	w.carry()
}

// carry starts, stops and resizes the jobs that the scheduler chose.
func (w *World) carry() {
	for i := range w.starts {
		if w.starts[i].Resize {
			w.unseat(w.starts[i].Job) // before anybody is given what it leaves
		}
	}
	for i := range w.starts {
		switch st := &w.starts[i]; {
		case st.Stop:
			w.preempt(st.Job)
		case st.Resize:
			w.resize(st)
		default:
			w.start(st)
		}
	}
}

// listenTo gives a world its decider, and asks it what was left undecided while there was none.
func (w *World) listenTo(d Decider) {
	if d != nil {
		w.decider = d
	}
	switch {
	case !w.undecided:
	case w.decider == nil:
		w.trouble = errNoDecider
		w.wantPass()
	default:
		w.undecided = false
		w.wantPass()
	}
}
