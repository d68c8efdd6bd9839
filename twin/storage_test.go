package twin

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/twin/record"
)

// stored is a site with storage of 10 nodes that writes 96 GB/s and reads 240 GB/s, and drives of 24 and 12 GB/s in the nodes that compute.
const stored = `
duration: 12 h
site:
  halls: [{rows: [{racks: 4, rack: {nodes: 4, node: {gpus: 8, gpu: {resistance: 0.02 K/W}, network: 100 GB/s}}}, {racks: 2, rack: {nodes: 5, node: {gpus: 0, cpus: 2, network: 50 GB/s}}}]}]
  storage:
    - {name: scratch, on: row-1, disks: {count: 4, capacity: 10 TB, read: 6 GB/s, write: 3 GB/s}, fill: {used: 50 %}}
    - {name: nvme, kind: local, disks: {count: 4, capacity: 10 TB, read: 6 GB/s, write: 3 GB/s}}
    - {name: archive, kind: object, read: 10 GB/s, write: 4 GB/s}
`

// play runs a world to its end, and checks its books.
func play(t *testing.T, text string) (*World, *eventLog) {
	t.Helper()
	p := plan(t, text)
	w, err := New(p, p.Seed)
	if err != nil {
		t.Fatal(err)
	}
	log := &eventLog{}
	*log = append(*log, w.opening...)
	w.out = func(e *record.Event) { *log = append(*log, *e) }
	if err := w.RunTo(context.Background(), p.Duration); err != nil {
		t.Fatal(err)
	}
	w.countAll()
	if err := w.closeBooks(); err != nil {
		t.Fatal(err)
	}
	return w, log
}

type eventLog []record.Event

// of returns the texts of the events of a type.
func (l *eventLog) of(kind string) (texts []string) {
	for i := range *l {
		if (*l)[i].Type == kind {
			texts = append(texts, (*l)[i].Subject+" "+(*l)[i].Text)
		}
	}
	return texts
}

func (w *World) spent(c account.Cause) float64 { return w.Books.GPU.By[c].Value() }

func around(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6*math.Max(1, math.Abs(want)) {
		t.Errorf("%s: %.9g, want %.9g", what, got, want)
	}
}

// What a checkpoint costs follows from its size and from who else writes.
func TestBlockingWrites(t *testing.T) {
	for _, c := range []struct {
		what, jobs string
		block      float64 // s of each checkpoint of job a
		count      float64
		done       float64
	}{
		{"alone", "- job: {name: a, nodes: 4, work: 3600 s, checkpoint: {every: 1000 s, cost: 2 s, size: 9.6 TB, tiers: [{in: scratch}]}}", 102, 3, 3906},
		{"as fast as its cards", "- job: {name: a, nodes: 1, gpus: 0, work: 3600 s, checkpoint: {every: 1000 s, cost: 2 s, size: 1 TB, tiers: [{in: archive}]}}", 252, 3, 4356},
		{"not waiting", "- job: {name: a, nodes: 4, work: 3600 s, checkpoint: {every: 1000 s, cost: 2 s, write: async, size: 9.6 TB, tiers: [{in: scratch}]}}", 2, 3, 3606},
		// Each has half of it while both write; b, that is as large, came 50 s later.
		{"shared", `- job: {name: a, nodes: 4, work: 1500 s, checkpoint: {every: 1000 s, cost: 2 s, size: 9.6 TB, tiers: [{in: scratch}]}}
  - job: {name: b, nodes: 4, work: 1500 s, submit: 50 s, checkpoint: {every: 1000 s, cost: 2 s, size: 9.6 TB, tiers: [{in: scratch}]}}`, 152, 1, 1652},
		// The last write takes 2,500 s: the next checkpoint waits for it.
		{"slower than the interval", "- job: {name: a, nodes: 4, work: 2500 s, checkpoint: {every: 1000 s, cost: 2 s, write: async, size: 10 TB, tiers: [{in: archive}]}}", (2 + 1500 + 2) / 2, 2, 4004},
		{"local drives", "- job: {name: a, nodes: 4, work: 3600 s, checkpoint: {every: 1000 s, cost: 2 s, size: 4.8 TB, tiers: [{in: nvme, copies: 1}]}}", 2 + 200, 3, 4206},
		{"memory", "- job: {name: a, nodes: 4, work: 3600 s, checkpoint: {every: 1000 s, cost: 2 s, size: 4 TB, tiers: [{in: memory, copies: 2}]}}", 2 + 20, 3, 3666},
	} {
		w, _ := play(t, stored+"workload:\n  "+c.jobs)
		v := &w.Store.Saves[0]
		around(t, c.what+": checkpoints", float64(v.Blocks), c.count)
		around(t, c.what+": blocked", v.Blocked/float64(v.Blocks), c.block)
		around(t, c.what+": done", w.Jobs[0].End, c.done)
	}
}

