package serving

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/gonum/mathext"

	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
)

// Site is what a service meets.
type Site struct {
	Device   training.Device
	Requests *workload.Requests // of the load's file; nil where the load is a rate
	Midnight float64            // s from local midnight to the start of the run
	Horizon  float64            // length of the run, s
}

// Plan is a compiled service: immutable.
type Plan struct {
	Name     string
	Replica  Replica
	Replicas int
	GPUs     int // of a replica
	Load     Load
	TTFT     float64 // limit of the time to first token, s
	TPOT     float64 // limit of the time per output token, s
	Jobs     []workload.Job
	lengths  [points]float64 // quantiles of prompt length over its mean
}

// points is the number of equally likely prompt lengths over which a latency is taken.
const points = 20

// target is the share of requests that a service level of a 99th percentile asks for.
const target = 0.99

// Compile makes the plan of a service.
func Compile(s *Spec, site Site) (*Plan, error) {
	d := site.Device
	if err := d.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	p := &Plan{Name: s.Name, Replica: NewReplica(s, d), GPUs: s.GPUs, Load: newLoad(&s.Load, site.Requests, site.Midnight, site.Horizon),
		TTFT: float64(s.SLA.TTFT), TPOT: float64(s.SLA.TPOT)}
	r := &p.Replica
	if r.room <= 0 {
		return nil, fmt.Errorf("%s: the weights (%s) do not fit in %d GPUs of %s: raise gpus, or lower the precision",
			s.Name, unit.Data(r.weights), s.GPUs, unit.Data(d.Memory))
	}
	if s.GPUs > d.PerNode && s.GPUs%d.PerNode != 0 {
		return nil, fmt.Errorf("%s: a replica of %d GPUs is not whole nodes of %d", s.Name, s.GPUs, d.PerNode)
	}
	if s.Load.File != "" && site.Requests.Len() == 0 {
		return nil, fmt.Errorf("%s: the load %s holds no requests in the time of the run", s.Name, s.Load.File)
	}
	p.lengths = lognormal(p.Load.promptCV)
	p.Replicas = int(s.Replicas)
	if p.Replicas == 0 {
		n, err := p.enough(float64(s.Headroom))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		p.Replicas = n
	}
	p.jobs(s, d.PerNode, site.Horizon)
	return p, nil
}

// lognormal returns equally likely values of a lognormal variable of mean 1, by the midpoints of its quantiles, scaled so
// that their mean is 1 too.
func lognormal(cv float64) (q [points]float64) {
	sigma := math.Sqrt(math.Log1p(cv * cv))
	sum := 0.0
	for i := range q {
		q[i] = math.Exp(sigma * mathext.NormalQuantile((float64(i)+0.5)/points))
		sum += q[i] / points
	}
	for i := range q {
		q[i] /= sum
	}
	return q
}

// enough returns the fewest replicas that keep the service level at the peak of the load and the headroom above it.
func (p *Plan) enough(headroom float64) (int, error) {
	t := p.Load.Peak()
	if t.Requests == 0 {
		return 1, nil
	}
	t.Requests, t.Input, t.Output = t.Requests*(1+headroom), t.Input*(1+headroom), t.Output*(1+headroom)
	keeps := func(n int) bool { return p.level(t, n, 1, 0, 0, 3600).Met >= target }
	const most = 1 << 17
	hi := 1
	for ; !keeps(hi); hi *= 2 {
		if hi >= most {
			prompt, output := t.Input/t.Requests, t.Output/t.Requests
			return 0, fmt.Errorf("no number of replicas keeps the service level: a request alone takes %s to its first token (limit %s, for prompts of %.0f tokens and more) and %s a token (limit %s): raise gpus, the limits, or state replicas",
				unit.Duration(p.Replica.Prefill(prompt)), unit.Duration(p.TTFT), prompt,
				unit.Duration(p.Replica.Step(1, context(prompt, output))), unit.Duration(p.TPOT))
		}
	}
	lo := hi / 2
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; keeps(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi, nil
}

// jobs makes one job a replica: a failure takes a replica, never the service.
func (p *Plan) jobs(s *Spec, perNode int, horizon float64) {
	for i := range p.Replicas {
		name := s.Name + "-" + strconv.Itoa(i)
		j := workload.Job{ID: name, Name: name, Queue: "", Class: workload.Service, Parts: int32(max(1, s.GPUs/perNode)),
			Whole: s.GPUs >= perNode, Work: horizon, Priority: s.Priority, Profile: -1, Util: workload.Util{GPU: idleUse, CPU: idleUse}}
		j.Part[workload.GPU] = float64(min(s.GPUs, perNode))
		j.Checkpoint.Restart = float64(s.Start)
		p.Jobs = append(p.Jobs, j)
	}
}
