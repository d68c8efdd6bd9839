package twin

import (
	"math"

	"github.com/halltwin/halltwin/models/serving"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/twin/record"
)

// ServiceState is the state of an inference service.
type ServiceState struct {
	serving.State
	Last serving.Level // how it did in the last step
	Use  float64       // of its GPUs, as its racks draw for it; it follows Last.Use in strides
}

// bindServices finds the jobs that are replicas.
func (w *World) bindServices() {
	w.serviceOf = make([]int32, len(w.work.Jobs))
	byName := map[string]int32{}
	for i := range w.plan.Services {
		for j := range w.plan.Services[i].Plan.Jobs {
			byName[w.plan.Services[i].Plan.Jobs[j].ID] = int32(i)
		}
	}
	for j := range w.work.Jobs {
		w.serviceOf[j] = -1
		if spec := &w.work.Jobs[j]; spec.Class == workload.Service {
			if i, ok := byName[spec.ID]; ok {
				w.serviceOf[j] = i
			}
		}
	}
}

// useTolerance is the change of a service's utilisation from which its racks are evaluated again.
const useTolerance = 0.005

// serve lets the services answer the requests of a step that lasted dt, with the replicas that are up and the speed
// that heat and limits leave them.
func (w *World) serve(dt float64) {
	if len(w.Services) == 0 {
		return
	}
	up, speed := w.serviceUp, w.serviceSpeed
	for i := range up {
		up[i], speed[i] = 0, 0
	}
	for _, slot := range w.Sched.Running {
		j := w.Sched.Entries[slot].Job
		s := &w.Jobs[j]
		// A replica that runs at the very beginning was up before: it needs no start.
		warm := s.Start == 0 && s.Restarts == 0 || s.Start+w.work.Jobs[j].Restart <= w.Now
		if i := w.serviceOf[j]; i >= 0 && s.Phase == Running && warm {
			up[i]++
			speed[i] += s.Speed
		}
	}
	for i := range w.Services {
		s, p := &w.Services[i], w.plan.Services[i].Plan
		mean := 0.0
		if up[i] > 0 {
			mean = speed[i] / float64(up[i])
		}
		before, requests, met := s.Last, s.Requests, s.Met
		s.Last = p.Step(&s.State, w.Now-dt, dt, up[i], mean)
		if n := s.Requests - requests; n > 0 {
			w.Books.Services[i].Add(n, (s.Met-met)/n)
		}
		if s.Last.Missed != before.Missed && s.Last.Missed != serving.Nothing {
			w.emit(record.Event{Severity: record.Warning, Type: "sla.miss", Subject: p.Name, Text: "misses its service level: " + s.Last.Missed.String()})
		}
		if math.Abs(s.Last.Use-s.Use) > useTolerance {
			w.touchService(int32(i))
			s.Use = s.Last.Use
		}
	}
}

// touchService marks the racks of a service's replicas, whose GPUs are as busy as its load makes them.
func (w *World) touchService(i int32) {
	for _, slot := range w.Sched.Running {
		j := w.Sched.Entries[slot].Job
		if w.serviceOf[j] != i {
			continue
		}
		w.stirJob(j)
	}
}

func (w *World) serviceGauge(name string, out []float64) []float64 {
	for i := range w.Services {
		l := &w.Services[i].Last
		v := math.NaN()
		switch name {
		case "service.requests":
			v = l.Load
		case "service.load":
			v = ratio(l.Load, l.Capacity)
		case "service.ttft_p99":
			v = l.TTFT
		case "service.tpot_p99":
			v = l.TPOT
		}
		out = append(out, v)
	}
	return out
}

// slaMet returns the share of requests within the service level, of the service that did worst; NaN without one.
func (w *World) slaMet() float64 {
	worst := math.NaN()
	for i := range w.Services {
		if s := w.Books.Services[i].Share(); math.IsNaN(worst) || s < worst {
			worst = s
		}
	}
	return worst
}
