package compute

// Measured returns a draw in which what the GPUs and the processors take, in W, is known from outside of the model; the node's
// input follows.
func (n *Node) Measured(d Draw, gpus, cpus float64) Draw {
	d.GPUs, d.CPUs = gpus, cpus
	d.Input = n.psu.Input(n.Fixed + d.GPUs + d.CPUs + d.Fans)
	return d
}

// CPUPower returns what the processors take, in W, at a share of them that is busy, 0 to 1.
func (n *Node) CPUPower(share float64) float64 { return float64(n.CPUs) * n.cpu.Power(share, 0) }
