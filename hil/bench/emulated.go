//go:build linux

package bench

import (
	"context"
	"time"

	"github.com/halltwin/halltwin/hil/nvmlsim"
)

// Emulated loads the GPUs of a rig.
type Emulated struct {
	Rig *nvmlsim.Rig
}

var _ Workload = Emulated{}

// activities are what the mixes keep busy, and the share of a step that no clock shortens.
var activities = map[Mix]nvmlsim.Load{
	Tensor: {SM: 0.95, Tensor: 0.85, DRAM: 0.35, Rate: 1000, Fixed: 0.1},
	Vector: {SM: 1, Tensor: 0, DRAM: 0.15, Rate: 700, Fixed: 0.05},
	Memory: {SM: 0.5, Tensor: 0.05, DRAM: 0.95, Rate: 500, Fixed: 0.6},
	Mixed:  {SM: 0.9, Tensor: 0.55, DRAM: 0.5, Rate: 900, Fixed: 0.25},
}

// halfBatch is the batch at which a step reaches half of its throughput.
const halfBatch = 48

// Set implements [Workload].
func (e Emulated) Set(d Demand) error {
	for i := range e.Rig.GPUs() {
		e.SetOne(i, d)
	}
	return nil
}

// SetOne loads one GPU.
func (e Emulated) SetOne(gpu int, d Demand) {
	l := activities[d.Mix]
	l.SM, l.Tensor, l.DRAM, l.Rate = l.SM*d.Level, l.Tensor*d.Level, l.DRAM*d.Level, l.Rate*d.Level
	if d.Batch > 0 {
		l.Rate *= float64(d.Batch) / float64(d.Batch+halfBatch)
	}
	if d.Level > 0 {
		l.Memory = 0.6 * e.Rig.Truth(gpu).Memory
	}
	e.Rig.Put(gpu, l)
}

// Work implements [Workload].
func (e Emulated) Work(index int) float64 { return e.Rig.Progress(index).Work }

// Close implements [Workload].
func (e Emulated) Close() error { return e.Set(Demand{}) }

// Clocks are the rig's time as that of readings, from a moment on.
type Clocks struct {
	Rig  *nvmlsim.Rig
	Base time.Time
}

// Now implements device.Clocks.
func (c Clocks) Now() time.Time { return c.Base.Add(c.Rig.Now()) }

// Sleep implements device.Clocks: it moves a rig's stopped clock.
func (c Clocks) Sleep(_ context.Context, d time.Duration) {
	if d > 0 {
		c.Rig.Advance(d)
	}
}
