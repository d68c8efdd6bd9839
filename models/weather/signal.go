package weather

// NewSignal makes a signal of values that each hold from their time, in s from the start of the run, to the next. The first
// holds before its time too.
func NewSignal(times, values []float64) *Signal { return &Signal{times: times, values: values} }

// Scaled returns the signal times k.
func (g *Signal) Scaled(k float64) *Signal {
	s := &Signal{times: g.times, values: make([]float64, len(g.values)), Notes: g.Notes}
	for i, v := range g.values {
		s.values[i] = k * v
	}
	return s
}
