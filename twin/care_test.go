package twin

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/facility"
)

// cared is a bare hall of so many racks of four nodes for so long, with failures and work.
func cared(racks int, duration, failures, rest string) string {
	return fmt.Sprintf(`
duration: %s
site:
  halls: [{rows: [{racks: %d, rack: {use: hardware/rack-dgx-h100-4}}]}]
  plant: {kind: none}
  power: {use: plants/power-direct}
scheduler: {policy: fcfs, placement: first-fit}
record: {every: 30 d}
step: {calm: 1 h}
failures: %s
%s`, duration, racks, failures, rest)
}

// A crew of c and K machines that fail and are repaired in exponential times are the machine repairman's queue, M/M/c//K.
func TestCrewsAreTheMachineRepairmansQueue(t *testing.T) {
	const K, years = 48, 12.0
	for _, c := range []struct {
		crew   int
		repair float64 // h
	}{{1, 2}, {2, 6}, {4, 20}} {
		w := world(t, plan(t, cared(K/4, "4380 d", fmt.Sprintf(`{processes: [{name: broken, component: node, rate: 60 1/year, detect: 0 s,
      repair: {crew: site, time: {distribution: exponential, mean: %g h}}}], crews: [{name: site, size: %d}]}`, c.repair, c.crew), "")), 4380*86400)
		lambda, mu := 60/8760.0, 1/c.repair
		p, sum, down, busy := 1.0, 1.0, 0.0, 0.0
		for n := 1; n <= K; n++ {
			p *= float64(K-n+1) * lambda / (float64(min(n, c.crew)) * mu)
			sum += p
			down += float64(n) * p
			busy += float64(min(n, c.crew)) * p
		}
		down, busy = down/sum, busy/sum
		rate := busy * mu // repairs an hour
		k := &w.Care.Counts
		got, wait := w.Totals.NodeDown/w.Now, k.Waited/float64(k.Repairs)/3600
		t.Logf("%d of %g h: %.3f down (%.3f), wait %.2f h (%.2f), %d repairs (%.0f)", c.crew, c.repair, got, down, wait, down/rate-c.repair, k.Repairs, rate*8760*years)
		if math.Abs(got/down-1) > 0.05 || math.Abs(float64(k.Repairs)/(rate*8760*years)-1) > 0.03 || math.Abs(wait-(down/rate-c.repair)) > 0.1*down/rate {
			t.Errorf("crew of %d, repairs of %g h: %.3f nodes down, %.2f h of waiting; closed form %.3f, %.2f", c.crew, c.repair, got, wait, down, down/rate-c.repair)
		}
	}
}

// Repairs of no work in working hours are done when they begin, whatever the clock rounds to.
func TestRepairsOfNoWork(t *testing.T) {
	w := world(t, plan(t, cared(4, "20 d", `{processes: [{name: broken, component: node, mtbf: 20 h, repair: {crew: day, time: {distribution: fixed, mean: 0 s}}}],
      crews: [{name: day, hours: {from: 8 h, to: 18 h}}]}`, "")), 20*86400)
	if n := w.Care.Counts.Mended; n < 100 {
		t.Errorf("%d nodes were repaired in 20 days", n)
	}
}

// Parts on order are Poisson with the demand in a lead time (Palm), so a repair waits with the probability that as many are on
// order as there are.
func TestPartsFollowPalm(t *testing.T) {
	for _, stock := range []int{2, 5, 9} {
		w := world(t, plan(t, cared(100, "1460 d", fmt.Sprintf(`{processes: [{name: broken, component: node, rate: 0.5 1/year, detect: 0 s,
      repair: {part: board, time: {distribution: fixed, mean: 1 min}}}], parts: [{name: board, stock: %d, lead_time: 10 d}]}`, stock), "")), 1460*86400)
		k := &w.Care.Counts
		on := distuv.Poisson{Lambda: 400 * 0.5 / 365 * 10}
		want, got := 1-on.CDF(float64(stock)-1), float64(k.Short)/float64(k.Repairs)
		t.Logf("stock of %d: %.3f of %d repairs wait, %.3f", stock, got, k.Repairs, want)
		if math.Abs(got-want) > 0.06 {
			t.Errorf("stock of %d: %.3f of the repairs wait, %.3f by Palm", stock, got, want)
		}
	}
}

