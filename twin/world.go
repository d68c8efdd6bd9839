package twin

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/models/account"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/failure"
	"github.com/halltwin/halltwin/models/power"
	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/schedule"
	"github.com/halltwin/halltwin/models/storage"
	"github.com/halltwin/halltwin/models/weather"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
)

// World is one run of a plan under one seed. What changes is in State; the rest is immutable and shared by forks,
// or scratch space that is empty between events.
type World struct {
	State
	lending
	foresight

	plan      *scenarios.Plan
	seed      random.Seed
	work      *workload.Set
	sched     *schedule.Config
	users     []int32   // by job: dense number of its user, -1 for none
	queues    []int32   // by job: of its queue
	serviceOf []int32   // by job: its service, -1 for none; nil without services
	replicas  [][]int32 // by service: its jobs
	spreads   []float32 // by GPU: its thermal resistance over the type's
	warmth    []float32 // by GPU: K/W above the coolant of its node, at full flow
	hottest   []hotGPU  // by node: the GPU that gets hottest
	level     []uint8   // by job: how late it is capped; nil without power capping
	levels    int       // their number
	nodeRack  []int32
	gpus      float64  // of the site
	targets   []target // of the expectations

	bound    *bound   // what of it is real; nil: nothing
	owns     bool     // work is this world's own
	mirrored []Change // of jobs of a cluster, not yet done

	out func(*record.Event) // nil: nobody listens
	// What happened at time 0 while the world was made, for those who listen from then on.
	opening []record.Event
	see     func(*World) error // takes a sample; nil: nobody records

	dirty, flagged, victims []int32
	net                     netScratch
	streams                 streamScratch
	rooms                   []storage.Room
	saveOf                  []int32 // by job: of Store.Saves; nil without any
	drew                    []int32 // racks evaluated in this round of settling
	inside, jobSubjects     []int32
	serviceEach             [][]float64 // by service and replica: speed; nil where its requests are a fluid
	only                    [][]int32   // by channel of the plan: the subjects recorded, nil for all
	heat, flow, rackPower   []float64
	layouts                 []layout // by rack
	runOf                   []int32  // by node: its run in its rack's layout
	groups                  []compute.Group
	hots                    []int // by group: the GPU of the node that gets hottest
	settling                bool  // the plant settles before time 0: dies are where they are bound
	cappable                []cappable
	starts                  []schedule.Start
	decider                 Decider
	undecided               bool  // a decision was due when there was no decider yet
	trouble                 error // of the decider: ends the run
	askedAt                 float64
	rounds                  int     // times at that moment
	swapped                 []int32 // the nodes on which the job that is queued now goes on; else nil
	lit                     int64   // the event with which racks have power again, while they are looked for; else 0
	effects                 []power.Effect
	coolIn                  cooling.Input
	coolOut                 cooling.Output
	conditions              weather.Conditions
	buffer                  []float64
}

// New returns the world of a plan at time 0 under a seed, with its work waiting.
func New(plan *scenarios.Plan, seed uint64) (*World, error) {
	w := &World{plan: plan, seed: random.Seed(seed)}
	work, err := plan.Workload(w.seed)
	if err != nil {
		return nil, err
	}
	w.work = work
	w.share()
	if err := w.feasible(); err != nil {
		return nil, err
	}
	t := plan.Tree
	w.State = State{
		Free: -1, MechOn: true, CapAll: plan.CapAll, Store: newStore(plan, w.bindSaves()),
		Jobs: make([]JobState, len(work.Jobs)), Nodes: make([]NodeState, t.Count(facility.Node)),
		Racks: make([]RackState, t.Count(facility.Rack)), Down: make([][]uint16, facility.NumKinds),
		Power: *power.New(plan.Power, w.seed), Battery: power.NewSiteBattery(plan.Battery),
		Solar: power.NewSolar(plan.Solar, plan.Power.Count(facility.Utility)), Cooling: *cooling.New(plan.Cooling),
		Failure: *failure.New(plan.Failures, w.seed, t.NameOf), Sched: *schedule.NewState(w.sched),
		Services: newServices(plan, w.seed),
		Books:    account.Books{Services: make([]account.Service, len(plan.Services))},
	}
	for k := range w.Down {
		if n := t.Count(facility.Kind(k)); n > 0 && facility.Kind(k) != facility.Site {
			w.Down[k] = make([]uint16, n)
		}
	}
	for j := range w.Jobs {
		done := work.Jobs[j].Before
		w.Jobs[j] = JobState{Slice: -1, Progress: done, Saved: done, First: math.NaN(), End: math.NaN()}
	}
	for n := range w.Nodes {
		w.Nodes[n] = NodeState{Slice: -1, Up: true, LeftAt: math.Inf(-1)}
	}
	w.Money = w.newMoney()
	w.Caps = newCaps(plan.Capping, len(w.Racks), w.levels)
	w.out = func(e *record.Event) { w.opening = append(w.opening, *e) }
	w.begin()
	w.out = nil
	return w, nil
}

