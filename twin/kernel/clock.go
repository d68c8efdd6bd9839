package kernel

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"github.com/fschuetz04/simgo"
)

// World is what a clock drives.
type World interface {
	// Window returns the end of the window that begins now, in s: the next step boundary or sample, whichever is
	// first. It is later than now.
	Window(now float64) float64
	// Handle handles an event at its time. It may push events, also for the same instant.
	Handle(e Event) error
	// Boundary closes the window at its end, when every event up to and at that time has been handled.
	Boundary(now float64) error
}

// Clock drives worlds through time. It holds no state of a world but the time of the last boundary: to restore a
// snapshot or to fork, give the copied agenda a clock of its own.
type Clock struct {
	sim    *simgo.Simulation
	window *simgo.Event // the one that is armed, kept referenced
	fire   simgo.Handler
	agenda *Agenda
	now    float64
	pacer  *Pacer

	// Of the window under way.
	world World
	ctx   context.Context
	end   float64
	err   error
}

// NewClock returns a clock over an agenda, at the time now in s. With a pacer, time passes as the pacer says; with
// nil it passes as fast as the world can follow.
func NewClock(agenda *Agenda, now float64, pacer *Pacer) *Clock {
	c := &Clock{sim: simgo.NewSimulation(), agenda: agenda, now: now, pacer: pacer}
	c.sim.RunUntil(now)
	c.fire = func(*simgo.Event) { c.err = c.drain() }
	return c
}

// Now returns the time of the last boundary, in s.
func (c *Clock) Now() float64 { return c.now }

// Run drives the world until the given time, in s, which is a boundary whatever the windows say. It stops early, at
// a boundary, when the context is cancelled, and returns its cause; it stops at once, within a
// window, on an error of the world, after which only Close is left to call.
func (c *Clock) Run(ctx context.Context, w World, until float64) error {
	c.world, c.ctx = w, ctx
	defer func() { c.world, c.ctx = nil, nil }()
	if c.pacer != nil {
		c.pacer.start(c.now)
	}
	for c.now < until {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		end := min(w.Window(c.now), until)
		if !(end > c.now) || math.IsInf(end, 0) {
			panic(fmt.Sprintf("kernel: the window that begins at %v s ends at %v s", c.now, end))
		}
		c.arm(end)
		for c.window.Pending() {
			c.sim.Step()
		}
		if c.err != nil {
			return c.err
		}
		c.sim.RunUntil(end) // simgo adds delays and may land a bit short
		c.now = end
	}
	return nil
}

// arm sets simgo's timeout for the end of the next window.
func (c *Clock) arm(end float64) {
	delay := end - c.sim.Now()
	for c.sim.Now()+delay > end {
		delay = math.Nextafter(delay, 0)
	}
	c.end = end
	c.window = timeout(c.sim, delay)
	c.window.AddHandler(c.fire)
}

// drain handles the events of a window in order, then closes it.
func (c *Clock) drain() error {
	for {
		next := c.agenda.Next()
		if next > c.end {
			break
		}
		if err := c.wait(next); err != nil {
			return err
		}
		e, _ := c.agenda.Pop(c.end)
		if err := c.world.Handle(e); err != nil {
			return err
		}
	}
	if err := c.wait(c.end); err != nil {
		return err
	}
	return c.world.Boundary(c.end)
}

// wait lets real time catch up, if the clock is paced. After a cancellation the rest of the window is not paced, so
// that the run still ends at a boundary.
func (c *Clock) wait(at float64) error {
	if c.pacer != nil && c.ctx.Err() == nil {
		return c.pacer.wait(c.ctx, at)
	}
	return nil
}

// Close releases the clock. It must be called once the clock is no longer used, and only once.
func (c *Clock) Close() { c.sim.Shutdown() }

// timeout makes a simgo timeout without the finalizer by which the garbage collector could abort it.
func timeout(sim *simgo.Simulation, delay float64) *simgo.Event {
	ev := sim.Timeout(delay)
	runtime.SetFinalizer(ev, nil)
	return ev
}
