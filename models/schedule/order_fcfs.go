package schedule

// fcfs is first come, first served: by the time of submission.
type fcfs struct{}

func (fcfs) key(_ *Config, _ *State, e *Entry) float64 { return e.Submit }