// share builds what is immutable and derived from plan, seed and work.
func (w *World) share() {
	t := w.plan.Tree
	users, queues := numbering{index: map[string]int32{}}, numbering{index: map[string]int32{}}
	w.users, w.queues = make([]int32, len(w.work.Jobs)), make([]int32, len(w.work.Jobs))
	for j := range w.work.Jobs {
		w.users[j] = users.of(w.work.Jobs[j].User)
		w.queues[j] = queues.of(w.work.Jobs[j].Queue)
	}
	bound := *w.plan.Scheduler
	bound.Bind(users.names, queues.names)
	bound.Random = w.seed.Stream("schedule")
	bound.Expect(w.work.Jobs)
	w.sched = &bound
	w.lend()
	w.inquire()
	w.nodeRack = t.Levels[facility.Node].Up
	w.rankJobs()
	w.gpus = float64(t.Count(facility.GPU))
	w.spreads = make([]float32, t.Count(facility.GPU))
	w.warmth = make([]float32, t.Count(facility.GPU))
	w.hottest = make([]hotGPU, t.Count(facility.Node))
	for n := range w.hottest {
		w.hottest[n] = w.spread(int32(n))
	}
	n := t.Count(facility.Rack)
	w.heat, w.flow, w.rackPower = make([]float64, n), make([]float64, n), make([]float64, n)
	w.layouts, w.runOf = make([]layout, n), make([]int32, len(w.nodeRack))
	w.coolIn = cooling.Input{RackHeat: w.heat, RackFlow: w.flow}
	for i := range w.plan.Expect {
		w.targets = append(w.targets, newTarget(w.plan, &w.plan.Expect[i]))
	}
	if n := len(w.plan.Services); n > 0 {
		w.bindServices()
		w.serviceEach = w.eachReplica()
	}
	w.only = make([][]int32, len(w.plan.Channels))
	for i, ch := range w.plan.Channels {
		if w.plan.Only != nil && ch.Kind != facility.Site && ch.Kind != facility.Job {
			w.only[i] = within(t, w.plan.Only, ch.Kind)
		}
	}
}

// numbering gives strings dense numbers in order of appearance; the empty one is -1.
type numbering struct {
	index map[string]int32
	names []string
}

func (n *numbering) of(s string) int32 {
	if s == "" {
		return -1
	}
	i, ok := n.index[s]
	if !ok {
		i = int32(len(n.names))
		n.index[s] = i
		n.names = append(n.names, s)
	}
	return i
}

// begin sets the world up at time 0: the jobs that were there before run, the plant has settled on their heat, and the
// first events are on the agenda.
func (w *World) begin() {
	for r := range w.Racks {
		w.Racks[r].On = true
		w.Racks[r].Inlet, w.Racks[r].Air = 20, 20
		w.Racks[r].Cross = math.Inf(1)
		w.touch(int32(r))
	}
	w.Meters, w.Missed = newMeters(w.targets)
	w.Care = newCare(w.plan.Failures, len(w.Nodes), w.seed)
	w.beginCare()
	w.weatherNow()
	w.armStep()
	if len(w.plan.Storage) > 0 {
		w.openStorage()
	}
	w.arrive()
	w.pass()
	w.settlePlant()
	for i := range w.plan.Actions {
		w.push(w.plan.Actions[i].At, phaseAction, evAction, int32(i), 0)
	}
	for p := range w.plan.Failures.Processes {
		for s := range w.plan.Failures.Processes[p].Count {
			w.armFailure(int32(p), int32(s))
		}
	}
	w.armResponse()
	w.armServices()
	w.push(0, phaseRecord, evSample, 0, 0)
}

