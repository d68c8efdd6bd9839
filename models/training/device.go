package training

import "math"

// Device is the accelerator of a run or a service and what connects it: figures in SI, taken from the hardware of the
// site.
type Device struct {
	Name       string
	BF16, FP8  float64 // dense peaks, FLOP/s
	Efficiency float64 // share of the BF16 peak that matrix work reaches; 0: [TypicalEfficiency]
	FP8Share   float64 // the same of the FP8 peak
	Memory     float64 // of the device, B
	Bandwidth  float64 // of that memory, B/s
	Link       float64 // to the other GPUs of the domain, one direction, B/s; at least what the network gives
	Network    float64 // to the fabric, one GPU's share, B/s
	Domain     int     // GPUs joined by Link: those of a node, or of a rack of the NVL72 kind; at least 1
	PerNode    int     // GPUs in a node, at least 1
}

// Shares of the peak that matrix work reaches, for devices that state none: TypicalEfficiency of BF16 and FP8 alike. Fitted
// with the rest of the step as it is here: A100 0.72 (Narayanan et al., SC 2021, table 1), H100 0.53 in BF16 (Llama 3,
// table 4) and 0.585 in FP8 (MLPerf Training v5.0, Llama 3.1 405B on 512 GPUs), GB200 0.46 in FP8 (likewise).
const TypicalEfficiency = 0.55

// Latencies of one hop of a collective, s. From measured all-reduces: 41 to 56 µs over the 14 hops of eight GPUs, and
// several times that between nodes.
const (
	linkLatency    = 3.5e-6
	networkLatency = 12e-6
)

// Shares of the nominal bandwidth that collectives reach. Measured bus bandwidth of large payloads: 235 of 300 GB/s
// (A100), 482 of 450 (H200, reduced in the switch), 846 of 900 (B200).
const (
	linkEfficiency    = 0.8
	networkEfficiency = 0.85
)

// Rate returns the FLOP/s that matrix work of a precision reaches. A device without FP8 states its BF16 peak for it.
func (d *Device) Rate(precision string) float64 {
	if precision == "fp8" && d.FP8 > d.BF16 {
		return d.FP8 * share(d.FP8Share)
	}
	return d.BF16 * share(d.Efficiency)
}

// peak returns the nominal FLOP/s of a precision.
func (d *Device) peak(precision string) float64 {
	if precision == "fp8" {
		return math.Max(d.FP8, d.BF16)
	}
	return d.BF16
}

func share(stated float64) float64 {
	if stated > 0 {
		return stated
	}
	return TypicalEfficiency
}

// group is a set of ranks that take part in a collective: inner of them share the links of a domain, outer such
// sets are joined by the network.
type group struct{ inner, outer float64 }

// group places n ranks of which each next one is stride GPUs further on.
func (d *Device) group(n, stride int) group {
	inner := max(1, min(n, d.Domain/max(1, stride)))
	return group{float64(inner), math.Ceil(float64(n) / float64(inner))}
}

// gather returns the time in s of an all-gather or a reduce-scatter of total bytes over the group: ring inside the
// domain, ring of the slices between domains.
func (d *Device) gather(g group, bytes float64) float64 {
	t := (g.inner - 1) * (linkLatency + bytes/g.inner/(d.link()*linkEfficiency))
	// Between domains each GPU carries the slice of its own rank.
	return t + (g.outer-1)*(networkLatency+bytes/(g.inner*g.outer)/(d.Network*networkEfficiency))
}

// reduce returns the time in s of an all-reduce of bytes over the group: a reduce-scatter and an all-gather.
func (d *Device) reduce(g group, bytes float64) float64 { return 2 * d.gather(g, bytes) }

// AllReduce returns the time in s of an all-reduce of bytes over n GPUs next to each other.
func (d *Device) AllReduce(n int, bytes float64) float64 {
	if n <= 1 {
		return 0
	}
	return d.reduce(d.group(n, 1), bytes)
}

// shuffle returns the time in s of an all-to-all in which each rank sends bytes in all.
func (d *Device) shuffle(g group, bytes float64) float64 {
	n := g.inner * g.outer
	near := bytes * (g.inner - 1) / n / (d.link() * linkEfficiency)
	far := bytes * (n - g.inner) / n
	if far > 0 {
		far = far/(d.Network*networkEfficiency) + networkLatency
	}
	return math.Max(near, far) + linkLatency
}

// send returns the time in s of a transfer to the rank that lies stride GPUs further on.
func (d *Device) send(stride int, bytes float64) float64 {
	if stride < d.Domain {
		return linkLatency + bytes/(d.link()*linkEfficiency)
	}
	return networkLatency + bytes/(d.Network*networkEfficiency)
}

func (d *Device) link() float64 { return math.Max(d.Link, d.Network) }
