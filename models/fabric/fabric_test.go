package fabric

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/random"
)

var cables = Cables{Host: 400e9, Latency: 1e-6}

func must(t *testing.T) func(*Graph, error) *Graph {
	return func(g *Graph, err error) *Graph {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
}

func graphs(t *testing.T) map[string]*Graph {
	return map[string]*Graph{
		"leaf-spine": LeafSpine(32, 4, 4, 4, 1, 2, cables),
		"rail":       Rail(32, 8, 8, 4, 1, cables),
		"fat-tree":   must(t)(FatTree(4, cables)),
		"torus":      must(t)(Torus([]int{4, 4, 2}, cables)),
		"dragonfly":  must(t)(Dragonfly(9, 4, 2, cables)),
	}
}

// Every host reaches every other, with and without its first spine (or neighbour), by routes that are chains of live links.
func TestRoutesReach(t *testing.T) {
	for name, g := range graphs(t) {
		for _, routing := range []Routing{ECMP, Adaptive, Static} {
			r := NewRouter(g, routing)
			c := g.Sound()
			for range 2 {
				for a := range g.Hosts {
					for b := range g.Hosts {
						f, latency, ok := r.Route(a, b, uint64(a*1000+b))
						if !ok {
							t.Fatalf("%s: %d does not reach %d", name, a, b)
						}
						if a != b && !(latency > 0) {
							t.Fatalf("%s: from %d to %d in no time", name, a, b)
						}
						out := 0.0
						for i, l := range f.Links {
							if c.Share[l] == 0 {
								t.Fatalf("%s: a route over a dead link", name)
							}
							if g.Links[l].To == int32(b) {
								out += f.use(i)
							}
						}
						if a != b && math.Abs(out-1) > 1e-12 {
							t.Fatalf("%s: %g of the flow arrives", name, out)
						}
					}
				}
				spare := g.Vertices - 1 // a spine or core, where there is one
				if g.Kind(spare) == "leaf" {
					break
				}
				c.SetVertex(g, spare, 0)
				r.Learn(c)
			}
		}
	}
}

// A leaf lost takes its hosts with it; of a rail group it takes one card of each.
func TestLossOfLeaf(t *testing.T) {
	g := LeafSpine(16, 4, 4, 0, 1, 1, cables)
	r, c := NewRouter(g, Adaptive), g.Sound()
	leaf, err := g.Switch("leaf", 0)
	if err != nil {
		t.Fatal(err)
	}
	c.SetVertex(g, leaf, 0)
	f, _, ok := r.Route(0, 8, 1)
	if !ok {
		t.Fatal("the router knows before it is told")
	}
	if rate := MaxMin(c.Capacity(g), []Flow{f}, nil)[0]; rate != 0 {
		t.Errorf("%g B/s over a dead leaf", rate)
	}
	r.Learn(c)
	if _, _, ok := r.Route(0, 8, 1); ok {
		t.Error("a route from behind a dead leaf")
	}
	rail := Rail(16, 8, 8, 4, 1, cables)
	r, c = NewRouter(rail, Adaptive), rail.Sound()
	leaf, _ = rail.Switch("leaf", 3)
	c.SetVertex(rail, leaf, 0)
	r.Learn(c)
	f, _, ok = r.Route(0, 5, 1)
	if !ok {
		t.Fatal("no way over seven rails")
	}
	if rate := MaxMin(c.Capacity(rail), []Flow{f}, nil)[0]; math.Abs(rate/(cables.Host*7/8)-1) > 1e-9 {
		t.Errorf("%g B/s over seven of eight rails", rate)
	}
	if _, err := g.Switch("core", 0); err == nil {
		t.Error("a core switch that is not there")
	}
}

// A permutation over a full-bisection fabric runs at line rate where routing adapts; ECMP loses about half of it to the worst
// collisions (Kokolis et al.: 50–75 % without adaptive routing), as the closed form says.
func TestCollisions(t *testing.T) {
	const leaves, per = 16, 16
	g := LeafSpine(leaves*per, per, per, 0, 1, 1, cables)
	mean := map[Routing]float64{}
	for _, routing := range []Routing{ECMP, Adaptive} {
		r := NewRouter(g, routing)
		worst := 0.0
		const tries = 20
		for try := range tries {
			var flows []Flow
			for h := range g.Hosts {
				f, _, _ := r.Route(h, (h+per)%g.Hosts, uint64(try)<<32|uint64(h))
				flows = append(flows, f)
			}
			rates := MaxMin(g.Sound().capacity(g), flows, nil)
			for leaf := range leaves {
				least := math.Inf(1)
				for h := range per {
					least = math.Min(least, rates[leaf*per+h])
				}
				worst += least / cables.Host / tries / leaves
			}
		}
		mean[routing] = worst
	}
	want := Collide(per, per)
	t.Logf("worst flow of a leaf: adaptive %.3f, ECMP %.3f; of one stage %.3f", mean[Adaptive], mean[ECMP], want)
	if math.Abs(mean[Adaptive]-1) > 1e-9 {
		t.Errorf("adaptive routing reaches %g", mean[Adaptive])
	}
	if mean[ECMP] < 0.25 || mean[ECMP] > want*1.05 {
		t.Errorf("ECMP reaches %g, the closed form of the way up alone says %g", mean[ECMP], want)
	}
}

func (c Condition) capacity(g *Graph) []float64 { return c.Capacity(g) }

// The closed form of collisions against throws.
func TestCollide(t *testing.T) {
	st := random.Seed(1).Stream("balls")
	for _, c := range []struct{ k, m int }{{2, 2}, {8, 8}, {16, 16}, {8, 32}, {64, 16}} {
		mean := 0.0
		const tries = 20000
		for range tries {
			count := make([]int, c.m)
			most := 0
			for range c.k {
				i := int(st.Float64() * float64(c.m))
				count[i]++
				most = max(most, count[i])
			}
			mean += math.Min(1, math.Max(1, float64(c.k)/float64(c.m))/float64(most)) / tries
		}
		if got := Collide(c.k, c.m); math.Abs(got-mean) > 0.01 {
			t.Errorf("%d flows on %d paths: %.4f, thrown %.4f", c.k, c.m, got, mean)
		}
	}
	if Collide(1, 8) != 1 || Collide(8, 1) != 1 {
		t.Error("nothing collides alone")
	}
}

// All-to-all on the graph against the closed form of the reach, narrow pods included.
func TestReachAgainstGraph(t *testing.T) {
	const hosts, per = 32, 4
	for _, c := range []struct {
		over, pod float64
		podLeaves int
	}{{1, 1, 0}, {2, 1, 0}, {1, 3, 4}, {2, 2, 4}} {
		g := LeafSpine(hosts, per, 4, c.podLeaves, c.over, c.pod, cables)
		s := Spec{Topology: "leaf-spine", Uplinks: 4, Narrowing: c.over, PodLeaves: c.podLeaves, PodNarrowing: c.pod, Routing: "adaptive"}
		reach := s.Compile(hosts, per)
		r := NewRouter(g, Adaptive)
		var all []Flow
		for a := range hosts {
			for b := range hosts {
				if a != b {
					f, _, _ := r.Route(a, b, 0)
					all = append(all, f)
				}
			}
		}
		least := math.Inf(1)
		for _, rate := range MaxMin(g.Sound().capacity(g), all, nil) {
			least = math.Min(least, rate)
		}
		got, want := reach.Exchange(hosts)*cables.Host, least*(hosts-1)
		if math.Abs(got/want-1) > 1e-9 {
			t.Errorf("%+v: all-to-all %.3g B/s a node, on the graph %.3g", c, got, want)
		}
	}
}

func TestRing(t *testing.T) {
	s := Spec{Topology: "leaf-spine", Uplinks: 16, Narrowing: 4, Routing: "adaptive"}
	r := s.Compile(64, 8)
	for _, c := range []struct {
		n, stride int
		want      float64
	}{{8, 1, 1}, {64, 1, 1}, {16, 4, 0.5}, {8, 8, 0.25}, {4, 16, 0.25}} {
		if got := r.Ring(c.n, c.stride); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%d nodes %d apart: %g, want %g", c.n, c.stride, got, c.want)
		}
	}
	var free Reach
	if free.Ring(1000, 3) != 1 || free.Exchange(1000) != 1 {
		t.Error("a network that narrows nowhere narrows")
	}
}

