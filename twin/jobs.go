package twin

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/halltwin/halltwin/models/account"

	"github.com/halltwin/halltwin/models/schedule"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/twin/record"
)

// advance lets dt seconds of running pass for a job and returns how many of them made progress. It is closed form
// but for one turn a checkpoint, and touches nothing but the job.
func (s *JobState) advance(spec *workload.Job, dt float64) (worked, saved, restarted float64) {
	for dt > 0 {
		if s.Stall > 0 {
			d := min(dt, s.Stall)
			s.Stall -= d
			dt -= d
			if s.Saving {
				saved += d
			} else {
				restarted += d
			}
			if s.Stall == 0 && s.Saving && spec.Store == nil {
				s.Saving, s.Saved, s.Cycle = false, s.Progress, 0
			}
			continue
		}
		if s.Speed <= 0 {
			return
		}
		todo := spec.Work - s.Progress
		if todo <= 0 {
			s.Extra = max(0, s.Extra-dt)
			return
		}
		save := spec.Every > 0 && spec.Every-s.Cycle < todo
		if save {
			todo = spec.Every - s.Cycle
		}
		if t := todo / s.pace(); t > dt {
			s.Progress += s.pace() * dt
			s.Cycle += s.pace() * dt
			worked += dt
			return
		} else {
			s.Progress += todo
			s.Cycle += todo
			worked += t
			dt -= t
		}
		switch {
		case save && spec.Cost > 0:
			s.Stall, s.Saving = spec.Cost, true
		case save:
			s.Saved, s.Cycle = s.Progress, 0
		}
	}
	return
}

// left returns the time in s until the job's work is done at its present speed, checkpoints included, and not its extra
// time.
func (s *JobState) left(spec *workload.Job) float64 {
	todo := spec.Work - s.Progress
	t := s.Stall
	if todo > 0 {
		if s.Speed <= 0 {
			return math.Inf(1)
		}
		t += todo / s.pace()
	}
	if spec.Every > 0 && spec.Cost > 0 && todo > 0 {
		cycle := s.Cycle
		if s.Saving {
			cycle = 0
		}
		if n := math.Ceil((cycle+todo)/spec.Every) - 1; n > 0 {
			t += n * spec.Cost
		}
	}
	return t
}

// count brings a job's progress and its GPU-hours up to now.
func (w *World) count(j int32) {
	s, spec := &w.Jobs[j], &w.work.Jobs[j]
	dt := w.Now - s.Mark
	s.Mark = w.Now
	if dt <= 0 || s.Slice < 0 {
		return
	}
	w.post(spec, s.GPUs, dt, s)
}

// post enters dt seconds of a job that holds GPUs into the books, and lets it advance.
func (w *World) post(spec *workload.Job, gpus, dt float64, s *JobState) {
	books := [2]*account.GPUTime{&w.Books.GPU, nil}
	if spec.Elastic != nil {
		w.Totals.ElasticHeld += gpus * dt
		w.Totals.ElasticRan += dt
	}
	if spec.Class == workload.Train {
		books[1] = &w.Books.Training
		w.Books.Training.Tick(gpus, dt)
	}
	var worked, saved, restarted float64
	if s.Phase != Stalled {
		worked, saved, restarted = s.advance(spec, dt)
	}
	for _, b := range books {
		if b == nil {
			continue
		}
		b.Run(gpus, worked, s.Speed)
		b.Spend(account.Checkpoint, gpus, saved)
		b.Spend(account.Restart, gpus, restarted)
		b.Spend(s.standstill(), gpus, dt-worked-saved-restarted)
		if s.Starve > 0 && worked > 0 {
			b.Starve(gpus * worked * (s.Speed/(1-float64(s.Starve)) - s.Speed))
		}
		if s.Lag > 0 && worked > 0 {
			b.Slacken(gpus * worked * (s.Speed/(1-float64(s.Lag)) - s.Speed))
		}
	}
}

// arrive puts the jobs that are due into the queue and arms the next arrival.
func (w *World) arrive() {
	for w.NextJob < int32(len(w.work.Jobs)) && w.work.Jobs[w.NextJob].Submit <= w.Now {
		if !w.work.Jobs[w.NextJob].Standby {
			w.enqueue(w.NextJob)
		}
		w.NextJob++
	}
	if w.NextJob < int32(len(w.work.Jobs)) {
		w.push(w.work.Jobs[w.NextJob].Submit, phaseWork, evArrive, 0, 0)
	}
}

