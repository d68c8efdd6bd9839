package schedule

// roundRobin lets users, or queues, take turns, one job each. A job joins the round after its user's last one, and
// never a round that is over; within a round, jobs keep their order of arrival. This is self-clocked fair queueing
// (Golestani, INFOCOM 1994) with every job of length one.
type roundRobin struct{}

func (roundRobin) key(c *Config, s *State, e *Entry) float64 {
	who := e.User
	if c.byQueue {
		who = e.Queue
	}
	who++ // -1, nobody, takes turns as well
	for int(who) >= len(s.Turns) {
		s.Turns = append(s.Turns, 0)
	}
	s.Turns[who] = max(s.Turns[who], s.Round) + 1
	return s.Turns[who]
}

func (roundRobin) started(s *State, key float64) { s.Round = max(s.Round, key-1) }
