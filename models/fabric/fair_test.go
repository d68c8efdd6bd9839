package fabric

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/fabric/bruteforce"
	"github.com/halltwin/halltwin/models/random"
)

// drawFlows makes a random problem for both solvers.
func drawFlows(st *random.Stream) ([]float64, []Flow, *bruteforce.Problem) {
	links, n := 1+int(st.Float64()*6), 1+int(st.Float64()*8)
	capacity := make([]float64, links)
	p := &bruteforce.Problem{Capacity: capacity, Use: make([][]float64, links)}
	for l := range capacity {
		capacity[l] = 1 + 99*st.Float64()
		if st.Float64() < 0.05 {
			capacity[l] = 0
		}
		p.Use[l] = make([]float64, n)
	}
	flows := make([]Flow, n)
	for k := range flows {
		f := &flows[k]
		f.Use = []float64{}
		for l := range capacity {
			if st.Float64() < 0.5 || (l == links-1 && len(f.Links) == 0) {
				u := 1.0
				if st.Float64() < 0.3 {
					u = 0.1 + 3*st.Float64()
				}
				f.Links, f.Use = append(f.Links, int32(l)), append(f.Use, u)
				p.Use[l][k] = u
			}
		}
		w, limit := 1.0, math.Inf(1)
		if st.Float64() < 0.3 {
			f.Weight = 0.5 + 3*st.Float64()
			w = f.Weight
		}
		if st.Float64() < 0.3 {
			f.Limit = 1 + 20*st.Float64()
			limit = f.Limit
		}
		p.Weight, p.Limit = append(p.Weight, w), append(p.Limit, limit)
	}
	return capacity, flows, p
}

// Progressive filling finds what the definition of max-min fairness, solved by linear programmes, gives.
func TestMaxMinAgainstBruteForce(t *testing.T) {
	st := random.Seed(1).Stream("flows")
	for i := range 2000 {
		capacity, flows, p := drawFlows(&st)
		got, want := MaxMin(capacity, flows, nil), p.Rates()
		for k := range got {
			if math.Abs(got[k]-want[k]) > 1e-6*(1+want[k]) {
				t.Fatalf("case %d, flow %d: %g, by definition %g\n%v\n%+v", i, k, got[k], want[k], capacity, flows)
			}
		}
	}
}

func TestMaxMinTextbook(t *testing.T) {
	// Bertsekas and Gallager, figure 6.13: three links in line, a long flow and two crossing ones.
	got := MaxMin([]float64{1, 2, 1}, []Flow{{Links: []int32{0, 1}}, {Links: []int32{0}}, {Links: []int32{1, 2}}, {}}, nil)
	for k, want := range []float64{0.5, 0.5, 1, math.Inf(1)} {
		if got[k] != want {
			t.Errorf("flow %d: %g, want %g", k, got[k], want)
		}
	}
}

func TestDrain(t *testing.T) {
	// Two flows share a link of 10 B/s; the second begins later, the first ends while both are there.
	link := []int32{0}
	got := Drain([]float64{10, 0}, []Transfer{
		{Flow: Flow{Links: link}, Bytes: 100, Delay: 0.5},
		{Flow: Flow{Links: link}, Bytes: 100, Start: 5},
		{Flow: Flow{Links: []int32{1}}, Bytes: 1},
		{Bytes: 0, Start: 3},
	})
	for k, want := range []float64{15.5, 20, math.Inf(1), 3} {
		if math.Abs(got[k]-want) > 1e-12 && got[k] != want {
			t.Errorf("transfer %d ends at %g, want %g", k, got[k], want)
		}
	}
}

func FuzzMaxMin(f *testing.F) {
	for s := range uint64(8) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		st := random.Seed(seed).Stream("flows")
		capacity, flows, _ := drawFlows(&st)
		got := MaxMin(capacity, flows, nil)
		load := make([]float64, len(capacity))
		for k := range flows {
			for i, l := range flows[k].Links {
				load[l] += got[k] * flows[k].use(i)
			}
		}
		for l := range load {
			if load[l] > capacity[l]*(1+1e-9)+1e-12 {
				t.Fatalf("link %d carries %g of %g", l, load[l], capacity[l])
			}
		}
		for k := range flows { // a flow below its limit has a full link on which no other is better off
			f := &flows[k]
			bound := f.Limit > 0 && got[k] >= f.Limit*(1-1e-9)
			for i, l := range f.Links {
				if f.use(i) > 0 && load[l] >= capacity[l]*(1-1e-9)-1e-12 {
					bound = true
				}
			}
			if !bound {
				t.Fatalf("flow %d of rate %g could be faster", k, got[k])
			}
		}
	})
}

func BenchmarkMaxMin(b *testing.B) {
	st := random.Seed(1).Stream("bench")
	capacity := make([]float64, 1000)
	for l := range capacity {
		capacity[l] = 100
	}
	flows := make([]Flow, 2000)
	for k := range flows {
		for range 4 {
			flows[k].Links = append(flows[k].Links, int32(st.Float64()*1000))
		}
	}
	var rates []float64
	for b.Loop() {
		rates = MaxMin(capacity, flows, rates[:0])
	}
}