// enqueue submits a job to the scheduler.
func (w *World) enqueue(j int32) {
	s, spec := &w.Jobs[j], &w.work.Jobs[j]
	if s.Phase != Pending && s.Phase != Running && s.Phase != Stalled {
		return
	}
	if s.Phase == Pending {
		w.Books.Jobs.Submit()
	} else {
		w.Books.Jobs.Interrupt()
	}
	s.Phase, s.Queued = Queued, w.Now
	r := w.request(j, spec, s)
	if w.swapped != nil {
		r.Pinned, r.Start, r.Nodes = true, w.Now, w.swapped
	}
	w.sched.Submit(&w.Sched, w.Now, r)
	w.wantPass()
}

// request is what the scheduler is told of a job.
func (w *World) request(j int32, spec *workload.Job, s *JobState) schedule.Request {
	r := schedule.Request{
		Job: j, Submit: spec.Submit, Estimate: spec.Estimate(), Priority: spec.Priority,
		Parts: spec.Parts, Part: spec.Part, Whole: spec.Whole, User: w.users[j], Queue: w.queues[j],
	}
	switch {
	case s.Restarts+s.Preempts == 0:
	case spec.Walltime == 0:
		r.Estimate = spec.Work - s.Saved + s.Owed // what is left of it
	case s.Preempts > 0:
		r.Estimate = max(1, spec.Walltime-s.Saved+s.Owed)
	}
	r.Firm = spec.Class == workload.Service && !spec.Preemptible
	if spec.Standby {
		r.Submit = s.Queued
	}
	if spec.Elastic != nil {
		r.Elastic = *spec.Elastic
	}
	w.inform(&r, spec, s)
	if spec.Pinned {
		r.Pinned, r.Start, r.Nodes = true, spec.Start, spec.Nodes
	}
	return r
}

// pass lets the scheduler decide and starts what it chose.
func (w *World) pass() {
	w.PassPending = false
	w.feel()
	w.starts = w.sched.Pass(&w.Sched, w.Now, w.starts[:0])
	w.carry()
	if w.sched.External() {
		w.ask()
	}
	if w.PassPending { // preempted jobs are in the queue again
		return
	}
	w.WakeGen++
	if at, ok := w.sched.Wake(&w.Sched, w.Now); ok && at < w.plan.Duration {
		w.push(at, phaseSchedule, evPass, 0, w.WakeGen)
	}
}

// start gives a job what the scheduler granted it.
func (w *World) start(st *schedule.Start) {
	j := st.Job
	s, spec := &w.Jobs[j], &w.work.Jobs[j]
	w.revive(j, spec, st)
	s.Phase = Running
	s.Start, s.Mark, s.Speed, s.GPUs = w.Now, w.Now, 1, 0
	if spec.Elastic != nil {
		s.Rate = spec.Elastic.At(partsOf(st))
	}
	if math.IsNaN(s.First) {
		s.First = w.Now
		if !spec.Standby {
			w.Totals.Wait += w.Now - spec.Submit
			w.Totals.Started++
		}
	}
	w.Books.Jobs.Start()
	if spec.Class == workload.Train {
		w.Books.Training.Wait(spec.GPUs(), w.Now-s.Queued)
	}
	s.Stall, s.Saving, s.Cycle, s.Progress, s.Extra = 0, false, 0, s.Saved, w.sched.HoldExtra()
	s.Stall, s.Owed = s.Owed, 0
	if spec.Profile >= 0 {
		w.Varying = append(w.Varying, j)
		s.Use = w.meanUse(j, w.windowEnd())
	}
	for i := range st.Slices {
		w.hold(j, &st.Slices[i])
	}
	s.Drag, s.Lag = 0, 0
	if w.plan.Failures.Health != nil || len(w.Care.Latent) > 0 {
		s.Stall += w.test(j)
	}
	w.launch(j, spec)
	w.talk(j, spec)
	w.flag(j)
	w.reschedule(j)
	if spec.Elastic != nil {
		w.sched.Extend(&w.Sched, j, w.Now+s.left(spec))
	}
	if w.heard() {
		text := "starts" + onGPUs(s.GPUs)
		switch {
		case s.Restarts+s.Preempts > 0:
			text = "starts again" + onGPUs(s.GPUs)
		case w.Now > spec.Submit:
			text += " after a wait of " + clock(w.Now-spec.Submit)
		default:
			text += " at once"
		}
		w.emit(record.Event{Severity: record.Detail, Type: "job.start", Subject: w.jobName(j), Text: text,
			Fields: []record.Field{record.Str("nodes", ranges(st.Slices))}})
	}
}

