package twin

import (
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/serving"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
)

// ServiceState is the state of an inference service.
type ServiceState struct {
	serving.State
	Last   serving.Level // how it did in the last step
	Up     int           // replicas that answered in it
	Use    float64       // of its GPUs, as its racks draw for it; it follows Last.Use in strides
	From   float64       // up to when it has answered, where it looks at its load at its own times
	Cut    float64       // share of the network to the other site that is lost
	Gone   float64       // share of the other site's replicas that is lost
	Turn   int           // replica whose power stands for that of all
	Energy float64       // J of its GPUs
	Cost   float64       // USD, of that energy
	Held   float64       // GPU-s
}

func newServices(plan *scenarios.Plan, seed random.Seed) []ServiceState {
	all := make([]ServiceState, len(plan.Services))
	for i := range all {
		p := plan.Services[i].Plan
		all[i] = ServiceState{State: p.NewState(seed), Up: p.Initial, Last: serving.Level{Met: 1}}
	}
	return all
}

func cloneServices(all []ServiceState) []ServiceState {
	all = slices.Clone(all)
	for i := range all {
		all[i].State = all[i].State.Clone()
	}
	return all
}

// bindServices finds the jobs that are replicas.
func (w *World) bindServices() {
	w.serviceOf = make([]int32, len(w.work.Jobs))
	w.replicas = make([][]int32, len(w.plan.Services))
	type replica struct{ service, number int }
	byName := map[string]replica{}
	for i := range w.plan.Services {
		jobs := w.plan.Services[i].Plan.Jobs
		w.replicas[i] = make([]int32, len(jobs))
		for k := range jobs {
			byName[jobs[k].ID] = replica{i, k}
		}
	}
	for j := range w.work.Jobs {
		w.serviceOf[j] = -1
		if spec := &w.work.Jobs[j]; spec.Class == workload.Service {
			if r, ok := byName[spec.ID]; ok {
				w.serviceOf[j] = int32(r.service)
				w.replicas[r.service][r.number] = int32(j)
			}
		}
	}
}

// eachReplica makes room for the speeds of the replicas of services that are followed request by request.
func (w *World) eachReplica() [][]float64 {
	each := make([][]float64, len(w.plan.Services))
	for i := range each {
		if p := w.plan.Services[i].Plan; p.Detailed {
			each[i] = make([]float64, p.Replicas)
		}
	}
	return each
}

// armServices puts the first looks of the services on the agenda that look at their load at times of their own.
func (w *World) armServices() {
	for i := range w.plan.Services {
		if every := w.plan.Services[i].Plan.Every; every > 0 {
			w.push(every, phaseWork, evServe, int32(i), 0)
		}
	}
}

// useTolerance is the change of a service's utilisation from which its racks are evaluated again.
const useTolerance = 0.005

// serve lets the services answer the requests of a step that lasted dt, but those with times of their own.
func (w *World) serve(dt float64) {
	for i := range w.Services {
		if w.plan.Services[i].Plan.Every == 0 {
			on := w.replicasOf(int32(i))
			w.answer(int32(i), w.Now-dt, dt, on)
		}
	}
}

// look lets a service answer what came since it last did, and ask for as many replicas as it then wants.
func (w *World) look(i int32) {
	s, p := &w.Services[i], w.plan.Services[i].Plan
	on := w.replicasOf(i)
	w.answer(i, s.From, w.Now-s.From, on)
	s.From = w.Now
	if p.Scales() {
		w.scale(i, p.Scale(&s.State, w.Now, on, &s.Last))
	}
	w.push(w.Now+p.Every, phaseWork, evServe, i, 0)
	w.wantSettle()
}

// replicasOf returns what a service has to answer with: the replicas that are up, and the speed that heat and limits leave them.
func (w *World) replicasOf(i int32) serving.Conditions {
	s, p := &w.Services[i], w.plan.Services[i].Plan
	on := serving.Conditions{Asked: p.Initial, WAN: 1 - s.Cut, Remote: 1 - s.Gone, Each: w.serviceEach[i]}
	if p.Scales() {
		on.Asked = s.Scale.Asked
	}
	sum := 0.0
	for k, j := range w.replicas[i] {
		js := &w.Jobs[j]
		speed := 0.0
		switch {
		case js.Phase == Running && w.warmReplica(j):
			speed = js.Speed
		case (js.Phase == Running || js.Phase == Queued) && js.Restarts+js.Preempts == 0:
			on.Starting++
		}
		if on.Each != nil {
			on.Each[k] = speed
		}
		if speed > 0 {
			on.Up++
			sum += speed
			if p.Prefills(k) {
				on.First++
			}
		}
	}
	if on.Up > 0 {
		on.Speed = sum / float64(on.Up)
	}
	return on
}

