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
	Remote   training.Device    // of the other site, where there is one
	Requests *workload.Requests // of the load's file; nil where the load is a rate
	Midnight float64            // s from local midnight to the start of the run
	Weekday  int                // of the start, 0 for Monday
	Horizon  float64            // length of the run, s
}

// Plan is a compiled service: immutable.
type Plan struct {
	Name     string
	Replica  Replica // here
	Replicas int     // here, the most that there can be
	Initial  int     // here, at the start
	GPUs     int     // of a replica
	Load     Load
	TTFT     float64 // limit of the time to first token, s
	TPOT     float64 // limit of the time per output token, s
	Every    float64 // s between looks, where the service asks for its own; else 0
	Detailed bool    // its requests are followed one by one
	Remote   string  // name of the other site; "" for none
	Jobs     []workload.Job

	first   int // replicas that only prefill
	here    place
	away    *away
	scale   *scaler
	timeout float64         // s; 0: never
	turns   bool            // replicas take requests in turn
	fastest bool            // a request goes to the replica that will be done first
	lengths [points]float64 // quantiles of prompt length over its mean
}

// points is the number of prompt lengths over which a latency is taken, and chances are how likely each is: finer where the
// longest percent decides.
const points = 26

var chances = func() (c [points]float64) {
	edges := [...]float64{0.8, 0.85, 0.9, 0.94, 0.96, 0.975, 0.985, 0.99, 0.995, 0.998, 1}
	for i := range c {
		if c[i] = 0.05; i > 15 {
			c[i] = edges[i-15] - edges[i-16]
		}
	}
	return c
}()

// target is the share of requests that a service level of a 99th percentile asks for.
const target = 0.99

// Compile makes the plan of a service.
func Compile(s *Spec, site Site) (*Plan, error) {
	d := site.Device
	if err := d.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	p := &Plan{Name: s.Name, Replica: NewReplica(s, d), GPUs: s.GPUs, Load: newLoad(&s.Load, &site),
		TTFT: float64(s.SLA.TTFT), TPOT: float64(s.SLA.TPOT), Detailed: s.Detail == "requests", timeout: float64(s.Timeout),
		turns: s.Balance == "round-robin", fastest: s.Balance == "fastest"}
	if err := fits(&p.Replica, s, d); err != nil {
		return nil, err
	}
	if s.GPUs > d.PerNode && s.GPUs%d.PerNode != 0 {
		return nil, fmt.Errorf("%s: a replica of %d GPUs is not whole nodes of %d", s.Name, s.GPUs, d.PerNode)
	}
	if s.Load.File != "" && site.Requests.Len() == 0 {
		return nil, fmt.Errorf("%s: the load %s holds no requests in the time of the run", s.Name, s.Load.File)
	}
	p.lengths = lognormal(p.Load.promptCV)
	p.here = place{replica: &p.Replica}
	if s.Split != nil {
		p.first = s.Split.Prefill
		p.here.split, p.here.transfer = true, p.Replica.kv/float64(s.Split.Transfer)
	}
	if err := p.remote(s, site.Remote); err != nil {
		return nil, err
	}
	if err := p.count(s); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	p.here.replicas = p.Replicas
	if p.Detailed || p.scale != nil {
		p.Every = float64(s.Every)
	}
	p.jobs(s, d.PerNode, site.Horizon)
	return p, nil
}

// fits says why the weights do not fit in a replica, or returns nil.
func fits(r *Replica, s *Spec, d training.Device) error {
	if r.room > 0 {
		return nil
	}
	return fmt.Errorf("%s: the weights (%s) do not fit in %.0f GPUs of %s: raise gpus, or lower the precision", s.Name, unit.Data(r.weights), r.gpus, unit.Data(d.Memory))
}

