package training

import (
	"math"

	"github.com/halltwin/halltwin/models/fabric"
)

// group is the ranks of a collective: inner of them share the links of a domain, outer such sets are joined by the network, each
// next stride nodes further on.
type group struct {
	inner, outer int
	stride       int // nodes
}

// group places n ranks of which each next one is stride GPUs further on.
func (d *Device) group(n, stride int) group {
	inner := max(1, min(n, d.Domain/max(1, stride)))
	apart := max(1, inner*stride) // GPUs from set to set
	return group{inner, (n + inner - 1) / inner, max(1, apart/max(1, d.PerNode))}
}

// tiers returns the links of a domain and the network between domains, of which each GPU carries its slice. What the network
// leaves with distance depends on how far the group spans.
func (d *Device) tiers(g group, share float64) []fabric.Tier {
	return []fabric.Tier{
		{Ranks: g.inner, Alpha: linkLatency, Bandwidth: d.link() * linkEfficiency},
		{Ranks: g.outer, Alpha: networkLatency + d.Reach.Latency(g.outer*g.stride), Bandwidth: d.Network * networkEfficiency * share, Reduces: d.Reach.Reduces},
	}
}

// sends returns the B/s of a GPU while transfers are under way between nodes, and the stride of its rings.
func (d *Device) sends(g group, mesh bool, gpus int) (rate float64, stride int) {
	share := d.Reach.Ring(g.outer, g.stride)
	if mesh {
		share = d.Reach.Exchange(max(1, gpus/max(1, d.PerNode)))
	}
	return d.Network * networkEfficiency * share, g.stride
}

// rings returns the tiers of a collective in rings.
func (d *Device) rings(g group) []fabric.Tier {
	return d.tiers(g, d.Reach.Ring(g.outer, g.stride))
}

// gather returns the time in s of an all-gather or a reduce-scatter of total bytes over the group.
func (d *Device) gather(g group, bytes float64) float64 {
	return fabric.Collective(fabric.AllGather, d.rings(g), bytes)
}

// reduce returns the time in s of an all-reduce of bytes over the group: as measured where it stays in a domain that was.
func (d *Device) reduce(g group, bytes float64) float64 {
	if d.Curve != nil && g.outer == 1 && g.inner > 1 {
		// Measured over the whole domain: the bandwidth of fewer ranks is as their bus factor.
		return d.Curve.Time(bytes) * fabric.BusFactor(fabric.AllReduce, g.inner) / fabric.BusFactor(fabric.AllReduce, d.Domain)
	}
	return 2 * d.gather(g, bytes)
}

// AllReduce returns the time in s of an all-reduce of bytes over n GPUs next to each other.
func (d *Device) AllReduce(n int, bytes float64) float64 {
	if n <= 1 {
		return 0
	}
	return d.reduce(d.group(n, 1), bytes)
}

// shuffle returns the time in s of an all-to-all in which each rank sends bytes in all.
func (d *Device) shuffle(g group, bytes float64) float64 {
	return fabric.Collective(fabric.AllToAll, d.tiers(g, d.Reach.Exchange(g.outer*g.stride)), bytes)
}

// send returns the time in s of a transfer to the rank that lies stride GPUs further on.
func (d *Device) send(stride int, bytes float64) float64 {
	if stride < d.Domain {
		return linkLatency + bytes/(d.link()*linkEfficiency)
	}
	nodes := max(1, stride/max(1, d.PerNode))
	return networkLatency + d.Reach.Latency(2*nodes) + bytes/(d.Network*networkEfficiency*d.Reach.Ring(2, nodes))
}

func (d *Device) link() float64 { return math.Max(d.Link, d.Network) }