func TestCollectives(t *testing.T) {
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got/want-1) > 1e-12 {
			t.Errorf("%s: %g, want %g", what, got, want)
		}
	}
	tier := Tier{Ranks: 8, Alpha: 3e-6, Bandwidth: 300e9}
	const s = 1e9
	near("ring", tier.Time(AllReduce, Ring, s), 14*3e-6+2*7.0/8*s/300e9)
	near("tree", tier.Time(AllReduce, Tree, s), 6*3e-6+2*s/300e9)
	near("all-gather", tier.Time(AllGather, Fastest, s), 7*3e-6+7.0/8*s/300e9)
	near("fastest, small", tier.Time(AllReduce, Fastest, 1), tier.Time(AllReduce, Tree, 1))
	tier.Reduces = true
	near("in the switch", tier.Time(AllReduce, Fastest, s), 6e-6+s/300e9)
	tier.Reduces = false
	outer := Tier{Ranks: 4, Alpha: 20e-6, Bandwidth: 50e9}
	near("hierarchical", Collective(AllReduce, []Tier{tier, outer}, s),
		tier.Time(ReduceScatter, Ring, s)+outer.Time(AllReduce, Fastest, s/8)+tier.Time(AllGather, Ring, s))
	near("one tier only", Collective(AllReduce, []Tier{tier, {Ranks: 1, Bandwidth: 1}}, s), tier.Time(AllReduce, Fastest, s))
	// nccl: the bus bandwidth of n ranks times (k-1)/(n-1) is what passes a card.
	outer.Alpha, tier.Alpha, tier.Bandwidth = 0, 0, 1e30
	bus := BusFactor(AllReduce, 32) * s / Collective(AllReduce, []Tier{tier, outer}, s)
	near("rate of a card", bus*3/31, 50e9)
	if Collective(AllReduce, nil, s) != 0 || Collective(SendReceive, []Tier{tier}, 0) != 0 {
		t.Error("nothing to send takes time")
	}
}

