package storage

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/halltwin/halltwin/models/fabric"
	"github.com/halltwin/halltwin/models/unit"
)

// spec is a storage of the defaults.
func spec(data, parity, replicas int) *Spec {
	return &Spec{Name: "scratch", Kind: "distributed", On: "row-0", Disks: DisksSpec{Count: 4, Capacity: 10e12, Read: 6e9, Write: 3e9},
		Protection: ProtectionSpec{Data: data, Parity: parity, Replicas: replicas}, Rebuild: RebuildSpec{Share: 0.2, After: 600},
		Fill: FillSpec{Used: 0.5, Warn: 0.85, Full: "skip"}}
}

func pool(t testing.TB, s *Spec, nodes int) *Pool {
	t.Helper()
	var ids []int32
	var network []float64
	for i := range nodes {
		ids, network = append(ids, int32(i)), append(network, 25e9)
	}
	p, err := s.Compile(ids, network)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance*math.Abs(b) }

// What a single stream gets is what drives, cards and limits leave, whichever is least.
func TestBandwidth(t *testing.T) {
	code, copies := pool(t, spec(8, 2, 0), 10), pool(t, spec(0, 0, 3), 10)
	encrypted := spec(8, 2, 0)
	encrypted.Encryption = EncryptionSpec{AtRest: 0.1, InFlight: 0.2}
	limited := spec(8, 2, 0)
	limit := unit.Bandwidth(20e9)
	limited.Read = &limit
	lost := code.New()
	code.NodeDown(lost, 3, 0)
	for _, c := range []struct {
		what        string
		pool        *Pool
		state       *State
		read, write float64
	}{
		{"erasure code", code, code.New(), 240e9, 120e9 / 1.25},
		{"three copies", copies, copies.New(), 240e9, 120e9 / 3},
		{"encrypted", pool(t, encrypted, 10), code.New(), 200e9, 120e9 * 0.9 / 1.25},
		{"limited", pool(t, limited, 10), code.New(), 20e9, 120e9 / 1.25},
		{"a node is lost", code, lost, 216e9 / 1.7, 108e9 / 1.25},
	} {
		r := c.pool.Room(c.state)
		if got := r.Alone(false); !near(got, c.read, 1e-12) {
			t.Errorf("%s: reads %g B/s, want %g", c.what, got, c.read)
		}
		if got := r.Alone(true); !near(got, c.write, 1e-12) {
			t.Errorf("%s: writes %g B/s, want %g", c.what, got, c.write)
		}
	}
}

// A pool is away while more nodes are than it bears, and whole when one of them is back or made up for.
func TestNodes(t *testing.T) {
	p := pool(t, spec(4, 2, 0), 8)
	s := p.New()
	for n := range int32(3) {
		p.NodeDown(s, n, 0)
		p.NodeDown(s, n, 0)
	}
	if r := p.Room(s); p.Available(s) || r.Alone(true) != 0 || len(s.Losses) != 3 {
		t.Error("it is there without 3 of 8 nodes")
	}
	p.Arm(s, 700)
	if s.Rebuild != 0 {
		t.Error("it rebuilds what it cannot read")
	}
	p.NodeUp(s, 1)
	if !p.Available(s) {
		t.Error("it is away without 2 of 8 nodes")
	}
	finish(p, s, 700)
	if len(s.Losses) != 0 || s.Rebuilds != 2 || !p.Available(s) {
		t.Errorf("%d losses after %d rebuilds", len(s.Losses), s.Rebuilds)
	}
	p.NodeDown(s, 5, 9e9)
	p.NodeDown(s, 6, 9e9)
	if !p.Available(s) {
		t.Error("what has been rebuilt counts as lost")
	}
	s.Off = true
	if p.Available(s) {
		t.Error("it is there though it is off")
	}
}

// finish lets a pool be until it has nothing to rebuild, and returns the time that this took.
func finish(p *Pool, s *State, now float64) float64 {
	begin := now
	for range 1000 {
		next := p.Arm(s, now)
		if math.IsInf(next, 1) {
			break
		}
		p.Advance(s, now, next)
		now += next
		p.Finish(s)
	}
	return now - begin
}

