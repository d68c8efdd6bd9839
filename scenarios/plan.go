package scenarios

import (
	"slices"
	"time"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/economics"
	"github.com/halltwin/halltwin/models/fabric"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/failure"
	"github.com/halltwin/halltwin/models/power"
	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/schedule"
	"github.com/halltwin/halltwin/models/serving"
	"github.com/halltwin/halltwin/models/storage"
	"github.com/halltwin/halltwin/models/weather"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/scenarios/expect"
)

// Plan is a scenario ready to run. It is immutable and shared by every world, fork and replica that runs it.
type Plan struct {
	Name, About, Variant string
	Start                time.Time
	Duration             float64 // s
	Seed                 uint64  // of the first replica
	Replicas             int
	Resolved             []byte // the whole document with every default
	Hash                 string // of Resolved
	Notes                []string
	Inputs               []Input

	Tree      *facility.Tree
	RackTypes []compute.Rack
	RackType  []int16 // by rack
	LeafOf    []int32 // by node
	Reach     fabric.Reach
	Uplink    []float64 // B/s out of each leaf
	Storage   []*storage.Pool
	Serves    []int32   // by node: the storage that it serves, or -1; nil without storage
	NodeWire  []float64 // B/s of each node; nil likewise
	Scarce    bool      // jobs may want more of it than there is, with everything up
	Capacity  []workload.Vector
	DesignIT  float64 // W at the rack feeds with everything at full load
	Other     float64 // W of lighting, offices and the like
	Costs     account.Spec
	Economics *economics.Plan // nil where the scenario says nothing
	Training  []Training
	Swings    *Swings // nil where the scenario does not ask
	Growth    *Growth // a plan of years, of which the rest of this plan is the first period; nil for none

	Power     *power.Plan
	Cooling   *cooling.Plan
	Weather   *weather.Source
	Carbon    *weather.Signal    // kg/J; nil where the scenario says nothing
	Price     *weather.Signal    // USD/J; nil likewise
	Battery   *power.SiteBattery // behind the meter; nil for none
	Solar     *power.Solar       // likewise
	Failures  *failure.Plan
	Scheduler *schedule.Config
	Services  []Service
	Actions   []action.Action // in order of time
	Response  *Response
	Capping   *Capping
	CapAll    float64 // W: power limit of every GPU, 0 for none

	Calm, Disturbed float64 // s: step lengths
	Every           float64 // s between samples
	Channels        []*channel.Channel
	Only            []facility.Ref // things whose channels are recorded; nil means all
	Influx          *InfluxSpec    // the server that gets the samples; nil for none
	Lines           bool           // whether they are also written as line protocol
	Expect          []Expect
	Rare            *Rare   // the event that the experiment looks for; nil for none
	WarmUp          float64 // s that the replicas of an experiment have in common

	fixed      workload.Set
	generators []generator
}

// Service is an inference service; the jobs of its replicas are among the work.
type Service struct {
	Name string
	Plan *serving.Plan
}

// Response is a compiled demand response event.
type Response struct {
	Limit, Reduce                 float64 // W: one of them is not 0
	From, Until, Notice, Baseline float64 // s
	Defer, Cap                    bool
}

// Expect is one target, its expression not yet compiled.
type Expect struct {
	Name     string
	Expr     *expect.Expr
	Path     string         // in the scenario, for messages
	Where    []facility.Ref // nil: everywhere
	From, To float64        // s
}

type generator struct {
	name string
	spec *workload.GeneratorSpec
}

// Workload returns the work of one replica: what traces and jobs say, and what generators draw from the seed, in
// order of submission.
func (p *Plan) Workload(seed random.Seed) (*workload.Set, error) {
	if len(p.generators) == 0 {
		return &p.fixed, nil
	}
	set := workload.Set{Jobs: slices.Clone(p.fixed.Jobs), Profiles: slices.Clone(p.fixed.Profiles)}
	for i := range p.generators {
		g := &p.generators[i]
		more, err := workload.Generate(g.spec, p.generatorSite(g, seed))
		if err != nil {
			return nil, err
		}
		merge(&set, more)
	}
	sortJobs(&set)
	return &set, nil
}

// merge appends the jobs of another set, whose profiles move behind those that are there.
func merge(set *workload.Set, more workload.Set) {
	shift := int32(len(set.Profiles))
	for _, j := range more.Jobs {
		if j.Profile >= 0 {
			j.Profile += shift
		}
		set.Jobs = append(set.Jobs, j)
	}
	set.Profiles = append(set.Profiles, more.Profiles...)
}

// sortJobs puts jobs in order of submission; ties stay as their sources gave them.
func sortJobs(set *workload.Set) {
	slices.SortStableFunc(set.Jobs, func(a, b workload.Job) int {
		switch {
		case a.Submit < b.Submit:
			return -1
		case a.Submit > b.Submit:
			return 1
		}
		return 0
	})
}
