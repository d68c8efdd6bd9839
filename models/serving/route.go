package serving

import (
	"math"

	"github.com/halltwin/halltwin/models/workload"
)

// away is the other site that answers, and the network to it.
type away struct {
	place
	route     string
	spill     float64
	roundTrip float64 // s
	bandwidth float64 // B/s
	payload   float64 // B of a request
}

// delay returns the time in s that the network adds to a first token at x requests/s over the given share of its bandwidth: the
// round trip, and the transfer behind others'. carries is the most requests/s that it takes.
func (a *away) delay(x, share float64) (delay, carries float64) {
	if a.payload == 0 {
		return a.roundTrip, math.Inf(1)
	}
	transfer := a.payload / (a.bandwidth * share)
	carries = 1 / transfer
	return a.roundTrip + transfer/math.Max(0.02, 1-x*transfer), carries
}

// outcome returns how the service does under traffic t for dt seconds from a backlog here and at the other site, and what it
// leaves of both. What waits at a site that answers nothing goes to the other.
func (p *Plan) outcome(t workload.Traffic, on *Conditions, before [2]float64, dt float64) (l Level, after [2]float64) {
	here := staff{on.Up, on.First, on.Speed}
	if p.away == nil {
		l, after[0] = p.serve(&p.here, t, here, before[0], dt, 0)
		return l, after
	}
	there := staff{n: int(math.Round(float64(p.away.replicas) * on.Remote)), v: 1}
	if on.WAN <= 0 {
		there.n = 0
	}
	switch {
	case here.idle() && !there.idle():
		before[0], before[1] = 0, before[0]+before[1]
	case there.idle() && !here.idle():
		before[0], before[1] = before[0]+before[1], 0
	}
	x := p.route(t, here, there, on.WAN)
	delay, _ := p.away.delay(x*t.Requests, on.WAN)
	var a, b Level
	a, after[0] = p.serve(&p.here, part(t, 1-x), here, before[0], dt, 0)
	b, after[1] = p.serve(&p.away.place, part(t, x), there, before[1], dt, delay)
	l = a
	l.Load, l.Away = t.Requests, x
	l.Capacity += b.Capacity
	l.Dropped += b.Dropped
	if t.Requests == 0 {
		return l, after
	}
	l.Met, l.Wait = (1-x)*a.Met+x*b.Met, (1-x)*a.Wait+x*b.Wait
	l.TTFT, l.TPOT = 0, 0
	if x < target { // the slower of those that answer a share that counts
		l.TTFT, l.TPOT = a.TTFT, a.TPOT
	}
	if x > 1-target {
		l.TTFT, l.TPOT = math.Max(l.TTFT, b.TTFT), math.Max(l.TPOT, b.TPOT)
	}
	return l, after
}

// part returns a share of traffic.
func part(t workload.Traffic, x float64) workload.Traffic {
	return workload.Traffic{Requests: x * t.Requests, Input: x * t.Input, Output: x * t.Output}
}

// serve returns how one site does, and the backlog that it leaves. Of that, what would wait longer than the timeout is given up.
func (p *Plan) serve(q *place, t workload.Traffic, u staff, before, dt, delay float64) (Level, float64) {
	prompt, output := math.Max(1, p.Load.prompt), math.Max(1, p.Load.output)
	if t.Requests > 0 {
		prompt, output = t.Input/t.Requests, t.Output/t.Requests
	}
	capacity := q.capacity(prompt, output, u)
	after := math.Max(0, before+(t.Requests-capacity)*dt)
	dropped := 0.0
	if p.timeout > 0 {
		rate := capacity
		if rate == 0 {
			rate = t.Requests
		}
		dropped = math.Max(0, after-rate*p.timeout)
		after -= dropped
	}
	l := p.level(q, t, u, before, after+dropped, dt, delay)
	l.Dropped = dropped
	if arrived := t.Requests * dt; dropped > 0 && arrived > 0 {
		l.Met = math.Min(l.Met, math.Max(0, 1-dropped/arrived))
		l.TTFT = math.Min(l.TTFT, p.timeout+l.Wait)
	}
	return l, after
}

// route returns the share of the requests that go to the other site.
func (p *Plan) route(t workload.Traffic, here, there staff, wan float64) float64 {
	a := p.away
	switch {
	case there.idle() || wan <= 0 || t.Requests <= 0:
		return 0
	case here.idle():
		return 1
	}
	prompt, output := t.Input/t.Requests, t.Output/t.Requests
	_, carries := a.delay(0, wan)
	ch, ct := p.here.capacity(prompt, output, here), math.Min(a.capacity(prompt, output, there), carries)
	switch a.route {
	case "local-first":
		return 1 - preferred(t.Requests, ch, ct, a.spill)
	case "remote-first":
		return preferred(t.Requests, ct, ch, a.spill)
	}
	// Wardrop's equilibrium: no request would be done earlier at the other site.
	slower := func(x float64) bool {
		delay, _ := a.delay(x*t.Requests, wan)
		return p.response(&a.place, t.Requests*x, prompt, output, there)+delay > p.response(&p.here, t.Requests*(1-x), prompt, output, here)
	}
	lo, hi := 0.0, 1.0
	if slower(1e-6) {
		return 0
	}
	if !slower(1) {
		return 1
	}
	for range 30 {
		if mid := (lo + hi) / 2; slower(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return lo
}

// preferred returns the share of a load that stays at a site of the first capacity: as much as keeps it below its spill, then
// the other below its own, then by capacity.
func preferred(load, first, second, spill float64) float64 {
	stays := math.Min(load, spill*first)
	over := load - stays
	if more := over - spill*second; more > 0 {
		stays += more * first / (first + second)
	}
	return stays / load
}

// response returns the mean time in s that a request takes at a site with x requests/s.
func (p *Plan) response(q *place, x, prompt, output float64, u staff) float64 {
	if x >= 0.999*q.capacity(prompt, output, u) {
		return math.Inf(1)
	}
	lanes, beds := q.lanes(u)
	batch, perToken := q.replica.steady(x/float64(beds), prompt, output, u.v, q.split)
	if q.split {
		batch = 0
	}
	latency, _ := q.replica.first(prompt, batch, context(prompt, output))
	wait := p.line(lanes, 1, x, latency/u.v, p.Load.promptCV*p.Load.promptCV, 3600)
	return wait.mean() + latency/u.v + output*perToken
}