// A rate that doubles with 5 K of warming, 10 K above where it was stated, is four times as high.
func TestHeatRaisesTheRate(t *testing.T) {
	w := world(t, plan(t, cared(50, "730 d", `{processes: [{name: warm, component: rack, rate: 5 1/year, detect: 0 s, heat: {at: 10 degC, doubles: 5 K, most: 20},
      repair: {time: {distribution: fixed, mean: 1 h}}}]}`, "")), 730*86400)
	inlet := w.Racks[0].Air
	want := 50 * 5 * 2 * math.Exp2((inlet-10)/5)
	if math.Abs(float64(w.Totals.Failures)-want) > 4*math.Sqrt(want) {
		t.Errorf("%d failures at %.2f °C, want %.0f", w.Totals.Failures, inlet, want)
	}
}

// A job on a node at half its speed takes twice as long meanwhile, and the books say why.
func TestSlowNodesSlowTheirJobs(t *testing.T) {
	w := world(t, plan(t, cared(1, "2 d", `{processes: [{name: lame, component: node, distribution: trace, trace: {times: [7200 s]}, age: new, detect: 0 s, slow: {to: 50 %},
      repair: {time: {distribution: fixed, mean: 1800 s}}}]}`, "workload: [{job: {name: a, gpus: 32, work: 4 h, gpu_utilisation: 60 %}}]")), 86400)
	// At 2 h and again at 4 h, half an hour at half speed each.
	if end := w.Jobs[0].End; math.Abs(end-(4*3600+1800)) > 1e-6 {
		t.Errorf("it ends at %.1f s", end)
	}
	if got := w.Books.GPU.By[account.Slowed].Value(); math.Abs(got-32*1800) > 1e-6 {
		t.Errorf("%.1f GPU·s by slow components, want %d", got, 32*1800)
	}
	if g := w.Books.GPU.By[account.Throttled].Value(); math.Abs(g) > 1e-6 {
		t.Errorf("%g GPU·s throttled", g)
	}
}

// Silent corruption that shows after 100 min takes a job back to its checkpoint before it, not to its last; a check finds it
// sooner, and where nothing finds it the job ends with wrong results.
func TestSilentCorruptionRollsBack(t *testing.T) {
	at := func(silent, health string) *World {
		text := cared(2, "2 d", `{`+health+`processes: [{name: sdc, component: node, distribution: trace, trace: {times: [9000 s, 1e9 s]}, age: new, silent: `+silent+`, repair: {time: {distribution: fixed, mean: 1 h}}}]}`,
			"workload: [{job: {name: a, nodes: 8, work: 10 h, gpu_utilisation: 60 %, checkpoint: {every: 1 h, cost: 0 s, restart: 0 s}}}]")
		return world(t, plan(t, text), 0)
	}
	w := at("{found: 100 %, after: {distribution: fixed, mean: 100 min}}", "")
	told(t, w, 15001, "")
	if got, want := w.Books.GPU.By[account.Lost].Value(), 64.0*(15000-7200); math.Abs(got-want) > 1e-6 || w.Care.Counts.Silent == 0 {
		t.Errorf("%g GPU·s are lost, want %g: from the checkpoint before it to when it shows", got, want)
	}
	told(t, w, 2*86400, "")
	lost := w.Books.GPU.By[account.Lost].Value()
	if lost <= 0 {
		t.Errorf("nothing is lost")
	}
	w = at("{found: 0 %, after: {distribution: fixed, mean: 1 h}}", "")
	told(t, w, 2*86400, "")
	if w.Care.Counts.Corrupted != 1 || w.Jobs[0].Phase != Done || w.Books.GPU.By[account.Lost].Value() != 0 {
		t.Errorf("%d jobs corrupted, %g lost", w.Care.Counts.Corrupted, w.Books.GPU.By[account.Lost].Value())
	}
	w = at("{found: 100 %, after: {distribution: fixed, mean: 100 min}}", "health: {every: 10 min, coverage: 100 %}, ")
	told(t, w, 2*86400, "")
	if sooner := w.Books.GPU.By[account.Lost].Value(); !(sooner < lost) {
		t.Errorf("checks lose %g GPU·s, without %g", sooner, lost)
	}
}

