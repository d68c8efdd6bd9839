package serving

import "math"

// State is the memory of a service: plain data.
type State struct {
	Backlog  float64 // requests that wait for capacity here
	Away     float64 // likewise at the other site
	Dark     float64 // s since anything answered
	Requests float64 // that arrived so far; of a service followed one by one, that ended
	Met      float64 // of them within the service level
	Routed   float64 // of them answered by the other site
	Dropped  float64 // of them given up
	Prompt   float64 // prompt tokens served here
	Output   float64 // tokens generated here
	Missed   [numCauses]float64
	Scale    ScaleState
	Flow     Flow // of a service that is followed one by one
}

// Step advances a service from now over dt seconds under the conditions given and returns how it did. Any length of step is
// sound; a minute resolves bursts.
func (p *Plan) Step(s *State, now, dt float64, on Conditions) Level {
	if p.Detailed {
		return p.follow(s, now, dt, on)
	}
	t := p.Load.Mean(now, now+dt)
	arrived := t.Requests * dt
	s.Requests += arrived
	before := [2]float64{s.Backlog, s.Away}
	l, after := p.outcome(t, &on, before, dt)
	s.Backlog, s.Away = after[0], after[1]
	s.Dropped += l.Dropped
	if l.Capacity == 0 {
		s.Dark += dt
		if arrived > 0 {
			l.TTFT, l.TPOT = s.Dark, s.Dark
		} else {
			l.Met = 1
		}
	} else {
		s.Dark = 0
	}
	s.Met += arrived * l.Met
	s.Routed += arrived * l.Away
	s.Prompt += l.Prompt * dt
	s.Output += l.Output * dt
	if arrived > 0 && l.Met < target {
		l.Missed = p.explain(t, on, before[0]+before[1], dt)
		s.Missed[l.Missed] += arrived * (1 - l.Met)
	}
	return l
}

// Share returns the share of all requests so far that were within the service level; 1 before the first.
func (s *State) Share() float64 {
	if s.Requests == 0 {
		return 1
	}
	return s.Met / s.Requests
}

// Worst returns the cause of most misses so far, and the share of all misses that it explains.
func (s *State) Worst() (Cause, float64) {
	worst, sum := Nothing, 0.0
	for c, n := range s.Missed {
		sum += n
		if n > s.Missed[worst] {
			worst = Cause(c)
		}
	}
	if sum == 0 {
		return Nothing, math.NaN()
	}
	return worst, s.Missed[worst] / sum
}
