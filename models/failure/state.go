package failure

import (
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/random"
)

// State is the memory of all failure processes: plain data, by process and subject.
type State struct {
	Streams [][]random.Stream
	At      [][]float64 // time of the next failure, s
	Factor  [][]float32 // on the rate: frailty, or the size of the domain of a burst; nil where all are alike
}

// Outcome is one failure.
type Outcome struct {
	Cause   string         // name of the process
	Origin  facility.Ref   // what had the clock: the component, or the domain of a burst
	Targets []facility.Ref // what stops working, in order of index, each once
	Detect  float64        // s from now until it is noticed
	Repair  float64        // s from then until it works again
	Auto    bool           // it recovers by itself
	Sag     bool           // the targets do not stop working: their voltage falls until the repair
	Voltage float64        // of a sag, relative to nominal
	Draw    float64        // power of the targets meanwhile, as a share of their idle power

	Slow   float64 // share of their speed that is left to the targets, which go on; 0: they stop
	Evict  bool    // they are taken out when they are noticed, after Detect
	Silent bool    // they go on and corrupt, until that shows
	Shows  float64 // s from now until it does; infinite where it never does
	Crew   int32   // that the repair waits for, or -1
	Part   int32   // that it takes, or -1
	Gap    float64 // s from the end of the repair to the next failure, where the clock stands still until then
}

// New returns the state at time 0. The stream of a subject is named by its path, which nameOf gives
// ([facility.Tree.NameOf]), so that its failures depend on seed, cause and path alone.
func New(p *Plan, seed random.Seed, nameOf func(facility.Ref) string) *State {
	n := len(p.Processes)
	s := &State{Streams: make([][]random.Stream, n), At: make([][]float64, n), Factor: make([][]float32, n)}
	for i := range p.Processes {
		pr := &p.Processes[i]
		streams, at := make([]random.Stream, pr.Count), make([]float64, pr.Count)
		var factors []float32
		if pr.Frailty > 0 || pr.PerPart || pr.Heat != nil {
			factors = make([]float32, pr.Count)
		}
		for j := range streams {
			st := seed.Stream("failure/" + pr.Name + "/" + nameOf(facility.Ref{Kind: pr.Subject, Index: int32(j)}))
			first := fork(&st)
			factor := 1.0
			if factors != nil {
				factors[j] = pr.factor(p, int32(j), &first)
				factor = float64(factors[j])
			}
			if pr.New {
				at[j] = pr.Gap.Draw(&first) / factor
				if pr.Early != nil {
					at[j] = min(at[j], pr.Early.life(&first))
				}
			} else {
				at[j] = pr.Gap.Residual(&first) / factor
			}
			streams[j] = st
		}
		s.Streams[i], s.At[i], s.Factor[i] = streams, at, factors
	}
	return s
}

// factor returns the factor on the rate of one subject.
func (pr *Process) factor(p *Plan, subject int32, st *random.Stream) float32 {
	if pr.PerPart {
		lo, hi := p.victims(pr, subject)
		return float32(hi - lo)
	}
	most := 1.0
	if pr.Heat != nil {
		most = pr.Heat.most
	}
	if pr.Frailty == 0 {
		return float32(most)
	}
	// A zero would make the gap infinite; the smallest float32 does not.
	return float32(math.Max(gamma(st, pr.Frailty)/pr.Frailty*most, math.SmallestNonzeroFloat32))
}

// fork takes two words from a stream as a stream of its own, so that what happens at one failure cannot shift the
// random numbers of the next.
func fork(st *random.Stream) random.Stream { return random.Stream{Hi: st.Uint64(), Lo: st.Uint64()} }

// Clone returns a copy that shares nothing.
func (s *State) Clone() *State {
	c := &State{Streams: make([][]random.Stream, len(s.Streams)), At: make([][]float64, len(s.At)), Factor: make([][]float32, len(s.Factor))}
	for i := range s.Streams {
		c.Streams[i], c.At[i], c.Factor[i] = slices.Clone(s.Streams[i]), slices.Clone(s.At[i]), slices.Clone(s.Factor[i])
	}
	return c
}

// Next returns the time of the next failure of a subject of a process, in s.
func (s *State) Next(process int, subject int32) float64 { return s.At[process][subject] }

