package loop

import (
	"github.com/halltwin/halltwin/hil/bench"
	"github.com/halltwin/halltwin/hil/nvmlsim"
)

// Rig trains on emulated GPUs.
type Rig struct {
	Rig  *nvmlsim.Rig
	busy map[int]float64 // by GPU: the level put
}

// Put implements [Load].
func (r *Rig) Put(tasks []Task) error {
	if r.busy == nil {
		r.busy = map[int]float64{}
	}
	want := map[int]float64{}
	for _, t := range tasks {
		for _, d := range t.Devices {
			want[d] = t.Level
		}
	}
	load := bench.Emulated{Rig: r.Rig}
	for i := range r.Rig.GPUs() {
		if want[i] != r.busy[i] {
			load.SetOne(i, bench.Demand{Level: want[i], Mix: bench.Mixed})
		}
	}
	r.busy = want
	return nil
}

// Work implements [Load].
func (r *Rig) Work(index int) float64 { return r.Rig.Progress(index).Work }

// Close implements [Load].
func (r *Rig) Close() error { return r.Put(nil) }