// Which tier a job goes on from, and what it loses, depends on what it has lost.
func TestTiers(t *testing.T) {
	const job = "workload:\n  - job: {name: a, nodes: 4, work: 5000 s, checkpoint: {every: 100 s, cost: 1 s, restart: 60 s, write: async, size: 400 GB, " +
		"tiers: [{in: memory}, {in: nvme, nth: 3, copies: 0}, {in: scratch, nth: 10}]}}\n"
	for _, c := range []struct {
		what, timeline string
		from           string
		saved          float64
	}{
		// 16 checkpoints of 100 s, each after 101 s: at 1700 s there are 1600 s of work in memory, 1500 in drives, 1000 in storage.
		{"one node", `fail: "row-0/rack-0/node-1"`, "the memory of its nodes", 1600},
		{"two that do not keep each other's", `fail: "row-0/rack-0/node[0..1]"`, "the memory of its nodes", 1600},
		{"the job's rack", `fail: "row-0/rack-0"`, "scratch", 1000},
		{"the job's rack, for a moment", `fail: "row-0/rack-0", for: 0.001 s`, "nvme", 1500},
		{"a GPU", `fail: "row-0/rack-0/node-1/gpu-0"`, "the memory of its nodes", 1600},
	} {
		text := stored + job + "scheduler: {placement: pack-by-leaf}\n"
		// For a moment: no other node may be free.
		if strings.Contains(c.timeline, "0.001") {
			text += "failures: {processes: []}\n"
			text = strings.Replace(text, "{racks: 4, rack", "{racks: 1, rack", 1)
		}
		w, log := play(t, text+"timeline: [{at: 1700 s, "+c.timeline+"}]\n")
		reads := log.of("job.read")
		if len(reads) != 1 || !strings.HasSuffix(reads[0], c.from) {
			t.Errorf("%s: %v", c.what, reads)
		}
		at := 1700.0 - 16
		around(t, c.what+": lost", w.spent(account.Lost), (at-c.saved)*w.Jobs[0].GPUs)
		if w.Jobs[0].Phase != Done {
			t.Errorf("%s: not done", c.what)
		}
	}
}

// A restarted job reads what it has saved, at the speed of its storage.
func TestRestore(t *testing.T) {
	w, _ := play(t, stored+`workload:
  - job: {name: a, nodes: 4, work: 2000 s, checkpoint: {every: 500 s, cost: 1 s, restart: 60 s, size: 2.4 TB, tiers: [{in: scratch}]}}
timeline: [{at: 1000 s, fail: row-0/rack-0/node-0}]`)
	// 26 s a checkpoint, 500 s saved; 60 s to start and 10 s to read.
	around(t, "restarts", w.spent(account.Restart), 70*32)
	around(t, "lost", w.spent(account.Lost), 474*32)
	around(t, "checkpoints", w.spent(account.Checkpoint), (26+2*26)*32)
	around(t, "done", w.Jobs[0].End, 1000+70+1500+2*26)
}