// A rebuild takes bytes × max(k/R + 1/W, k/N) / share.
func TestRebuild(t *testing.T) {
	for _, c := range []struct {
		pool *Pool
		disk bool
		want float64
	}{
		// 10 nodes of 4 drives: half of 10 TB, from 8 chunks each, with what 39 drives or 9 nodes can do.
		{pool(t, spec(8, 2, 0), 10), true, 5e12 / 0.2 * max(8/(39*6e9)+1/(39*3e9), 8/250e9)},
		{pool(t, spec(8, 2, 0), 10), false, 600 + 20e12/0.2*max(8/(36*6e9)+1/(36*3e9), 8/225e9)},
		{pool(t, spec(0, 0, 3), 10), true, 5e12 / 0.2 * (1/(39*6e9) + 1/(39*3e9))},
	} {
		s := c.pool.New()
		if c.disk {
			c.pool.DiskDown(s, 2, 1, 0)
		} else {
			c.pool.NodeDown(s, 2, 0)
		}
		if got := finish(c.pool, s, 0); !near(got, c.want, 1e-9) || len(s.Losses) != 0 || !near(s.Exposed, c.want, 1e-9) {
			t.Errorf("%+v: %g s, want %g", c.pool.Width, got, c.want)
		}
	}
}

// The share of stripes that are lost, counted over all of them.
func TestUnreadable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := rapid.IntRange(2, 9).Draw(t, "nodes")
		width := rapid.IntRange(1, nodes).Draw(t, "width")
		tolerance := rapid.IntRange(0, width-1).Draw(t, "tolerance")
		gone := rapid.SliceOfN(rapid.Float64Range(0, 1), 0, nodes).Draw(t, "gone")
		sets, lost := 0.0, 0.0
		for set := range 1 << nodes {
			if bits.OnesCount(uint(set)) != width {
				continue
			}
			sets++
			odds := make([]float64, width+1) // of so many lost chunks
			odds[0] = 1
			for n, f := range gone {
				if set>>n&1 == 0 {
					continue
				}
				for k := width; k > 0; k-- {
					odds[k] = odds[k]*(1-f) + odds[k-1]*f
				}
				odds[0] *= 1 - f
			}
			for k := tolerance + 1; k <= width; k++ {
				lost += odds[k]
			}
		}
		if got := Unreadable(gone, nodes, width, tolerance); math.Abs(got-lost/sets) > 1e-9 {
			t.Fatalf("%g, counted %g", got, lost/sets)
		}
	})
}

