package share

import (
	"fmt"
	"slices"
)

// Whole is a whole device, in thousandths.
const Whole = 1000

// maxDevices is the most devices of a host.
const maxDevices = 16

// Host is what a host has when empty.
type Host struct {
	CPU     int64 // thousandths of a core
	Memory  int64 // MiB
	Devices int
	Model   int // of its devices; hosts without devices have any
}

// Pod is what a pod asks for.
type Pod struct {
	CPU     int64
	Memory  int64
	Devices int    // 0: none
	Share   int    // thousandths of each: Whole, or less of a single one
	Models  uint64 // bit i: model i will do; 0: any
}

// Place is where a pod is.
type Place struct {
	Host    int32
	Devices uint32 // bit i: device i
}

// Cluster is what every host has left: plain data.
type Cluster struct {
	CPU, Memory []int64
	Left        [][maxDevices]int16 // thousandths, by host and device
}

// Config is hosts and a policy made ready. It is immutable.
type Config struct {
	hosts   []Host
	policy  Policy
	order   []int32 // of hosts: who goes first of equals
	typical Mix
}

// New returns a scheduler of hosts. order says who goes first of equally good hosts, nil for the order given. mix is a sample
// of the pods to expect; only FGD reads it.
func New(hosts []Host, policy Policy, order []int32, mix []Pod) (*Config, error) {
	for i, h := range hosts {
		if h.Devices < 0 || h.Devices > maxDevices {
			return nil, fmt.Errorf("host %d has %d devices; 0 to %d are possible", i, h.Devices, maxDevices)
		}
	}
	c := &Config{hosts: slices.Clone(hosts), policy: policy, order: slices.Clone(order)}
	if c.order == nil {
		for i := range hosts {
			c.order = append(c.order, int32(i))
		}
	}
	if len(c.order) != len(hosts) {
		return nil, fmt.Errorf("the order names %d hosts, there are %d", len(c.order), len(hosts))
	}
	c.typical = NewMix(mix)
	return c, nil
}

// NewCluster returns the hosts, empty.
func (c *Config) NewCluster() *Cluster {
	s := &Cluster{CPU: make([]int64, len(c.hosts)), Memory: make([]int64, len(c.hosts)), Left: make([][maxDevices]int16, len(c.hosts))}
	for i, h := range c.hosts {
		s.CPU[i], s.Memory[i] = h.CPU, h.Memory
		for d := range h.Devices {
			s.Left[i][d] = Whole
		}
	}
	return s
}

// Clone returns an independent copy.
func (s *Cluster) Clone() *Cluster {
	return &Cluster{CPU: slices.Clone(s.CPU), Memory: slices.Clone(s.Memory), Left: slices.Clone(s.Left)}
}

// Check returns an error for a pod that no host could ever understand.
func (p *Pod) Check() error {
	switch {
	case p.CPU < 0 || p.Memory < 0 || p.Devices < 0:
		return fmt.Errorf("a pod asks for a negative amount: %+v", *p)
	case p.Devices > 0 && (p.Share < 1 || p.Share > Whole):
		return fmt.Errorf("a pod asks for %d thousandths of a device; 1 to %d are possible", p.Share, Whole)
	case p.Devices > 1 && p.Share != Whole:
		return fmt.Errorf("a pod asks for %d thousandths of %d devices; a share is of one device", p.Share, p.Devices)
	}
	return nil
}

// fits reports whether a pod fits a host as it is.
func (c *Config) fits(s *Cluster, h int32, p *Pod) bool {
	host := &c.hosts[h]
	if p.CPU > s.CPU[h] || p.Memory > s.Memory[h] {
		return false
	}
	if p.Devices == 0 {
		return true
	}
	return (p.Models == 0 || p.Models>>host.Model&1 == 1) && room(&s.Left[h], host.Devices, p) >= p.Devices
}

// room returns how many devices have what a pod asks for of each.
func room(left *[maxDevices]int16, devices int, p *Pod) int {
	n := 0
	for _, v := range left[:devices] {
		if int(v) >= p.Share {
			n++
		}
	}
	return n
}

// put gives a pod its place.
func (s *Cluster) put(p *Pod, at Place) {
	s.CPU[at.Host] -= p.CPU
	s.Memory[at.Host] -= p.Memory
	for d := range maxDevices {
		if at.Devices>>d&1 == 1 {
			s.Left[at.Host][d] -= int16(p.Share)
		}
	}
}

// Remove takes a pod off its place.
func (s *Cluster) Remove(p *Pod, at Place) {
	s.CPU[at.Host] += p.CPU
	s.Memory[at.Host] += p.Memory
	for d := range maxDevices {
		if at.Devices>>d&1 == 1 {
			s.Left[at.Host][d] += int16(p.Share)
		}
	}
}

// fullest returns the devices that a pod gets where no policy says otherwise: the fullest that fit, the first of equals.
func (c *Config) fullest(s *Cluster, h int32, p *Pod) (mask uint32) {
	for range p.Devices {
		best := -1
		for d, v := range s.Left[h][:c.hosts[h].Devices] {
			if int(v) >= p.Share && mask>>d&1 == 0 && (best < 0 || v < s.Left[h][best]) {
				best = d
			}
		}
		mask |= 1 << best
	}
	return mask
}