// Fire performs the failure that is due now: it draws what breaks and for how long, and when the subject fails next
// (see [State.Next]). Targets are appended to the given slice, which the outcome then holds.
func (p *Plan) Fire(s *State, process int, subject int32, now float64, targets []facility.Ref) Outcome {
	pr := &p.Processes[process]
	st := &s.Streams[process][subject]
	gap, effect, choice := fork(st), fork(st), fork(st)

	factor := 1.0
	if f := s.Factor[process]; f != nil {
		factor = float64(f[subject])
	}
	next := pr.Gap.Draw(&gap) / factor
	s.At[process][subject] = now + next

	out := Outcome{Crew: -1, Part: -1, Slow: pr.Slow, Evict: pr.Evict, Shows: math.Inf(1), Cause: pr.Name, Origin: facility.Ref{Kind: pr.Subject, Index: subject}, Detect: pr.Detect, Draw: pr.Draw}
	out.Auto = effect.Float64() < pr.Auto
	if out.Auto {
		out.Repair = pr.AutoLaw.Draw(&effect)
	} else {
		out.Repair = pr.Hand.Draw(&effect)
	}
	if pr.Sag != nil {
		out.Sag, out.Voltage = true, pr.Sag.Draw(&effect)
	}
	if pr.Silent != nil {
		out.Silent = true
		if found, after := effect.Float64(), pr.Silent.After.Draw(&effect); found < pr.Silent.Found {
			out.Shows = after
		}
	}
	if !out.Auto {
		p.call(s, process, subject, now, next, &effect, &out)
	}
	out.Targets = p.strike(s, pr, subject, &choice, targets)
	return out
}

// call says which crew and part a repair by hand waits for, and what it means for the next failure of the subject, which would
// come after next s: the clock stands still while it is under repair by a crew, and a new part may be a weak one.
func (p *Plan) call(s *State, process int, subject int32, now, next float64, st *random.Stream, out *Outcome) {
	pr := &p.Processes[process]
	out.Crew = pr.Crew
	if pr.Part >= 0 && (pr.PartShare >= 1 || st.Float64() < pr.PartShare) {
		out.Part = pr.Part
	}
	weak := math.Inf(1)
	if pr.Early != nil {
		weak = pr.Early.life(st)
	}
	switch {
	case pr.Burst:
	case out.Crew >= 0 || out.Part >= 0:
		out.Gap = min(next, weak)
		s.At[process][subject] = math.Inf(1)
	case pr.Early != nil:
		s.At[process][subject] = min(now+next, now+out.Detect+out.Repair+weak)
	}
}

// strike appends what stops working.
func (p *Plan) strike(s *State, pr *Process, subject int32, st *random.Stream, targets []facility.Ref) []facility.Ref {
	if !pr.Burst {
		if up, ok := p.tree.Ancestor(facility.Ref{Kind: pr.Victim, Index: subject}, pr.Takes); ok {
			targets = append(targets, facility.Ref{Kind: pr.Takes, Index: up})
		}
		return targets
	}
	lo, hi := p.victims(pr, subject)
	if lo == hi {
		return targets
	}
	begin := len(targets)
	size := pr.size(st, hi-lo)
	var struck []int32
	if pr.Like >= 0 {
		struck = chooseBy(st, s.Factor[pr.Like][lo:hi], size)
	} else {
		struck = choose(st, hi-lo, size)
	}
	for _, i := range struck {
		if up, ok := p.tree.Ancestor(facility.Ref{Kind: pr.Victim, Index: lo + i}, pr.Takes); ok {
			r := facility.Ref{Kind: pr.Takes, Index: up}
			if len(targets) == begin || targets[len(targets)-1] != r {
				targets = append(targets, r)
			}
		}
	}
	return targets
}

// size draws the number of victims among n, at least one.
func (pr *Process) size(st *random.Stream, n int32) int32 {
	if pr.Size > 0 {
		if pr.Size == 1 {
			return 1
		}
		// Geometric from one upwards with mean Size, by inversion.
		k := 1 + math.Floor(math.Log(st.Open())/math.Log1p(-1/pr.Size))
		return int32(math.Min(k, float64(n)))
	}
	k := int32(0)
	for range n {
		if st.Float64() < pr.Share {
			k++
		}
	}
	return max(k, 1)
}

// choose returns k of the numbers 0 … n-1 in rising order, all sets equally likely (Floyd's algorithm).
func choose(st *random.Stream, n, k int32) []int32 {
	picked := make([]int32, 0, k)
	for j := n - k; j < n; j++ {
		t := int32(below(st, int(j)+1))
		i, found := slices.BinarySearch(picked, t)
		if found {
			t, i = j, len(picked)
		}
		picked = slices.Insert(picked, i, t)
	}
	return picked
}
