package twin

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/workload"
)

// storageScenario returns a small site with storage of any kind, jobs that use it in any way, and much going wrong.
func (d draw) storageScenario() string {
	var b strings.Builder
	hours := d.between(2, 8)
	fmt.Fprintf(&b, "duration: %.3f h\nseed: %d\nsite:\n", hours, d.IntN(1000))
	racks, servers := 1+d.IntN(4), 3+d.IntN(4)
	fmt.Fprintf(&b, "  halls: [{rows: [{racks: %d, rack: {nodes: 4, node: {gpus: 4, network: %d GB/s}}}, {racks: 2, rack: {nodes: %d, node: {gpus: 0, cpus: 1, network: 10 GB/s}}}]}]\n",
		racks, 1+d.IntN(50), servers)
	if d.chance(0.4) {
		fmt.Fprintf(&b, "  fabric: {topology: leaf-spine, nodes_per_leaf: %d, uplinks: 2, oversubscription: %d}\n", 1+d.IntN(4), 1+d.IntN(6))
	}
	protection := d.oneOf("replicas: 1", "replicas: 2", "replicas: 3", "data: 2, parity: 1", "data: 3, parity: 2", "data: 4, parity: 0")
	fill := fmt.Sprintf("used: %d %%, daily: %d TB, full: %s", d.IntN(101), d.IntN(2)*d.IntN(400), d.oneOf("wait", "skip"))
	if d.chance(0.4) {
		fill += fmt.Sprintf(", purge: {after: %d min, to: %d %%}", d.IntN(200), d.IntN(85))
	}
	fmt.Fprintf(&b, `  storage:
    - {name: scratch, on: row-1, network: %s, disks: {count: %d, capacity: %d TB, read: 2 GB/s, write: 1 GB/s}, protection: {%s},
       rebuild: {share: %d %%, after: %d min}, encryption: {at_rest: %d %%, in_flight: %d %%}, fill: {%s}}
    - {name: nvme, kind: local, disks: {count: %d, capacity: 8 TB}}
    - {name: archive, kind: object, read: %d GB/s, write: %d GB/s}
`, d.oneOf("fabric", "own"), 1+d.IntN(4), 1+d.IntN(8), protection, 1+d.IntN(100), d.IntN(30), d.IntN(50), d.IntN(50), fill, 1+d.IntN(4), 1+d.IntN(10), 1+d.IntN(10))
	b.WriteString("workload:\n")
	for i := range 2 + d.IntN(5) {
		fmt.Fprintf(&b, "  - job: {name: j%d, nodes: %d, submit: %.0f s, work: %.0f s, priority: %d%s, checkpoint: {every: %s, cost: %d s, restart: %d s, write: %s, size: %d GB, keep: %d, tiers: [%s]}%s}\n",
			i, 1+d.IntN(4*racks), d.between(0, 3600*hours), d.between(60, 5000*hours), d.IntN(3), d.oneOf("", ", walltime: 3 h"), d.oneOf("60 s", "10 min", "optimal", "young", "daly", "never"),
			d.IntN(30), d.IntN(300), d.oneOf("sync", "async"), 1+d.IntN(2000), 1+d.IntN(3), d.tiers(), d.oneOf("", fmt.Sprintf(", data: {from: %s, read: %d MB/s}", d.oneOf("scratch", "nvme", "archive"), 1+d.IntN(20000))))
	}
	fmt.Fprintf(&b, "scheduler: {policy: %s}\n", d.oneOf("easy-backfill", "fcfs", "priority, preemption: {keep: checkpoint}", "priority, preemption: {keep: all}", "srtf"))
	b.WriteString("failures:\n  processes:\n")
	for _, kind := range []string{"node", "gpu", "rack", "disk", "storage"} {
		if d.chance(0.6) {
			fmt.Fprintf(&b, "    - {name: %s, component: %s, mtbf: %.1f h, detect: %d s, repair: {time: {distribution: fixed, mean: %d min}}}\n", kind, kind, d.between(2, 60), d.IntN(100), d.IntN(100))
		}
	}
	b.WriteString("    - {name: last, component: leaf, mtbf: 30 h, repair: {time: {distribution: fixed, mean: 1 min}}}\n")
	fmt.Fprintf(&b, "timeline: [{at: 1 h, fail: \"row-1/rack-0\", for: %d min}, {at: 90 min, drain: row-1, for: 10 min}, {at: 100 min, repair: row-1}, {at: 105 min, repair: disk}]\n", 1+d.IntN(60))
	return b.String()
}

func (d draw) tiers() string {
	all := []string{"{in: memory, copies: %d}", "{in: nvme, copies: %d}", "{in: scratch, copies: %d}", "{in: archive, copies: %d}"}
	var list []string
	nth := 1
	for _, t := range all {
		if d.chance(0.5) || len(list) == 0 && t == all[3] {
			t = fmt.Sprintf(t, d.IntN(3))
			list = append(list, strings.Replace(t, "{", fmt.Sprintf("{nth: %d, ", nth), 1))
			nth += d.IntN(4)
		}
	}
	return strings.Join(list, ", ")
}