func TestCurve(t *testing.T) {
	var p []Point
	for b := 32768.0; b <= 16<<30; b *= 2 {
		p = append(p, Point{b, 40e-6 + b/250e9})
	}
	c, err := NewCurve(p)
	if err != nil {
		t.Fatal(err)
	}
	for b := 32768.0; b <= 16<<30; b *= 1.37 {
		if e := c.Time(b)/(40e-6+b/250e9) - 1; math.Abs(e) > 0.001 {
			t.Errorf("%g B: off by %g", b, e)
		}
	}
	if got := c.Bandwidth(); math.Abs(got/250e9-1) > 1e-3 {
		t.Errorf("%g B/s far out", got)
	}
	for _, bad := range [][]Point{nil, {{1, 1}}, {{1, 1}, {1, 2}}, {{1, 1}, {2, -1}}, {{0, 1}, {2, 1}}} {
		if _, err := NewCurve(bad); err == nil {
			t.Errorf("%v makes a curve", bad)
		}
	}
}

func FuzzCurve(f *testing.F) {
	f.Add(1e3, 1e-5, 1e6, 2e-5, 1e9, 1e-2)
	f.Add(1.0, 1e300, 2.0, 1e-300, 3.0, 1.0)
	f.Fuzz(func(t *testing.T, a, ta, b, tb, c, tc float64) {
		curve, err := NewCurve([]Point{{a, ta}, {b, tb}, {c, tc}})
		if err != nil {
			return
		}
		if v := curve.Time(math.Sqrt(a) * math.Sqrt(b)); !(v >= 0) {
			t.Fatalf("%g s", v)
		}
	})
}