// ranges writes the nodes of slices by their numbers in the site, in order: "0-3,8".
func ranges(held []schedule.Slice) string {
	nodes := make([]int32, len(held))
	for i := range held {
		nodes[i] = held[i].Node
	}
	slices.Sort(nodes)
	var text []byte
	for i := 0; i < len(nodes); {
		k := i + 1
		for k < len(nodes) && nodes[k] <= nodes[k-1]+1 {
			k++
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, int64(nodes[i]), 10)
		if nodes[k-1] > nodes[i] {
			text = strconv.AppendInt(append(text, '-'), int64(nodes[k-1]), 10)
		}
		i = k
	}
	return string(text)
}

// hold gives a job a slice of a node.
func (w *World) hold(j int32, sl *schedule.Slice) {
	rack := w.nodeRack[sl.Node]
	w.touch(rack)
	i := w.Free
	if i < 0 {
		i = int32(len(w.Slices))
		w.Slices = append(w.Slices, Slice{})
	} else {
		w.Free = w.Slices[i].OfJob
	}
	s, n := &w.Jobs[j], &w.Nodes[sl.Node]
	w.Slices[i] = Slice{Job: j, Node: sl.Node, OfJob: s.Slice, OnNode: n.Slice, GPUs: sl.GPUs, Share: shareOf(sl),
		Cores: sl.Demand[workload.CPU], Speed: 1}
	w.warm(&w.Slices[i])
	s.Slice, n.Slice = i, i
	if n.unfit() {
		w.recount(sl.Node)
	}
	w.board(i)
	w.fractions = w.fractions || fractional(&w.work.Jobs[j])
	gpus := w.Slices[i].gpus()
	w.BusyGPUs += gpus
	s.GPUs += gpus
	if w.work.Jobs[j].Profile >= 0 {
		w.Racks[rack].Varying++
	}
}

// release takes a job's slices back.
func (w *World) release(j int32) {
	w.vacate(j)
	w.sched.Release(&w.Sched, w.Now, j)
	w.wantPass()
}

// vacate takes a job's slices off their nodes; the scheduler has been told, or will be.
func (w *World) vacate(j int32) {
	s := &w.Jobs[j]
	s.Held += w.Now - s.Start
	for i := s.Slice; i >= 0; {
		sl := &w.Slices[i]
		rack := w.nodeRack[sl.Node]
		w.touch(rack)
		boarded := w.alight(i)
		at := &w.Nodes[sl.Node].Slice
		for *at != i {
			at = &w.Slices[*at].OnNode
		}
		*at = sl.OnNode
		w.BusyGPUs -= sl.gpus()
		if w.Nodes[sl.Node].unfit() {
			w.recount(sl.Node)
		}
		if w.work.Jobs[j].Profile >= 0 {
			w.Racks[rack].Varying--
		}
		if !boarded {
			w.leave(sl)
		}
		next := sl.OfJob
		*sl = Slice{Job: -1, Node: -1, OfJob: w.Free}
		w.Free, i = i, next
	}
	s.Slice = -1
	w.hush(j, &w.work.Jobs[j])
	if w.work.Jobs[j].Profile >= 0 {
		for k, v := range w.Varying {
			if v == j {
				w.Varying = append(w.Varying[:k], w.Varying[k+1:]...)
				break
			}
		}
	}
}

