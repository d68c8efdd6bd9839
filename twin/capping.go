package twin

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
)

// Power capping holds feeds and places under their limits as Dynamo does (Wu et al., ISCA 2016): a controller for each limit
// looks at its power every few seconds. Above a threshold it caps the GPUs behind it so far that the power falls to a
// target, work of little importance first; below a lower threshold it loosens what it has capped, so far that the power
// would rise to the target. A GPU has the tightest of the caps of the limits that it is under. Caps are shares of the
// range of power limits that a GPU's driver accepts: 1 is no cap, 0 the lowest limit.
//
// Flows are constant between events, so a controller that has nothing to do at one look has nothing to do at the next:
// only looks that matter are events.

// CapState is the state of power capping. Caps are by domain and level of work, or by rack and level.
type CapState struct {
	Want  []float64 // by domain, by level: as decided
	Hold  []float64 // by rack, by level: the tightest that GPUs hold now
	Tried []float64 // by domain: W at which a look could do nothing
	Short []bool    // by domain: the lowest caps are not enough, and that was said
	Armed bool      // a look, or the effect of one, is on the agenda
}

func newCaps(c *scenarios.Capping, racks, levels int) CapState {
	if c == nil {
		return CapState{}
	}
	s := CapState{Want: make([]float64, len(c.Domains)*levels), Hold: make([]float64, racks*levels), Tried: make([]float64, len(c.Domains)), Short: make([]bool, len(c.Domains))}
	for i := range s.Want {
		s.Want[i] = 1
	}
	for i := range s.Hold {
		s.Hold[i] = 1
	}
	return s
}

func (s *CapState) clone() CapState {
	return CapState{Want: slices.Clone(s.Want), Hold: slices.Clone(s.Hold), Tried: slices.Clone(s.Tried), Short: slices.Clone(s.Short), Armed: s.Armed}
}

// mostLevels bounds how many levels of importance are told apart.
const mostLevels = 16

// rankJobs gives each job its level: by the order of classes, then by priority.
func (w *World) rankJobs() {
	c := w.plan.Capping
	if c == nil {
		return
	}
	type rank struct {
		class    uint8
		priority float64
	}
	of := func(j int) rank {
		spec := &w.work.Jobs[j]
		return rank{c.Rank[spec.Class], spec.Priority}
	}
	order := func(a, b rank) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.priority, b.priority))
	}
	all := make([]rank, len(w.work.Jobs))
	for j := range all {
		all[j] = of(j)
	}
	slices.SortFunc(all, order)
	all = slices.Compact(all)
	w.levels = max(min(len(all), mostLevels), 1)
	w.level = make([]uint8, len(w.work.Jobs))
	for j := range w.level {
		i, _ := slices.BinarySearchFunc(all, of(j), order)
		w.level[j] = uint8(i * w.levels / len(all))
	}
}

// capOn returns the power limit in W that capping puts on the GPUs that a job holds on a node, +Inf for none.
func (w *World) capOn(n, job int32) float64 {
	if w.level == nil || job < 0 {
		return math.Inf(1)
	}
	r := w.nodeRack[n]
	share := w.Caps.Hold[int(r)*w.levels+int(w.level[job])]
	if share >= 1 {
		return math.Inf(1)
	}
	g := &w.plan.RackTypes[w.plan.RackType[r]].Node.GPU
	floor := min(max(g.MinLimit, g.Idle), g.Max)
	return floor + share*(g.Max-floor)
}

// domainPower returns what a limit is on, in W.
func (w *World) domainPower(d *scenarios.CapDomain) float64 {
	switch {
	case d.Response:
		return w.meter()
	case d.Ref.Kind == facility.Site:
		grid, genset := w.sources()
		return grid + genset
	case d.Ref.Kind <= facility.Rack:
		return w.rackSum(d)
	}
	lo, _ := w.plan.Power.Range(d.Ref.Kind)
	return w.Power.Flow[lo+int(d.Ref.Index)]
}

