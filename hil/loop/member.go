package loop

import (
	"math"

	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/twin"
)

// actor is a bound device as the closed loop knows it.
type actor struct {
	Bond
	name   string
	device device.Device // nil until it was read
	limits device.Limits
	free   float64 // W: its limit before the loop
	limit  float64 // W: its limit now

	power, heat, use mean    // of this period
	heard            float64 // s of the loop when it was read last
	lost             bool    // it does not answer; the thing that it stands for is down
	task             bool    // it has work
	pace             pace
}

// mean is that of what is not missing.
type mean struct {
	sum float64
	n   int
}

func (m *mean) add(v float64) {
	if !math.IsNaN(v) {
		m.sum, m.n = m.sum+v, m.n+1
	}
}

// take returns the mean, NaN of nothing, and begins anew.
func (m *mean) take() float64 {
	v := m.sum / float64(m.n)
	*m = mean{}
	return v
}

// measured returns what the device told since the last time.
func (a *actor) measured(now float64) twin.Measured {
	m := twin.Measured{Power: a.power.take(), Temperature: a.heat.take(), Utilisation: a.use.take(), Speed: math.NaN()}
	if a.task && !a.lost {
		m.Speed = a.pace.speed(now)
	}
	return m
}

// Throughput is found over a window that is as short as the steps of the workload let it be, and set in proportion to what the
// same work came to before any limit was put on it.
const (
	shortest = 2.0  // s of a window
	longest  = 30.0 // likewise, for steps of many seconds
	fewest   = 4    // steps in a window
	warming  = 1.0  // s after the first step until throughput counts
)

// pace follows the throughput of one device.
type pace struct {
	key       float64 // level of the work, as the simulation wants it
	marks     []mark  // when work was done, the newest last
	first     float64 // s of the first mark of this work
	reference map[float64]float64
	capped    bool // a limit holds it back now
}

// mark is how much work was done at a time.
type mark struct{ at, work float64 }

// begin says that another kind of work begins.
func (p *pace) begin(key float64) {
	p.key, p.marks, p.first = key, p.marks[:0], math.NaN()
}

// look takes how much work is done by now.
func (p *pace) look(now, work float64) {
	if math.IsNaN(work) {
		return
	}
	if n := len(p.marks); n > 0 && work <= p.marks[n-1].work {
		if work < p.marks[n-1].work { // it was started again
			p.begin(p.key)
		}
		return
	}
	if math.IsNaN(p.first) && len(p.marks) > 0 {
		p.first = now
	}
	p.marks = append(p.marks, mark{now, work})
	drop := 0
	for drop < len(p.marks)-fewest-1 && now-p.marks[drop+1].at > longest {
		drop++
	}
	p.marks = append(p.marks[:0], p.marks[drop:]...)
}

// rate returns the work a second, NaN where too little was done to tell.
func (p *pace) rate(now float64) float64 {
	n := len(p.marks)
	if n < fewest+1 {
		return math.NaN()
	}
	newest := p.marks[n-1]
	i := n - 1 - fewest
	for i > 0 && newest.at-p.marks[i].at < shortest {
		i--
	}
	span := newest.at - p.marks[i].at
	if span < shortest {
		return math.NaN()
	}
	if step := span / float64(n-1-i); now-newest.at > 3*max(step, 0.2) { // it has stopped, or waits
		span = now - p.marks[i].at
	}
	return (newest.work - p.marks[i].work) / span
}

// speed returns the throughput over its reference, which it takes where there is none and nothing holds the work back.
func (p *pace) speed(now float64) float64 {
	r := p.rate(now)
	if math.IsNaN(r) || math.IsNaN(p.first) {
		return math.NaN()
	}
	reference := p.reference[p.key]
	if reference == 0 {
		if p.capped || !(now-p.first >= warming+shortest) || !(r > 0) {
			return math.NaN()
		}
		if p.reference == nil {
			p.reference = map[float64]float64{}
		}
		p.reference[p.key], reference = r, r
	}
	return min(1, r/reference)
}