// reschedule sets the time of a running job's end: of its work, or of its walltime.
func (w *World) reschedule(j int32) {
	s, spec := &w.Jobs[j], &w.work.Jobs[j]
	s.Gen++
	done := w.Now + s.left(spec)
	at, kind := done+s.Extra, evEnd
	if s.Progress < spec.Work && spec.Walltime > 0 && s.Start+spec.Walltime < done-1e-9*spec.Walltime {
		at, kind = s.Start+spec.Walltime, evKill
	}
	if at <= w.plan.Duration && spec.Class != workload.Service { // a service goes on to the end
		w.push(at, phaseWork, kind, j, s.Gen)
	}
	if spec.Store != nil {
		w.armSave(j, spec)
	}
}

// end finishes a job: its work is done, or its walltime is over.
func (w *World) end(j int32, killed bool) {
	s, spec := &w.Jobs[j], &w.work.Jobs[j]
	w.count(j)
	w.stopSaves(j, spec, false, true)
	w.release(j)
	w.learn(j)
	s.End = w.Now
	kind, text, severity := "job.done", "done", record.Detail
	switch {
	case killed:
		s.Phase, kind, text = Failed, "job.killed", "killed at its walltime"
		w.lose(j, s.Progress-s.Saved, account.Wasted)
		w.Totals.Expired++
	case spec.Outcome == workload.Failed:
		s.Phase, kind, text = Failed, "job.failed", "failed by its own fault"
	case spec.Outcome == workload.Cancelled:
		s.Phase, kind, text = Cancelled, "job.cancelled", "cancelled by its user"
	default:
		s.Phase, s.Progress = Done, spec.Work
	}
	switch s.Phase {
	case Done:
		w.Books.Jobs.Finish()
		w.Totals.Turnaround += w.Now - spec.Submit
		w.Totals.Slowdown += max(1, (w.Now-spec.Submit)/max(10, s.Held))
	case Failed:
		w.Books.Jobs.Fail()
	default:
		w.Books.Jobs.Cancel(true)
	}
	if len(w.Care.Latent) > 0 {
		w.spoil(j)
	}
	if w.heard() {
		w.emit(record.Event{Severity: severity, Type: kind, Subject: w.jobName(j),
			Text: fmt.Sprintf("%s after %s%s", text, clock(w.Now-s.Start), onGPUs(s.GPUs))})
	}
}

// lose moves work that was counted as useful to a cause of loss.
func (w *World) lose(j int32, work float64, cause account.Cause) {
	if work <= 0 {
		return
	}
	spec := &w.work.Jobs[j]
	if rate := w.Jobs[j].Rate; rate > 0 {
		work /= rate // the time it took on what the job holds
	}
	w.Books.GPU.Move(cause, work*w.Jobs[j].GPUs)
	if spec.Class == workload.Train {
		w.Books.Training.Move(cause, work*w.Jobs[j].GPUs)
	}
}

// interrupt stops a job that lost something under it. Until detect seconds have passed nobody notices and it holds
// what is left of it; then it goes back to the queue with the progress of its last checkpoint.
func (w *World) interrupt(j int32, detect float64) {
	s := &w.Jobs[j]
	if s.Phase != Running {
		return
	}
	w.count(j)
	w.stopSaves(j, &w.work.Jobs[j], true, false)
	if w.work.Jobs[j].Class == workload.Service {
		s.Saved = s.Progress // what has been answered stays answered
	}
	w.lose(j, s.Progress-s.Saved, account.Lost)
	s.Progress, s.Cycle = s.Saved, 0
	s.Stall, s.Saving = 0, false
	s.Phase = Stalled
	s.Cause = w.cause()
	s.Gen++
	w.sched.Hold(&w.Sched, j)
	if detect > 0 || w.mayShrink(j) {
		for i := s.Slice; i >= 0; i = w.Slices[i].OfJob {
			w.touch(w.nodeRack[w.Slices[i].Node])
		}
		w.push(w.Now+detect, phaseWork, evRequeue, j, s.Gen)
		return
	}
	w.requeue(j)
}

