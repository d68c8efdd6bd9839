package serving

import "math"

// State is the memory of a service: plain data.
type State struct {
	Backlog  float64 // requests that wait for capacity
	Dark     float64 // s since the last replica that was up
	Requests float64 // that arrived so far
	Met      float64 // of them within the service level
	Prompt   float64 // prompt tokens served
	Output   float64 // tokens generated
	Missed   [Backlog + 1]float64
}

// Step advances a service from now over dt seconds, in which n of its replicas were up, at a mean speed of v (1 is full
// clock), and returns how it did. Any length of step is sound; a minute resolves bursts.
func (p *Plan) Step(s *State, now, dt float64, n int, v float64) Level {
	t := p.Load.Mean(now, now+dt)
	arrived := t.Requests * dt
	s.Requests += arrived
	before := s.Backlog
	if n == 0 || v <= 0 {
		s.Dark += dt
		s.Backlog += arrived
		l := Level{Load: t.Requests, TTFT: s.Dark, TPOT: s.Dark}
		if arrived > 0 {
			l.Missed = Replicas
			s.Missed[l.Missed] += arrived
		} else {
			l.Met, l.TTFT, l.TPOT = 1, 0, 0
		}
		return l
	}
	s.Dark = 0
	var capacity float64
	if t.Requests > 0 {
		capacity = float64(n) * v * p.Replica.Capacity(t.Input/t.Requests, t.Output/t.Requests)
	} else {
		capacity = p.level(t, n, v, 0, 0, dt).Capacity
	}
	s.Backlog = math.Max(0, before+arrived-capacity*dt)
	l := p.level(t, n, v, before, s.Backlog, dt)
	s.Met += arrived * l.Met
	s.Prompt += l.Prompt * dt
	s.Output += l.Output * dt
	if arrived > 0 && l.Met < target {
		l.Missed = p.explain(before, dt, now, n, v)
		s.Missed[l.Missed] += arrived * (1 - l.Met)
	}
	return l
}

// explain says what would have had to be different for the level to be kept.
func (p *Plan) explain(before, dt, now float64, n int, v float64) Cause {
	t := p.Load.Mean(now, now+dt)
	keeps := func(n int, v float64) bool {
		capacity := float64(n) * v * p.Replica.Capacity(t.Input/t.Requests, t.Output/t.Requests)
		return p.level(t, n, v, 0, math.Max(0, (t.Requests-capacity)*dt), dt).Met >= target
	}
	switch {
	case keeps(n, v):
		if before > 0 {
			return Backlog
		}
		return Overload
	case !keeps(p.Replicas, 1):
		return Overload
	case n < p.Replicas && keeps(p.Replicas, v):
		return Replicas
	}
	if v < 1 {
		return Throttle
	}
	return Replicas
}

// Share returns the share of all requests so far that were within the service level; 1 before the first.
func (s *State) Share() float64 {
	if s.Requests == 0 {
		return 1
	}
	return s.Met / s.Requests
}
