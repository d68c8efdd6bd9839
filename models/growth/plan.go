package growth

import (
	"fmt"
	"math"
)

// Year is the length of a year in s.
const Year = 365 * 86400.0

// RackType is what the plan is told of the racks of a phase.
type RackType struct {
	Name  string
	GPUs  float64
	Nodes float64
	Max   float64 // W at full load
	Worth float64 // of a GPU, in any unit that is the same for all phases
}

// Plan is a compiled plan: immutable. Times are s from the start.
type Plan struct {
	Stages    []Stage
	Purchases []Purchase
	Orders    []Order
	Spec      *Spec
}

// Stage is the site in one season.
type Stage struct {
	From, To float64
	Demand   float64 // GPUs of the first phase
	Capacity float64 // likewise
	GPUs     float64 // as they are
	Halls    []Hall
}

// Hall is a hall in a season.
type Hall struct {
	Name                     string
	Room                     int
	Power, Cooling           float64 // W that it is built for
	Racks                    []Racks
	Used                     int     // racks
	Drawn                    float64 // W of them at full load
	StrandedRacks            int
	StrandedPower, StrandedC float64 // W: power and cooling that no further rack can use
	Limit                    string  // what ran out first; empty where another rack fits
}

// Racks are racks of one phase in a hall.
type Racks struct {
	Phase int // whose rack type they have
	Count int
}

// Purchase is what is bought at a time: racks, or the hall for them.
type Purchase struct {
	At    float64
	Until float64 // when it goes, or the end of the plan
	Phase int
	Racks int     // of the phase's type
	Built float64 // W of a hall that is opened with it
}

// Order is when a phase is ordered and when it works; +Inf where demand never calls for it.
type Order struct{ Ordered, Works float64 }

// Demand returns the GPUs that work asks for at t s.
func (s *DemandSpec) Demand(t float64) float64 {
	if n := len(s.Table); n > 0 {
		for i := range s.Table {
			b := &s.Table[i]
			if t > float64(b.At) {
				continue
			}
			if i == 0 {
				return b.GPUs
			}
			a := &s.Table[i-1]
			return a.GPUs + (b.GPUs-a.GPUs)*(t-float64(a.At))/float64(b.At-a.At)
		}
		return s.Table[n-1].GPUs
	}
	return s.GPUs * math.Pow(1+float64(s.Growth), t/Year)
}

// Error is what is wrong with a plan, and where.
type Error struct{ Path, Msg string }

func (e *Error) Error() string { return e.Path + ": " + e.Msg }

func wrong(phase int, key, format string, args ...any) error {
	return &Error{fmt.Sprintf("phases[%d].%s", phase, key), fmt.Sprintf(format, args...)}
}

// hall is a hall while the plan is made.
type hall struct {
	Hall
	batch []int // purchases whose racks are there
}

// Compile lays out the phases over the seasons; types has the racks of each phase.
func Compile(s *Spec, types []RackType) (*Plan, error) {
	p := &Plan{Spec: s, Orders: make([]Order, len(s.Phases))}
	var halls []hall
	done := make([]bool, len(s.Phases))
	for i := range s.Phases {
		p.Orders[i] = Order{math.Inf(1), math.Inf(1)}
		if s.Phases[i].When == nil {
			at := float64(s.Phases[i].At)
			p.Orders[i] = Order{max(0, at-float64(s.Phases[i].Lead)), at}
		}
	}
	season := Year / float64(s.Seasons)
	n := int(math.Round(float64(s.Span) / season))
	for k := range n {
		st := Stage{From: float64(k) * season, To: float64(k+1) * season}
		st.Demand = s.Demand.Demand((st.From + st.To) / 2)
		p.order(s, types, halls, done, st.From, s.Demand.Demand(st.From))
		for i := range s.Phases {
			if !done[i] && p.Orders[i].Works <= st.From+1 {
				done[i] = true
				var err error
				if halls, err = p.carry(s, types, halls, i, st.From); err != nil {
					return nil, err
				}
			}
		}
		for h := range halls {
			halls[h].strand(types)
			st.Halls = append(st.Halls, halls[h].Hall)
			st.Halls[h].Racks = append([]Racks(nil), halls[h].Racks...)
			for _, r := range halls[h].Racks {
				gpus := float64(r.Count) * types[r.Phase].GPUs
				st.GPUs += gpus
				st.Capacity += gpus * types[r.Phase].Worth / types[0].Worth
			}
		}
		if st.GPUs == 0 {
			return nil, wrong(0, "at", "in the season from %.3g years on there are no GPUs: begin with a phase that works at 0 s", st.From/Year)
		}
		p.Stages = append(p.Stages, st)
	}
	for i := range p.Purchases {
		p.Purchases[i].Until = math.Min(p.Purchases[i].Until, float64(n)*season)
	}
	return p, nil
}

