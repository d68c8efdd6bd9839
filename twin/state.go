package twin

import (
	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/economics"
	"github.com/halltwin/halltwin/models/failure"
	"github.com/halltwin/halltwin/models/power"
	"github.com/halltwin/halltwin/models/schedule"
	"github.com/halltwin/halltwin/models/weather"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/twin/kernel"
)

// State is everything that changes in a world, as plain data. Slices are indexed by the dense ids of the plan's
// facility tree; times are s from the start, powers W, energies J, temperatures °C.
type State struct {
	Now        float64
	Agenda     kernel.Agenda
	StepFrom   float64 // begin of the physical step under way
	NextStep   float64 // its end
	StepGen    uint32
	NextSample float64
	Calm       float64 // time from which the site counts as calm again
	Near       bool    // a rack is near the temperature at which it shuts down
	Unforeseen bool    // something changed at this instant that may bring it there before the step ends

	SettlePending bool // something at this instant still has to be settled
	PassPending   bool // the scheduler still has to look at this instant
	WakeGen       uint32
	PowerGen      uint32
	NextJob       int32 // the next job to arrive
	EventID       int64

	Jobs     []JobState
	Slices   []Slice // arena: what each job holds on each node
	Free     int32   // first unused slice, or -1
	Varying  []int32 // running jobs whose utilisation follows a profile
	Net      NetState
	Store    StoreState
	Nodes    []NodeState
	Racks    []RackState
	Services []ServiceState

	Down     [][]uint16 // by kind, by thing: how many causes hold it down
	GPULimit []float32  // by GPU: power limit in W, 0 for none; nil until one is set
	CapAll   float64    // W: power limit on every GPU, 0 for none
	Response ResponseState
	Caps     CapState
	Undos    []Undo
	Causes   CauseState
	Care     CareState

	MechOn      bool
	Cool        cooling.Power // what the cooling draws, as of the last step
	WaterFlow   float64       // kg/s, likewise
	RackUse     RackUse       // W in all racks, by purpose
	OutGPUs     float64       // GPUs that cannot work and that no job holds
	DrainedGPUs float64       // likewise, that work but take no job
	DeadGPUs    float64       // GPUs that cannot work, by their own failure or their node's
	Recounts    []int32       // nodes for which these are out of date
	Drains      int32         // nodes that are drained
	Throttled   float64       // busy GPUs held back by heat now
	Limited     float64       // busy GPUs held back by a power limit now
	BusyGPUs    float64       // GPUs that jobs hold now
	Dark        int           // racks without power

	AirCursor, CarbonCursor, PriceCursor weather.Cursor

	Runtimes schedule.Runtimes // what the scheduler has learned

	Sched   schedule.State
	Power   power.State
	Battery power.SiteBatteryState
	Solar   power.SolarState
	Cooling cooling.State
	Failure failure.State

	Books   account.Books
	Money   economics.State // empty in a scenario that says nothing of it
	Totals  Totals
	Hottest Extremes
	Meters  []Meter // of the expectations
	Missed  []First // by expectation
}

// JobPhase is where a job is in its life.
type JobPhase uint8

// The phases.
const (
	Pending JobPhase = iota // not yet submitted
	Queued
	Running
	Stalled // a node of it failed and nobody has noticed yet
	Done
	Failed    // ended by its own fault, or killed at its limit
	Cancelled // ended by its user
)

// JobState is what has become of a job.
type JobState struct {
	Phase    JobPhase
	Saving   bool          // the stall is a checkpoint
	Restarts uint16        // after failures
	Preempts uint16        // times that it was preempted
	Cause    int64         // the event that interrupted it last
	Slice    int32         // first slice it holds, or -1
	Gen      uint32        // generation of its scheduled end
	Cursor   int32         // into its profile
	Starve   float32       // share of its speed that waiting for data takes
	Queued   float64       // since when it waits, or last waited
	GPUs     float64       // that it holds or held last: on a whole node more than it asked for
	Start    float64       // of the present (or last) run
	First    float64       // start of its first run, NaN before
	End      float64       // NaN before
	Held     float64       // s that it held nodes, in the runs that are over
	Mark     float64       // up to when progress is counted
	Progress float64       // s of work done
	Saved    float64       // s of work that a restart keeps
	Cycle    float64       // s of work since the last checkpoint
	Stall    float64       // s that it still makes no progress (restart, checkpoint being written)
	Owed     float64       // s of stall at its next start
	Extra    float64       // s that it holds its nodes when its work is done
	Speed    float64       // relative, of its slowest GPU and of the network
	Rate     float64       // of an elastic job: speed of its size relative to the one asked for; 0: it has just that
	Lag      float32       // share of its speed that slow components take
	Drag     float64       // share of its speed that a congested network takes
	Use      workload.Util // in this window, of a job with a profile
	Steady   float64       // time until which Use holds at the present speed, at least
}