// A job whose data come too slowly runs as fast as they come, and its GPU time says why.
func TestStarved(t *testing.T) {
	w, log := play(t, stored+`workload:
  - job: {name: a, nodes: 4, work: 3000 s, data: {from: archive, read: 8 GB/s}}
  - job: {name: b, nodes: 2, work: 3000 s, data: {from: scratch, read: 8 GB/s}}
  - job: {name: c, nodes: 1, work: 3000 s, data: {from: nvme, read: 48 GB/s}}
  - job: {name: d, nodes: 4, work: 1000 s, submit: 2000 s, data: {from: archive, read: 8 GB/s}}`)
	// a and d have 5 GB/s each from 2000 s on, until a is done 1600 s later; d then goes on alone.
	around(t, "a done", w.Jobs[0].End, 3600)
	around(t, "b done", w.Jobs[1].End, 3000)
	around(t, "c done", w.Jobs[2].End, 6000)
	around(t, "d done", w.Jobs[3].End, 3600)
	around(t, "starved", w.spent(account.Starved), (600+600)*32+3000*8)
	around(t, "throttled", w.spent(account.Throttled), 0)
	if texts := log.of("job.data"); len(texts) < 3 || !strings.Contains(texts[0], "waits for data from nvme: it runs at 50.0 % of its speed") {
		t.Error(texts)
	}
	cut, _ := play(t, stored+"workload:\n  - job: {name: a, nodes: 1, work: 3000 s, data: {from: archive, read: 8 GB/s}}\ntimeline: [{at: 1000 s, fail: archive, for: 500 s}]")
	around(t, "done with an outage", cut.Jobs[0].End, 3500)
	around(t, "starved in an outage", cut.spent(account.Starved), 500*8)
}

// Nodes that serve storage take no jobs; they draw power by their load, and the storage is as good as what is up.
func TestStorageNodes(t *testing.T) {
	w, log := play(t, stored+`workload:
  - job: {name: cpu, cpus: 1, work: 10 h}
  - job: {name: a, nodes: 15, work: 1 h, checkpoint: {every: 600 s, cost: 1 s, size: 48 TB, tiers: [{in: scratch}]}}
timeline: [{at: 500 s, fail: "row-1/rack-0/node[0..2]", for: 900 s}, {at: 2 h, drain: row-1, for: 1 h}, {at: 5 h, fail: "row-1/rack-0/node-0"}, {at: 6 h, fail: "row-1/rack-1/node-0/disk-1"}]`)
	for n, pool := range w.plan.Serves {
		if pool >= 0 && w.Nodes[n].Slice >= 0 {
			t.Errorf("node %d serves storage and runs a job", n)
		}
	}
	if texts := strings.Join(append(log.of("storage.away"), log.of("storage.back")...), "\n"); texts != "scratch can neither be read nor written\nscratch can be read and written again" {
		t.Error(texts)
	}
	if texts := log.of("storage.rebuilt"); len(texts) != 2 || !strings.Contains(texts[1], "disk-1") {
		t.Error(texts)
	}
	// Three of ten nodes are away until 1400 s, and nothing can be rebuilt without them.
	around(t, "blocked", w.Store.Saves[0].Blocked, 800+500+4*501)
}

