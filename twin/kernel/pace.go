package kernel

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Wall is a real clock: the one on the wall, or a test's.
type Wall interface {
	// Now returns the time since some fixed moment. It never goes back.
	Now() time.Duration
	// Sleep returns after d, or earlier when the context is done.
	Sleep(ctx context.Context, d time.Duration)
}

// Pacer ties simulated time to real time. The schedule is fixed when a run starts and is kept: a world that fell
// behind catches up.
type Pacer struct {
	// Factor is simulated seconds a real second; 1 is real time. It must be positive.
	Factor float64
	// Tolerance is how late an event may be before it counts as late.
	Tolerance time.Duration
	// Strict makes the first late event an error, of type *LateError.
	Strict bool
	// Wall is the clock to follow; nil is the system's.
	Wall Wall

	begin  time.Duration // real time of origin
	origin float64       // simulated time at which the run started, s
	late   Lateness
}

// Lateness says how well a paced run kept its time.
type Lateness struct {
	Waits int           // events and boundaries
	Late  int           // of these, later than the tolerance
	Worst time.Duration // the latest
	At    float64       // simulated time of the latest, s
}

// Late returns how well the run kept its time so far.
func (p *Pacer) Late() Lateness { return p.late }

// LateError stops a strict run whose world could not follow.
type LateError struct {
	At   float64       // simulated time, s
	By   time.Duration // real time after which the event should have been handled
	Late Lateness
}

func (e *LateError) Error() string {
	return fmt.Sprintf("the world cannot follow real time: at %g s it is %v late", e.At, e.By.Round(time.Millisecond))
}

// start fixes the schedule: simulated time origin is now.
func (p *Pacer) start(origin float64) {
	if !(p.Factor > 0) || math.IsInf(p.Factor, 0) {
		panic(fmt.Sprintf("kernel: pacing factor %v", p.Factor))
	}
	if p.Wall == nil {
		p.Wall = systemWall{time.Now()}
	}
	p.begin, p.origin = p.Wall.Now(), origin
}

// wait returns when it is time for something due at the simulated time at, in s.
func (p *Pacer) wait(ctx context.Context, at float64) error {
	due := p.begin + seconds((at-p.origin)/p.Factor)
	ahead := due - p.Wall.Now()
	p.late.Waits++
	if ahead > 0 {
		p.Wall.Sleep(ctx, ahead)
		return nil
	}
	if -ahead > p.late.Worst {
		p.late.Worst, p.late.At = -ahead, at
	}
	if -ahead > p.Tolerance {
		p.late.Late++
		if p.Strict {
			return &LateError{At: at, By: -ahead, Late: p.late}
		}
	}
	return nil
}

// seconds converts without overflow; three centuries are as good as never.
func seconds(s float64) time.Duration {
	if ns := s * 1e9; ns < math.MaxInt64/2 {
		return time.Duration(ns)
	}
	return math.MaxInt64 / 2
}

type systemWall struct{ start time.Time }

func (w systemWall) Now() time.Duration { return time.Since(w.start) }

func (w systemWall) Sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