// The mean time to data loss against the closed form for one tolerated loss, and against chains that are played.
func TestMTTDL(t *testing.T) {
	const lambda, mu = 1e-4, 1e-2
	fail := func(n int) func(int) float64 { return func(i int) float64 { return float64(n-i) * lambda } }
	mend := func(int) float64 { return mu }
	for _, n := range []int{2, 5, 50} {
		want := (float64(2*n-1)*lambda + mu) / (float64(n*(n-1)) * lambda * lambda)
		if got := MTTDL(1, fail(n), mend); !near(got, want, 1e-12) {
			t.Errorf("%d units: %g s, want %g", n, got, want)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ n, tolerance int }{{10, 1}, {60, 2}, {4, 0}} {
		const runs = 4000
		sum := 0.0
		for range runs {
			for i := 0; i <= c.tolerance; {
				up, down := fail(c.n)(i), 0.0
				if i > 0 {
					down = mu
				}
				sum += r.ExpFloat64() / (up + down)
				if r.Float64()*(up+down) < up {
					i++
				} else {
					i--
				}
			}
		}
		if got := MTTDL(c.tolerance, fail(c.n), mend); !near(sum/runs, got, 4/math.Sqrt(runs)) {
			t.Errorf("%d units, %d tolerated: %g s, played %g", c.n, c.tolerance, got, sum/runs)
		}
	}
	if p := LossProbability(1, 1e12); !near(p, 1e-12, 1e-6) {
		t.Errorf("%g in a millionth of a millionth of its time", p)
	}
}

// A pool of two copies whose drives fail and are replaced loses data after the time that follows from its rebuilds, which take a
// fixed time T: with rates a and b of a first and a second loss, (1/a + (1-exp(-bT))/b) / (1-exp(-bT)).
func TestDataLoss(t *testing.T) {
	s := spec(0, 0, 2)
	s.Disks.Count = 1
	p := pool(t, s, 20)
	T := p.DiskRebuild(p.New())
	rate := 0.02 / T / 19
	T *= 20.0 / 19 // the lost drive does not help
	r := rand.New(rand.NewPCG(3, 4))
	const losses = 1500
	now, lost := 0.0, 0
	state := p.New()
	for lost < losses {
		gap := r.ExpFloat64() / rate / 20
		for gap > 0 {
			dt := min(gap, p.Arm(state, now))
			p.Advance(state, now, dt)
			now, gap = now+dt, gap-dt
			for _, l := range p.Finish(state) {
				p.DiskUp(state, l.Node, l.Disk)
			}
		}
		if node := int32(r.IntN(20)); !state.Out[node] {
			p.DiskDown(state, node, 0, now)
		}
		if share := p.Ruin(state); share > 0 {
			lost++
			fresh := p.New()
			fresh.Used = state.Used
			state = fresh
		}
	}
	a, b := 20*rate, 19*rate
	gone := -math.Expm1(-b * T)
	want := (1/a + gone/b) / gone
	if got := now / losses; !near(got, want, 4/math.Sqrt(losses)) {
		t.Errorf("lost after %g s, want %g", got, want)
	}
	if got := p.MTTDL(rate); !near(got, want, 0.1) {
		t.Errorf("the chain says %g s, fixed rebuilds %g", got, want)
	}
}

// Drives lost one after another ruin together what they would at once: nothing is lost twice.
func TestRuinOnce(t *testing.T) {
	p := pool(t, spec(2, 1, 0), 10)
	s, sum := p.New(), 0.0
	for node := range int32(5) {
		p.DiskDown(s, node, 0, 0)
		sum += p.Ruin(s)
	}
	all := p.New()
	for node := range int32(5) {
		p.DiskDown(all, node, 0, 0)
	}
	if once := p.Ruin(all); !near(sum, once, 1e-9) || !near(s.Lost, all.Lost, 1e-9) {
		t.Errorf("%g of the data are lost one after another, %g at once", sum, once)
	}
}

// Streams that come at random share a pool as one server shared by all: however long they are, the mean time of one is
// size / (bandwidth × (1 - load)) (Kleinrock, Queueing Systems II, 4.4).
func TestSharing(t *testing.T) {
	p := pool(t, spec(8, 2, 0), 10)
	room := p.Room(p.New())
	alone := room.Alone(true)
	r := rand.New(rand.NewPCG(5, 6))
	for _, load := range []float64{0.3, 0.7} {
		const n = 6000
		var transfers []fabric.Transfer
		now, size := 0.0, 0.0
		for range n {
			bytes := 1e12 // three in four
			if r.IntN(4) == 0 {
				bytes = 5e12
			}
			size += bytes / n
			tr := fabric.Transfer{Bytes: bytes, Start: now}
			for l, u := range room.Use(true) {
				if u > 0 {
					tr.Links, tr.Flow.Use = append(tr.Links, int32(l)), append(tr.Flow.Use, u)
				}
			}
			transfers = append(transfers, tr)
			now += r.ExpFloat64() * 2e12 / alone / load
		}
		rho := size / alone * n / now
		mean := 0.0
		for i, end := range fabric.Drain(room.Capacity[:], transfers) {
			mean += (end - transfers[i].Start) / n
		}
		if want := size / alone / (1 - rho); !near(mean, want, 0.07) {
			t.Errorf("load %.2f: %g s, want %g", rho, mean, want)
		}
	}
}

// It fills, people are warned, and make room.
func TestFill(t *testing.T) {
	s := spec(8, 2, 0)
	s.Fill = FillSpec{Used: 0.8, Daily: 8.64e15, Warn: 0.85, Full: "skip", Purge: &PurgeSpec{After: 100, To: 0.6}}
	p := pool(t, s, 10)
	st := p.New()
	to := p.Arm(st, 0)
	if want := 0.05 * p.Size / 1e11; !near(to, want, 1e-12) {
		t.Errorf("it reaches its level after %g s, want %g", to, want)
	}
	p.Advance(st, 0, to)
	if !p.Reached(st, p.Warn) || p.Reached(st, 1) {
		t.Errorf("%g full", p.Fullness(st))
	}
	p.Advance(st, to, 1e9)
	if !p.Reached(st, 1) || p.Fits(st, 1e9) || p.Fullness(st) > 1 {
		t.Errorf("%g full", p.Fullness(st))
	}
	st.Saved = 0.7 * p.Size
	if freed := p.Clear(st); !near(freed, 0.3*p.Size, 1e-9) {
		t.Errorf("a purge frees %g B and takes checkpoints", freed)
	}
}

func TestErrors(t *testing.T) {
	if _, err := spec(8, 2, 0).Compile(make([]int32, 9), make([]float64, 9)); err == nil || err.Error() != "scratch lays every stripe over 10 nodes, and 9 serve it: name more nodes, or protect it with less" {
		t.Error(err)
	}
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{Name: "a", Kind: "distributed"}, "on"},
		{Spec{Name: "a", Kind: "object"}, "read"},
		{Spec{Name: "a", Kind: "local", On: "rack"}, "on"},
		{Spec{Name: "node", Kind: "local"}, "name"},
	} {
		var got string
		c.spec.Validate(func(path, _ string) { got = path })
		if got != c.want {
			t.Errorf("%+v: %q", c.spec, got)
		}
	}
}
