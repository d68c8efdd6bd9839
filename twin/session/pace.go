package session

import "time"

// pace ties simulated to real time, and learns how much of the one fits into a little of the other.
type pace struct {
	begin  time.Time
	origin float64 // s simulated at begin
	rate   float64 // simulated s that a real second suffices for; 0: not known yet
}

// set counts from here and now on.
func (p *pace) set(now float64) { p.begin, p.origin = time.Now(), now }

// due returns the simulated time that it should be by now.
func (p *pace) due(speed float64) float64 { return p.origin + speed*time.Since(p.begin).Seconds() }

// took learns from a stretch.
func (p *pace) took(simulated float64, wall time.Duration) {
	rate := simulated / max(wall.Seconds(), 1e-6)
	if p.rate == 0 {
		p.rate = rate
	}
	p.rate += 0.3 * (rate - p.rate)
}

// atOnce returns how much to simulate before looking up again: what takes a stretch of real time, at least a fraction
// of a sample so that a slow world gets on.
func (p *pace) atOnce(every float64) float64 {
	if p.rate == 0 {
		return every
	}
	return max(p.rate*stretch.Seconds(), every/16)
}
