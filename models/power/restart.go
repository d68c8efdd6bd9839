package power

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/facility"
)

// Racks come back in groups, those of one PDU (or pair of PDUs) together. A group that lost its power, or was shed, closes
// its breakers again only when its turn has come.

// open is the gate of a group that has no power.
var open = math.Inf(1)

// gate returns which of the live cords of a group of racks are closed.
func (p *Plan) gate(s *State, g int, live uint8) uint8 {
	switch {
	case s.Shed[g], live == 0:
		s.Gate[g] = open
		return 0
	case s.Gate[g] == open:
		t := p.restartAfter
		for k, w := range s.Gate {
			if k != g && w > 0 && w != open {
				t = max(t, w+p.restartEvery)
			}
		}
		s.Gate[g] = t
	}
	if s.Gate[g] > due {
		return 0
	}
	s.Gate[g] = 0
	return live
}

// allBlocks says that everything on a side is connected.
const allBlocks = math.MaxInt32

// blocks returns how many blocks of load a side has: its UPSs or, without UPSs, its PDUs, and last its cooling.
func (p *Plan) blocks(i int) (units, all int32) {
	sd := &p.sides[i]
	if units = int32(sd.ups.count()); units == 0 {
		units = int32(sd.pdus.count())
	}
	return units, units + 1
}

// connected reports whether a side has all its blocks.
func (p *Plan) connected(s *State, i int) bool {
	_, all := p.blocks(i)
	return s.Blocks[i] >= all
}

// blockLoad returns about what a side's block draws, in W, from what the side drew when it last had everything.
func (p *Plan) blockLoad(s *State, i int, block int32) float64 {
	units, _ := p.blocks(i)
	if block >= units {
		return s.Cooled[i]
	}
	return max(s.Demand[i]-s.Cooled[i], 0) / float64(max(units, 1))
}

// connect puts the blocks that are due on their gensets, as many at once as these take in one step, and at least one.
func (f *firing) connect() {
	if f.step == 0 {
		return
	}
	for g := range f.groups {
		room := f.step * f.layers[gensets].rating * float64(f.running(f.State, int32(g)))
		added := 0.0
		for i := range f.sides {
			if !f.waits(f.State, i) || f.sides[i].group != int32(g) || f.Connect[i] > due {
				continue
			}
			for _, all := f.blocks(i); f.Blocks[i] < all; f.Blocks[i]++ {
				w := f.blockLoad(f.State, i, f.Blocks[i])
				if added > 0 && added+w > room*(1+1e-9) {
					break
				}
				added += w
			}
			f.Connect[i] = f.settle
		}
	}
}

// waits reports whether a side on gensets has blocks that are not connected.
func (p *Plan) waits(s *State, i int) bool {
	return s.Live[i] && int(s.Source[i]) == len(p.sides[i].feeds) && !p.connected(s, i)
}

// excess returns by how many W the running gensets of a group are overloaded.
func (p *Plan) excess(s *State, g int32) float64 {
	load, n := 0.0, p.running(s, g)
	for i := range p.sides {
		if p.onGensets(s, i, g) {
			load += s.Bus[i]
		}
	}
	most := p.layers[gensets].rating * float64(n)
	if n == 0 || load <= most*(1+1e-9) {
		return 0
	}
	return load - most
}

func (p *Plan) onGensets(s *State, i int, g int32) bool {
	return p.sides[i].group == g && s.Live[i] && int(s.Source[i]) == len(p.sides[i].feeds)
}

// fedBy reports whether a group of racks draws from a side on the gensets of a group.
func (p *Plan) fedBy(s *State, f *rackFeed, g int32) bool {
	side := func(outlet int32) bool {
		return outlet >= 0 && p.onGensets(s, int(p.outletSide[outlet-p.layers[pdus].first]), g)
	}
	return side(f.a) || side(f.b)
}

func (s *State) feedLoad(f *rackFeed) float64 {
	w := s.Flow[f.a]
	if f.b >= 0 {
		w += s.Flow[f.b]
	}
	return w
}

