package training

import (
	"math"

	"github.com/halltwin/halltwin/models/transformer"
)

// traffic is what the exchange between data-parallel ranks takes of a step, in s.
type traffic struct {
	busy    float64 // transfers are under way between nodes
	exposed float64 // nothing else goes on
	window  float64 // could hide them
}

// bucket is how many parameters are exchanged at a time: 40 million, or a million for each rank where that is more
// (Megatron-LM).
func bucket(ranks int) float64 { return math.Max(40e6, 1e6*float64(ranks)) }

// exchange returns the exchange of a step: gradients are reduced behind the last backward pass, parameters (2 bytes)
// gathered behind the first forward pass. The last bucket of the one and the first of the other have nothing to hide behind.
// With ZeRO stage 3 every micro-batch gathers the parameters in both passes, and from stage 2 on each scatters its gradients.
func exchange(m *transformer.Model, l *Layout, d *Device, micro float64) traffic {
	ranks := l.Data * l.Context
	if ranks == 1 {
		return traffic{}
	}
	return exchanged(heldParameters(m, l), ranks, l, d, micro)
}

func exchanged(held float64, ranks int, l *Layout, d *Device, micro float64) traffic {
	g := d.group(ranks, l.Tensor)
	buckets := math.Max(1, math.Ceil(held/bucket(ranks)))
	gather := func(bytes float64) float64 { return buckets * d.gather(g, bytes/buckets) }
	gradients, parameters := gather(l.gradientBytes()*held), gather(2*held)
	forward, backward := micro/3, micro*2/3
	beyond := func(transfer, window float64) float64 {
		return math.Max(transfer/buckets, transfer-window)
	}
	n := float64(l.MicroBatches)
	var t traffic
	switch l.Sharding {
	case 0: // gradients are reduced to all
		t.busy, t.exposed, t.window = 2*gradients, beyond(2*gradients, backward), backward
	case 1:
		t.busy, t.exposed, t.window = gradients+parameters, beyond(gradients, backward)+beyond(parameters, forward), micro
	case 2:
		t.busy, t.window = n*gradients+parameters, n*backward+forward
		t.exposed = beyond(gradients, backward) + (n-1)*math.Max(0, gradients-backward) + beyond(parameters, forward)
	default:
		t.busy, t.window = n*(gradients+2*parameters), n*micro
		t.exposed = beyond(gradients+parameters, backward) + (n-1)*math.Max(0, gradients+parameters-backward) +
			beyond(parameters, forward) + (n-1)*math.Max(0, parameters-forward)
	}
	if g.outer == 1 {
		t.busy = 0
	}
	return t
}

// heldParameters returns the parameters that one rank works on: experts divide over their own group.
func heldParameters(m *transformer.Model, l *Layout) float64 {
	routed := m.Routed()
	return ((m.Parameters() - routed) + routed/float64(l.Expert)) / float64(l.Tensor*l.Pipeline)
}

// stateBytes returns the bytes of parameters, gradients and optimizer on a rank that works on held parameters: BF16 weights,
// gradients in the format in which they travel, and 12 of the optimizer, divided over the data-parallel ranks as far as ZeRO goes.
func stateBytes(held float64, l *Layout) float64 {
	ranks, g := float64(l.Data*l.Context), l.gradientBytes()
	switch l.Sharding {
	case 0:
		return held * (14 + g)
	case 1:
		return held * (2 + g + 12/ranks)
	case 2:
		return held * (2 + (g+12)/ranks)
	}
	return held * (14 + g) / ranks
}

// optimizer returns the time in s of the update: about 30 bytes read and written a parameter for Adam with a master copy, on
// the share of the rank.
func optimizer(m *transformer.Model, l *Layout, d *Device) float64 {
	return updated(heldParameters(m, l), l, d)
}

func updated(held float64, l *Layout, d *Device) float64 {
	if l.Sharding > 0 {
		held /= float64(l.Data * l.Context)
	}
	return 30 * held / d.Bandwidth
}
