package schedule

type quotas struct{}

func (quotas) reclaims() bool { return false }

func (quotas) count(s *State, e *Entry, sign float64) {}
