package schedule

import (
	"math"
	"math/bits"

	"github.com/halltwin/halltwin/models/schedule/share"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
)

// SharingSpec lets jobs that ask for less than one GPU share it. Without it they hold a whole device.
type SharingSpec struct {
	Slices   int        `yaml:"slices" doc:"equal parts that a device is divided into, of which a job gets whole ones (MIG: 7); 0: thousandths, as with time slicing or MPS" default:"0" range:"[0,1000]"`
	Overhead unit.Ratio `yaml:"overhead" doc:"speed that a job loses while another one is on its device" default:"0 %" range:"[0,1)"`
}

// thousandths is the number of parts of a device that is not divided into slices.
const thousandths = share.Whole

// SharingOverhead returns the speed that a job loses while another one is on its device.
func (c *Config) SharingOverhead() float64 { return c.overhead }

// Expect tells which jobs to expect; the fgd placement packs for them. Call it before NewState.
func (c *Config) Expect(jobs []workload.Job) {
	if g, ok := c.placement.(graded); !ok || !g.fgd {
		return
	}
	pods := make([]share.Pod, 0, len(jobs))
	for i := range jobs {
		j := &jobs[i]
		r := c.divided(Request{Parts: j.Parts, Part: j.Part, Whole: j.Whole})
		need := demand(&r)
		p := share.Pod{CPU: milli(need[workload.CPU]), Devices: int(need[workload.GPU]), Share: share.Whole}
		if r.Share > 0 {
			p.Devices, p.Share = 1, int(c.milliOf(r.Share))
		}
		for range min(j.Parts, maxLevel) {
			pods = append(pods, p)
		}
	}
	c.mix = share.NewMix(pods)
}

func milli(v float64) int64 { return int64(math.Round(1000 * v)) }

// milliOf returns parts of a device in thousandths.
func (c *Config) milliOf(parts int32) int16 { return int16(parts * share.Whole / c.parts) }

// divided returns a request that takes whole parts of a device where devices are shared.
func (c *Config) divided(r Request) Request {
	if r.Share = c.split(&r); r.Share > 0 {
		r.Part[workload.GPU] = float64(r.Share) / float64(c.parts)
	}
	return r
}

// split returns how many parts of one device a request takes, 0 where it takes whole devices: only a job of one part shares.
func (c *Config) split(r *Request) int32 {
	f := r.Part[workload.GPU]
	if c.parts == 0 || f <= 0 || f >= 1 || r.Parts != 1 || r.Whole || r.Pinned {
		return 0
	}
	k := int32(math.Ceil(f*float64(c.parts) - 1e-6))
	if k == c.parts {
		return 0
	}
	return k
}

// portion returns how many parts of one device a demand takes, 0 where it takes whole devices.
func (c *Config) portion(need *workload.Vector) int32 {
	if f := need[workload.GPU]; c.parts > 0 && f > 0 && f < 1 {
		return int32(math.Round(f * float64(c.parts)))
	}
	return 0
}

// roomOn returns how many parts of a demand, at most most, fit node n, of which the free vector is given.
func (c *Config) roomOn(s *State, n int32, free, need *workload.Vector, most int32) int32 {
	p := c.portion(need)
	if p == 0 {
		return c.room(free, need, most)
	}
	rest := *need
	rest[workload.GPU] = 0
	if most = c.room(free, &rest, most); most == 0 {
		return 0
	}
	k := int32(0)
	for m := s.Nodes[n].GPUUp; m != 0 && k < most; m &= m - 1 {
		k += int32(s.Left[c.first[n]+int32(bits.TrailingZeros64(m))]) / p
	}
	return min(k, most)
}

// roomEmpty returns how many parts of a demand, at most most, fit a node of the given capacity when it is empty.
func (c *Config) roomEmpty(capacity, need *workload.Vector, most int32) int32 {
	p := c.portion(need)
	if p == 0 {
		return c.room(capacity, need, most)
	}
	rest := *need
	rest[workload.GPU] = 0
	return min(c.room(capacity, &rest, most), int32(capacity[workload.GPU])*(c.parts/p))
}

// lend gives one part of a demand a share of a device: of the one named, or, for -1, of the fullest with room, and returns it.
func (c *Config) lend(s *State, n int32, device int, need *workload.Vector) uint64 {
	nd, p := &s.Nodes[n], c.portion(need)
	if device < 0 {
		device = c.fullest(s, n, p)
	}
	for i := range need {
		nd.Free[i] -= need[i]
	}
	c.hold(s, n, 1<<device, p)
	nd.Parts++
	c.index(s, n)
	return 1 << device
}

// fullest returns the device of a node that has the least left of those with room, the first of equals.
func (c *Config) fullest(s *State, n, p int32) int {
	best, least := -1, uint16(math.MaxUint16)
	for m := s.Nodes[n].GPUUp; m != 0; m &= m - 1 {
		d := bits.TrailingZeros64(m)
		if left := s.Left[c.first[n]+int32(d)]; int32(left) >= p && left < least {
			best, least = d, left
		}
	}
	return best
}

// hold books that devices of a node are held: a share of each, or, for 0, the whole.
func (c *Config) hold(s *State, n int32, gpus uint64, p int32) {
	nd := &s.Nodes[n]
	nd.GPUUsed |= gpus
	if c.parts > 0 {
		for m := gpus; m != 0; m &= m - 1 {
			left := &s.Left[c.first[n]+int32(bits.TrailingZeros64(m))]
			if *left -= uint16(p); p == 0 {
				*left = 0
			}
		}
	}
	nd.Free[workload.GPU] = float64(bits.OnesCount64(nd.GPUUp &^ nd.GPUUsed))
}

// drop takes back what hold has booked.
func (c *Config) drop(s *State, n int32, gpus uint64, p int32) {
	nd := &s.Nodes[n]
	if c.parts == 0 {
		nd.GPUUsed &^= gpus
		return
	}
	for m := gpus; m != 0; m &= m - 1 {
		left := &s.Left[c.first[n]+int32(bits.TrailingZeros64(m))]
		if *left += uint16(p); p == 0 {
			*left = uint16(c.parts)
		}
		if *left == uint16(c.parts) {
			nd.GPUUsed &^= m & -m
		}
	}
}

// canHold reports whether devices of a node can be held so: nobody has what is asked of them.
func (c *Config) canHold(s *State, n int32, gpus uint64, p int32) bool {
	if p == 0 {
		return s.Nodes[n].GPUUsed&gpus == 0
	}
	return s.Left[c.first[n]+int32(bits.TrailingZeros64(gpus))] >= uint16(p)
}

// loose returns how much is left of a node's devices of which a part is held, in devices.
func (c *Config) loose(s *State, n int32) float64 {
	sum := 0.0
	for m := s.Nodes[n].GPUUp & s.Nodes[n].GPUUsed; m != 0; m &= m - 1 {
		sum += float64(s.Left[c.first[n]+int32(bits.TrailingZeros64(m))])
	}
	return sum / float64(c.parts)
}