func TestCongestion(t *testing.T) {
	// Two jobs share leaf 1; each offers its rings' 400 GB/s, and the leaf has 500.
	jobs := []Load{
		Offer(Rings, []int32{0, 1}, []int{4, 2}, 400e9, 1),
		Offer(Rings, []int32{1, 2}, []int{2, 4}, 400e9, 1),
		Offer(Meshes, []int32{3}, []int{4}, 400e9, 1),
	}
	got := Congestion([]float64{500e9, 500e9, 500e9, 500e9}, jobs, nil)
	for i, want := range []float64{0.625, 0.625, 1} {
		if math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("job %d gets %g, want %g", i, got[i], want)
		}
	}
	// A job alone never asks for more than a narrow network gave it when its step was computed.
	s := Spec{Topology: "leaf-spine", Uplinks: 16, Narrowing: 4, Routing: "adaptive"}
	r := s.Compile(32, 8)
	for _, stride := range []int{1, 2, 4, 8, 16} {
		l := Offer(Rings, []int32{0, 1, 2, 3}, []int{8, 8, 8, 8}, 400e9*r.Ring(32/stride, stride), stride)
		if got := Congestion([]float64{800e9, 800e9, 800e9, 800e9}, []Load{l}, nil); got[0] < 1-1e-12 {
			t.Errorf("alone, with rings %d apart, a job gets %g", stride, got[0])
		}
	}
	l := Offer(Meshes, []int32{0, 1, 2, 3}, []int{8, 8, 8, 8}, 400e9*r.Exchange(32), 1)
	if got := Congestion([]float64{800e9, 800e9, 800e9, 800e9}, []Load{l}, nil); got[0] < 1-1e-12 {
		t.Errorf("alone, all with all, a job gets %g", got[0])
	}
	p := Profile{Busy: 0.3, Exposed: 0.1, Window: 0.4}
	for _, c := range []struct{ share, want float64 }{{1, 1}, {0.6, 1}, {0.5, 1 / 1.1}, {0, 0}} {
		if got := p.Slowdown(c.share); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("share %g: speed %g, want %g", c.share, got, c.want)
		}
	}
}

func TestSpec(t *testing.T) {
	for _, c := range []struct {
		s    Spec
		path string
	}{
		{Spec{Topology: "torus"}, "dimensions"},
		{Spec{Topology: "leaf-spine", Dimensions: []int{2}}, "dimensions"},
		{Spec{Topology: "fat-tree", Narrowing: 2}, "oversubscription"},
		{Spec{Topology: "leaf-spine", PodNarrowing: 7}, "leaves_per_pod"},
		{Spec{Topology: "rail", Measured: []PointSpec{{1, 1}}}, "measured"},
		{Spec{Topology: "rail"}, ""},
	} {
		got := ""
		c.s.Validate(func(path, _ string) { got = path })
		if got != c.path {
			t.Errorf("%+v: complaint about %q, want %q", c.s, got, c.path)
		}
	}
	if _, err := FatTree(3, cables); err == nil {
		t.Error("a fat-tree of 3-port switches")
	}
	if _, err := Torus([]int{0}, cables); err == nil {
		t.Error("a torus of no nodes")
	}
	if _, err := Dragonfly(0, 1, 1, cables); err == nil {
		t.Error("a dragonfly of no groups")
	}
}

// Tasks: one pace for all that they do, the backbone shared by those that run at once.
func TestTasks(t *testing.T) {
	// Hosts 0-2 of 1 FLOP/s, resources 3-5 their links, 6 the backbone.
	p := Platform{Capacity: []float64{1, 1, 1, 1, 1, 1, 1.5}, Route: func(a, b int) ([]int32, float64) {
		return []int32{int32(3 + a), 6}, 0.25
	}}
	tasks := []Task{
		{Compute: []float64{4}, Bytes: nil},
		{Compute: []float64{0, 1}, Bytes: []float64{0, 3, 0, 0}},
		{Compute: []float64{0}, Bytes: []float64{0}},
	}
	got := p.Run(tasks, [][]int{{0}, {1, 2}, {0}}, []float64{0, 1, 2})
	for i, want := range []float64{4, 4.25, 2} {
		if math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("task %d ends at %g, want %g", i, got[i], want)
		}
	}
}