// preempt takes a job off its nodes because the scheduler gave them to another, and queues it again: suspended with all its
// work, or with what its last checkpoint saved.
func (w *World) preempt(j int32) {
	s, spec := &w.Jobs[j], &w.work.Jobs[j]
	w.count(j)
	w.stopSaves(j, spec, false, !w.sched.Suspends())
	owed := 0.0
	if !s.Saving {
		owed = s.Stall
	}
	lost := 0.0
	if w.sched.Suspends() || spec.Class == workload.Service { // what has been answered stays answered
		s.Saved = s.Progress
	} else {
		lost = s.Progress - s.Saved
		w.lose(j, lost, account.Preempted)
		owed = w.restartTime(j)
	}
	if spec.Class == workload.Service {
		owed = spec.Restart
	}
	w.vacate(j)
	s.Progress, s.Stall, s.Saving = s.Saved, 0, false
	s.Owed = owed + w.sched.PreemptionCost(s.GPUs)
	s.Gen++
	s.Preempts++
	w.Totals.Preemptions++
	if w.heard() {
		text := "preempted after " + clock(w.Now-s.Start)
		if lost > 0 {
			text += fmt.Sprintf(", %s of work lost", clock(lost))
		}
		w.emit(record.Event{Severity: record.Detail, Type: "job.preempt", Subject: w.jobName(j), Text: text})
	}
	w.enqueue(j)
}

// requeue sends an interrupted job back to the queue.
func (w *World) requeue(j int32) {
	s, spec := &w.Jobs[j], &w.work.Jobs[j]
	if w.survive(j, spec) || w.swap(j) {
		return
	}
	w.count(j)
	w.release(j)
	s.Restarts++
	s.Owed = w.restartTime(j)
	if w.heard() {
		w.emit(record.Event{Parent: s.Cause, Severity: record.Info, Type: "job.requeue", Subject: w.jobName(j),
			Text: fmt.Sprintf("requeued after losing a node, %s of work saved", clock(s.Saved))})
	}
	if spec.Pinned {
		s.Phase, s.End = Failed, w.Now
		w.Books.Jobs.Fail()
		return
	}
	w.enqueue(j)
}

// interruptNode interrupts every job on a node, or only those that hold one of the GPUs in mask.
func (w *World) interruptNode(n int32, mask uint64, detect float64) {
	w.victims = w.victims[:0]
	for i := w.Nodes[n].Slice; i >= 0; i = w.Slices[i].OnNode {
		if mask == ^uint64(0) || w.Slices[i].GPUs&mask != 0 {
			w.victims = append(w.victims, w.Slices[i].Job)
		}
	}
	for _, j := range w.victims {
		w.interrupt(j, detect)
	}
}

// flag marks a job whose speed must be looked at when the instant settles.
func (w *World) flag(j int32) {
	w.flagged = append(w.flagged, j)
	w.wantSettle()
}

// retime gives the flagged jobs the speed of their slowest slice, less what the network costs them.
func (w *World) retime() {
	if w.Store.Dirty {
		w.shareStorage()
	}
	if w.Net.Dirty {
		w.congest()
	}
	for _, j := range w.flagged {
		s := &w.Jobs[j]
		if s.Phase != Running {
			continue
		}
		speed, lag := 1.0, 0.0
		for i := s.Slice; i >= 0; i = w.Slices[i].OfJob {
			if v, l := w.paceOf(&w.Slices[i]); v < speed {
				speed, lag = v, l
			}
		}
		speed *= (1 - s.Drag) * (1 - float64(s.Starve))
		if speed == s.Speed {
			continue
		}
		w.count(j)
		s.Lag = float32(lag)
		s.Speed, s.Steady = speed, 0
		w.reschedule(j)
		if spec := &w.work.Jobs[j]; spec.Walltime == 0 {
			w.sched.Extend(&w.Sched, j, w.Now+s.left(spec))
		}
	}
	w.flagged = w.flagged[:0]
}

// onGPUs says on how many GPUs a job runs.
func onGPUs(count float64) string {
	switch {
	case count == 0:
		return ""
	case count <= 1:
		return fmt.Sprintf(" on %.3g GPU", count)
	default:
		return fmt.Sprintf(" on %d GPUs", int(count))
	}
}

func (w *World) jobName(j int32) string {
	spec := &w.work.Jobs[j]
	if spec.Name != "" && spec.Name != spec.ID {
		return fmt.Sprintf("job %s (%s)", spec.ID, spec.Name)
	}
	return "job " + spec.ID
}
