package share

import (
	"slices"

	"github.com/halltwin/halltwin/models/random"
)

// Policy chooses the host and the devices of a pod.
type Policy uint8

// The policies.
const (
	Random Policy = iota
	BestFit
	FGD
)

// Placer places pods on one cluster. It remembers scores of hosts, which follow from the cluster and are no part of it.
type Placer struct {
	c      *Config
	random random.Stream
	kinds  map[Pod]int
	none   []bool    // by kind of pod: it found no place, and nothing was removed since
	scores [][]score // by kind of pod and host
	stamps []uint32  // by host: changes so far
	before []idle    // by host: what is fragmented as it is
	fit    []int32
}

// score is how good a host is for a kind of pod.
type score struct {
	stamp  uint32  // of the host, plus one
	value  float32 // a whole number
	fits   bool
	device int8 // that the policy chose for a share, or -1
}

// idle is what is fragmented of a host.
type idle struct {
	stamp uint32 // of the host, plus one
	value float64
}

// Placer returns a placer; only the random policy draws from the stream.
func (c *Config) Placer(r random.Stream) *Placer {
	return &Placer{c: c, random: r, kinds: map[Pod]int{}, stamps: make([]uint32, len(c.hosts)), before: make([]idle, len(c.hosts))}
}

// Place gives a pod its place, or reports that it finds none.
func (p *Placer) Place(s *Cluster, pod *Pod) (Place, bool) {
	kind, ok := p.kinds[*pod]
	if !ok {
		kind = len(p.scores)
		p.kinds[*pod] = kind
		p.scores, p.none = append(p.scores, make([]score, len(p.c.hosts))), append(p.none, false)
	}
	if p.none[kind] {
		return Place{}, false
	}
	all := p.scores[kind]
	p.fit = p.fit[:0]
	for _, h := range p.c.order {
		k := &all[h]
		if k.stamp != p.stamps[h]+1 {
			*k = p.score(s, h, pod)
			k.stamp = p.stamps[h] + 1
		}
		if k.fits {
			p.fit = append(p.fit, h)
		}
	}
	if len(p.fit) == 0 {
		p.none[kind] = true
		return Place{}, false
	}
	best := p.fit[0]
	switch p.c.policy {
	case Random:
		best = p.fit[p.random.IntN(len(p.fit))]
	default:
		for _, h := range p.fit[1:] {
			if all[h].value > all[best].value {
				best = h
			}
		}
	}
	at := Place{Host: best}
	switch {
	case pod.Devices == 0:
	case p.c.policy == Random && pod.Share < Whole:
		at.Devices = p.anyDevice(s, best, pod)
	case all[best].device >= 0:
		at.Devices = 1 << all[best].device
	default:
		at.Devices = p.c.fullest(s, best, pod)
	}
	s.put(pod, at)
	p.stamps[best]++
	return at, true
}

// Remove takes a pod off its place.
func (p *Placer) Remove(s *Cluster, pod *Pod, at Place) {
	s.Remove(pod, at)
	p.stamps[at.Host]++
	clear(p.none)
}

// anyDevice draws a device with room.
func (p *Placer) anyDevice(s *Cluster, h int32, pod *Pod) uint32 {
	left := &s.Left[h]
	k := p.random.IntN(room(left, p.c.hosts[h].Devices, pod))
	for d, v := range left[:p.c.hosts[h].Devices] {
		if int(v) < pod.Share {
			continue
		}
		if k == 0 {
			return 1 << d
		}
		k--
	}
	panic("share: no device has room")
}

// score rates a host for a pod.
func (p *Placer) score(s *Cluster, h int32, pod *Pod) score {
	c := p.c
	k := score{fits: c.fits(s, h, pod), device: -1}
	if !k.fits {
		return k
	}
	switch c.policy {
	case BestFit:
		free := 0
		for _, v := range s.Left[h][:c.hosts[h].Devices] {
			free += int(v)
		}
		k.value = Tightness(float64(s.CPU[h]-pod.CPU)/128000, float64(free-pod.Devices*pod.Share)/8000)
	case FGD:
		left, cpu := s.Left[h], s.CPU[h]
		now := &p.before[h]
		if now.stamp != p.stamps[h]+1 {
			*now = idle{p.stamps[h] + 1, c.fragmented(&left, h, cpu)}
		}
		before := now.value
		after := func(mask uint32) float32 {
			then := left
			for d := range then {
				if mask>>d&1 == 1 {
					then[d] -= int16(pod.Share)
				}
			}
			return Descent(before, c.fragmented(&then, h, cpu-pod.CPU))
		}
		if pod.Devices != 1 || pod.Share == Whole {
			k.value = after(c.fullest(s, h, pod))
			break
		}
		for d, v := range left[:c.hosts[h].Devices] {
			if int(v) < pod.Share || d > 0 && slices.Contains(left[:d], v) {
				continue
			}
			if x := after(1 << d); k.device < 0 || x > k.value {
				k.value, k.device = x, int8(d)
			}
		}
	}
	return k
}

// fragmented returns the idle thousandths of a host that the typical mix could not use.
func (c *Config) fragmented(left *[maxDevices]int16, h int32, cpu int64) float64 {
	host := &c.hosts[h]
	return c.typical.Fragmented(left[:host.Devices], host.Model, cpu)
}