// Checkpoints in storage are as wrong as the work that they hold: a job goes back to the last one before it was corrupted.
func TestCorruptionReachesCheckpoints(t *testing.T) {
	text := strings.Replace(cared(1, "1 d", `{processes: [{name: wrong, component: node, mtbf: 40 h, detect: 0 s, silent: {found: 100 %, after: {distribution: fixed, mean: 2 h}},
      repair: {time: {distribution: fixed, mean: 10 min}}}]}`, `
workload: [{job: {name: a, nodes: 4, work: 30 h, checkpoint: {every: 10 min, cost: 0 s, restart: 0 s, size: 1 GB, tiers: [{in: far}]}}}]`),
		"  plant:", "  storage: [{name: far, kind: object, read: 50 GB/s, write: 50 GB/s}]\n  plant:", 1)
	w := world(t, plan(t, text), 86400)
	found := float64(w.Care.Counts.Found)
	if lost := w.spent(account.Lost) / 32; found == 0 || lost < 5400*found {
		t.Errorf("%g corruptions, found after 2 h each, lose %g s of work", found, lost)
	}
}

// Nodes that serve storage are no spares.
func TestSparesTakeJobs(t *testing.T) {
	text := strings.Replace(cared(2, "1 h", "{spares: {nodes: 2}}", ""), "rack-dgx-h100-4}}", "rack-dgx-h100-4}}, {racks: 1, rack: {use: hardware/rack-storage-nvme}}", 1)
	text = strings.Replace(text, "  plant:", "  storage: [{name: scratch, on: row-1}]\n  plant:", 1)
	w := world(t, plan(t, text), 3600)
	if !slices.Equal(w.Care.Pool, []int32{7, 6}) {
		t.Errorf("nodes %v are spares", w.Care.Pool)
	}
}

// A job goes on with spares for what it lost, at once and before others that wait; what it lost is a spare afterwards.
func TestSparesKeepJobsGoing(t *testing.T) {
	text := cared(3, "1 d", "{spares: {nodes: 2, swap: 90 s}}", `
workload:
  - {job: {name: a, nodes: 10, work: 10 h, gpu_utilisation: 60 %, checkpoint: {every: 1 h, cost: 0 s, restart: 10 min}}}
  - {job: {name: waits, nodes: 4, submit: 10 s, work: 1 h, gpu_utilisation: 60 %}}
timeline:
  - {at: 9000 s, fail: "hall-0/row-0/rack-0/node-3", for: 2 h}
  - {at: 12000 s, fail: "hall-0/row-0/rack-1/node-1", for: 2 h}
  - {at: 13000 s, fail: "hall-0/row-0/rack-0/node-0", for: 2 h}`)
	w := world(t, plan(t, text), 0)
	swaps := told(t, w, 12900, "job.swap")
	if len(swaps) != 2 || swaps[0].Time != 9000 || swaps[1].Time != 12000 || w.Jobs[0].Restarts != 2 || w.Jobs[1].Phase != Queued {
		t.Fatalf("%+v", swaps)
	}
	if want := 3600.0 + 12000 - 9000 - 90; math.Abs(w.Jobs[0].Saved-3600*2) > 1e-6 && math.Abs(w.Jobs[0].Saved-want) > 3600 {
		t.Errorf("%g s are saved", w.Jobs[0].Saved)
	}
	if err := w.RunTo(t.Context(), 13500); err != nil {
		t.Fatal(err)
	}
	if k := w.Care.Counts; k.Swapped != 2 || k.Unswapped != 1 || w.Jobs[0].Phase != Queued {
		t.Errorf("without a spare left: %+v, phase %d", k, w.Jobs[0].Phase)
	}
	if err := w.RunTo(t.Context(), 20500); err != nil { // all are repaired
		t.Fatal(err)
	}
	slices.Sort(w.Care.Pool)
	if !slices.Equal(w.Care.Pool, []int32{3, 5}) || w.Nodes[3].Drain != 1 || w.Nodes[10].Drain != 0 {
		t.Errorf("the spares are %v", w.Care.Pool)
	}
}

