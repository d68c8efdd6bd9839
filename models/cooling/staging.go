package cooling

import "github.com/halltwin/halltwin/models/facility"

// stage starts and stops chillers after the heat that they carried in the last step, or carry of the load in W.
func (p *Plan) stage(s *State, load, dt float64) {
	g := p.plant.Chiller.Staging
	if g == nil {
		return
	}
	rating := p.banks[chillers].rating
	long := dt > float64(g.MinOn)+float64(g.Delay) // such a step has room for every change
	on, spare := 0.0, -1
	for i := range s.On {
		switch {
		case s.down[facility.Chiller][i] != 0:
			s.On[i] = false
		case s.On[i]:
			on++
		case s.Locked[i] > dt && !long:
			s.Locked[i] -= dt
		case spare < 0:
			s.Locked[i] = 0
			spare = i
		default:
			s.Locked[i] = 0
		}
	}
	carried := s.Taken
	if s.Mode == Mechanical {
		carried = load
	}
	s.StageAge += dt
	ask := 0
	switch {
	case spare >= 0 && (on == 0 || carried > float64(g.Up)*on*rating):
		ask = 1
	case on > 1 && carried < float64(g.Down)*(on-1)*rating:
		ask = -1
	}
	if ask == 0 || s.StageDue*float64(ask) < 0 {
		s.StageDue = 0
	}
	s.StageDue += float64(ask) * dt
	lost := s.WaterSupply[0] > s.WaterSet[0]+1 && s.StageAge > float64(g.Start)
	for {
		switch {
		case ask > 0 && spare >= 0 && (on == 0 || lost || s.StageDue >= float64(g.Delay)):
			s.On[spare] = true
			if long {
				s.Ready[spare] = 1
			} else {
				s.Restart[spare] = max(s.Restart[spare], float64(g.Start))
			}
			s.StageAge, s.StageDue, lost = 0, 0, false
		case ask < 0 && -s.StageDue >= float64(g.Delay) && s.StageAge >= float64(g.MinOn):
			for i := len(s.On) - 1; i >= 0; i-- {
				if s.On[i] {
					s.On[i], s.Locked[i] = false, float64(g.MinOff)
					break
				}
			}
			s.StageDue = 0
		default:
			return
		}
		if !long {
			return
		}
		on, spare, ask = 0, -1, 0
		for i := range s.On {
			if s.On[i] {
				on++
			} else if spare < 0 && s.down[facility.Chiller][i] == 0 {
				spare = i
			}
		}
		if carried > float64(g.Up)*on*rating && spare >= 0 {
			ask, s.StageDue = 1, dt
		} else if on > 1 && carried < float64(g.Down)*(on-1)*rating {
			ask, s.StageDue, s.StageAge = -1, -dt, dt
		}
	}
}
