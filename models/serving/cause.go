package serving

import "github.com/halltwin/halltwin/models/workload"

// Cause is why a service missed its level.
type Cause uint8

// The causes.
const (
	Nothing  Cause = iota // it did not
	Capacity              // all replicas at full speed would have had less capacity than load
	Queueing              // they would have had more, and still missed it: too little room for chance
	Replicas              // too few were up
	Starting              // those asked for were not yet up: a cold start
	Scaling               // too few were asked for
	Throttle              // they were too slow
	Network               // the other site, or the network to it, was not there
	Backlog               // work left from before

	numCauses
)

var causeNames = [numCauses]string{"", "load above capacity", "queueing", "replicas down", "cold start", "too few replicas asked for",
	"throttled GPUs", "WAN or remote site", "backlog"}

func (c Cause) String() string { return causeNames[c] }

var causeKeys = [numCauses]string{"", "capacity", "queueing", "replicas", "starting", "scaling", "throttle", "network", "backlog"}

// Key is a word for the cause that stays as it is.
func (c Cause) Key() string { return causeKeys[c] }

// Causes returns all causes but nothing.
func Causes() []Cause {
	var all []Cause
	for c := Nothing + 1; c < numCauses; c++ {
		all = append(all, c)
	}
	return all
}

// Conditions are what a service has to answer with.
type Conditions struct {
	Up       int       // replicas here that answer
	First    int       // of them, that only prefill
	Speed    float64   // their mean; 1 is full clock
	Starting int       // replicas here that have been asked for, and start or wait for GPUs
	Asked    int       // replicas here that ought to answer
	WAN      float64   // share of the network to the other site that is left
	Remote   float64   // share of the other site's replicas that is left
	Each     []float64 // by replica here: speed, 0 of one that is down; nil: the first are up

}

// whole is everything that a service could have.
func (p *Plan) whole() Conditions {
	return Conditions{Up: p.Replicas, First: p.first, Speed: 1, Asked: p.Replicas, WAN: 1, Remote: 1}
}

// explain says what would have had to be different for the level to be kept: the first of these changes that would have done,
// each alone, and else all those before it.
func (p *Plan) explain(t workload.Traffic, on Conditions, backlog, dt float64) Cause {
	keeps := func(on Conditions) bool {
		l, _ := p.outcome(t, &on, [2]float64{}, dt)
		return l.Met >= target
	}
	if keeps(on) {
		if backlog > 0 {
			return Backlog
		}
		return Queueing
	}
	if all := p.whole(); !keeps(all) {
		if l, _ := p.outcome(t, &all, [2]float64{}, dt); l.Capacity < t.Requests {
			return Capacity
		}
		return Queueing
	}
	with := func(change func(*Conditions)) bool {
		c := on
		change(&c)
		return keeps(c)
	}
	more := func(c *Conditions, n int) {
		c.Up, c.First = n, min(p.first, n)
		if on.Up == 0 {
			c.Speed = 1
		}
	}
	asked := max(on.Asked, on.Up)
	switch {
	case p.away != nil && (on.WAN < 1 || on.Remote < 1) && with(func(c *Conditions) { c.WAN, c.Remote = 1, 1 }):
		return Network
	case on.Starting > 0 && with(func(c *Conditions) { more(c, min(on.Up+on.Starting, p.Replicas)) }):
		return Starting
	case on.Up < asked && with(func(c *Conditions) { more(c, asked) }):
		return Replicas
	case asked < p.Replicas && with(func(c *Conditions) { more(c, p.Replicas) }):
		return Scaling
	}
	if on.Speed < 1 && on.Up > 0 {
		return Throttle
	}
	return Replicas
}
