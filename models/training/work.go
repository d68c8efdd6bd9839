package training

// time returns the step of a network that is stated by its cost: every rank computes its own samples.
func (w *WorkSpec) time(l *Layout, d *Device, precision string, jitter float64) Step {
	n, b := float64(l.MicroBatches), float64(l.MicroBatch)
	s := Step{Matrix: n * 3 * b * w.FLOPs / d.Rate(precision), Memory: n * 3 * b * float64(w.Bytes) / d.Bandwidth}
	if l.Recompute == "full" {
		s.Matrix, s.Memory = s.Matrix*4/3, s.Memory*4/3
	}
	micro := (s.Matrix + s.Memory) / n
	var x traffic
	if l.Data > 1 {
		x = exchanged(w.Parameters, l.Data, l, d, micro)
	}
	s.Data = x.exposed
	s.Optimizer = updated(w.Parameters, l, d)
	sum := s.Matrix + s.Memory + s.Data + s.Optimizer
	s.Jitter = straggling(sum, jitter, l.GPUs())
	s.Total = sum + s.Jitter
	s.Network.Busy, s.Network.Exposed, s.Network.Window = x.busy/s.Total, x.exposed/s.Total, x.window/s.Total
	s.Sends, s.Stride = d.sends(d.group(l.Data, 1), false, l.GPUs())
	return s
}

// memory returns the bytes that a GPU needs.
func (w *WorkSpec) memory(l *Layout) float64 {
	return stateBytes(w.Parameters, l) + float64(l.MicroBatch)*float64(w.Activations)
}
