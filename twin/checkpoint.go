package twin

import (
	"fmt"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/schedule"
	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/twin/record"
)

// SaveState is how far the checkpoints of a job have got that go through storage.
type SaveState struct {
	Step      SaveStep
	Suspended bool // preempted with all it had: nothing is to be read
	Count     int32
	Hits      int32   // interruptions so far
	Blocks    int32   // checkpoints that are over
	Blocked   float64 // s for which those blocked the job
	Every     float64 // s of run time between checkpoints now
	Begun     float64 // when the one under way began
	Pending   float64 // progress that it holds
	Ran       float64 // s that the job held nodes in the runs that are over
	From      int32   // tier that a restart reads from, or -1: nothing is left
	Nodes     []int32 // that the job holds or held last
	Tiers     []TierState
	Skipped   int32 // checkpoints for which there was no room
}

// SaveStep is what a job does about its checkpoints.
type SaveStep uint8

// The steps. In all but the first the job stands still.
const (
	SaveRuns   SaveStep = iota
	SaveSnaps           // barrier, the copy to host memory, and near tiers that it waits for
	SaveWrites          // it waits until storage has the checkpoint
	SaveWaits           // until storage has the last one
	SaveStarts          // a restarted job starts
	SaveReads           // it reads from memory or local drives
	SaveLoads           // it reads from storage
)

// TierState is what a tier holds of a job.
type TierState struct {
	Done  float64 // progress of its latest checkpoint, -1 for none
	Since float64 // when that was complete
	Next  float64 // of one that is on its way to memory or local drives, -1 for none
	At    float64 // when that will be
	Held  int32   // checkpoints in a storage
}

// waitingUse is the utilisation of a GPU whose job stands still for a checkpoint: loaded, waiting. MLPerf Training v4.0 power
// logs show a third of the peak power then.
const waitingUse = 0.08

// bindSaves numbers the jobs whose checkpoints go through storage, in their order.
func (w *World) bindSaves() (saves int) {
	w.saveOf = nil
	for j := range w.work.Jobs {
		if w.work.Jobs[j].Store == nil {
			continue
		}
		if w.saveOf == nil {
			w.saveOf = make([]int32, len(w.work.Jobs))
		}
		w.saveOf[j] = int32(saves)
		saves++
	}
	return saves
}

// rebindSaves follows a change of the jobs to come; those that are there keep their numbers.
func (w *World) rebindSaves() {
	s := &w.Store
	there := 0
	for j := range w.NextJob {
		if w.work.Jobs[j].Store != nil {
			there++
		}
	}
	saves := w.bindSaves()
	s.Saves = append(s.Saves[:there], make([]SaveState, saves-there)...)
	if saves > 0 && s.Lost == nil {
		s.Lost = newStore(w.plan, saves).Lost
	}
}

func (w *World) save(j int32) *SaveState { return &w.Store.Saves[w.saveOf[j]] }

// pausing reports whether a job stands still for its checkpoints, or has not begun to make progress.
func (w *World) pausing(j int32) bool {
	return w.work.Jobs[j].Store != nil && w.save(j).Step != SaveRuns
}

// restartTime returns the time in s from the moment at which an interrupted job holds nodes again until it makes progress or,
// where its checkpoints go through storage, begins to read the last of them.
func (w *World) restartTime(j int32) float64 { return w.work.Jobs[j].Restart }

// revive finds out, before a job starts again on the nodes granted, from which tier it goes on: the first that still has the
// latest checkpoint.
func (w *World) revive(j int32, spec *workload.Job, st *schedule.Start) {
	if spec.Store == nil {
		return
	}
	s, v := &w.Jobs[j], w.save(j)
	before := v.Nodes
	v.Nodes = nil
	for i := range st.Slices {
		v.Nodes = append(v.Nodes, st.Slices[i].Node)
	}
	v.From = -1
	if s.Restarts+s.Preempts == 0 {
		v.Every = spec.Store.Every
		for range spec.Store.Tiers {
			v.Tiers = append(v.Tiers, TierState{Done: -1, Next: -1})
		}
		return
	}
	if v.Suspended {
		v.Suspended = false
		return
	}
	best := spec.Before
	for i := range v.Tiers {
		t := &v.Tiers[i]
		if t.Done >= 0 && !w.kept(&spec.Store.Tiers[i], t, before, v.Nodes) {
			t.Done = -1
		}
		if t.Done > best {
			best, v.From = t.Done, int32(i)
		}
	}
	if best < s.Saved {
		w.lose(j, s.Saved-best, account.Lost)
		if w.heard() {
			from := "the beginning"
			if v.From >= 0 {
				from = w.tierName(&spec.Store.Tiers[v.From])
			}
			w.emit(record.Event{Parent: s.Cause, Severity: record.Warning, Type: "job.fallback", Subject: w.jobName(j),
				Text: fmt.Sprintf("goes back %s more, to %s: faster tiers have lost their checkpoint", clock(s.Saved-best), from)})
		}
		s.Saved = best
	}
}