// Planned work takes out no more units at a time than it says, in the hours for it, each once in a round.
func TestMaintenanceRolls(t *testing.T) {
	w := world(t, plan(t, cared(3, "16 d", `{maintenance: [{name: firmware, unit: node, size: 2, first: 30 h, every: 8 d, takes: 1 h, grace: 30 min, hours: {from: 9 h, to: 12 h, days: 5}}]}`,
		"workload: [{job: {name: a, nodes: 4, work: 11 d, gpu_utilisation: 60 %, checkpoint: {every: 1 h, cost: 0 s, restart: 0 s}}}]")), 0)
	most, times := 0, 0
	for _, e := range told(t, w, 7*86400, "maintenance", "maintenance.end") {
		if at := w.weekAt(e.Time); e.Type == "maintenance" && (math.Mod(at, 86400) < 9*3600 || math.Mod(at, 86400) > 11.5*3600 || math.Mod(at, 7*86400) > 5*86400) {
			t.Errorf("%s is taken out at %g h", e.Subject, e.Time/3600)
		}
		if e.Type == "maintenance" {
			times++
		}
		most = max(most, len(w.Care.Waves[0].Out))
	}
	if times != 12 || w.Care.Counts.Maintained != 12 || most > 2 || w.Totals.NodesLost != 0 || w.Care.Counts.Stopped == 0 {
		t.Errorf("%d taken out, %+v, %d nodes lost", times, w.Care.Counts, w.Totals.NodesLost)
	}
	if err := w.RunTo(t.Context(), 16*86400); err != nil {
		t.Fatal(err)
	}
	if w.Care.Counts.Maintained != 24 {
		t.Errorf("%d units after two rounds", w.Care.Counts.Maintained)
	}
}

// Two failures within a day make a lemon, which takes no work for a week and comes back as another.
func TestLemonsGoIntoQuarantine(t *testing.T) {
	p := plan(t, cared(5, "1095 d", `{processes: [{name: broken, component: node, rate: 4 1/year, frailty: 0.3, detect: 0 s, repair: {time: {distribution: fixed, mean: 1 h}}}],
      quarantine: {failures: 3, within: 60 d, for: 7 d, replaced: true}}`, ""))
	with := world(t, p, 1095*86400)
	p.Failures.Quarantine = nil
	without := world(t, p, 1095*86400)
	if with.Care.Counts.Lemons == 0 || float64(with.Totals.Failures) > 0.8*float64(without.Totals.Failures) {
		t.Errorf("%d lemons, %d failures; without quarantine %d", with.Care.Counts.Lemons, with.Totals.Failures, without.Totals.Failures)
	}
	t.Logf("%d lemons, %d failures; without quarantine %d", with.Care.Counts.Lemons, with.Totals.Failures, without.Totals.Failures)
	drained := with.Books.GPU.By[account.Drained].Value()
	if most := float64(with.Care.Counts.Lemons) * 7 * 86400 * 8; drained > most || drained < 0.8*most {
		t.Errorf("%g GPU·s drained, at most %g", drained, most)
	}
}