func (w *World) rackSum(d *scenarios.CapDomain) float64 {
	sum := 0.0
	for _, r := range d.Racks {
		sum += w.Racks[r].Power
	}
	return sum
}

// watchCaps puts the next look on the agenda if it would do something.
func (w *World) watchCaps() {
	c := w.plan.Capping
	if c == nil || w.Caps.Armed {
		return
	}
	for d := range c.Domains {
		if p := w.domainPower(&c.Domains[d]); w.acts(d, p) && math.Abs(p-w.Caps.Tried[d]) > 1e-3*p {
			w.Caps.Armed = true
			w.push((math.Floor(w.Now/c.Poll*(1+1e-12))+1)*c.Poll, phasePower, evPoll, 0, 0)
			return
		}
	}
}

// acts reports whether a limit's controller has reason to act at a power of p W.
func (w *World) acts(d int, p float64) bool {
	dom := &w.plan.Capping.Domains[d]
	limit := w.capLimit(dom)
	return p > dom.Above*limit || p < dom.Release*limit && w.capped(d)
}

// capLimit returns what a controller holds its domain to now, in W; +Inf for nothing.
func (w *World) capLimit(dom *scenarios.CapDomain) float64 {
	if dom.Response && w.Response.Phase == ResponseBinding {
		return w.Response.Limit
	}
	return dom.Limit
}

func (w *World) capped(d int) bool {
	return slices.Min(w.Caps.Want[d*w.levels:(d+1)*w.levels]) < 1
}

// poll is a look of all controllers, those of few racks first: the others count on what they do.
func (w *World) poll() {
	c := w.plan.Capping
	decided := false
	for d := range c.Domains {
		p := w.domainPower(&c.Domains[d])
		w.Caps.Tried[d] = 0
		if !w.acts(d, p) {
			continue
		}
		if w.decide(d, p) {
			decided = true
		} else {
			w.Caps.Tried[d] = p
		}
	}
	if w.Caps.Armed = decided; decided {
		w.push(w.Now+c.Settle, phasePower, evCap, 0, 0)
	}
}

// cappable is what one job holds on one node, as a controller sees it.
type cappable struct {
	gpus, power, demand float64 // W a GPU: now, and without a cap
	floor, span         float64 // W: of the limits that its driver accepts
	other               float64 // cap of the other limits that it is under
	level               uint8
}

// under returns the power in W of one of its GPUs under a cap.
func (x *cappable) under(share float64) float64 {
	if share = min(share, x.other); share >= 1 {
		return x.demand
	}
	return min(x.demand, x.floor+share*x.span)
}

// decide sets the caps of one limit for a power of p W, and reports whether they change.
func (w *World) decide(d int, p float64) bool {
	dom := &w.plan.Capping.Domains[d]
	racks := w.rackSum(dom)
	if racks <= 0 || p <= 0 {
		return false
	}
	w.behind(d)
	before := w.capped(d)
	limit := w.capLimit(dom)
	over := (p - dom.Target*limit) * racks / p // in W of the racks
	for i := range w.cappable {
		x := &w.cappable[i]
		over -= x.gpus * (x.power - x.under(w.Caps.Want[d*w.levels+int(x.level)])) // what others have decided at this look
	}
	changed := false
	if over > 0 {
		for l := 0; l < w.levels && over > 0; l++ {
			changed = w.shift(d, l, 0, &over) || changed
		}
	} else if p < dom.Release*limit {
		for l := w.levels - 1; l >= 0 && over < 0; l-- {
			changed = w.shift(d, l, 1, &over) || changed
		}
	}
	w.tellCap(d, p, before, over)
	return changed
}

