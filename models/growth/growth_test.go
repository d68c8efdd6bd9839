package growth

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/halltwin/halltwin/models/unit"
)

const years = unit.Duration(Year)

func at(v float64) *unit.Ratio { r := unit.Ratio(v); return &r }

// A hall of 40 places, 1.3 MW and 1.4 MW: racks of 33 kW fill its power before its space, and those of 120 kW far sooner.
func TestWhatRunsOutFirst(t *testing.T) {
	for _, x := range []struct {
		rack, cooling float64
		racks         int
		limit         string
		stranded      float64
		room          int
	}{
		{33e3, 1.4e6, 39, "power", 1.3e6 - 39*33e3, 1},
		{120e3, 1.4e6, 10, "power", 1e5, 30},
		{120e3, 0.9e6, 7, "cooling", 1.3e6 - 7*120e3, 33},
		{20e3, 1.4e6, 40, "space", 1.3e6 - 40*20e3, 0},
	} {
		s := &Spec{Span: years, Seasons: 4, Demand: DemandSpec{GPUs: 1}, Phases: []PhaseSpec{{Name: "a", Hall: &HallSpec{Racks: 40, Power: 1.3e6, Cooling: unit.Power(x.cooling)}}}}
		p, err := Compile(s, []RackType{{GPUs: 8, Nodes: 1, Max: x.rack, Worth: 1}})
		if err != nil {
			t.Fatal(err)
		}
		h := &p.Stages[0].Halls[0]
		if h.Used != x.racks || h.Limit != x.limit || h.StrandedRacks != x.room || math.Abs(h.StrandedPower-x.stranded) > 1e-6 {
			t.Errorf("racks of %g kW: %d of them, %s runs out, %g W and %d places stranded; want %d, %s, %g, %d", x.rack/1e3, h.Used, h.Limit, h.StrandedPower, h.StrandedRacks, x.racks, x.limit, x.stranded, x.room)
		}
	}
}

// Demand of 80 GPUs that doubles in a year meets halls of 100: the second is ordered at 90 %, the third only when the second,
// though not yet there, no longer suffices; one works a lead time after its order.
func TestOrders(t *testing.T) {
	hall := &HallSpec{Racks: 10, Power: 1e6, Cooling: 1e6}
	s := &Spec{Span: 4 * years, Seasons: 12, Demand: DemandSpec{GPUs: 80, Growth: 1}, Phases: []PhaseSpec{
		{Name: "a", Hall: hall}, {Name: "b", Hall: hall, When: at(0.9), Lead: years}, {Name: "c", Hall: hall, When: at(0.9), Lead: years / 2},
		{Name: "swap", In: "a", Swap: true, At: 3 * years},
	}}
	types := []RackType{{GPUs: 10, Max: 1e4, Worth: 1}, {GPUs: 10, Max: 1e4, Worth: 1}, {GPUs: 10, Max: 1e4, Worth: 1}, {GPUs: 10, Max: 2e5, Worth: 4}}
	p, err := Compile(s, types)
	if err != nil {
		t.Fatal(err)
	}
	month := Year / 12
	passes := func(gpus float64) float64 { return math.Ceil(math.Log2(gpus/80)*Year/month-1e-9) * month }
	for i, want := range []Order{{0, 0}, {passes(90), passes(90) + Year}, {passes(180), passes(180) + Year/2}} {
		if got := p.Orders[i]; math.Abs(got.Ordered-want.Ordered) > 1 || math.Abs(got.Works-want.Works) > 1 {
			t.Errorf("%s: %+v, want %+v", s.Phases[i].Name, got, want)
		}
	}
	last := p.Stages[len(p.Stages)-1]
	// Five racks of ten GPUs, each worth four, take the place of ten racks.
	if last.Capacity != 100+100+5*10*4 || last.GPUs != 250 {
		t.Errorf("%g GPUs are worth %g at the end", last.GPUs, last.Capacity)
	}
	if b := p.Purchases[0]; b.Until != 3*Year {
		t.Errorf("the first racks go at %g years", b.Until/Year)
	}
	if q := p.Purchases[len(p.Purchases)-1]; q.Until != 4*Year || q.Racks != 5 {
		t.Errorf("%+v", q)
	}
}

// One share for all phases takes the place of theirs.
func TestOrderAt(t *testing.T) {
	hall := &HallSpec{Racks: 10, Power: 1e6, Cooling: 1e6}
	s := &Spec{Span: 3 * years, Seasons: 12, OrderAt: at(0.5), Demand: DemandSpec{GPUs: 40, Growth: 1}, Phases: []PhaseSpec{{Name: "a", Hall: hall}, {Name: "b", Hall: hall, When: at(2), Lead: years}}}
	p, err := Compile(s, []RackType{{GPUs: 10, Max: 1e4, Worth: 1}, {GPUs: 10, Max: 1e4, Worth: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Orders[1].Ordered, math.Ceil(12*math.Log2(50.0/40))*Year/12; math.Abs(got-want) > 1 {
		t.Errorf("ordered after %g years, want %g", got/Year, want/Year)
	}
}

func TestDemandTable(t *testing.T) {
	d := DemandSpec{Table: []DemandPoint{{0, 100}, {years, 200}, {3 * years, 400}}}
	for _, x := range []struct{ at, want float64 }{{0, 100}, {0.5, 150}, {2, 300}, {9, 400}} {
		if got := d.Demand(x.at * Year); math.Abs(got-x.want) > 1e-9 {
			t.Errorf("%g at %g years, want %g", got, x.at, x.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	hall := &HallSpec{Racks: 10, Power: 1e5, Cooling: 1e6}
	types := []RackType{{GPUs: 8, Max: 3e4, Worth: 1}, {GPUs: 8, Max: 2e5, Worth: 1}}
	for _, phases := range [][]PhaseSpec{
		{{Name: "a", Hall: hall, Racks: 4}},
		{{Name: "a", Hall: hall}, {Name: "b", In: "nowhere"}},
		{{Name: "a", Hall: hall}, {Name: "b", In: "a", Swap: true}},
		{{Name: "a", Hall: hall}, {Name: "a", Hall: hall}},
		{{Name: "a", Hall: hall, At: years}},
	} {
		if _, err := Compile(&Spec{Span: years, Seasons: 4, Demand: DemandSpec{GPUs: 1}, Phases: phases}, types); err == nil {
			t.Errorf("nobody minds %+v", phases)
		} else {
			t.Log(err)
		}
	}
}

// Among random days the typical period is never farther from the season than any other.
func TestTypicalIsNearest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		days := make([]Day, 365)
		for i := range days {
			days[i] = Day{10 + 15*math.Sin(float64(i)/58) + 4*r.NormFloat64(), r.NormFloat64(), 0}
		}
		from := r.IntN(270)
		to, length := from+91, 7
		got := Typical(days, from, to, length)
		mean := func(a, b, k int) float64 {
			sum := 0.0
			for _, d := range days[a:b] {
				sum += d[k]
			}
			return sum / float64(b-a)
		}
		var v, goal [2]float64
		for k := range v {
			all := mean(0, 365, k)
			for _, d := range days {
				v[k] += (d[k] - all) * (d[k] - all) / 365
			}
			goal[k] = mean(from, to, k)
		}
		distance := func(at int) float64 {
			sum := 0.0
			for k := range v {
				x := mean(at, at+length, k) - goal[k]
				sum += x * x / v[k]
			}
			return sum
		}
		for at := from; at+length <= to; at++ {
			if distance(at) < distance(got)*(1-1e-9) {
				t.Fatalf("day %d is nearer than %d", at, got)
			}
		}
	}
}
