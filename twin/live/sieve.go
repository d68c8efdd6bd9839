package live

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/reading"
)

// The bounds of what is taken for true.
const (
	ahead   = 5.0   // s that a reading's time may be after ours: clocks differ
	stale   = 60.0  // s after which a reading says nothing of the present
	quiet   = 10.0  // s of silence after which another thing may have a key: GPUs are renumbered when one is lost
	fastest = 100.0 // readings a second of one quantity of one thing: agents read 20 times, and not evenly
)

// possible is what a quantity can be, in SI and degC; what lies outside is a sentinel or a fault. The hottest die that still
// answers is below 130 °C.
var possible = map[string][2]float64{
	"gpu.power": {0, 5e3}, "gpu.temperature": {-40, 130}, "gpu.utilisation": {0, 1.005}, "gpu.power_limit": {1, 5e3},
	"cpu.power": {0, 5e3}, "cpu.temperature": {-40, 130}, "cpu.utilisation": {0, 1.005}, "cpu.inlet_temperature": {-40, 80},
	"node.power": {0, 200e3}, "node.inlet_temperature": {-40, 80}, "rack.power": {0, 1e6}, "rack.inlet_temperature": {-40, 80},
	"rack.liquid_temperature": {-40, 100}, "cdu.supply_temperature": {-40, 100}, "cdu.return_temperature": {-40, 100},
	"crah.supply_temperature": {-40, 80}, "crah.return_temperature": {-40, 80}, "pdu.power": {0, 50e6}, "ups.power": {0, 50e6},
	"utility.power": {0, 1e9},
}

// Held is why readings of a thing were held back, and how many.
type Held struct {
	Thing, Quantity, Why string
	Count                int
}

// thing is how a site's things are told apart: not by their key, which may be wrong.
type thing struct {
	kind, host string
	index      int
}

func thingOf(t *reading.Thing) thing { return thing{t.Kind, t.Host, t.Index} }

func (t thing) String() string {
	if t.kind == "gpu" {
		return fmt.Sprintf("%s/gpu-%d", t.host, t.index)
	}
	return t.host + " (" + t.kind + ")"
}

type series struct {
	thing
	quantity string
}

// sieve holds back what cannot be, and counts it.
type sieve struct {
	most  int                // strangers that it listens to
	known map[thing]bool     // strangers
	owner map[string]thing   // by key
	heard map[string]float64 // by key: when its owner was heard last
	last  map[series]float64 // time of the reading before
	held  map[Held]int       // by reason, with Count 0: its place in all
	all   []Held
	late  int // readings that came when they were history: they are in the log
}

func newSieve(most int) *sieve {
	return &sieve{most: most, known: map[thing]bool{}, owner: map[string]thing{}, heard: map[string]float64{}, last: map[series]float64{}, held: map[Held]int{}}
}

// pass reports whether a reading received at now counts, and whether it says something of the present. placed are things of the site:
// however many strangers there are, those are listened to.
func (s *sieve) pass(v *reading.Value, now float64, placed bool) (ok, fresh bool) {
	t := thingOf(&v.Thing)
	bounds, compared := possible[t.kind+"."+v.Quantity]
	if !compared {
		return false, false // nothing wrong: nobody asks for it
	}
	if !placed && !s.known[t] {
		if len(s.known) >= s.most {
			s.hold("further things", "", fmt.Sprintf("more than %d: a flood", s.most))
			return false, false
		}
		s.known[t] = true
	}
	at, x := float64(v.At), float64(v.Value)
	k := series{t, v.Quantity}
	before, seen := s.last[k]
	switch {
	case v.Key != "" && !s.owns(v.Key, t, now):
		s.hold(t.String(), "", "its key "+v.Key+" is that of "+s.owner[v.Key].String())
		return false, false
	case math.IsNaN(at) || at-now > ahead:
		s.hold(t.String(), v.Quantity, "its time is in the future")
		return false, false
	case seen && at == before:
		return false, false // told twice
	case seen && at < before:
		s.hold(t.String(), v.Quantity, "its time is before that of the reading before")
		return false, false
	case seen && at-before < 1/fastest:
		s.hold(t.String(), v.Quantity, "a flood: one in 10 ms counts")
		return false, false
	case math.IsNaN(x):
		s.hold(t.String(), v.Quantity, "no number")
		return false, false
	case !(x >= bounds[0] && x <= bounds[1]):
		s.hold(t.String(), v.Quantity, fmt.Sprintf("outside %g to %g", bounds[0], bounds[1]))
		return false, false
	}
	s.last[k] = at
	if now-at > stale {
		s.late++
		return true, false
	}
	return true, true
}

// owns notes whose key it is and reports whether the thing may have it: two cannot have one.
func (s *sieve) owns(key string, t thing, now float64) bool {
	if was, ok := s.owner[key]; ok && was != t && now-s.heard[key] < quiet {
		return false
	}
	s.owner[key], s.heard[key] = t, now
	return true
}

func (s *sieve) hold(t, quantity, why string) { s.holdMany(t, quantity, why, 1) }

// mostReasons bounds what is listed: whoever makes up names fills no memory.
const mostReasons = 10_000

func (s *sieve) holdMany(t, quantity, why string, n int) {
	h := Held{t, quantity, why, 0}
	i, ok := s.held[h]
	if !ok && len(s.all) >= mostReasons {
		h = Held{"further things", "", "for these and other reasons", 0}
		i, ok = s.held[h]
	}
	if !ok {
		i = len(s.all)
		s.held[h] = i
		s.all = append(s.all, h)
	}
	s.all[i].Count += n
}

// report lists what was held back.
func (s *sieve) report() []Held {
	all := slices.Clone(s.all)
	slices.SortFunc(all, func(a, b Held) int {
		return cmp.Or(cmp.Compare(a.Thing, b.Thing), cmp.Compare(a.Quantity, b.Quantity), cmp.Compare(a.Why, b.Why))
	})
	return all
}
