package kernel

import (
	"context"
	"errors"
	"math"
	"sync"

	"github.com/fschuetz04/simgo"
)

// Script runs procedures that wait, each as a simgo process: one at a time, in a reproducible order, in virtual time
// or paced. It is for experiments at a bench and operators' procedures; what must be forked or saved is a [World].
type Script struct {
	sim     *simgo.Simulation
	pacer   *Pacer
	agenda  Agenda         // wake-up times: simgo cannot be asked for its next one
	waits   []*simgo.Event // by subject of a wake-up
	free    []int32
	pending []func(*Process) error // not yet started
	alive   sync.WaitGroup
	err     error
}

// Process is a running procedure. It must be used from its own function only.
type Process struct {
	script *Script
	proc   simgo.Process
	ctx    context.Context
}

// NewScript returns a script at time 0. With a pacer, time passes as the pacer says; with nil it takes none.
func NewScript(pacer *Pacer) *Script {
	return &Script{sim: simgo.NewSimulation(), pacer: pacer}
}

// Go adds a procedure, which begins as soon as those before it wait or end. An error of any ends the script.
func (s *Script) Go(run func(*Process) error) { s.pending = append(s.pending, run) }

// Run runs the script until all procedures have ended, one returned an error, or the context is done. When it
// returns, no procedure runs any more: one that still waited was ended in its wait, its deferred calls done. A
// script runs once.
func (s *Script) Run(ctx context.Context) error {
	if s.pacer != nil {
		s.pacer.start(0)
	}
	err := s.loop(ctx)
	s.sim.Shutdown()
	s.alive.Wait()
	return err
}

func (s *Script) loop(ctx context.Context) error {
	for s.err == nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if len(s.pending) > 0 {
			run := s.pending[0]
			s.pending = s.pending[1:]
			s.start(ctx, run)
			continue
		}
		e, ok := s.agenda.Pop(math.MaxFloat64)
		if !ok {
			break
		}
		if s.pacer != nil {
			if err := s.pacer.wait(ctx, e.At); err != nil {
				return err
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
		ev := s.waits[e.Subject]
		s.free = append(s.free, e.Subject)
		for !ev.Processed() {
			s.sim.Step()
		}
	}
	return s.err
}

// start starts a procedure and lets it run until it waits or ends. A simgo process that has not begun does not hear
// of a shutdown, so none is left in that state.
func (s *Script) start(ctx context.Context, run func(*Process) error) {
	begun := false
	s.alive.Add(1)
	s.sim.Process(func(proc simgo.Process) {
		defer s.alive.Done()
		begun = true
		if err := run(&Process{s, proc, ctx}); err != nil {
			s.err = errors.Join(s.err, err)
		}
	})
	for !begun {
		s.sim.Step()
	}
}

// Now returns the simulated time in s.
func (p *Process) Now() float64 { return p.proc.Now() }

// Context is done when the script is to end; a procedure gives it to what it calls.
func (p *Process) Context() context.Context { return p.ctx }

// Go adds another procedure to the script.
func (p *Process) Go(run func(*Process) error) { p.script.Go(run) }

// Wait lets d seconds of simulated time pass; d is not negative. If the script ends meanwhile, so does the
// procedure: Wait does not return, but deferred calls are made.
func (p *Process) Wait(d float64) {
	s := p.script
	ev := timeout(s.sim, d)
	var i int32
	if n := len(s.free); n > 0 {
		i, s.free = s.free[n-1], s.free[:n-1]
		s.waits[i] = ev
	} else {
		i = int32(len(s.waits))
		s.waits = append(s.waits, ev)
	}
	s.agenda.Push(Event{At: s.sim.Now() + d, Subject: i})
	p.proc.Wait(ev)
}