// kept reports whether a tier still has all parts of its checkpoint for a job that held some nodes and now holds others.
// Memory is lost with its node; drives are as long as it is down.
func (w *World) kept(t *workload.Tier, s *TierState, before, now []int32) bool {
	if !t.Near {
		return true
	}
	return workload.Survives(w.gone(t, s, before, now), t.Copies)
}

// gone marks the nodes of a job that do not have their part any more.
func (w *World) gone(t *workload.Tier, s *TierState, before, now []int32) []bool {
	holds := make(map[int32]bool, len(now))
	for _, n := range now {
		holds[n] = true
	}
	gone := make([]bool, len(before))
	for i, n := range before {
		gone[i] = !holds[n] || t.Pool == workload.HostMemory && w.Store.Lost[n] >= s.Since
	}
	return gone
}

// launch lets a job that has its nodes begin: at once, or with its start and what it has to read.
func (w *World) launch(j int32, spec *workload.Job) {
	w.feeds(j, spec)
	if spec.Store == nil {
		return
	}
	s, v := &w.Jobs[j], w.save(j)
	v.Step = SaveRuns
	switch {
	case s.Stall > 0:
		v.Step = SaveStarts
	case v.From >= 0:
		w.readBack(j, spec)
	}
}

// readBack lets a restarted job read its checkpoint.
func (w *World) readBack(j int32, spec *workload.Job) {
	s, v := &w.Jobs[j], w.save(j)
	s.Stall = 0
	if v.From < 0 {
		w.goOn(j)
		return
	}
	t := &spec.Store.Tiers[v.From]
	if w.heard() {
		w.emit(record.Event{Severity: record.Detail, Type: "job.read", Subject: w.jobName(j), Text: "reads its checkpoint from " + w.tierName(t)})
	}
	w.stirJob(j)
	if t.Near {
		// Whoever came new fetches the part of whoever left.
		if s.Stall = t.Read; s.Restarts > 0 {
			s.Stall = max(t.Read, t.Fetch)
		}
		v.Step = SaveReads
		return
	}
	v.Step = SaveLoads
	s.Stall = w.plan.Duration // until the storage says how long
	w.stirStorage()
	w.Store.Streams = append(w.Store.Streams, Stream{Job: j, Kind: Reading, Pool: t.Pool, Tier: v.From, Size: spec.Store.Size, Left: spec.Store.Size, Line: w.line(j, t.Pool)})
}

// goOn lets a job make progress.
func (w *World) goOn(j int32) {
	s, v := &w.Jobs[j], w.save(j)
	if v.From >= 0 { // what was read is in all near tiers again
		for i := range v.Tiers {
			if t := &v.Tiers[i]; t.Done >= 0 {
				t.Since = w.Now
			}
		}
		v.From = -1
	}
	s.Stall, s.Saving = 0, false
	v.Step = SaveRuns
	w.stirJob(j)
	w.stirStorage()
}

// armSave puts a job's next checkpoint on the agenda, or the end of the step under way where time alone brings it.
func (w *World) armSave(j int32, spec *workload.Job) {
	s, v := &w.Jobs[j], w.save(j)
	at := w.Now + s.Stall
	switch v.Step {
	case SaveRuns:
		if v.Every <= 0 || s.Speed <= 0 || spec.Work-s.Progress <= v.Every-s.Cycle {
			return
		}
		at += max(0, v.Every-s.Cycle) / s.Speed
	case SaveWrites, SaveWaits, SaveLoads:
		return
	}
	if at <= w.plan.Duration {
		w.push(at, phaseWork, evSave, j, s.Gen)
	}
}

// saveTurn is the moment that [World.armSave] has set.
func (w *World) saveTurn(j int32) {
	w.count(j)
	spec := &w.work.Jobs[j]
	switch w.save(j).Step {
	case SaveRuns:
		w.beginSave(j, spec)
	case SaveSnaps:
		w.Jobs[j].Stall = 0
		w.snapped(j, spec)
	case SaveStarts:
		w.readBack(j, spec)
	case SaveReads:
		w.goOn(j)
	}
	w.reschedule(j)
}

// due reports whether a checkpoint goes to a tier.
func due(t *workload.Tier, count int32) bool { return count%t.Nth == 0 }

