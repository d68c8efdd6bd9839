package schedule

import (
	"fmt"
	"maps"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
)

// rounds is the number of random workloads: 100, or 10,000 under HALLTWIN_SOAK=1.
func rounds() int {
	if os.Getenv("HALLTWIN_SOAK") != "" {
		return 10_000
	}
	return 100
}

// site is a random little cluster: racks of four nodes, leaves of eight, one or two kinds of node.
type site struct {
	tree  *facility.Tree
	nodes []workload.Vector
	leaf  []int32
}

func randomSite(r *rand.Rand) site {
	racks := 1 + r.IntN(4)
	st := site{tree: facility.New("site")}
	st.tree.Add(facility.Rack, facility.Site, []int{racks})
	per := make([]int, racks)
	kinds := []workload.Vector{{workload.GPU: 8, workload.CPU: 64, workload.Memory: 512}, {workload.GPU: 4, workload.CPU: 96, workload.Memory: 256}}
	if r.IntN(3) == 0 {
		kinds = []workload.Vector{{workload.CPU: 16, workload.Memory: 64}, {workload.CPU: 16, workload.Memory: 64}}
	}
	mixed := r.IntN(2)
	for i := range per {
		per[i] = 1 + r.IntN(4)
		for range per[i] {
			st.nodes = append(st.nodes, kinds[mixed*r.IntN(2)])
			st.leaf = append(st.leaf, int32(i/2))
		}
	}
	st.tree.Add(facility.Node, facility.Rack, per)
	return st
}

// randomTasks returns jobs that each fit on the empty site. Estimates are never too short.
func randomTasks(r *rand.Rand, c *Config, n int) []task {
	var tasks []task
	exact := r.IntN(2) == 0 // all estimates are the run times
	shape := r.IntN(4)      // 0: anything; 1: all parts alike; 2: whole nodes; 3: single devices
	alike := workload.Vector{workload.CPU: float64(1 + r.IntN(8))}
	if c.parts > 0 && c.axis == workload.GPU && r.IntN(4) > 0 {
		shape = 4 // shares of devices, mostly
	}
	at := 0.0
	empty := NewState(c)
	for len(tasks) < n {
		k := task{run: float64(1 + r.IntN(100))}
		k.Estimate = k.run
		if !exact && r.IntN(2) == 0 {
			k.Estimate += float64(r.IntN(100))
		}
		k.Parts = int32(1 + r.IntN(6))
		k.User, k.Queue = int32(r.IntN(3)), int32(r.IntN(2))
		k.Priority = float64(r.IntN(3))
		switch shape {
		case 0:
			k.Part = workload.Vector{workload.CPU: float64(r.IntN(20)), workload.Memory: float64(r.IntN(100))}
			if c.axis == workload.GPU {
				k.Part[workload.GPU] = float64(r.IntN(9))
			}
			k.Whole = r.IntN(6) == 0
		case 1:
			k.Part = alike
		case 2:
			k.Whole = true
		case 3:
			k.Part[c.axis] = 1
			k.Parts = int32(1 + r.IntN(20))
		case 4:
			if k.Part[workload.GPU] = float64(1+r.IntN(12)) / 10; r.IntN(3) > 0 {
				k.Parts = 1
			}
		}
		if r.IntN(3) > 0 {
			at += float64(r.IntN(30))
		}
		k.Submit = at
		k.Draw = float64(r.IntN(50))
		if _, first := c.order.(fcfs); !first && r.IntN(8) == 0 { // else it would go before whoever has been promised a start
			k.Begin = k.Submit + float64(r.IntN(50))
		}
		if c.Fits(&k.Request) && (len(c.limits) == 0 || c.CouldStart(empty, &k.Request)) {
			tasks = append(tasks, k)
		}
	}
	return tasks
}

