package schedule

import (
	"math/bits"

	"github.com/halltwin/halltwin/models/schedule/share"
	"github.com/halltwin/halltwin/models/workload"
)

// graded gives each part the node of the best grade, the first of equals, as schedulers of Kubernetes do: by best fit over cores
// and devices, or by fragmentation gradient descent (package share).
type graded struct{ fgd bool }

func (g graded) place(a *attempt) bool {
	for a.want > 0 {
		t := a.table()
		best := int32(-1)
		for n, room := range t.room {
			if room > 0 && (best < 0 || t.grade[n] > t.grade[best]) && a.roomIn(t, int32(n), 1) > 0 {
				best = int32(n)
			}
		}
		if best < 0 {
			return false
		}
		a.device = t.device[best]
		a.take(best, 1)
		a.device = -1
	}
	return true
}

// grade brings a node's grade in a table up to date.
func (c *Config) grade(s *State, n int32, t *roomTable) {
	if t.room[n] == 0 {
		return
	}
	var all [64]int16
	nd, p := &s.Nodes[n], c.portion(&t.need)
	left := all[:0]
	for m := nd.GPUUp; m != 0; m &= m - 1 {
		d := bits.TrailingZeros64(m)
		switch {
		case c.parts > 0:
			left = append(left, c.milliOf(int32(s.Left[c.first[n]+int32(d)])))
		case nd.GPUUsed>>d&1 == 0:
			left = append(left, share.Whole)
		default:
			left = append(left, 0)
		}
	}
	t.device[n] = -1
	if !c.placement.(graded).fgd {
		free := 0
		for _, v := range left {
			free += int(v)
		}
		t.grade[n] = share.Tightness((nd.Free[workload.CPU]-t.need[workload.CPU])/max(c.most[workload.CPU], 1), (float64(free)/share.Whole-t.need[workload.GPU])/max(c.most[workload.GPU], 1))
		return
	}
	cpu := milli(nd.Free[workload.CPU])
	then := cpu - milli(t.need[workload.CPU])
	before := c.mix.Fragmented(left, 0, cpu)
	if p == 0 {
		need := int(t.need[workload.GPU])
		if t.whole {
			need = len(left)
		}
		for i := 0; i < len(left) && need > 0; i++ {
			if left[i] == share.Whole {
				left[i] = 0
				need--
			}
		}
		t.grade[n] = share.Descent(before, c.mix.Fragmented(left, 0, then))
		return
	}
	ask, at := c.milliOf(p), 0
	for m := nd.GPUUp; m != 0; m, at = m&(m-1), at+1 {
		d := bits.TrailingZeros64(m)
		if int32(s.Left[c.first[n]+int32(d)]) < p {
			continue
		}
		left[at] -= ask
		if g := share.Descent(before, c.mix.Fragmented(left, 0, then)); t.device[n] < 0 || g > t.grade[n] {
			t.grade[n], t.device[n] = g, int8(d)
		}
		left[at] += ask
	}
}
