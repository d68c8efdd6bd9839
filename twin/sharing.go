package twin

import (
	"math"
	"math/bits"
	"slices"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/schedule"
	"github.com/halltwin/halltwin/models/workload"
)

// Jobs may share a device. It is as busy as they keep it together, each in proportion to its share, under the tightest of their
// limits; what it draws and how hot it gets follow from that, not from the jobs one by one. Of the slices on a device the first
// in the order of its node stands for it: its group is the device, the groups of the others are empty, and its die is the
// device's. All run at the device's speed, less what sharing costs them.

// lending is what a world knows of shared devices. It follows from its work.
type lending struct {
	fractions bool    // there are jobs that ask for a part of a GPU
	overhead  float64 // speed that a job loses while another one is on its device
}

// lend finds out whether devices are shared.
func (w *World) lend() {
	w.overhead = w.sched.SharingOverhead()
	w.fractions = slices.ContainsFunc(w.work.Jobs, func(j workload.Job) bool { return fractional(&j) })
}

// fractional reports whether a job asks for a part of a GPU.
func fractional(j *workload.Job) bool {
	f := j.Part[workload.GPU]
	return f != math.Trunc(f)
}

// gpus returns how many devices a slice holds.
func (s *Slice) gpus() float64 {
	if s.Share > 0 {
		return s.Share
	}
	return float64(bits.OnesCount64(s.GPUs))
}

// shareOf returns the share that a slice has of its one device, 0 for whole devices.
func shareOf(sl *schedule.Slice) float64 {
	if sl.Shared {
		return sl.Demand[workload.GPU]
	}
	return 0
}

// mates calls f for the slices that share the device of slice i, itself included, in the order of their node.
func (w *World) mates(i int32, f func(k int32)) {
	sl := &w.Slices[i]
	for k := w.Nodes[sl.Node].Slice; k >= 0; k = w.Slices[k].OnNode {
		if w.Slices[k].GPUs == sl.GPUs && w.Slices[k].Share > 0 {
			f(k)
		}
	}
}

// board lets a new slice, which is now the first of its node, stand for a device that others are on already.
func (w *World) board(i int32) {
	sl := &w.Slices[i]
	if sl.Share == 0 {
		return
	}
	before := int32(-1)
	w.mates(i, func(k int32) {
		if k != i && before < 0 {
			before = k
		}
	})
	if before >= 0 {
		w.handOver(before, i)
	}
}

// alight lets the next slice of a device stand for it, before slice i goes. It reports whether there is one.
func (w *World) alight(i int32) bool {
	if w.Slices[i].Share == 0 {
		return false
	}
	after, first := int32(-1), int32(-1)
	w.mates(i, func(k int32) {
		if first < 0 {
			first = k
		}
		if k != i && after < 0 {
			after = k
		}
	})
	if after >= 0 && first == i {
		w.handOver(i, after)
	}
	return after >= 0
}

// handOver gives the state of a device from one slice to another.
func (w *World) handOver(from, to int32) {
	a, b := &w.Slices[from], &w.Slices[to]
	b.Die, b.Hot = a.Die, a.Hot
	a.Die, a.Hot = compute.Die{}, false
}

// merge makes one group of the slices on each shared device, before a node is evaluated. Its groups are in the order of its
// slices.
func (w *World) merge(n int32, groups []compute.Group) {
	k := 0
	for i := w.Nodes[n].Slice; i >= 0; i = w.Slices[i].OnNode {
		g, sl := &groups[k], &w.Slices[i]
		k++
		if sl.Share == 0 && g.GPUs > 0 { // a job that asks for half a device keeps the whole half as busy
			if f := w.work.Jobs[sl.Job].Part[workload.GPU]; f != math.Trunc(f) {
				g.Util.GPU, g.Util.Memory = g.Util.GPU*f/math.Ceil(f), g.Util.Memory*f/math.Ceil(f)
			}
		}
		if sl.Share == 0 || g.GPUs == 0 {
			continue
		}
		g.Util.GPU, g.Util.Memory = g.Util.GPU*sl.Share, g.Util.Memory*sl.Share
		other := k
		for m := sl.OnNode; m >= 0; m = w.Slices[m].OnNode {
			if x := &w.Slices[m]; x.GPUs == sl.GPUs && x.Share > 0 {
				o := &groups[other]
				g.Util.GPU += o.Util.GPU * x.Share
				g.Util.Memory += o.Util.Memory * x.Share
				g.Limit = min(g.Limit, o.Limit)
				o.GPUs = 0
			}
			other++
		}
	}
}

// unmerge gives the slices on shared devices what has become of their device: its power and its speed.
func (w *World) unmerge(n int32, groups []compute.Group) {
	k := 0
	for i := w.Nodes[n].Slice; i >= 0; i = w.Slices[i].OnNode {
		g, sl := &groups[k], &w.Slices[i]
		k++
		if sl.Share == 0 || g.GPUs == 0 {
			continue
		}
		alone, other := true, k
		for m := sl.OnNode; m >= 0; m = w.Slices[m].OnNode {
			if x := &w.Slices[m]; x.GPUs == sl.GPUs && x.Share > 0 {
				o := &groups[other]
				o.Power, o.Util.GPU, o.Speed = g.Power, g.Util.GPU, g.Speed*(1-w.overhead)
				alone = false
			}
			other++
		}
		if !alone {
			g.Speed *= 1 - w.overhead
		}
	}
}

// deviceShare returns the part of its devices' power that is a slice's: all, or in proportion to the shares that are held.
func (w *World) deviceShare(i int32) float64 {
	sl := &w.Slices[i]
	if sl.Share == 0 {
		return float64(bits.OnesCount64(sl.GPUs))
	}
	held := 0.0
	w.mates(i, func(k int32) { held += w.Slices[k].Share })
	return sl.Share / held
}