// audit checks the state against a reckoning from scratch: no node gives more than it has, no device has two
// holders, every gang is whole, the index tells the truth.
func audit(t *testing.T, c *Config, s *State) {
	t.Helper()
	free, used, parts := slices.Clone(c.capacity), make([]uint64, len(s.Nodes)), make([]int32, len(s.Nodes))
	whole, shared := make([]bool, len(s.Nodes)), make([]bool, len(s.Nodes)) // pinned jobs may be anywhere
	held := make([]int32, len(s.Left))                                      // parts of each device
	for _, slot := range s.Running {
		e := &s.Entries[slot]
		need, got := demand(&e.Request), int32(0)
		for ch := e.First; ch >= 0; ch = s.Chunks[ch].Next {
			k := &s.Chunks[ch]
			if used[k.Node]&k.GPUs != 0 && e.Share == 0 {
				t.Fatalf("node %d: devices %b of job %d have another holder", k.Node, k.GPUs, e.Job)
			}
			for d := range 64 {
				if k.GPUs>>d&1 == 1 && s.Left != nil {
					if at := &held[c.first[k.Node]+int32(d)]; e.Share > 0 {
						*at += e.Share
					} else {
						*at += c.parts
					}
				}
			}
			if n := bits.OnesCount64(k.GPUs); e.Share > 0 && (n != 1 || k.Parts != 1) {
				t.Fatalf("job %d has %d devices for a share of one", e.Job, n)
			} else if !e.Whole && e.Share == 0 && n != int(need[workload.GPU])*int(k.Parts) {
				t.Fatalf("job %d has %d devices for %d parts of %g", e.Job, n, k.Parts, need[workload.GPU])
			}
			if !e.Pinned && (whole[k.Node] || e.Whole && (shared[k.Node] || k.Parts != 1)) {
				t.Fatalf("node %d is not whole for job %d", k.Node, e.Job)
			}
			whole[k.Node] = whole[k.Node] || e.Whole
			shared[k.Node] = shared[k.Node] || !e.Pinned
			used[k.Node] |= k.GPUs
			parts[k.Node] += k.Parts
			got += k.Parts
			free[k.Node] = free[k.Node].Sub(c.holds(e, k, &need))
		}
		if got != e.Parts {
			t.Fatalf("job %d runs with %d of %d parts", e.Job, got, e.Parts)
		}
	}
	drawn := make([]float64, len(s.Drawn))
	for l := range drawn {
		drawn[l] = c.limits[l].idle
	}
	for _, slot := range s.Running {
		e := &s.Entries[slot]
		for ch := e.First; ch >= 0 && len(drawn) > 0; ch = s.Chunks[ch].Next {
			for _, l := range c.at(s.Chunks[ch].Node) {
				drawn[l] += float64(s.Chunks[ch].Parts) * e.Draw
			}
		}
		if e.Begin > e.Begun {
			t.Fatalf("job %d started at %g s, before %g s", e.Job, e.Begun, e.Begin)
		}
	}
	for l, w := range drawn {
		if math.Abs(w-s.Drawn[l]) > 1e-6 || w > c.limits[l].power+1e-6 {
			t.Fatalf("limit %d of %g W: %g W are drawn, state says %g W", l, c.limits[l].power, w, s.Drawn[l])
		}
	}
	for d, n := range held {
		if n+int32(s.Left[d]) != c.parts {
			t.Fatalf("device %d: %d of %d parts are held, state says %d are left", d, n, c.parts, s.Left[d])
		}
	}
	for n := range s.Nodes {
		nd := &s.Nodes[n]
		free[n][workload.GPU] = float64(bits.OnesCount64(nd.GPUUp &^ used[n]))
		for i := range free[n] {
			if free[n][i] < -1e-6 || math.Abs(free[n][i]-nd.Free[i]) > 1e-6 {
				t.Fatalf("node %d: %v free, state says %v", n, free[n], nd.Free)
			}
		}
		if nd.GPUUsed != used[n] || nd.Parts != parts[n] {
			t.Fatalf("node %d: state says devices %b, %d parts; it is %b, %d", n, nd.GPUUsed, nd.Parts, used[n], parts[n])
		}
		level := int32(-1)
		if nd.open() {
			level = max(0, c.level(&nd.Free))
		}
		if s.scratch != nil {
			for i := range s.scratch.tables {
				tb := &s.scratch.tables[i]
				if tb.update(c, s); c.portion(&tb.need) == 0 && tb.room[n] != roomOf(c, nd, tb) {
					t.Fatalf("node %d: a table says it takes %d parts of %v, it takes %d", n, tb.room[n], tb.need, roomOf(c, nd, tb))
				}
			}
		}
		for l := range int32(c.top) + 1 {
			if at := c.atLeast(s, l); at[n>>6]>>(n&63)&1 == 1 != (l <= level) {
				t.Fatalf("node %d: index says %v at level %d, it has %d", n, at[n>>6], l, level)
			}
		}
	}
}

// roomOf reckons how many parts of a table's demand a node takes.
func roomOf(c *Config, nd *Node, t *roomTable) int32 {
	if !nd.open() || t.whole && nd.Parts > 0 {
		return 0
	}
	free, k := nd.Free.Add(c.tolerate), int32(0)
	for need := t.need; k < maxLevel && need.Fits(free) && (k == 0 || !t.whole); k++ {
		free = free.Sub(need)
	}
	return k
}

// prospect reckons by brute force when the job can start if running jobs end as estimated: at each end, all parts
// are placed first fit on what is then free.
func prospect(c *Config, s *State, e *Entry, now float64) float64 {
	free, parts := make([]workload.Vector, len(s.Nodes)), make([]int32, len(s.Nodes))
	for n := range s.Nodes {
		free[n], parts[n] = s.Nodes[n].Free, s.Nodes[n].Parts
	}
	need := demand(&e.Request)
	for i := -1; i < len(s.Running); i++ {
		if i >= 0 {
			r := &s.Entries[s.Running[i]]
			now = max(now, r.End)
			rneed := demand(&r.Request)
			for ch := r.First; ch >= 0; ch = s.Chunks[ch].Next {
				k := &s.Chunks[ch]
				free[k.Node] = free[k.Node].Add(c.holds(r, k, &rneed))
				parts[k.Node] -= k.Parts
			}
		}
		want := e.Parts
		for n := range free {
			f := free[n]
			for k := 0; want > 0 && (!e.Whole || parts[n] == 0 && k == 0) && need.Fits(f); k++ {
				f = f.Sub(need)
				want--
			}
		}
		if want == 0 {
			return now
		}
	}
	return math.Inf(1)
}

