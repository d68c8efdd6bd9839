package schedule

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/unit"
)

// PreemptionSpec says when a running job must make room, and what that costs it.
type PreemptionSpec struct {
	By     string        `yaml:"by" doc:"who makes room: place (the worst ranked jobs whose nodes the better ranked one can really use), count (all that are not among the best ranked jobs that fit the site by number of GPUs, wherever those are)" default:"place" enum:"place,count"`
	MinRun unit.Duration `yaml:"min_run" doc:"a job that has run for less, since it last started, is left alone" default:"0 s" range:"[0,)"`
	Ties   string        `yaml:"ties" doc:"who goes first of two jobs of equal rank: the running one, the waiting one, or the one submitted first" default:"running" enum:"running,waiting,submitted"`
	Keep   string        `yaml:"keep" doc:"what a preempted job keeps of its work: all (it is suspended, or saves before it goes), or what its last checkpoint saved" default:"all" enum:"all,checkpoint"`
	Cost   []CostSpec    `yaml:"cost" doc:"time without progress when a preempted job starts again; the first entry that is for its size holds"`
	Firm   []string      `yaml:"firm" doc:"queues whose jobs are never preempted; inference services never are"`
	LAS    AttainedSpec  `yaml:"las" doc:"queues of the least-attained-service order"`
}

// CostSpec is the cost of a preemption for jobs up to a size.
type CostSpec struct {
	GPUs int           `yaml:"gpus" doc:"for jobs of up to so many GPUs; 0: of any size" default:"0" range:"[0,)"`
	Time unit.Duration `yaml:"time" doc:"how long it takes to get going again" required:"true" range:"[0,)"`
}

// AttainedSpec divides jobs by the service that they have had.
type AttainedSpec struct {
	Service    string          `yaml:"service" doc:"what counts as service: gpu-time (GPUs × time, two-dimensional LAS), or time" default:"gpu-time" enum:"gpu-time,time"`
	Thresholds []unit.Duration `yaml:"thresholds" doc:"service, in time of one GPU, at which a job falls into the next queue; even when left out: one, at 1 h"`
	Promote    float64         `yaml:"promote" doc:"a job that has waited for so many times the time it has run goes back to the first queue, so that none starves; 0: never. A threshold should be worth more than the cost of starting again" default:"0" source:"Tiresias: promote knob" range:"[0,)"`
}

// tie says who goes first of equally ranked jobs.
type tie uint8

const (
	tieRunning tie = iota
	tieWaiting
	tieSubmitted
)

// preemption is a PreemptionSpec made ready.
type preemption struct {
	on      bool
	count   bool // choose by number of GPUs
	minRun  float64
	ties    tie
	suspend bool
	costs   []CostSpec
	firm    []string
	firmly  []bool // by queue, as bound

	byTime     bool // LAS counts time, not GPU-time
	thresholds []float64
	promote    float64
}

// ranked is an order under which running jobs have a rank too, so that a waiting one may take their place.
type ranked interface {
	order
	rank(c *Config, e *Entry, now float64) float64 // of a running job, on the scale of key
}

// preempts compiles what the spec says of preemption.
func (c *Config) preempts(s *Spec) error {
	p := &c.preemption
	spec := s.Preemption
	if !preemptive[s.order()] && !shares(s.order()) && spec == nil {
		p.suspend = true // under a policy from outside
		return nil
	}
	if spec == nil {
		spec = &PreemptionSpec{}
	}
	if _, ok := c.order.(ranked); !ok && !shares(s.order()) {
		return fmt.Errorf("scheduler: the order %s does not preempt", s.order())
	}
	if c.backfill == conservative || c.backfill == easy && (spec.By == "count" || shares(s.order())) {
		return fmt.Errorf("scheduler: preemption goes with backfill first-fit, strict or, by place, easy, not with %s", s.backfill())
	}
	*p = preemption{
		on: !shares(s.order()) && !c.external, count: spec.By == "count" && !shares(s.order()) && !c.external, minRun: float64(spec.MinRun), suspend: spec.Keep != "checkpoint", costs: spec.Cost, firm: spec.Firm,
		ties:   map[string]tie{"waiting": tieWaiting, "submitted": tieSubmitted}[spec.Ties],
		byTime: spec.LAS.Service == "time", promote: spec.LAS.Promote,
	}
	for _, t := range spec.LAS.Thresholds {
		p.thresholds = append(p.thresholds, float64(t))
	}
	if len(p.thresholds) == 0 {
		p.thresholds = []float64{3600}
	}
	return nil
}

