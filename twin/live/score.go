package live

import (
	"context"
	"math"

	"github.com/halltwin/halltwin/twin"
)

// The twin foretells the power that is measured, one horizon ahead, again and again, and compares when the time has come: that is
// its score, and it makes the bands of what it says ahead as wide as its errors have been.
const (
	horizon   = 3600.0 // s
	foretells = 600.0  // s between two forecasts
	seldom    = 3600.0 // likewise of sites of more than manyGPUs: a forecast takes seconds there
	manyGPUs  = 20_000
	window    = 288  // forecasts that a band looks back on
	unknowns  = 0.02 // share of the power by which a forecast is off after one horizon at least, before anything is learnt
	enough    = 0.98 // share of the things that must be measured then as well
)

// forecast is what was said of a moment that is to come.
type forecast struct {
	due, value, sd float64
	last           float64 // what was measured when it was said: persistence says the same
	things         int
	low, high      float64
}

// Score is how good the forecasts one hour ahead have been.
type Score struct {
	Channel     string  // what was foretold: the sum of what is measured of it
	Count       int     // of those whose time has come
	Error       float64 // mean of |error| relative to what was measured
	Persistence float64 // likewise of saying that nothing changes
	Covered     float64 // share of what was measured that lay in the 90 % band
}

// prophet foretells and keeps the score.
type prophet struct {
	next            float64
	pending         []forecast
	band            Band
	count, inside   int
	error, persists float64
	channel         string
}

func newProphet(start float64) *prophet {
	return &prophet{next: start + foretells, band: Band{Share: 0.9, Window: window}}
}

// totals returns the channel of which the power of the site is measured: nodes, else GPUs; nil for neither.
func (t *Twin) totals() *meter {
	for _, name := range []string{"node.power", "gpu.power"} {
		if m := t.meters[name]; m != nil {
			return m
		}
	}
	return nil
}

// sum adds up what is measured of a channel now.
func (m *meter) sum(now float64) (watts float64, things int) {
	for i, v := range m.measured {
		if now-m.at[i] <= stale && !math.IsNaN(v) {
			watts += v
			things++
		}
	}
	return watts, things
}

// foretell compares the forecasts whose time has come, and makes the next.
func (t *Twin) foretell(ctx context.Context) error {
	p, m := t.prophet, t.totals()
	if m == nil {
		return nil
	}
	truth, things := m.sum(t.now)
	for len(p.pending) > 0 && p.pending[0].due <= t.now {
		x := p.pending[0]
		p.pending = p.pending[1:]
		if few := float64(min(things, x.things)) < enough*float64(max(things, x.things)); few || !(truth > 0) || p.channel != m.ch.Name || t.now-x.due > stale {
			continue // something else was measured then
		}
		p.band.Learn(x.value, x.sd, truth)
		p.count++
		p.error += math.Abs(x.value/truth - 1)
		p.persists += math.Abs(x.last/truth - 1)
		if truth >= x.low && truth <= x.high {
			p.inside++
		}
	}
	if t.now < p.next || !(truth > 0) {
		return nil
	}
	p.next = t.now + foretells
	if len(t.gpuUse) > manyGPUs {
		p.next = t.now + seldom
	}
	f, err := t.Fork(twin.Options{})
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Advance(ctx, f.Now()+horizon); err != nil {
		return err
	}
	x := forecast{due: t.now + horizon, last: truth, things: things}
	m.model = f.Values(m.ch, m.model)
	variance := 0.0
	for i, v := range m.measured {
		if t.now-m.at[i] > stale || math.IsNaN(v) {
			continue
		}
		value, sd := m.corrected(int32(i), x.due, m.model[i])
		x.value += value
		if !math.IsNaN(sd) {
			variance += sd * sd
		}
	}
	x.sd = spread(x.value, variance, horizon)
	x.low, x.high = p.band.Around(x.value, x.sd)
	p.channel = m.ch.Name
	p.pending = append(p.pending, x)
	return nil
}

// spread is the standard deviation of what is said of a power some s ahead: of the corrections, and of what nobody knows.
func spread(watts, variance, ahead float64) float64 {
	return math.Sqrt(variance + unknowns*unknowns*watts*watts*ahead/horizon)
}

// score tells how good it was.
func (p *prophet) score() Score {
	n := float64(max(p.count, 1))
	return Score{Channel: p.channel, Count: p.count, Error: p.error / n, Persistence: p.persists / n, Covered: float64(p.inside) / n}
}