// Storage that fills up warns, is full, gives checkpoints up or lets them wait, and is purged.
func TestFull(t *testing.T) {
	const job = "workload:\n  - job: {name: a, nodes: 4, work: 3 h, checkpoint: {every: 600 s, cost: 1 s, size: 20 TB, keep: 1, tiers: [{in: scratch}]}}\n"
	skip, log := play(t, strings.Replace(stored, "used: 50 %", "used: 90 %", 1)+job)
	if v := &skip.Store.Saves[0]; v.Skipped == 0 || len(log.of("job.skip")) != int(v.Skipped) || len(log.of("storage.fill")) != 1 {
		t.Errorf("%d skipped; %v", v.Skipped, log.of("storage.fill"))
	}
	wait, log := play(t, strings.Replace(stored, "used: 50 %", "used: 90 %, full: wait, purge: {after: 2 h, to: 50 %}", 1)+job)
	if s := &wait.Jobs[0]; s.Phase != Done || s.End < 2*3600+3*3600 || len(log.of("storage.purge")) != 1 {
		t.Errorf("done at %g s; %v", s.End, log.of("storage.purge"))
	}
	if got := wait.spent(account.Checkpoint); got < 6000*32 {
		t.Errorf("waiting for room took %g GPU-s", got)
	}
	grows, log := play(t, strings.Replace(stored, "used: 50 %", "used: 80 %, daily: 200 TB", 1))
	if full := log.of("storage.full"); len(full) != 1 || !grows.plan.Storage[0].Reached(&grows.Store.Pools[0], 1) {
		t.Error(full)
	}
}

// Drives of three nodes that go at once take data with them, and the checkpoints.
func TestDataLost(t *testing.T) {
	w, log := play(t, stored+`workload:
  - job: {name: a, nodes: 4, work: 2 h, checkpoint: {every: 600 s, cost: 1 s, restart: 60 s, size: 1 TB, tiers: [{in: scratch}]}}
timeline:
  - {at: 1 h, fail: "row-1/rack[0]/node[0..2]/disk[0..1]"}
  - {at: 3610 s, fail: row-0/rack-0/node-0}`)
	if texts := log.of("storage.lost"); len(texts) != 1 {
		t.Fatal(texts)
	}
	if w.Store.Pools[0].Lost <= 0 || w.spent(account.Lost) < 3500*32 {
		t.Errorf("%g B and %g GPU-s lost", w.Store.Pools[0].Lost, w.spent(account.Lost))
	}
}

// The rule optimal chooses by what a run has seen.
func TestOptimalInterval(t *testing.T) {
	w, _ := play(t, strings.Replace(stored, "12 h", "10 d", 1)+`workload:
  - job: {name: a, nodes: 4, work: 20 d, checkpoint: {every: optimal, cost: 1 s, restart: 60 s, size: 2.4 TB, tiers: [{in: scratch}]}}
failures: {processes: [{name: node, component: node, mtbf: 40 h, detect: 10 s, repair: {time: {distribution: fixed, mean: 1 h}}}]}`)
	v, st := &w.Store.Saves[0], w.work.Jobs[0].Store
	if v.Hits < 10 {
		t.Fatalf("%d interruptions", v.Hits)
	}
	// Found anew by brute force: the interval of the largest share of useful time.
	m := (1/st.Rate + v.Ran) / float64(1+v.Hits)
	best, at := 0.0, 0.0
	for every := 100.0; every < 10000; every += 1 {
		if r := every / math.Expm1((every+26)/m); r > best {
			best, at = r, every
		}
	}
	if math.Abs(v.Every/at-1) > 0.05 {
		t.Errorf("every %g s, the best is %g", v.Every, at)
	}
	if st.Rule != workload.Optimal || st.Rate <= 0 {
		t.Errorf("%+v", st)
	}
}