// validate checks what the tags cannot say.
func (s *PreemptionSpec) validate(order string, fail func(path, msg string)) {
	if o, known := orders[order]; known {
		if _, ok := o.(ranked); !ok && !shares(order) {
			fail("preemption", fmt.Sprintf("the order %s does not preempt; choose fcfs, sjf, srtf, srsf, las, smallest-first, largest-first, smallest-area, priority or fair-share", order))
		}
	}
	for i, c := range s.Cost {
		if i > 0 && (s.Cost[i-1].GPUs == 0 || c.GPUs != 0 && c.GPUs <= s.Cost[i-1].GPUs) {
			fail(fmt.Sprintf("preemption.cost[%d].gpus", i), "is never reached: the entry before it is for these sizes too; list sizes in rising order, the one for any size last")
		}
	}
	for i, c := range s.Cost {
		if s.Ties == "waiting" && s.MinRun > 0 && c.Time >= s.MinRun {
			fail(fmt.Sprintf("preemption.cost[%d].time", i), fmt.Sprintf("with ties: waiting, jobs of equal rank take turns of min_run %v, and %v of each goes to starting again; nobody would ever be done", s.MinRun, c.Time))
		}
	}
	for i, t := range s.LAS.Thresholds {
		if t <= 0 || i > 0 && t <= s.LAS.Thresholds[i-1] {
			fail(fmt.Sprintf("preemption.las.thresholds[%d]", i), fmt.Sprintf("is %v; thresholds are positive and rise", t))
		}
	}
}

// ages reports whether ranks depend on the service that jobs have had.
func (c *Config) ages() bool {
	switch c.order.(type) {
	case attained, aging:
		return true
	}
	return false
}

// Suspends reports whether a preempted job keeps all of its work, not only what its last checkpoint saved.
func (c *Config) Suspends() bool { return c.preemption.suspend }

// Preempts reports whether running jobs may have to make room.
func (c *Config) Preempts() bool { return c.preemption.on || c.quotas.reclaims() }

// PreemptionCost returns how long, in s, a preempted job of so many GPUs makes no progress when it starts again.
func (c *Config) PreemptionCost(gpus float64) float64 {
	for _, k := range c.preemption.costs {
		if k.GPUs == 0 || gpus <= float64(k.GPUs) {
			return float64(k.Time)
		}
	}
	return 0
}

// Progresses returns an error where jobs of so many GPUs could be promoted under least attained service for ever without getting on:
// the service that takes them out of the first queue again all goes to starting again.
func (c *Config) Progresses(gpus float64) error {
	p := &c.preemption
	if !c.ages() || p.promote == 0 {
		return nil
	}
	cost, turn := c.PreemptionCost(gpus), p.thresholds[0]
	if !p.byTime {
		turn /= max(gpus, 1)
	}
	if cost < turn {
		return nil
	}
	return fmt.Errorf("scheduler.preemption.las.promote: a job of %g GPUs leaves the first queue after %v, and starting again costs it %v: promoted, it would never get on; raise the first of las.thresholds above %v, lower the cost, or leave promote out",
		gpus, unit.Duration(turn), unit.Duration(cost), unit.Duration(cost*p.thresholds[0]/turn))
}

// spared reports whether a running job may not be preempted now: it is replayed, firm, or has only just started.
func (c *Config) spared(e *Entry, now float64) bool {
	p := &c.preemption
	return e.Pinned || e.Firm || e.Queue >= 0 && int(e.Queue) < len(p.firmly) && p.firmly[e.Queue] || now <= e.Begun || now < e.Begun+p.minRun-1e-9
}

// wakePreemption returns when ranks or protection change next though nothing else happens.
func (c *Config) wakePreemption(s *State, now float64) float64 {
	at := math.Inf(1)
	p := &c.preemption
	if !c.Preempts() || s.Queue.Count == 0 {
		return at
	}
	las := c.ages()
	for _, slot := range s.Running {
		e := &s.Entries[slot]
		if t := e.Begun + p.minRun; p.minRun > 0 && t > now+1e-9 {
			at = min(at, t)
		}
		if las {
			if t := c.falls(e, now); t > now {
				at = min(at, t)
			}
		}
	}
	if las && p.promote > 0 {
		for it := range s.Queue.All() {
			if t := c.promoted(&s.Entries[it.Slot]); it.Key > 0 && t > now {
				at = min(at, t)
			}
		}
	}
	return at
}
