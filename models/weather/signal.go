package weather

// NewSignal makes a signal of values that each hold from their time, in s from the start of the run, to the next. The first
// holds before its time too.
func NewSignal(times, values []float64) *Signal { return &Signal{times: times, values: values} }
