package cooling

import "math"

// joinedRounds bounds the search for the temperatures of two loops that meet in the halls; two to four are the rule.
const joinedRounds = 40

// runJoined advances two water loops that cool the same halls, as where rear doors hang on the warm loop and CRAHs on
// the chilled one: each is balanced for the other's temperature until neither moves. More heat taken by one is less for
// the other, so the rounds converge. What rounding is left of a loop's heat after the last round goes into its mass.
func (p *Plan) runJoined(s *State, in *Input, out *Output) {
	b := &s.c.waters
	for i := range p.water {
		p.openWater(s, i, in, &b[i])
	}
	open := *b
	for range joinedRounds {
		moved := 0.0
		for i := range p.water {
			was := b[i].delivered
			b[i] = open[i]
			p.balance(s, &b[i])
			moved = max(moved, math.Abs(b[i].delivered-was))
		}
		if moved < 1e-10 {
			break
		}
	}
	for i := range p.water {
		rest := p.heatOf(s, i) + b[i].pump + b[i].gain - b[i].heat
		b[i].heat += rest
		b[i].end += rest * in.Dt / p.water[i].mass
	}
	for i := range p.water {
		p.closeWater(s, i, in, &b[i], out)
	}
}

// heatOf returns the heat in W that a water loop takes up in the solution at hand.
func (p *Plan) heatOf(s *State, i int) (heat float64) {
	for h := range p.halls {
		w := &s.c.halls[h]
		heat += w.taken[i]
		if i == int(w.loop) {
			heat += w.latent
		}
	}
	if p.water[i].cdus {
		for j := range s.c.loops {
			heat += s.c.loops[j].out
		}
	}
	return heat
}
