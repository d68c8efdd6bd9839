package training

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/transformer"
)

// Calibrate returns the device with the efficiency of a precision at which a measured step takes as long as it did, in s.
func Calibrate(m *transformer.Model, l *Layout, d Device, precision string, jitter, step float64) (Device, error) {
	share := d.efficiency(precision)
	at := func(e float64) float64 {
		*share = e
		return Time(m, l, &d, precision, jitter).Total
	}
	low, high := 0.01, 1.0
	if at(high) > step || at(low) < step {
		return d, fmt.Errorf("a step of %.4g s lies outside what an efficiency between %g and %g of the %s peak of a %s explains (%.4g s to %.4g s)",
			step, low, high, precision, d.Name, at(high), at(low))
	}
	for range 60 {
		if e := math.Sqrt(low * high); at(e) > step {
			low = e
		} else {
			high = e
		}
	}
	*share = math.Sqrt(low * high)
	return d, nil
}

// efficiency returns the field that rules the rate of a precision.
func (d *Device) efficiency(precision string) *float64 {
	switch peak := d.peak(precision); {
	case peak <= d.BF16:
		return &d.Efficiency
	case precision == "fp4" && peak > d.peak("fp8"):
		return &d.FP4Share
	}
	return &d.FP8Share
}

// Interleave returns the number of pieces of a stage, at most limit, that leave whole layers: what a run takes that does not
// say.
func Interleave(layers, stages, limit int) int {
	if stages == 1 {
		return 1
	}
	return interleave(layers, stages, limit)
}