// Whatever the storage, the jobs and the failures: books close, nothing takes more than there is, nobody keeps what is lost, and
// forks and snapshots go on as the run does.
func TestRandomStorage(t *testing.T) {
	n := soak(20, 3000)
	for seed := range n {
		text := newDraw(seed).storageScenario()
		p, ds := compiled(text)
		if len(ds) > 0 {
			if s := ds.Error(); strings.Contains(s, "lays every stripe") || strings.Contains(s, "does not fit") {
				continue
			}
			t.Fatalf("seed %d: %v\n%s", seed, ds.Error(), text)
		}
		w := world(t, p, 0)
		for i := 1; i <= 6; i++ {
			if err := w.RunTo(context.Background(), min(p.Duration, p.Duration*float64(i)/6)); err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, text)
			}
			if what := w.storageWrong(); what != "" {
				t.Fatalf("seed %d at %g s: %s\n%s", seed, w.Now, what, text)
			}
			if i != 3 || seed%5 > 0 {
				continue
			}
			back, err := Restore(p, p.Seed, w.Snapshot())
			if err != nil {
				t.Fatal(err)
			}
			fork := w.Fork()
			for _, x := range []*World{back, fork} {
				if err := x.RunTo(context.Background(), p.Duration*4/6); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.RunTo(context.Background(), p.Duration*4/6); err != nil {
				t.Fatal(err)
			}
			if w.Hash() != back.Hash() || w.Hash() != fork.Hash() {
				t.Fatalf("seed %d: a fork or a snapshot goes on otherwise\n%s", seed, text)
			}
		}
		w.countAll()
		if err := w.closeBooks(); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
	}
}

// storageWrong says what cannot be in the storage of a world between two instants, "" for nothing.
func (w *World) storageWrong() string {
	s := &w.Store
	for i := range s.Pools {
		p, st := w.plan.Storage[i], &s.Pools[i]
		switch {
		case st.Saved > st.Used*(1+1e-9)+1, st.Saved < 0, st.Used < 0:
			return fmt.Sprintf("%s holds %g B, %g of them checkpoints", p.Name, st.Used, st.Saved)
		case st.Busy > 1+1e-9 || st.Busy < 0:
			return fmt.Sprintf("%s is busy %g", p.Name, st.Busy)
		}
		room := p.Room(st)
		for l, c := range room.Capacity {
			if u := st.Read*room.Read[l] + st.Write*room.Write[l]; u > c*(1+1e-9) {
				return fmt.Sprintf("%s: link %d of %g B/s carries %g", p.Name, l, c, u)
			}
		}
		out, failed := 0, 0
		for _, o := range st.Out {
			if o {
				out++
			}
		}
		for _, f := range st.Failed {
			failed += int(f)
		}
		if out != failed {
			return fmt.Sprintf("%s: %d drives are out, %d counted", p.Name, out, failed)
		}
	}
	for i := range s.Streams {
		st := &s.Streams[i]
		if j := &w.Jobs[st.Job]; j.Phase != Running {
			return fmt.Sprintf("job %d is not running and has a stream", st.Job)
		}
		if st.Rate < 0 || st.Rate > st.Line*(1+1e-9) || st.Held && st.Rate > 0 {
			return fmt.Sprintf("stream of job %d at %g B/s", st.Job, st.Rate)
		}
	}
	for j := range w.Jobs {
		js, spec := &w.Jobs[j], &w.work.Jobs[j]
		if js.Starve < 0 || js.Starve > 1 || math.IsNaN(js.Stall) || js.Stall < 0 || js.Saved > js.Progress+1e-6 {
			return fmt.Sprintf("job %d: starve %g, stall %g, saved %g of %g", j, js.Starve, js.Stall, js.Saved, js.Progress)
		}
		if spec.Store == nil || js.Phase != Running {
			continue
		}
		v := w.save(int32(j))
		waits := v.Step == SaveWrites || v.Step == SaveWaits || v.Step == SaveLoads
		if has := w.blocked(int32(j)); waits != has {
			return fmt.Sprintf("job %d is in step %d, and waits for a stream: %v", j, v.Step, has)
		}
		for i := range v.Tiers {
			if t := &v.Tiers[i]; t.Done > js.Progress+1e-6 || spec.Store.Tiers[i].Pool == workload.HostMemory && t.Held != 0 {
				return fmt.Sprintf("job %d: tier %d holds %g of %g", j, i, t.Done, js.Progress)
			}
		}
	}
	return ""
}

// blocked reports whether a job waits for a stream that is there.
func (w *World) blocked(j int32) bool {
	for i := range w.Store.Streams {
		if st := &w.Store.Streams[i]; st.Job == j && w.waitsFor(st) {
			return true
		}
	}
	return false
}