// The same seed gives the same bytes, whether it is stopped, forked or not, whatever goes on; and every ledger closes.
func TestStorageWorlds(t *testing.T) {
	const text = stored + `seed: 5
workload:
  - job: {name: a, nodes: 6, work: 9 h, checkpoint: {every: optimal, cost: 1 s, restart: 60 s, write: async, size: 9 TB, tiers: [{in: memory}, {in: nvme, nth: 4}, {in: scratch, nth: 8}]}, data: {from: scratch, read: 90 GB/s}}
  - job: {name: b, nodes: 4, work: 9 h, checkpoint: {every: daly, cost: 1 s, restart: 60 s, size: 9 TB, tiers: [{in: scratch}, {in: archive, nth: 5}]}, data: {from: scratch, read: 90 GB/s}}
  - job: {name: c, nodes: 4, work: 2 h, submit: 3 h, priority: 9, checkpoint: {every: young, cost: 1 s, restart: 60 s, write: async, size: 9 TB, tiers: [{in: archive}]}}
  - job: {name: d, nodes: 8, work: 2 h, submit: 4 h, priority: 10}
scheduler: {policy: priority, preemption: {keep: checkpoint}}
failures:
  processes:
    - {name: node, component: node, mtbf: 60 h, detect: 10 s, repair: {time: {distribution: fixed, mean: 1 h}}}
    - {name: disk, component: disk, mtbf: 100 h, repair: {time: {distribution: fixed, mean: 2 h}}}
    - {name: store, component: storage, mtbf: 12 h, repair: {time: {distribution: fixed, mean: 10 min}}}
`
	for _, fabric := range []string{"", "  fabric: {topology: leaf-spine, nodes_per_leaf: 8, uplinks: 4, oversubscription: 4}\n"} {
		text := strings.Replace(text, "  storage:\n", fabric+"  storage:\n", 1)
		whole, _ := play(t, text)
		p := whole.plan
		if whole.Totals.Preemptions == 0 || whole.Books.Jobs.Interrupted == 0 {
			t.Error("nothing happens")
		}
		for _, share := range []float64{0.31, 0.57, 0.8} {
			half := world(t, p, p.Duration*share)
			back, err := Restore(p, p.Seed, half.Snapshot())
			if err != nil {
				t.Fatal(err)
			}
			for name, w := range map[string]*World{"fork": half.Fork(), "restored run": back, "run": half} {
				if err := w.RunTo(context.Background(), p.Duration); err != nil {
					t.Fatal(err)
				}
				w.countAll()
				if w.Hash() != whole.Hash() {
					t.Errorf("a %s at %.0f %% ends otherwise", name, 100*share)
				}
			}
		}
	}
}

// Jobs that are drawn save through storage as those that are stated do, in every future that is drawn anew.
func TestStorageDrawn(t *testing.T) {
	w, _ := play(t, stored+`seed: 3
workload:
  - job: {name: first, nodes: 2, work: 6 h, checkpoint: {every: 20 min, cost: 1 s, size: 1 TB, tiers: [{in: scratch}]}}
  - generate:
      load: 90 %
      begin: empty
      sizes: [{name: some, share: 1, gpus: 8, up_to: 64, duration: [{median: 1 h, sigma: 1}], checkpoint: {every: 10 min, cost: 1 s, restart: 1 min, size: 20 GB, tiers: [{in: nvme}, {in: scratch, nth: 3}]}}]
  - job: {name: last, nodes: 2, submit: 8 h, work: 2 h, checkpoint: {every: 20 min, cost: 1 s, size: 1 TB, tiers: [{in: archive}]}}
failures: {processes: [{name: node, component: node, mtbf: 60 h, detect: 10 s, repair: {time: {distribution: fixed, mean: 1 h}}}]}
`)
	if len(w.Store.Saves) < 20 || w.Store.Pools[0].WrittenB < 3e12 {
		t.Errorf("%d jobs save, %g B in storage", len(w.Store.Saves), w.Store.Pools[0].WrittenB)
	}
	half := world(t, w.plan, w.plan.Duration/2)
	for key := range uint64(3) {
		f := half.Fork()
		if err := f.redraw(key); err != nil {
			t.Fatal(err)
		}
		if err := f.RunTo(context.Background(), w.plan.Duration); err != nil {
			t.Fatal(err)
		}
		f.countAll()
		if err := f.closeBooks(); err != nil {
			t.Fatal(err)
		}
		if f.Jobs[len(f.Jobs)-1].Phase == Pending || f.Hash() == w.Hash() {
			t.Error("no other future")
		}
	}
}