// warmReplica reports whether a replica that runs answers. One that runs at the very beginning was up before: it needs no start.
func (w *World) warmReplica(j int32) bool {
	s := &w.Jobs[j]
	return s.Start == 0 && s.Restarts == 0 || s.Start+w.work.Jobs[j].Restart <= w.Now
}

// answer lets a service answer the requests of dt seconds.
func (w *World) answer(i int32, from, dt float64, on serving.Conditions) {
	s, p := &w.Services[i], w.plan.Services[i].Plan
	w.meterService(i, dt)
	before, requests, met := s.Last, s.Requests, s.Met
	s.Last, s.Up = p.Step(&s.State, from, dt, on), on.Up
	if n := s.Requests - requests; n > 0 {
		w.Books.Services[i].Add(n, (s.Met-met)/n)
	}
	switch now := s.Last.Missed; {
	case now != serving.Nothing && before.Missed == serving.Nothing:
		w.emit(record.Event{Severity: record.Warning, Type: "sla.miss", Subject: p.Name, Text: "misses its service level: " + now.String()})
	case now == serving.Nothing && before.Missed != serving.Nothing:
		w.emit(record.Event{Severity: record.Info, Type: "sla.kept", Subject: p.Name, Text: "keeps its service level again"})
	}
	if math.Abs(s.Last.Use-s.Use) > useTolerance {
		w.touchService(i)
		s.Use = s.Last.Use
	}
}

// meterService counts the energy of a service's GPUs. Its replicas are as busy as each other, so one of them, in turns, stands
// for all.
func (w *World) meterService(i int32, dt float64) {
	s := &w.Services[i]
	jobs := w.replicas[i]
	gpus, turn := 0.0, int32(-1)
	for n := range jobs {
		k := (s.Turn + n) % len(jobs)
		if js := &w.Jobs[jobs[k]]; js.Phase == Running {
			gpus += js.GPUs
			if turn < 0 {
				turn = int32(k)
			}
		}
	}
	if turn < 0 {
		return
	}
	s.Turn = (int(turn) + 1) % len(jobs)
	j := jobs[turn]
	energy := w.jobPower(j) / w.Jobs[j].GPUs * gpus * dt
	s.Energy += energy
	s.Held += gpus * dt
	if w.plan.Price != nil {
		cursor := w.PriceCursor
		s.Cost += energy * w.plan.Price.At(&cursor, w.Now)
	}
}

// touchService marks the racks of a service's replicas, whose GPUs are as busy as its load makes them.
func (w *World) touchService(i int32) {
	for _, j := range w.replicas[i] {
		if w.Jobs[j].Slice >= 0 {
			w.stirJob(j)
		}
	}
}

// setService gives a setting of a service a value and returns the value it had.
func (w *World) setService(r facility.Ref, field string, value float64) (old float64) {
	s, p := &w.Services[r.Index], w.plan.Services[r.Index].Plan
	if p.Remote == "" {
		w.emit(record.Event{Severity: record.Warning, Type: "set", Subject: p.Name, Text: "it has no other site: " + field + " changes nothing"})
		return 1
	}
	lost := &s.Cut
	if field == "remote" {
		lost = &s.Gone
	}
	old = 1 - *lost
	*lost = 1 - value
	return old
}

// scale brings the replicas of a service to the number that it asks for: those that stand by join the queue, the last ones go.
func (w *World) scale(i int32, asked int) {
	n := 0
	for _, j := range w.replicas[i] {
		if p := w.Jobs[j].Phase; p == Queued || p == Running || p == Stalled {
			n++
		}
	}
	if n == asked {
		return
	}
	if w.heard() {
		w.emit(record.Event{Severity: record.Info, Type: "service.scale", Subject: w.plan.Services[i].Name,
			Text: fmt.Sprintf("replicas asked for: %d instead of %d; %d answer", asked, n, w.Services[i].Up)})
	}
	for _, j := range w.replicas[i] {
		if n < asked && w.Jobs[j].Phase == Pending {
			w.enqueue(j)
			n++
		}
	}
	for _, phase := range [...]JobPhase{Queued, Running} {
		for k := len(w.replicas[i]) - 1; k >= 0 && n > asked; k-- {
			if j := w.replicas[i][k]; w.Jobs[j].Phase == phase {
				w.retire(j)
				n--
			}
		}
	}
}

// retire lets a replica go; it stands by until it is asked for again.
func (w *World) retire(j int32) {
	s := &w.Jobs[j]
	if s.Phase == Queued {
		w.sched.Cancel(&w.Sched, j)
		w.wantPass()
		w.Books.Jobs.Cancel(false)
	} else {
		w.count(j)
		w.release(j)
		w.Books.Jobs.Finish()
	}
	*s = JobState{Slice: -1, First: math.NaN(), End: math.NaN(), Gen: s.Gen + 1}
}