// mustShed reports whether the gensets of a group are overloaded and racks are left that could be shed.
func (p *Plan) mustShed(s *State, g int32) bool {
	if p.excess(s, g) == 0 {
		return false
	}
	for i := range p.rackFeeds {
		if f := &p.rackFeeds[i]; !s.Shed[i] && p.fedBy(s, f, g) && s.feedLoad(f) > 0 {
			return true
		}
	}
	return false
}

// restorable finds the first group of racks that was shed and can come back: no genset feeds it any more, or more of them
// run than when it was shed, with room for it. Room alone is not enough: work that died with the racks leaves room until
// it starts again. It returns -1 for none.
func (p *Plan) restorable(s *State) int {
	for i := range p.rackFeeds {
		if !s.Shed[i] {
			continue
		}
		f, fits := &p.rackFeeds[i], true
		for g := range p.groups {
			if p.fedBy(s, f, int32(g)) {
				fits = fits && p.running(s, int32(g)) > int(s.ShedAt[i]) && p.room(s, int32(g)) >= restoreMargin*s.ShedLoad[i]
			}
		}
		if fits && p.anyLive(s, f) {
			return i
		}
	}
	return -1
}

// restoreMargin is the room for a shed load, relative to it, at which it comes back: losses, and some hysteresis.
const restoreMargin = 1.25

// room returns what the running gensets of a group could carry beyond what is asked of them, charging aside, in W.
func (p *Plan) room(s *State, g int32) float64 {
	most := p.layers[gensets].rating * float64(p.running(s, g))
	for i := range p.sides {
		if p.onGensets(s, i, g) {
			most -= s.Demand[i]
		}
	}
	return most
}

func (p *Plan) anyLive(s *State, f *rackFeed) bool {
	return p.liveOutlet(s, f.a) || f.b >= 0 && p.liveOutlet(s, f.b)
}

// sheds reports whether something is to be shed or restored now.
func (p *Plan) sheds(s *State) bool {
	if !p.shed {
		return false
	}
	for g := range p.groups {
		if p.mustShed(s, int32(g)) {
			return true
		}
	}
	return p.restorable(s) >= 0
}

// shedding drops the last racks of an overloaded group of gensets, as many as it must, and brings one group back where
// there is room. It reports whether it dropped any.
func (f *firing) shedding() (dropped bool) {
	if !f.shed {
		return false
	}
	for g := range f.groups {
		over := f.excess(f.State, int32(g))
		if over == 0 {
			continue
		}
		racks, shed := 0, 0.0
		for i := len(f.rackFeeds) - 1; i >= 0 && over > shed; i-- {
			r := &f.rackFeeds[i]
			w := f.feedLoad(r)
			if f.Shed[i] || w <= 0 || !f.fedBy(f.State, r, int32(g)) {
				continue
			}
			f.Shed[i], f.ShedLoad[i], f.ShedAt[i] = true, w, int32(f.running(f.State, int32(g)))
			racks += int(r.hi - r.lo)
			shed += w
		}
		if racks > 0 {
			dropped = true
			f.fx = append(f.fx, Effect{Kind: "load.shed", Ref: f.ref(f.runs(int32(g))),
				Text: fmt.Sprintf("%d racks of %s are shed: the gensets lack %s", racks, watts(shed), watts(over))})
		}
	}
	if dropped {
		return true
	}
	if i := f.restorable(f.State); i >= 0 {
		f.Shed[i] = false
		r := &f.rackFeeds[i]
		f.fx = append(f.fx, Effect{Kind: "load.restored", Ref: facility.Ref{Kind: facility.Rack, Index: r.lo}, Over: true,
			Text: fmt.Sprintf("%d racks that were shed come back", r.hi-r.lo)})
	}
	return false
}

// runs returns the first genset of a group that takes load.
func (f *firing) runs(g int32) int32 {
	first := f.layers[gensets].first
	for u := f.groups[g].first; u < f.groups[g].end; u++ {
		if f.Gensets[u-first] == GensetRunning {
			return u
		}
	}
	return f.groups[g].first
}