// order orders the phases that demand calls for, one after another.
func (p *Plan) order(s *Spec, types []RackType, halls []hall, done []bool, now, demand float64) {
	for i := range s.Phases {
		if s.Phases[i].When == nil || !math.IsInf(p.Orders[i].Ordered, 1) {
			continue
		}
		when := *s.Phases[i].When
		if s.OrderAt != nil {
			when = *s.OrderAt
		}
		if demand < float64(when)*p.ordered(s, types, halls, done, now) {
			return
		}
		p.Orders[i] = Order{now, now + float64(s.Phases[i].Lead)}
	}
}

// ordered returns the capacity once all that has been ordered by now works, as far as it fits.
func (p *Plan) ordered(s *Spec, types []RackType, halls []hall, done []bool, now float64) float64 {
	trial := make([]hall, len(halls))
	for i := range halls {
		trial[i] = halls[i]
		trial[i].Racks = append([]Racks(nil), halls[i].Racks...)
	}
	q := &Plan{}
	for i := range s.Phases {
		if !done[i] && p.Orders[i].Ordered <= now+1 {
			if more, err := q.carry(s, types, trial, i, 0); err == nil {
				trial = more
			}
		}
	}
	sum := 0.0
	for h := range trial {
		for _, r := range trial[h].Racks {
			sum += float64(r.Count) * types[r.Phase].GPUs * types[r.Phase].Worth / types[0].Worth
		}
	}
	return sum
}

// carry carries out a phase.
func (p *Plan) carry(s *Spec, types []RackType, halls []hall, i int, now float64) ([]hall, error) {
	ph := &s.Phases[i]
	built := 0.0
	if ph.Hall != nil {
		for _, h := range halls {
			if h.Name == ph.Name {
				return nil, wrong(i, "name", "there is a hall %s already", ph.Name)
			}
		}
		built = float64(ph.Hall.Power)
		halls = append(halls, hall{Hall: Hall{Name: ph.Name, Room: ph.Hall.Racks, Power: built, Cooling: float64(ph.Hall.Cooling)}})
	}
	var h *hall
	for k := range halls {
		if name := halls[k].Name; name == ph.In || ph.Hall != nil && name == ph.Name {
			h = &halls[k]
		}
	}
	if h == nil {
		return nil, wrong(i, "in", "no hall %q has been opened before it: name the phase that opens one", ph.In)
	}
	if ph.Swap {
		for _, b := range h.batch {
			if b < len(p.Purchases) {
				p.Purchases[b].Until = now
			}
		}
		h.Racks, h.batch, h.Used, h.Drawn = nil, nil, 0, 0
	}
	fit, limit := h.fits(types[i].Max)
	count := ph.Racks
	switch {
	case count > fit:
		return nil, wrong(i, "racks", "%d racks of %.4g kW do not fit into hall %s: its %s has room for %d", count, types[i].Max/1000, h.Name, limit, fit)
	case count == 0:
		count = fit
	}
	if count == 0 {
		return nil, wrong(i, "rack", "not one rack of %.4g kW fits into hall %s: its %s is used up", types[i].Max/1000, h.Name, limit)
	}
	h.Racks = append(h.Racks, Racks{i, count})
	h.Used += count
	h.Drawn += float64(count) * types[i].Max
	h.batch = append(h.batch, len(p.Purchases))
	p.Purchases = append(p.Purchases, Purchase{At: now, Until: math.Inf(1), Phase: i, Racks: count, Built: built})
	return halls, nil
}

// fits returns how many more racks that draw so many W fit into a hall, and what bounds them.
func (h *Hall) fits(rack float64) (n int, limit string) {
	n, limit = h.Room-h.Used, "space"
	for _, x := range []struct {
		of   float64
		name string
	}{{h.Power, "power"}, {h.Cooling, "cooling"}} {
		if k := int(math.Floor((x.of-h.Drawn)/rack + 1e-9)); k < n {
			n, limit = max(k, 0), x.name
		}
	}
	return n, limit
}

// strand finds what of a hall no further rack of its last kind can use.
func (h *hall) strand(types []RackType) {
	h.Limit, h.StrandedRacks, h.StrandedPower, h.StrandedC = "", 0, 0, 0
	if len(h.Racks) == 0 {
		return
	}
	fit, limit := h.fits(types[h.Racks[len(h.Racks)-1].Phase].Max)
	if fit > 0 {
		return
	}
	h.Limit = limit
	h.StrandedRacks = h.Room - h.Used
	h.StrandedPower = max(0, h.Power-h.Drawn)
	h.StrandedC = max(0, h.Cooling-h.Drawn)
}