// Slice is what one job holds on one node.
type Slice struct {
	Job, Node int32
	OfJob     int32       // next slice of the job, or -1; next free slice when unused
	OnNode    int32       // next slice on the node, or -1
	GPUs      uint64      // devices
	Share     float64     // of its one device, where others may have the rest; 0: whole devices
	Cores     float64     // CPU cores demanded
	Speed     float64     // relative throughput of its GPUs
	Hot       bool        // heat holds them back
	Die       compute.Die // of the hottest of them; zero where dies follow at once
}

// NodeState is the state of a node.
type NodeState struct {
	Slice             int32   // first slice on it, or -1
	Draw              float32 // of a failed node, as a share of its idle power
	Up                bool
	Drain             uint8                // how many causes drain it
	Failed            uint8                // GPUs of it that failed
	Dead, Out, Barred uint8                // GPUs of it in DeadGPUs, OutGPUs and DrainedGPUs
	Left              compute.Temperatures // °C at which the last job left its GPUs
	LeftAt            float64              // when that was
}

// RackState is the electrical and thermal face of a rack.
type RackState struct {
	Mark      float64 // up to when its energy and its air are counted
	Energy    float64 // J drawn since the begin of the step
	Volume    float64 // m³ of air since then
	Power     float64 // W that it draws at its feed now
	Flow      float64 // m³/s of air through it
	Use       RackUse // W of Power, by purpose
	Hottest   float64 // °C of its hottest busy die, at rest
	Die       int32   // the GPU of that die, or -1
	HeatGen   uint32  // generation of Cross
	Cross     float64 // when the next die comes to its slowdown or shutdown temperature
	Settled   float64 // from then on its dies are at rest
	Inlet     float64 // °C of the coolant of its dies, as it was last evaluated with
	Air       float64 // °C of its inlet air
	Speed     float64 // relative, of its slowest group
	Throttled float64 // GPUs held back by heat
	Limited   float64 // GPUs held back by a power limit
	Varying   int32   // slices whose job has a profile
	Moving    bool    // Power is that of dies on their way, which changes with them
	Dirty     bool
	On        bool // its feed is energised
	Shut      bool // powered off by heat
	Planned   bool // to be switched on again, at Restart
	Booting   bool // it has power, and its nodes take no work yet
	BootGen   uint32
	BootCause int64   // the event that it boots after
	Was       float64 // W that it drew when heat shut it down
	Restart   float64 // when it was or will be switched on after a shutdown by heat; 0 before the first
}

// RackUse is the power inside racks by purpose, in the order of [account.Purpose], in W.
type RackUse [account.Conversion + 1]float64

// Totals count up from the start of a run what the books do not hold.
type Totals struct {
	Flowed, Drawn float64 // J of IT energy, as the feeds gave it and as the racks took it: a ledger
	Mech          float64 // J that cooling and building took
	Busy          float64 // GPU-s held, as the devices count it
	Throttled     float64 // GPU-s slowed down by heat
	Limited       float64 // GPU-s slowed down by a power limit
	NodeDown      float64 // node-s

	Outages, Sags                             int64 // of feeds of the utility
	Started, Expired, Preemptions, Resizes    int64
	ElasticHeld, ElasticRan                   float64 // GPU-s and s that elastic jobs held nodes
	NodesLost, NodesDown, Shutdowns, Failures int64
	Wait, Turnaround, Slowdown                float64 // s, s, 1: sums over jobs
	Steps, Events                             int64
}
