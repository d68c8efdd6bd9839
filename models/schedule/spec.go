package schedule

import (
	"fmt"
	"strings"

	"github.com/halltwin/halltwin/models/unit"
)

// Spec is the key scheduler of a scenario.
type Spec struct {
	Policy    string        `yaml:"policy" doc:"queue order and backfill in one word; external: a process of yours decides, see halltwin run --scheduler" default:"easy-backfill" enum:"easy-backfill,conservative-backfill,first-fit,fcfs,round-robin,sjf,ljf,smallest-first,largest-first,smallest-area,mct,priority,srtf,srsf,las,fair-share,drf,external"`
	Order     string        `yaml:"order" doc:"which waiting job is first, if other than the policy says" enum:"fcfs,round-robin,sjf,ljf,smallest-first,largest-first,smallest-area,mct,priority,srtf,srsf,las,fair-share,drf"`
	Backfill  string        `yaml:"backfill" doc:"who may start before a blocked job: strict (none), first-fit (whoever fits), easy (who does not delay the first), conservative (who delays nobody); if other than the policy says" enum:"strict,first-fit,easy,conservative"`
	Placement string        `yaml:"placement" doc:"which free nodes a job gets" default:"pack-by-node" enum:"first-fit,best-fit,fgd,coolest,spread,load-balance,random,pack-by-node,pack-by-rack,pack-by-leaf,consolidate-first,consolidate-by-node,consolidate-by-rack,consolidate-by-leaf"`
	Depth     int           `yaml:"depth" doc:"waiting jobs behind the first blocked one that a pass looks at; 0 means all" default:"0" range:"[0,)"`
	Ageing    unit.Rate     `yaml:"ageing" doc:"priority that a waiting job gains per time, with the priority order" default:"0 1/h" range:"[0,)"`
	Turns     string        `yaml:"turns" doc:"whose turn it is, with the round-robin order" default:"user" enum:"user,queue"`
	HoldExtra unit.Duration `yaml:"hold_extra" doc:"how long a job goes on holding its nodes, as busy as at its end, after its work is done (RAPS: 1 s)" default:"0 s" range:"[0,)"`

	Interval unit.Duration `yaml:"interval" doc:"decide only at multiples of this time; 0: as soon as anything happens" default:"0 s" range:"[0,)"`

	Sharing      *SharingSpec      `yaml:"gpu_sharing" doc:"jobs of one part that ask for less than one GPU share it; else they hold all of it"`
	Limits       []LimitSpec       `yaml:"power_limits" doc:"limits of power under which jobs start"`
	Shift        *ShiftSpec        `yaml:"shift" doc:"jobs wait for hours in which the grid is clean or cheap"`
	Runtimes     *RuntimeSpec      `yaml:"runtimes" doc:"where the run times come from that backfill and shortest-first orders count on; the time limits of jobs, and the true run times of those without one, when left out"`
	Preemption   *PreemptionSpec   `yaml:"preemption" doc:"running jobs make room for better ranked ones; srtf, srsf and las do so even when this is left out"`
	Elastic      *ElasticSpec      `yaml:"elastic" doc:"elastic jobs change their size; they run on what they ask for when this is left out"`
	Queues       []QueueSpec       `yaml:"queues" doc:"quotas of queues, for fair-share"`
	Reclaim      string            `yaml:"reclaim" doc:"whether a queue below its quota takes nodes back from jobs of queues above theirs, under the terms of preemption" default:"any" enum:"any,never"`
	Reservations []ReservationSpec `yaml:"reservations" doc:"nodes, or a share of them, set aside in advance"`
}

// ReservationSpec sets nodes aside for some hours: for one user or queue, or for nobody (maintenance).
type ReservationSpec struct {
	Name  string        `yaml:"name" doc:"what it is called in messages"`
	Nodes string        `yaml:"nodes" doc:"selector of the nodes, or of what contains them" required:"true"`
	From  unit.Duration `yaml:"from" doc:"begin, counted from the start of the run" required:"true" range:"[0,)"`
	For   unit.Duration `yaml:"for" doc:"length" required:"true" range:"(0,)"`
	Every unit.Duration `yaml:"every" doc:"repeat after this time; 0 means once" default:"0 s" range:"[0,)"`
	User  string        `yaml:"user" doc:"whose jobs may use it"`
	Queue string        `yaml:"queue" doc:"jobs of which queue may use it"`
	Share *ShareSpec    `yaml:"share" doc:"how much of each node; the whole node when absent"`
}