// A world in the midst of everything forks and resumes as one that goes on.
func TestCareForksAndResumes(t *testing.T) {
	p := plan(t, cared(6, "40 d", everything, manyJobs))
	whole := world(t, p, 40*86400)
	half := world(t, p, 20*86400)
	fork := half.Fork()
	back, err := Restore(p, p.Seed, half.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range map[string]*World{"fork": fork, "restored": back} {
		if err := w.RunTo(t.Context(), 40*86400); err != nil {
			t.Fatal(err)
		}
		if w.Care.Counts != whole.Care.Counts || w.EventID != whole.EventID || w.Books.GPU.By[account.Useful].Value() != whole.Books.GPU.By[account.Useful].Value() {
			t.Errorf("%s: %+v, whole %+v", name, w.Care.Counts, whole.Care.Counts)
		}
	}
	t.Logf("%+v", whole.Care.Counts)
	used := 0.0
	for j := range whole.Jobs {
		whole.count(int32(j))
	}
	for c := account.Cause(0); c < account.NumCauses; c++ {
		used += whole.Books.GPU.By[c].Value()
	}
	if all := whole.Books.GPU.Site.Value(); math.Abs(used/all-1) > 1e-9 {
		t.Errorf("%g of %g GPU·s are entered", used, all)
	}
	for n := range whole.Nodes {
		down := whole.Down[facility.Node][n] > 0
		if down == whole.Nodes[n].Up {
			t.Errorf("node %d: %d causes, up %v", n, whole.Down[facility.Node][n], whole.Nodes[n].Up)
		}
	}
}

const everything = `
  processes:
    - {name: broken, component: node, rate: 12 1/year, frailty: 0.9, early: {share: 20 %, median: 2 d}, heat: {at: 20 degC, energy: 0.7},
       repair: {auto: 60 %, crew: site, part: board, part_share: 30 %, time: {distribution: lognormal, median: 4 h, sigma: 1}}}
    - {name: gpu, component: gpu, rate: 1 1/year, repair: {crew: site, time: {distribution: exponential, mean: 2 h}}}
    - {name: lame, component: gpu, rate: 2 1/year, slow: {to: 60 %}, repair: {time: {distribution: exponential, mean: 6 h}}}
    - {name: lamed, component: node, rate: 4 1/year, detect: 1 h, slow: {to: 70 %, evict: true}, repair: {crew: site, time: {distribution: exponential, mean: 2 h}}}
    - {name: sdc, component: gpu, rate: 1 1/year, silent: {found: 70 %, after: {distribution: exponential, mean: 6 h}}, repair: {crew: site, time: {distribution: exponential, mean: 2 h}}}
  bursts: [{name: leak, within: rack, component: node, rate: 1 1/year, fraction: 50 %, repair: {crew: site, time: {distribution: fixed, mean: 5 h}}}]
  crews: [{name: site, size: 1, order: largest, hours: {from: 7 h, to: 19 h, days: 6}}]
  parts: [{name: board, stock: 1, lead_time: 5 d}]
  health: {every: 1 h, coverage: 20 %, start: 50 %, false_alarms: 2 1/year}
  quarantine: {failures: 2, within: 20 d, for: 3 d, replaced: true}
  maintenance: [{name: firmware, first: 1 d, every: 15 d, size: 2, takes: 2 h, grace: 1 h, hours: {from: 8 h, to: 18 h, days: 5}}]
  spares: {nodes: 3}
`

const manyJobs = `
workload:
  - {job: {name: big, nodes: 12, work: 30 d, gpu_utilisation: 90 %, checkpoint: {every: 1 h, cost: 10 s, restart: 5 min}}}
  - {job: {name: half, gpus: 4, submit: 1 d, work: 5 d, gpu_utilisation: 90 %, checkpoint: {every: 1 h, cost: 10 s, restart: 5 min}}}
  - {job: {name: next, nodes: 4, submit: 2 d, work: 4 d, gpu_utilisation: 90 %}}
  - {job: {name: more, nodes: 4, submit: 8 d, work: 4 d, gpu_utilisation: 90 %}}
`
