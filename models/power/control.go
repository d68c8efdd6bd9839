package power

// command sets what gensets and transfer switches intend, from what is available now. It is idempotent: called again
// in the same situation it changes nothing.
func (p *Plan) command(s *State) {
	for i := range p.sides {
		p.commandSwitch(s, i)
	}
	for g := range p.groups {
		p.commandGensets(s, int32(g))
	}
	// A side may have become ready to move, or not, by what its gensets now intend.
	for i := range p.sides {
		p.commandSwitch(s, i)
	}
}

// commandSwitch decides where a side's transfer switch is to go, and when.
func (p *Plan) commandSwitch(s *State, i int) {
	sd := &p.sides[i]
	on := s.Source[i]
	if best := p.preferred(s, i); best >= 0 {
		switch {
		case on == best:
			s.Target[i] = -1
		case !p.available(s, i, on): // any source is better than none
			if s.Target[i] != best || s.Transfer[i] > p.transfer {
				s.Target[i], s.Transfer[i] = best, p.transfer
			}
		case s.Target[i] != best:
			s.Target[i], s.Transfer[i] = best, p.retransfer
		}
		return
	}
	own := int32(len(sd.feeds))
	ready := sd.group >= 0 && p.ready(s, sd.group)
	switch {
	case on == own || !ready:
		s.Target[i] = -1
	case s.Target[i] != own:
		s.Target[i], s.Transfer[i] = own, p.transfer
	}
}

// ready reports whether a group's gensets should take load: they run and carry what the sides without utility last
// drew, or no more of them are coming.
func (p *Plan) ready(s *State, group int32) bool {
	n := p.running(s, group)
	if n == 0 {
		return false
	}
	need := 0.0
	for i := range p.sides {
		if p.sides[i].group == group && p.preferred(s, i) < 0 {
			need += s.Demand[i]
		}
	}
	if p.layers[gensets].rating*float64(n) >= need {
		return true
	}
	first := p.layers[gensets].first
	for u := p.groups[group].first; u < p.groups[group].end; u++ {
		if m := s.Gensets[u-first]; m == GensetStarting || m == GensetRefusing {
			return false
		}
	}
	return true
}

// commandGensets starts a group when one of its sides has no feed, and stops it when none needs it.
func (p *Plan) commandGensets(s *State, group int32) {
	wanted, used := false, false
	for i := range p.sides {
		sd := &p.sides[i]
		if sd.group != group {
			continue
		}
		wanted = wanted || p.preferred(s, i) < 0
		used = used || int(s.Source[i]) == len(sd.feeds)
	}
	first := p.layers[gensets].first
	for u := p.groups[group].first; u < p.groups[group].end; u++ {
		k := u - first
		switch m := s.Gensets[k]; {
		case m == GensetOff && wanted && s.Up[u] && !s.Open[u] && s.Fuel[k] > 0:
			s.Gensets[k], s.Timer[k] = GensetStarting, p.start
		case (m == GensetStarting || m == GensetRefusing) && !wanted:
			s.Gensets[k] = GensetOff
		case m == GensetLockedOut && !wanted && !s.Open[u]:
			s.Gensets[k] = GensetOff
		case m == GensetRunning && !wanted && !used:
			s.Gensets[k], s.Timer[k] = GensetCooling, p.cooldown
		case m == GensetCooling && wanted:
			s.Gensets[k] = GensetRunning
		}
	}
}
