package serving

import (
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/random"
)

// ScaleState is the memory of an autoscaler: plain data.
type ScaleState struct {
	Asked int     // replicas that ought to be there
	Since float64 // from then on fewer would have been enough; +Inf where not
	Most  int     // of those that would have been enough since
}

// scaler is a compiled [ScaleSpec].
type scaler struct {
	min, max        int
	queue           bool
	target, waiting float64
	cool            float64
}

// deadband is the relative deviation from its target within which an autoscaler leaves things as they are, as that of
// Kubernetes does.
const deadband = 0.1

// Scales reports whether replicas of the service come and go.
func (p *Plan) Scales() bool { return p.scale != nil }

// Scale looks at how the service just did and returns how many replicas it asks for from now on.
//
// As the horizontal pod autoscaler of Kubernetes: those up times what is measured over what is aimed at, at once when that is
// more; when it is less, the most of what would have been enough for as long as the cool-down.
func (p *Plan) Scale(s *State, now float64, on Conditions, l *Level) int {
	a, z := p.scale, &s.Scale
	want := a.min
	if up := float64(on.Up); on.Up > 0 {
		measured := math.Min(1, l.Busy) / a.target
		if s.Backlog > 0 && !a.queue {
			measured = 1 / a.target
		}
		if a.queue {
			measured = (s.Backlog + l.Wait*l.Load) / up / a.waiting
		}
		want = on.Up
		if math.Abs(measured-1) > deadband {
			want = int(math.Ceil(up*measured - 1e-9))
		}
	}
	want = min(max(want, a.min), a.max)
	switch {
	case want >= z.Asked:
		z.Asked, z.Since = want, math.Inf(1)
	case math.IsInf(z.Since, 1):
		z.Since, z.Most = now, want
	default:
		z.Most = max(z.Most, want)
		if now-z.Since >= a.cool {
			z.Asked, z.Since = z.Most, math.Inf(1)
		}
	}
	return z.Asked
}

// Clone returns a copy that shares nothing.
func (s *State) Clone() State {
	c := *s
	f := &c.Flow
	f.Waiting, f.Servers = slices.Clone(f.Waiting), slices.Clone(f.Servers)
	for k := range f.Servers {
		z := &f.Servers[k]
		z.Batch, z.Queue = slices.Clone(z.Batch), slices.Clone(z.Queue)
	}
	return c
}

// NewState returns the state of a service at the begin of a run.
func (p *Plan) NewState(seed random.Seed) State {
	s := State{Scale: ScaleState{Asked: p.Initial, Since: math.Inf(1)}}
	if p.Detailed {
		s.Flow = p.newFlow(seed)
	}
	return s
}