// randomPreemption is any way to preempt.
func randomPreemption(r *rand.Rand) *PreemptionSpec {
	p := &PreemptionSpec{
		By:     []string{"place", "count"}[r.IntN(2)],
		Ties:   []string{"running", "waiting", "submitted"}[r.IntN(3)],
		MinRun: unit.Duration(r.IntN(2) * (10 + r.IntN(50))),
		LAS:    AttainedSpec{Thresholds: []unit.Duration{20, 100}, Promote: float64(r.IntN(2) * r.IntN(5))},
	}
	if p.LAS.Promote == 0 && r.IntN(2) == 0 { // a turn of the first queue may be shorter than starting again
		p.Cost = []CostSpec{{GPUs: 1, Time: 1}, {Time: 2}}
	}
	return p
}

// randomSharing is any way to share devices, mostly none.
func randomSharing(r *rand.Rand, spec *Spec) {
	if (spec.Backfill == "strict" || spec.Backfill == "first-fit") && spec.Reservations == nil && r.IntN(3) == 0 {
		spec.Sharing = &SharingSpec{Slices: r.IntN(2) * 7}
	}
}

// randomLimits is any limit of power, mostly none.
func randomLimits(r *rand.Rand, spec *Spec) {
	if (spec.Backfill == "strict" || spec.Backfill == "first-fit") && r.IntN(4) == 0 {
		spec.Limits = []LimitSpec{{At: "site", Limit: unit.Power(200 + r.IntN(1000))}, {At: "rack", Limit: unit.Power(50 + r.IntN(300))}}[r.IntN(2):]
	}
}

// TestRandomWorkloads runs random jobs under every order, backfill and placement and audits each pass. Under EASY
// the promise to the blocked job is what brute force says, is never put off, and is kept.
func TestRandomWorkloads(t *testing.T) {
	orderNames, placeNames := slices.Sorted(maps.Keys(orders)), slices.Sorted(maps.Keys(placements))
	for seed := range rounds() {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		st := randomSite(r)
		spec := Spec{
			Order:     orderNames[r.IntN(len(orderNames))],
			Backfill:  []string{"strict", "first-fit", "easy", "easy", "easy", "conservative"}[r.IntN(6)],
			Placement: placeNames[r.IntN(len(placeNames))],
		}
		if r.IntN(2) == 0 {
			spec.Order = "fcfs"
		}
		if _, ok := orders[spec.Order].(ranked); ok && r.IntN(2) == 0 || preemptive[spec.Order] {
			spec.Backfill = []string{"strict", "first-fit", "easy"}[r.IntN(3)]
			if spec.Preemption = randomPreemption(r); spec.Backfill == "easy" {
				spec.Preemption.By = "place"
			}
		}
		randomLimits(r, &spec)
		if r.IntN(4) == 0 {
			spec.HoldExtra = 1
		}
		randomSharing(r, &spec)
		c, err := Compile(&spec, st.tree, st.nodes, st.leaf)
		if err != nil {
			continue // conservative and consolidate-by-rack
		}
		name := fmt.Sprintf("seed %d: %s/%s/%s", seed, spec.order(), spec.backfill(), spec.Placement)
		head, promise := int32(-1), 0.0

		tasks := randomTasks(r, c, 40)
		exact := !slices.ContainsFunc(tasks, func(k task) bool { return k.Estimate > k.run })
		slots := false
		out := replayWith(t, c, tasks, func(s *State, now float64) {
			audit(t, c, s)
			slots = slots || !s.Apart && s.Queue.Count > 0
			if c.backfill != easy || s.Head < 0 || c.preemption.on {
				head = -1
				return
			}
			e := &s.Entries[s.Head]
			if e.Job == head && e.Promise > promise && spec.order() == "fcfs" { // elsewhere a newcomer may go first
				t.Fatalf("%s: at %g s job %d is put off from %g s to %g s", name, now, e.Job, promise, e.Promise)
			}
			head, promise = e.Job, e.Promise
			if !c.consolidates() && s.scratch.shadow.live {
				if p := prospect(c, s, e, now); p != e.Promise {
					t.Fatalf("%s: at %g s job %d is promised %g s, brute force says %g s", name, now, e.Job, e.Promise, p)
				}
			}
		})
		for i, o := range out {
			if math.IsNaN(o.start) {
				t.Fatalf("%s: job %d never started", name, i)
			}
			if !c.preemption.on && (c.backfill == easy || (exact || !slots) && c.backfill == conservative) && spec.order() == "fcfs" && o.start > o.promise {
				t.Errorf("%s: job %d was promised %g s and started at %g s", name, i, o.promise, o.start)
			}
		}
	}
}