// settlePlant lets the cooling reach a steady state with the racks as they are, so that a run does not begin with a
// transient of its own making.
func (w *World) settlePlant() {
	w.coolIn.Weather, w.coolIn.Dt = w.conditions, w.plan.Disturbed
	w.settling = true
	for range 4 { // fans and inlets answer each other; the last pass moves nothing
		w.settle()
		for r := range w.Racks {
			w.heat[r], w.flow[r] = w.Racks[r].Power, w.Racks[r].Flow
		}
		w.plan.Cooling.Settle(&w.Cooling, &w.coolIn)
		if slices.Max(w.Cooling.RackInlet) > settledLimit {
			w.startCool()
		}
		w.plan.Cooling.Step(&w.Cooling, &w.coolIn, &w.coolOut)
		w.Cool, w.WaterFlow = w.coolOut.Power, w.coolOut.Water
		for r := range w.Racks {
			rs := &w.Racks[r]
			rs.Air = w.Cooling.RackInlet[r]
			rs.Inlet = w.coolant(r, w.plan.RackTypes[w.plan.RackType[r]].Liquid)
			w.stir(int32(r))
		}
	}
	w.settle()
	w.settling = false
	w.plan.Power.Settle(&w.Power)
	w.Calm = 0
}

// settledLimit is the inlet temperature in °C above which the equilibrium of a plant means nothing: it cannot reject
// its heat in this weather, and the racks would have shut down on the way.
const settledLimit = 60

// startCool begins a run that has no equilibrium from a plant at its set points, an hour under its load.
func (w *World) startCool() {
	w.Cooling = *cooling.New(w.plan.Cooling)
	hour := w.coolIn
	hour.Dt = 300
	for range 12 {
		if w.plan.Cooling.Step(&w.Cooling, &hour, &w.coolOut); slices.Max(w.Cooling.RackInlet) > settledLimit {
			return
		}
	}
}

// weatherNow brings the outdoor conditions up to date.
func (w *World) weatherNow() { w.conditions = w.plan.Weather.At(&w.AirCursor, w.Now) }

// mechanical returns what the cooling and the rest of the building ask for, in W.
func (w *World) mechanical() float64 { return w.Cool.Total() + w.plan.Other }

// integrate enters what flows at constant rates for dt seconds into the books.
func (w *World) integrate(dt float64) {
	p, t := &w.Power, &w.Totals
	var f account.Flows
	f.Grid, f.Genset = w.sources()
	f.Solar, f.Export = w.Solar.Out, max(-w.meter(), 0)
	w.measureResponse(dt)
	f.Storing, f.Water = w.storingPower(), w.WaterFlow
	copy(f.Use[:], w.RackUse[:])
	f.Use[account.Distribution] = w.lossPower()
	if p.Mech > 0 {
		c := &w.Cool
		f.Use[account.Air], f.Use[account.Pumping] = c.Fans, c.CDUs+c.Pumps
		f.Use[account.Chilling], f.Use[account.Rejection] = c.Chillers, c.Towers+c.DryCooler
		f.Use[account.Building] = p.Mech - c.Fans - c.CDUs - c.Pumps - c.Chillers - c.Towers - c.DryCooler
	}
	if w.plan.Carbon != nil {
		f.Carbon = w.plan.Carbon.Mean(&w.CarbonCursor, w.Now, w.Now+dt)
	}
	if w.plan.Price != nil {
		f.Price = w.plan.Price.Mean(&w.PriceCursor, w.Now, w.Now+dt)
	}
	carbon, cost := w.Books.Energy.Add(&f, &w.plan.Costs, dt)
	if w.plan.Economics != nil {
		w.spend(&f, dt, cost, carbon)
	}
	t.Flowed += p.IT * dt
	t.Mech += p.Mech * dt

	g := &w.Books.GPU
	g.Tick(w.gpus, dt)
	g.Spend(account.Down, w.OutGPUs, dt)
	g.Spend(account.Drained, w.DrainedGPUs, dt)
	free := account.Idle
	if w.Books.Jobs.Queued > 0 {
		free = account.Fragmented
	}
	g.Spend(free, w.gpus-w.BusyGPUs-w.OutGPUs-w.DrainedGPUs, dt)
	t.Busy += w.BusyGPUs * dt
	t.Throttled += w.Throttled * dt
	t.Limited += w.Limited * dt
	t.NodeDown += float64(t.NodesDown) * dt
}

// sources returns what comes through the grid's meter and from gensets, in W.
func (w *World) sources() (grid, genset float64) {
	lo, hi := w.plan.Power.Range(facility.Genset)
	for u := lo; u < hi; u++ {
		genset += w.Power.Flow[u]
	}
	return max(w.meter(), 0), genset
}

// Window tells the kernel where its next window ends.
func (w *World) Window(now float64) float64 {
	end := w.plan.Duration
	if w.NextStep > now {
		end = min(end, w.NextStep)
	}
	if w.NextSample > now {
		end = min(end, w.NextSample)
	}
	return end
}

// Boundary closes a window; steps and samples are events of their own.
func (w *World) Boundary(float64) error { return nil }

