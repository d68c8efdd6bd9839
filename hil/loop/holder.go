package loop

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/hil/device"
)

// Setter sets a power limit: a guard.
type Setter interface {
	SetLimit(d device.Device, watts float64) error
}

// Holder holds devices under a power budget. Its readings are given to Read; it acts when Act is called.
type Holder struct {
	Budget float64 // W
	StopAt float64 // °C; 0 is 84
	Setter Setter

	members map[string]*member // by key
	order   []string
	trim    float64
}

// member is what the holder knows of a device.
type member struct {
	device device.Device
	limits device.Limits
	power  float64 // W, mean of the period, or the last known
	sum    float64
	n      int
	hot    float64 // °C, highest of the period
	seen   bool    // in this period
}

// Action is what one period came to.
type Action struct {
	Power   float64 // W, of all
	Limits  float64 // W, sum in force
	Held    int     // GPUs that their limit holds back
	Silent  int     // that did not answer
	Changed int     // limits set
}

// HotError ends a loop.
type HotError struct {
	Device  string
	Celsius float64
}

func (e *HotError) Error() string {
	return fmt.Sprintf("%s is at %.0f °C: all limits are at their lowest, the loop has ended", e.Device, e.Celsius)
}

const (
	defaultStop = 84
	heldFrom    = 0.97
	roomShare   = 0.05
	roomLeast   = 10.0 // W
	over        = 1.02
	trimGain    = 0.5
	trimMost    = 0.05
	dead        = 1.0 // W: smaller changes of a limit are not made
)

// Read takes a reading.
func (h *Holder) Read(d device.Device, r *device.Reading) error {
	l, ok := d.(device.Limiter)
	if !ok {
		return nil
	}
	id := d.Identity()
	m := h.members[id.Key]
	if m == nil {
		limits, err := l.Limits()
		if err != nil {
			return fmt.Errorf("%s: %w", id.Name(), err)
		}
		if h.members == nil {
			h.members = map[string]*member{}
		}
		m = &member{limits: limits, power: limits.Now}
		h.members[id.Key] = m
		h.order = append(h.order, id.Key)
		slices.Sort(h.order)
	}
	m.device, m.seen = d, true
	if p := r.Values[device.Power]; !math.IsNaN(p) {
		m.sum, m.n = m.sum+p, m.n+1
	}
	if t := r.Values[device.Temperature]; t > m.hot {
		m.hot = t
	}
	if l := r.Values[device.PowerLimit]; !math.IsNaN(l) {
		m.limits.Now = l // somebody else may have changed it, or the driver restarted
	}
	return nil
}

// Check tells whether the budget can be held by the limits of the given devices.
func (h *Holder) Check(ctx context.Context, devices []device.Device) error {
	lowest, n := 0.0, 0
	for _, d := range devices {
		l, ok := d.(device.Limiter)
		if !ok {
			continue
		}
		limits, err := l.Limits()
		if errors.Is(err, device.ErrLost) {
			continue
		}
		if err != nil {
			return err
		}
		var r device.Reading
		if err := d.Sample(ctx, &r); err == nil && math.IsNaN(r.Values[device.Temperature]) {
			id := d.Identity()
			return fmt.Errorf("%s tells no temperature: nothing would stop it when it is too hot", id.Name())
		}
		lowest, n = lowest+limits.Min, n+1
	}
	switch {
	case n == 0:
		return errors.New("no device here has a power limit")
	case !(h.Budget >= lowest):
		return fmt.Errorf("a budget of %.0f W cannot be held: the lowest limits of %d devices sum to %.0f W", h.Budget, n, lowest)
	}
	return nil
}

// Act ends a period: it sets the limits for the next one.
func (h *Holder) Act(ctx context.Context) (Action, error) {
	var a Action
	stop := h.StopAt
	if stop == 0 {
		stop = defaultStop
	}
	var hot *HotError
	for _, k := range h.order {
		m := h.members[k]
		if m.n > 0 {
			m.power = m.sum / float64(m.n)
		}
		if !m.seen {
			a.Silent++
		}
		if m.hot >= stop {
			id := m.device.Identity()
			hot = &HotError{id.Name(), m.hot}
		}
		a.Power += m.power
	}
	if hot != nil {
		return a, errors.Join(hot, h.lowest())
	}
	if a.Silent == len(h.order) {
		return a, nil
	}
	want := h.share(&a)
	var failed []error
	for i, k := range h.order {
		m := h.members[k]
		if m.seen && math.Abs(want[i]-m.limits.Now) >= dead {
			switch err := h.Setter.SetLimit(m.device, want[i]); {
			case errors.Is(err, device.ErrLost), errors.Is(err, device.ErrSession):
				m.seen = false
			case err != nil:
				failed = append(failed, err)
			default:
				m.limits.Now = want[i]
				a.Changed++
			}
		}
		a.Limits += m.limits.Now
		m.sum, m.n, m.hot, m.seen = 0, 0, 0, false
	}
	return a, errors.Join(append(failed, ctx.Err())...)
}

// share divides the budget: a limit for each member.
func (h *Holder) share(a *Action) []float64 {
	want := make([]float64, len(h.order))
	left := h.Budget
	var held []int
	for i, k := range h.order {
		m := h.members[k]
		switch {
		case !m.seen: // it may still draw what it drew
			want[i] = m.limits.Now
			left -= m.power
		case m.power >= heldFrom*m.limits.Now:
			held = append(held, i)
		default:
			want[i] = min(max(m.power+max(roomLeast, roomShare*m.power), m.limits.Min), m.limits.Max)
			left -= m.power
		}
	}
	a.Held = len(held)
	if len(held) > 0 {
		h.trim = min(max(h.trim+trimGain*(h.Budget-a.Power), -trimMost*h.Budget), trimMost*h.Budget)
		left += h.trim
	}
	h.fill(want, held, left)
	if a.Power > over*h.Budget {
		for i, k := range h.order {
			m := h.members[k]
			want[i] = max(m.limits.Min, min(want[i], m.power*h.Budget/a.Power))
		}
	}
	for i := range want {
		want[i] = math.Round(want[i])
	}
	return want
}

// fill divides left W evenly among the held, none beyond its range.
func (h *Holder) fill(want []float64, held []int, left float64) {
	for len(held) > 0 {
		each := left / float64(len(held))
		rest := held[:0:0]
		for _, i := range held {
			m := h.members[h.order[i]]
			if each > m.limits.Min && each < m.limits.Max {
				rest = append(rest, i)
				continue
			}
			want[i] = min(max(each, m.limits.Min), m.limits.Max)
			left -= want[i]
		}
		if len(rest) == len(held) {
			for _, i := range held {
				want[i] = each
			}
			return
		}
		held = rest
	}
}

// lowest puts everything at its lowest limit.
func (h *Holder) lowest() error {
	var failed []error
	for _, k := range h.order {
		m := h.members[k]
		if err := h.Setter.SetLimit(m.device, m.limits.Min); err != nil && !errors.Is(err, device.ErrLost) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
