package failure

import "math"

// Redraw gives all processes a future of their own from now on, in s, for a key. What is past stays, and so do the rates of
// the components. The next failure is drawn anew where the law has no memory; under the others it comes when it was to come,
// and what follows it is new: drawn so, what happens is as likely as ever.
func (p *Plan) Redraw(s *State, key uint64, now float64) {
	for i := range p.Processes {
		pr := &p.Processes[i]
		for j := range s.Streams[i] {
			st := s.Streams[i][j].Branch(key)
			if pr.Gap.Form == Exponential && pr.Gap.Max == 0 && pr.Early == nil && !math.IsInf(s.At[i][j], 1) { // under repair it stands still
				next, factor := fork(&st), 1.0
				if f := s.Factor[i]; f != nil {
					factor = float64(f[j])
				}
				s.At[i][j] = now + pr.Gap.Draw(&next)/factor
			}
			s.Streams[i][j] = st
		}
	}
}