// remote compiles the other site.
func (p *Plan) remote(s *Spec, d training.Device) error {
	if s.Remote == nil {
		return nil
	}
	if err := d.Check(); err != nil {
		return fmt.Errorf("%s: remote: %w", s.Name, err)
	}
	there := *s
	there.GPUs = s.Remote.GPUs
	r := NewReplica(&there, d)
	if err := fits(&r, s, d); err != nil {
		return fmt.Errorf("remote: %w", err)
	}
	m := s.Remote
	p.Remote = m.Name
	p.away = &away{place: place{replica: &r, replicas: m.Replicas}, route: m.Route, spill: float64(m.Spill), roundTrip: float64(m.RoundTrip),
		bandwidth: float64(m.Bandwidth), payload: float64(m.Payload)}
	return nil
}

// count settles how many replicas there are, and can be.
func (p *Plan) count(s *Spec) error {
	p.Replicas = int(s.Replicas)
	if a := s.Scale; a != nil {
		p.scale = &scaler{min: a.Min, max: a.Max, queue: a.By == "queue", target: float64(a.Target), waiting: a.Queue, cool: float64(a.Cool)}
		p.Replicas, p.Initial = a.Max, int(s.Replicas)
		if p.Initial == 0 {
			t := p.Load.Mean(0, 300)
			c := p.here.capacity(math.Max(1, t.Input/math.Max(t.Requests, 1e-9)), math.Max(1, t.Output/math.Max(t.Requests, 1e-9)), staff{n: 1, v: 1})
			p.Initial = int(math.Ceil(t.Requests / c / float64(a.Target)))
		}
		p.Initial = min(max(p.Initial, a.Min), a.Max)
		return nil
	}
	if p.Replicas == 0 {
		n, err := p.enough(float64(s.Headroom))
		if err != nil {
			return err
		}
		p.Replicas = n
	}
	p.Initial = p.Replicas
	return nil
}

// lognormal returns values of a lognormal variable of mean 1 with the given chances, by the midpoints of its quantiles, scaled
// so that their mean is 1 too.
func lognormal(cv float64) (q [points]float64) {
	sigma := math.Sqrt(math.Log1p(cv * cv))
	sum, at := 0.0, 0.0
	for i := range q {
		q[i] = math.Exp(sigma * mathext.NormalQuantile(at+chances[i]/2))
		sum += q[i] * chances[i]
		at += chances[i]
	}
	for i := range q {
		q[i] /= sum
	}
	return q
}

// enough returns the fewest replicas that keep the service level, alone, at the peak of the load and the headroom above it.
func (p *Plan) enough(headroom float64) (int, error) {
	t := p.Load.Peak()
	if t.Requests == 0 {
		return 1, nil
	}
	t = part(t, 1+headroom)
	keeps := func(n int) bool { return p.level(&p.here, t, staff{n: n, v: 1}, 0, 0, 3600, 0).Met >= target }
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

// jobs makes one job a replica: a failure takes a replica, never the service. Those above the first stand by.
func (p *Plan) jobs(s *Spec, perNode int, horizon float64) {
	for i := range p.Replicas {
		name := s.Name + "-" + strconv.Itoa(i)
		j := workload.Job{ID: name, Name: name, Queue: s.Queue, Class: workload.Service, Parts: int32(max(1, s.GPUs/perNode)),
			Whole: s.GPUs >= perNode, Work: horizon, Priority: s.Priority, Profile: -1, Util: workload.Util{GPU: idleUse, CPU: idleUse},
			Standby: i >= p.Initial, Preemptible: s.Preemptible}
		j.Part[workload.GPU] = float64(min(s.GPUs, perNode))
		j.Checkpoint.Restart = float64(s.Start)
		p.Jobs = append(p.Jobs, j)
	}
}

// Describe says in a line what the service has.
func (p *Plan) Describe() string {
	text := fmt.Sprintf("service %s: %d replicas of %d GPUs", p.Name, p.Initial, p.GPUs)
	if p.scale != nil {
		text += fmt.Sprintf(", %d to %d with the load", p.scale.min, p.scale.max)
	}
	if p.first > 0 {
		text += fmt.Sprintf(", %d of them for prompts", p.first)
	}
	if p.away != nil {
		text += fmt.Sprintf("; %d more at %s", p.away.replicas, p.Remote)
	}
	return text
}

// Prefills reports whether a replica, by its number, only prefills.
func (p *Plan) Prefills(replica int) bool { return replica < p.first }