// writing returns the stream on which a tier of a job is being written, nil for none.
func (w *World) writing(j, tier int32) *Stream {
	for i := range w.Store.Streams {
		if st := &w.Store.Streams[i]; st.Job == j && st.Kind == Saving && st.Tier == tier {
			return st
		}
	}
	return nil
}

// beginSave stops a job for a checkpoint. One that has no other tier waits until its last one is in storage.
func (w *World) beginSave(j int32, spec *workload.Job) {
	s, v := &w.Jobs[j], w.save(j)
	s.Saving, v.Begun = true, w.Now
	w.stirJob(j)
	w.stirStorage()
	if st := w.writing(j, 0); st != nil {
		v.Step, s.Stall = SaveWaits, w.plan.Duration
		return
	}
	w.snap(j, spec)
}

// snap takes a snapshot of a job that stands still.
func (w *World) snap(j int32, spec *workload.Job) {
	s, v := &w.Jobs[j], w.save(j)
	v.Count++
	v.Pending, v.Step = s.Progress, SaveSnaps
	s.Stall = spec.Store.Snapshot
	if first := &spec.Store.Tiers[0]; spec.Store.Sync && first.Near {
		s.Stall += first.Write
	}
	if s.Stall <= 0 {
		w.snapped(j, spec)
	}
}

// snapped sends a snapshot on its way to the tiers, and lets the job go on unless it waits for the first.
func (w *World) snapped(j int32, spec *workload.Job) {
	v := w.save(j)
	near, blocks := w.Now, false
	for i := range spec.Store.Tiers {
		t, ts := &spec.Store.Tiers[i], &v.Tiers[i]
		if !due(t, v.Count) {
			continue
		}
		if !t.Near {
			wait := i == 0 && spec.Store.Sync
			if w.writing(j, int32(i)) == nil && w.beginWrite(j, spec, int32(i)) {
				blocks = blocks || wait
			}
			continue
		}
		ts.settle(w.Now)
		if !(i == 0 && spec.Store.Sync) {
			near += t.Write
		}
		ts.Next, ts.At = v.Pending, near
	}
	if blocks {
		v.Step, w.Jobs[j].Stall = SaveWrites, w.plan.Duration
		return
	}
	w.saved(j, spec)
}

// settle takes over what has arrived at a tier by now.
func (t *TierState) settle(now float64) {
	if t.Next >= 0 && t.At <= now {
		t.Done, t.Since, t.Next = t.Next, t.At, -1
	}
}

// beginWrite starts a stream of a checkpoint. It reports false where there is no room and it is given up.
func (w *World) beginWrite(j int32, spec *workload.Job, tier int32) bool {
	v := w.save(j)
	t := &spec.Store.Tiers[tier]
	p, s := w.plan.Storage[t.Pool], &w.Store.Pools[t.Pool]
	w.stirStorage()
	st := Stream{Job: j, Kind: Saving, Pool: t.Pool, Tier: tier, Size: spec.Store.Size, Left: spec.Store.Size, Progress: v.Pending, Line: w.line(j, t.Pool)}
	if st.Held = !p.Fits(s, st.Size); st.Held && !p.Wait {
		v.Skipped++
		if w.heard() {
			w.emit(record.Event{Parent: w.told(facility.Ref{Kind: facility.Storage, Index: t.Pool}), Severity: record.Warning, Type: "job.skip", Subject: w.jobName(j),
				Text: fmt.Sprintf("gives up a checkpoint: there is no room in %s, its last one there has %s of work", p.Name, clock(max(0, v.Tiers[tier].Done)))})
		}
		return false
	}
	if !st.Held {
		w.store(t.Pool, st.Size)
	} else if w.heard() {
		w.emit(record.Event{Parent: w.told(facility.Ref{Kind: facility.Storage, Index: t.Pool}), Severity: record.Warning, Type: "job.wait", Subject: w.jobName(j),
			Text: fmt.Sprintf("waits for room in %s for a checkpoint", p.Name)})
	}
	w.Store.Streams = append(w.Store.Streams, st)
	return true
}

// saved lets a job go on after a checkpoint, and chooses the next interval where the rule asks for that.
func (w *World) saved(j int32, spec *workload.Job) {
	s, v := &w.Jobs[j], w.save(j)
	v.Blocks++
	v.Blocked += w.Now - v.Begun
	s.Cycle = 0
	if spec.Store.Rule == workload.Optimal {
		v.Every = v.choose(spec.Store, v.Ran+w.Now-s.Start)
	}
	w.goOn(j)
	if spec.Walltime == 0 {
		w.sched.Extend(&w.Sched, j, w.Now+s.left(spec))
	}
}

