package training

import (
	"math"

	"github.com/halltwin/halltwin/models/fabric"
)

// Device is the accelerator of a run or a service and what connects it: figures in SI, taken from the hardware of the
// site.
type Device struct {
	Name       string
	BF16, FP8  float64 // dense peaks, FLOP/s
	FP4, INT8  float64 // dense peaks; 0: those of FP8
	Efficiency float64 // share of the BF16 peak that matrix work reaches; 0: [TypicalEfficiency]
	FP8Share   float64 // the same of the FP8 and INT8 peaks
	FP4Share   float64 // the same of the FP4 peak
	Memory     float64 // of the device, B
	Bandwidth  float64 // of that memory, B/s
	Link       float64 // to the other GPUs of the domain, one direction, B/s; at least what the network gives
	Network    float64 // to the fabric, one GPU's share, B/s
	Domain     int     // GPUs joined by Link: those of a node, or of a rack of the NVL72 kind; at least 1
	PerNode    int     // GPUs in a node, at least 1

	Reach fabric.Reach  // what the network leaves of its bandwidth with distance
	Curve *fabric.Curve // measured all-reduces over a domain; nil: latency and bandwidth
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

// Rate returns the FLOP/s that matrix work of a precision reaches. What a device does not have runs as the next wider.
func (d *Device) Rate(precision string) float64 {
	peak := d.peak(precision)
	switch {
	case peak <= d.BF16:
		return d.BF16 * share(d.Efficiency)
	case precision == "fp4" && peak > d.peak("fp8"):
		return peak * share(d.FP4Share)
	}
	return peak * share(d.FP8Share)
}

// peak returns the nominal FLOP/s of a precision.
func (d *Device) peak(precision string) float64 {
	eight := math.Max(d.FP8, d.BF16)
	switch precision {
	case "fp8":
		return eight
	case "int8":
		return math.Max(d.INT8, eight)
	case "fp4":
		return math.Max(d.FP4, eight)
	}
	return d.BF16
}

func share(stated float64) float64 {
	if stated > 0 {
		return stated
	}
	return TypicalEfficiency
}
