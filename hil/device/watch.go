package device

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// Clocks are the times that a watch goes by: those of the machine, or a test's.
type Clocks interface {
	Now() time.Time
	// Sleep returns after d, or earlier when the context is done.
	Sleep(ctx context.Context, d time.Duration)
}

// System is the machine's clock.
type System struct{}

// Now implements [Clocks].
func (System) Now() time.Time { return time.Now() }

// Sleep implements [Clocks].
func (System) Sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// The range of sampling rates, Hz, and of the pauses after which what is lost is tried again.
const (
	MinRate    = 1.0
	MaxRate    = 20.0
	firstPause = time.Second
	longPause  = 30 * time.Second
)

// Watch samples the devices of one source at a steady rate, and stays with them: it goes on with the others when one is
// lost, and opens the source again when its session ends.
type Watch struct {
	Source Source
	Rate   float64 // Hz, 1 to 20
	Clocks Clocks  // nil is the machine's
	Filter *Filter // nil is one of its own
	// Receive takes a reading; it must not keep it. An error ends the watch.
	Receive func(Device, *Reading) error
	// Tell hears of what is lost and found; nil for nobody.
	Tell func(Change)

	open    bool
	members []*member
	pause   time.Duration
	again   time.Time // when the source is tried again
}

// member is a device and how it is.
type member struct {
	Device
	lost  bool
	pause time.Duration
	again time.Time
}

// Change is a loss or a return.
type Change struct {
	At     time.Time
	Who    string // a device's name, or the source's title
	Lost   bool
	Reason string
}

// Run samples until the context is done or the receiver returns an error.
func (w *Watch) Run(ctx context.Context) error {
	if w.Clocks == nil {
		w.Clocks = System{}
	}
	if !(w.Rate >= MinRate && w.Rate <= MaxRate) {
		return fmt.Errorf("a sampling rate is %g to %g Hz, not %g", MinRate, MaxRate, w.Rate)
	}
	period := time.Duration(float64(time.Second) / w.Rate)
	defer w.shut()
	next := w.Clocks.Now()
	for ctx.Err() == nil {
		if err := w.Once(ctx); err != nil {
			return err
		}
		next = next.Add(period)
		if now := w.Clocks.Now(); next.Before(now) { // a slow device, or the machine slept: keep the rate, not the count
			next = now
		}
		w.Clocks.Sleep(ctx, next.Sub(w.Clocks.Now()))
	}
	return nil
}

// Once takes one reading of every device that answers.
func (w *Watch) Once(ctx context.Context) error {
	if w.Clocks == nil {
		w.Clocks = System{}
	}
	if w.Filter == nil {
		w.Filter = &Filter{}
	}
	now := w.Clocks.Now()
	if !w.open {
		if now.Before(w.again) || !w.connect(ctx, now) {
			return nil
		}
	}
	var r Reading
	for _, m := range w.members {
		if m.lost && now.Before(m.again) {
			continue
		}
		err := m.Sample(ctx, &r)
		r.At = w.Clocks.Now()
		id := m.Identity()
		switch {
		case errors.Is(err, ErrSession):
			w.shut()
			w.tell(now, w.Source.Title(), true, err)
			w.pause, w.again = firstPause, now.Add(firstPause)
			return nil
		case err != nil:
			if !m.lost {
				w.tell(now, id.Name(), true, err)
			}
			m.pause = min(max(firstPause, 2*m.pause), longPause)
			m.lost, m.again = true, now.Add(m.pause)
			continue
		case m.lost:
			m.lost, m.pause = false, 0
			w.tell(now, id.Name(), false, nil)
		}
		if !w.Filter.Pass(&id, &r, r.At) {
			continue
		}
		if err := w.Receive(m.Device, &r); err != nil {
			return err
		}
	}
	return nil
}

// connect opens the source and reports whether it is open.
func (w *Watch) connect(ctx context.Context, now time.Time) bool {
	devices, err := w.Source.Open(ctx)
	if err != nil {
		if w.pause == 0 {
			w.tell(now, w.Source.Title(), true, err)
		}
		w.pause = min(max(firstPause, 2*w.pause), longPause)
		w.again = now.Add(w.pause)
		return false
	}
	if w.pause > 0 {
		w.tell(now, w.Source.Title(), false, nil)
	}
	w.open, w.pause, w.members = true, 0, nil
	for _, d := range devices {
		w.members = append(w.members, &member{Device: d})
	}
	return true
}

// shut closes the source, whose devices stay known.
func (w *Watch) shut() {
	if w.open {
		w.open = false
		w.Source.Close()
	}
}

func (w *Watch) tell(at time.Time, who string, lost bool, why error) {
	if w.Tell == nil {
		return
	}
	c := Change{At: at, Who: who, Lost: lost}
	if why != nil {
		c.Reason = why.Error()
	}
	w.Tell(c)
}

// Rates turns a counter into a rate: one for each quantity and device.
type Rates struct {
	at   time.Time
	last float64
}

// Next returns the rate since the value before, NaN for the first.
func (c *Rates) Next(at time.Time, v float64) float64 {
	dt := at.Sub(c.at).Seconds()
	rate := math.NaN()
	if !c.at.IsZero() && dt > 0 && v >= c.last {
		rate = (v - c.last) / dt
	}
	c.at, c.last = at, v
	return rate
}