// Fork returns an independent world at the same moment: what happens to one leaves the other alone.
func (w *World) Fork() *World {
	if w.owns {
		w.owns = false // from now on both share it
	}
	f := *w
	s := &f.State
	s.Agenda = w.Agenda.Clone()
	s.Jobs, s.Slices, s.Varying = slices.Clone(w.Jobs), slices.Clone(w.Slices), slices.Clone(w.Varying)
	s.Net, f.net = w.Net.clone(), netScratch{}
	s.Store, f.streams, f.rooms = w.Store.clone(), streamScratch{}, nil
	s.Nodes, s.Racks, s.Recounts = slices.Clone(w.Nodes), slices.Clone(w.Racks), slices.Clone(w.Recounts)
	s.Caps, s.Care = w.Caps.clone(), w.Care.clone()
	s.GPULimit, s.Undos, s.Causes.Open = slices.Clone(w.GPULimit), slices.Clone(w.Undos), slices.Clone(w.Causes.Open)
	s.Services = cloneServices(w.Services)
	s.Down = make([][]uint16, len(w.Down))
	for k := range w.Down {
		s.Down[k] = slices.Clone(w.Down[k])
	}
	s.Sched, s.Power, s.Cooling, s.Failure = *w.Sched.Clone(), *w.Power.Clone(), *w.Cooling.Clone(), *w.Failure.Clone()
	s.Solar.Live, s.Solar.Back = slices.Clone(w.Solar.Live), slices.Clone(w.Solar.Back)
	s.Runtimes = w.Runtimes.Clone()
	s.Books, s.Money = *w.Books.Clone(), w.Money.Clone()
	s.Meters, s.Missed = cloneMeters(w.Meters), slices.Clone(w.Missed)
	f.targets = slices.Clone(w.targets)
	for i := range f.targets {
		f.targets[i].expr = w.targets[i].expr.Clone()
	}
	f.out, f.see, f.opening, f.bound = nil, nil, nil, nil
	f.inside, f.jobSubjects, f.serviceEach = nil, nil, w.eachReplica()
	f.drew = nil
	f.dirty, f.flagged, f.victims, f.groups, f.hots, f.starts, f.effects, f.buffer, f.cappable = nil, nil, nil, nil, nil, nil, nil, nil, nil
	f.heat, f.flow, f.rackPower = slices.Clone(w.heat), slices.Clone(w.flow), slices.Clone(w.rackPower)
	f.layouts, f.runOf = make([]layout, len(w.layouts)), make([]int32, len(w.runOf))
	f.coolIn = cooling.Input{RackHeat: f.heat, RackFlow: f.flow}
	return &f
}

// emit numbers an event and hands it on.
func (w *World) emit(e record.Event) {
	w.EventID++
	if w.out != nil {
		e.ID, e.Time = w.EventID, w.Now
		w.out(&e)
	}
}

// heard reports whether anybody hears the next event, whose text is then worth composing; else it is only numbered.
func (w *World) heard() bool {
	if w.out == nil {
		w.EventID++
	}
	return w.out != nil
}

func (w *World) name(r facility.Ref) string { return w.plan.Tree.NameOf(r) }

// names lists things for people: all of a few, the first and a count of many.
func (w *World) names(refs []facility.Ref) string {
	const few = 3
	if len(refs) > few {
		return fmt.Sprintf("%s and %d more", w.name(refs[0]), len(refs)-1)
	}
	var list []string
	for _, r := range refs {
		list = append(list, w.name(r))
	}
	return strings.Join(list, ", ")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// clock prints a span of time for people.
func clock(s float64) string {
	switch {
	case s < 0:
		return "-" + clock(-s)
	case s < 120:
		return fmt.Sprintf("%.3g s", s)
	case s < 2*3600:
		return fmt.Sprintf("%.3g min", s/60)
	case s < 2*86400:
		return fmt.Sprintf("%.3g h", s/3600)
	}
	return record.Digits(s/86400, 3) + " d"
}

// nodesIn returns the nodes in or behind a thing.
func (w *World) nodesIn(r facility.Ref) []int32 {
	w.inside = w.inside[:0]
	switch r.Kind {
	case facility.Node:
		w.inside = append(w.inside, r.Index)
	case facility.GPU:
		w.inside = append(w.inside, w.plan.Tree.Levels[facility.GPU].Up[r.Index])
	case facility.Leaf:
		for n, leaf := range w.plan.LeafOf {
			if leaf == r.Index {
				w.inside = append(w.inside, int32(n))
			}
		}
	default:
		lo, hi := w.plan.Tree.Descendants(r, facility.Node)
		for n := lo; n < hi; n++ {
			w.inside = append(w.inside, n)
		}
	}
	return w.inside
}
