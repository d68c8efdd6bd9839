package schedule

// priority takes the most urgent job first: Priority, plus Ageing for every second that it has waited. Since all
// jobs age alike, their ranking does not change while they wait.
type priority struct{}

func (priority) key(c *Config, _ *State, e *Entry) float64 { return c.ageing*e.Submit - e.Priority }