// choose returns the optimum for the blocking time that has been seen, and for the interruptions in so many s of running: what
// was known beforehand counts as one of them.
func (v *SaveState) choose(st *workload.Store, ran float64) float64 {
	var m float64
	switch {
	case st.Rate > 0:
		m = (1/st.Rate + ran) / float64(1+v.Hits)
	case v.Hits > 0:
		m = ran / float64(v.Hits)
	default:
		return v.Every
	}
	return max(st.Least, training.Optimum(v.Blocked/float64(v.Blocks), m))
}

// streamEnds takes over what a stream has brought.
func (w *World) streamEnds(st *Stream) {
	j, spec := st.Job, &w.work.Jobs[st.Job]
	s, v := &w.Jobs[j], w.save(j)
	if st.Kind == Saving {
		t := &v.Tiers[st.Tier]
		t.Done, t.Since = st.Progress, w.Now
		if t.Held >= spec.Store.Keep {
			w.unstore(st.Pool, st.Size) // the oldest
		} else {
			t.Held++
		}
	}
	switch {
	case v.Step == SaveWrites && st.Kind == Saving && st.Tier == 0:
		w.count(j)
		w.saved(j, spec)
	case v.Step == SaveWaits && st.Kind == Saving && st.Tier == 0:
		w.count(j)
		w.snap(j, spec)
	case v.Step == SaveLoads && st.Kind == Reading:
		w.count(j)
		w.goOn(j)
	default:
		s.Saved = max(s.Saved, st.Progress)
		return
	}
	s.Saved = w.safe(j, spec)
	w.reschedule(j)
}

// waitsFor reports whether a job stands still until a stream of it ends.
func (w *World) waitsFor(st *Stream) bool {
	if st.Kind == Feeding {
		return false
	}
	step := w.save(st.Job).Step
	return st.Kind == Saving && st.Tier == 0 && (step == SaveWrites || step == SaveWaits) || st.Kind == Reading && step == SaveLoads
}

// block tells the job that waits for a stream how long it will at the present rate.
func (w *World) block(st *Stream) {
	if !w.waitsFor(st) {
		return
	}
	s := &w.Jobs[st.Job]
	w.count(st.Job)
	s.Stall = w.plan.Duration
	if st.Rate > 0 {
		s.Stall = min(s.Stall, st.Left/st.Rate)
	}
	w.reschedule(st.Job)
}

// safe returns the progress of the latest checkpoint that a job has anywhere.
func (w *World) safe(j int32, spec *workload.Job) float64 {
	best := spec.Before
	for _, t := range w.save(j).Tiers {
		best = max(best, t.Done)
	}
	return best
}

// stopSaves says what a job has saved at the moment at which it stops running, whatever stops it: what is on its way is lost.
// Who gives its nodes to others loses what their memory holds.
func (w *World) stopSaves(j int32, spec *workload.Job, hit, leaves bool) {
	if spec.Data != nil || spec.Store != nil {
		w.cut(j)
	}
	if spec.Store == nil {
		return
	}
	s, v := &w.Jobs[j], w.save(j)
	for i := range v.Tiers {
		t := &v.Tiers[i]
		t.settle(w.Now)
		if t.Next = -1; leaves && spec.Store.Tiers[i].Pool == workload.HostMemory {
			t.Done = -1
		}
	}
	v.Ran += w.Now - s.Start
	if hit {
		v.Hits++
	}
	switch v.Step {
	case SaveReads, SaveLoads:
		s.Stall = 0 // it will read anew
	case SaveStarts:
	default:
		v.Suspended = !hit && !leaves
	}
	v.Step = SaveRuns
	s.Saved = max(spec.Before, min(s.Progress, w.safe(j, spec)))
}

// forget takes the checkpoints that a storage has lost from all jobs.
func (w *World) forget(pool int32) {
	for j := range w.work.Jobs {
		spec := &w.work.Jobs[j]
		if spec.Store == nil {
			continue
		}
		v := w.save(int32(j))
		for i := range v.Tiers {
			if spec.Store.Tiers[i].Pool == pool {
				v.Tiers[i].Done, v.Tiers[i].Next = -1, -1
			}
		}
		s := &w.Jobs[j]
		if had := s.Saved; s.Phase == Queued && !v.Suspended {
			s.Saved = w.safe(int32(j), spec)
			w.lose(int32(j), had-s.Saved, account.Lost)
		}
	}
}

func (w *World) tierName(t *workload.Tier) string {
	if t.Pool == workload.HostMemory {
		return "the memory of its nodes"
	}
	return w.plan.Storage[t.Pool].Name
}
