package schedule

// shortest is shortest job first, by estimated run time. A requeued job counts what its estimate says is left.
type shortest struct{}

func (shortest) key(_ *Config, _ *State, e *Entry) float64 { return e.estimate() }

// longest is longest job first.
type longest struct{}

func (longest) key(_ *Config, _ *State, e *Entry) float64 { return -e.estimate() }