// ShareSpec is an amount of each resource of a node.
type ShareSpec struct {
	GPUs    float64        `yaml:"gpus" doc:"devices" default:"0" range:"[0,)"`
	CPU     float64        `yaml:"cpu" doc:"cores" default:"0" range:"[0,)"`
	Memory  unit.Data      `yaml:"memory" doc:"main memory" default:"0 B" range:"[0,)"`
	Storage unit.Data      `yaml:"storage" doc:"storage space" default:"0 B" range:"[0,)"`
	Network unit.Bandwidth `yaml:"network" doc:"network bandwidth" default:"0 B/s" range:"[0,)"`
}

// Validate checks what the tags cannot say.
func (s *Spec) Validate(fail func(path, msg string)) {
	for i := range s.Reservations {
		r := &s.Reservations[i]
		path := fmt.Sprintf("reservations[%d]", i)
		if r.User != "" && r.Queue != "" {
			fail(path+".queue", "a reservation is for a user or for a queue, not for both; write two reservations")
		}
		if r.Every > 0 && r.Every < r.For {
			fail(path+".every", fmt.Sprintf("repeats after %v, before its %v are over; write at least %v", r.Every, r.For, r.For))
		}
		if r.Share != nil && *r.Share == (ShareSpec{}) {
			fail(path+".share", "sets nothing aside; say gpus, cpu, memory, storage or network, or leave share out to reserve whole nodes")
		}
	}
	if s.backfill() == "conservative" && (s.Placement == "consolidate-by-rack" || s.Placement == "consolidate-by-leaf") {
		fail("placement", "conservative backfill cannot promise starts with "+s.Placement+"; write "+strings.Replace(s.Placement, "consolidate", "pack", 1)+", or backfill: easy")
	}
	switch b := s.backfill(); {
	case b == "conservative" && (preemptive[s.order()] || shares(s.order()) || s.Preemption != nil):
		fail("backfill", "preemption or quotas and a reserved start for every job do not go together; write backfill: first-fit, strict or, without quotas, easy")
	case b == "easy" && shares(s.order()):
		fail("backfill", "quotas and reserved starts do not go together; write backfill: first-fit, or strict")
	case b == "easy" && s.Preemption != nil && s.Preemption.By == "count":
		fail("backfill", "preemption by count and reserved starts do not go together; write preemption: {by: place}, or backfill: first-fit")
	}
	if s.Sharing != nil {
		if b := s.backfill(); b == "easy" || b == "conservative" {
			fail("gpu_sharing", "shares of GPUs and reserved starts do not go together; write policy: first-fit, or backfill: first-fit")
		}
		if len(s.Reservations) > 0 {
			fail("gpu_sharing", "reservations set whole devices aside and do not go with shares of GPUs; leave one of them out")
		}
	}
	if b := s.backfill(); len(s.Limits) > 0 && (b == "easy" || b == "conservative") {
		fail("power_limits", "reserved starts know nothing of power; write policy: first-fit, or backfill: first-fit or strict")
	}
	if s.Policy == "external" && (s.Order != "" || s.Backfill != "" || s.Interval > 0 || len(s.Reservations) > 0) {
		fail("policy", "external leaves order, backfill, interval and reservations to your process; leave these out")
	}
	if s.Elastic != nil {
		s.validateElastic(fail)
	}
	validateQueues(s.Queues, s.order(), fail)
	if s.Preemption != nil {
		s.Preemption.validate(s.order(), fail)
	}
	if s.Ageing > 0 && s.order() != "priority" {
		fail("ageing", fmt.Sprintf("only the order priority ages; the order is %s", s.order()))
	}
}

// order returns the name of the queue order in force.
func (s *Spec) order() string {
	if s.Order != "" {
		return s.Order
	}
	if o, _, ok := strings.Cut(policies[s.Policy], "/"); ok {
		return o
	}
	return "fcfs"
}

// backfill returns the name of the backfill rule in force.
func (s *Spec) backfill() string {
	if s.Backfill != "" {
		return s.Backfill
	}
	if _, b, ok := strings.Cut(policies[s.Policy], "/"); ok {
		return b
	}
	return "easy"
}

// policies says what the one-word policies stand for: order/backfill.
var policies = map[string]string{
	"easy-backfill":         "fcfs/easy",
	"conservative-backfill": "fcfs/conservative",
	"first-fit":             "fcfs/first-fit",
	"fcfs":                  "fcfs/strict",
	"round-robin":           "round-robin/strict",
	"sjf":                   "sjf/strict",
	"ljf":                   "ljf/strict",
	"smallest-first":        "smallest-first/strict",
	"largest-first":         "largest-first/strict",
	"smallest-area":         "smallest-area/strict",
	"mct":                   "mct/strict",
	"priority":              "priority/strict",
	"srtf":                  "srtf/first-fit",
	"srsf":                  "srsf/first-fit",
	"las":                   "las/first-fit",
	"fair-share":            "fair-share/first-fit",
	"drf":                   "drf/first-fit",
	"external":              "fcfs/first-fit",
}