// behind lists what runs behind a limit.
func (w *World) behind(d int) {
	c := w.plan.Capping
	w.cappable = w.cappable[:0]
	for _, r := range c.Domains[d].Racks {
		g := &w.plan.RackTypes[w.plan.RackType[r]].Node.GPU
		floor := min(max(g.MinLimit, g.Idle), g.Max)
		lo, hi := w.plan.Tree.Children(facility.Node, r)
		for n := lo; n < hi; n++ {
			for i := w.Nodes[n].Slice; i >= 0; i = w.Slices[i].OnNode {
				sl := &w.Slices[i]
				if sl.GPUs == 0 {
					continue
				}
				level := int(w.level[sl.Job])
				use := w.use(sl.Job)
				demand := min(g.Curve.Power(use.GPU, use.Memory), max(w.fixedLimit(n, sl.GPUs), g.Idle))
				x := cappable{
					gpus: sl.gpus(), demand: demand, floor: floor, span: g.Max - floor, other: 1, level: uint8(level),
				}
				x.power = x.under(w.Caps.Hold[int(r)*w.levels+level])
				for _, o := range c.Of[r] {
					if int(o) != d {
						x.other = min(x.other, w.Caps.Want[int(o)*w.levels+level])
					}
				}
				w.cappable = append(w.cappable, x)
			}
		}
	}
}

// shift moves the cap of one level towards to (0 tightest, 1 none), only as far as over W asks for, and takes what it
// brings from over. It reports whether the cap has moved.
func (w *World) shift(d, level int, to float64, over *float64) bool {
	share := &w.Caps.Want[d*w.levels+level]
	saved := func(at float64) float64 {
		sum := 0.0
		for i := range w.cappable {
			if x := &w.cappable[i]; int(x.level) == level {
				sum += x.gpus * (x.under(*share) - x.under(at))
			}
		}
		return sum
	}
	was := *share
	all := saved(to)
	if math.Abs(all) <= math.Abs(*over) {
		*over -= all
		*share = to
		return was != to
	}
	near, far := was, to // saved(near) is too little, saved(far) enough
	for range 40 {
		mid := (near + far) / 2
		if math.Abs(saved(mid)) < math.Abs(*over) {
			near = mid
		} else {
			far = mid
		}
	}
	if to == 1 {
		far = near // loosen rather too little, cap rather too much
	}
	*over -= saved(far)
	*share = far
	return math.Abs(far-was) > 1e-6
}

// tellCap says when a limit begins and ends to cap, and when it cannot do enough.
func (w *World) tellCap(d int, p float64, before bool, over float64) {
	dom := &w.plan.Capping.Domains[d]
	name := w.name(dom.Ref)
	limit := w.capLimit(dom)
	load := fmt.Sprintf("%s at %s, %.1f %% of its limit", name, unit.Power(p), 100*p/limit)
	switch {
	case math.IsInf(limit, 1):
		load = fmt.Sprintf("%s at %s, without a limit now", name, unit.Power(p))
	case limit <= 0:
		load = fmt.Sprintf("%s at %s, asked to draw nothing", name, unit.Power(p))
	}
	after := w.capped(d)
	source := int64(0)
	if dom.Response {
		source = w.Response.Event
	}
	tell := func(over bool, severity record.Severity, kind, text string) {
		w.follow(dom.Ref, scene(ofCaps+int32(d)), over, source, record.Event{Severity: severity, Type: kind, Subject: name, Text: load + text})
	}
	switch {
	case !before && after:
		tell(false, record.Warning, "cap.begin", ": GPUs behind it are capped")
	case before && !after:
		tell(true, record.Info, "cap.end", ": its caps are lifted")
	}
	was := w.Caps.Short[d]
	w.Caps.Short[d] = p > dom.Above*limit && over > 1
	if w.Caps.Short[d] && !was {
		tell(!after, record.Critical, "cap.short", ": no cap that GPUs accept is enough")
	}
}

// cap lets the GPUs hold what was decided.
func (w *World) cap() {
	c := w.plan.Capping
	w.Caps.Armed = false
	for r := range w.Racks {
		moved := false
		for l := range w.levels {
			share := 1.0
			for _, d := range c.Of[r] {
				share = min(share, w.Caps.Want[int(d)*w.levels+l])
			}
			if hold := &w.Caps.Hold[r*w.levels+l]; *hold != share {
				*hold, moved = share, true
			}
		}
		if moved {
			w.stir(int32(r))
		}
	}
	w.wantSettle()
}
