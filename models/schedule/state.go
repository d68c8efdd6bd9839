package schedule

import (
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/workload"
)

// Request is a job as the scheduler sees it. Times are s from the start of the run.
type Request struct {
	Job         int32           // dense number in the run's workload
	Submit      float64         // when it was submitted; a requeued job that keeps it keeps its place in a FCFS queue
	Estimate    float64         // run time to count on; 0 or less, or +Inf: unknown, counted as for ever
	Priority    float64         // larger is more urgent; read by the priority order
	Parts       int32           // members of the gang, at least 1; they start together or not at all
	Part        workload.Vector // demand of each part; a fraction of a GPU is a share of one where devices are shared, else rounded up
	Whole       bool            // each part holds a whole node, with all its devices
	User, Queue int32           // dense numbers, for turns, reservations and quotas; -1: none
	Firm        bool            // never preempted
	Begin       float64         // it does not start before; 0: at any time
	Draw        float64         // W that each part adds to what its node draws idle, where power is limited

	Pinned bool    // a replayed placement: starts at Start on Nodes, whatever is free
	Start  float64 // when Pinned
	Nodes  []int32 // when Pinned: one node a part; never written to

	Elastic workload.Elastic // between which sizes it may run; rigid where Least is 0

	Share int32 // parts of its one device, where devices are shared; 0: whole devices. Submit sets it
}

// Slice is what a job holds of one node.
type Slice struct {
	Node   int32
	Parts  int32           // members of the gang on this node
	GPUs   uint64          // bit i: device i of the node
	Shared bool            // it has only a part of its one device, as much as Demand says
	Demand workload.Vector // all of it; of a whole node, the node's capacity
}

// Start is one decision: the job runs from now on these slices, or stops. Slices are valid until the next call of
// [Config.Pass] on the same state.
type Start struct {
	Job    int32
	Slices []Slice
	Resize bool // it runs already, and from now on on these slices instead of those it had
	Stop   bool // it is preempted and holds nothing any more; submit it again with what is left of it, or cancel it
}

// Phase is where a job is in its life with the scheduler.
type Phase uint8

// The phases of an [Entry].
const (
	Vacant   Phase = iota // the slot is free for another job
	Waiting               // in the queue
	Pinned                // its time has not come
	Running               // holds nodes
	Halted                // preempted, and not yet submitted again
	Deferred              // its Begin has not come
)

// Entry is a job that waits or runs.
type Entry struct {
	Request
	Phase   Phase
	Member  int32   // the reservation whose user or queue it is, or -1
	Seq     uint64  // order of arrival; breaks ties
	Key     float64 // rank in the queue when it was submitted
	Begun   float64 // when it started
	End     float64 // when it is expected to free its nodes, +Inf when unknown
	Promise float64 // the latest start that backfill has promised it, +Inf when none
	First   int32   // its chain of chunks, or -1: what it holds, or what is reserved for it
	Since   float64 // when it was last submitted
	Served  float64 // service in the runs that were preempted, as the order counts it
	Stopped float64 // when it was last preempted
	Wish    int32   // parts that it was submitted with; an elastic job may hold fewer or more
	Sized   float64 // when it started or last changed its size, +Inf while it may not
}

// Item is a place in the queue: what deciding on a job needs at first sight.
type Item struct {
	Key   float64 // rank; the smallest is first
	Span  float64 // s that the job is expected to hold its nodes
	Seq   uint64
	Slot  int32
	Parts int32
	Level int32 // free units of the indexed resource that a node needs for a part
	Shape int32 // in State.Shapes, or -1: one of too many
	Whole bool
}

// Node is the allocation of one node.
type Node struct {
	Free      workload.Vector // not allocated; devices count while they work
	GPUUp     uint64          // devices that work
	GPUUsed   uint64          // devices allocated
	Parts     int32           // allocated here
	Level     int32           // as indexed, or -1 while it takes no work
	Down      bool
	Drained   bool
	Exclusive bool // held whole by one part
}

// Chunk is a link in a job's chain of slices.
type Chunk struct {
	GPUs  uint64
	Node  int32
	Parts int32
	Next  int32 // -1 at the end; in a vacant chunk, the next vacant one
}

// State is everything that the scheduler knows at one moment, as plain data. Only the methods of [Config] change
// it. What is not exported is scratch space: it saves work and never changes a decision.
type State struct {
	Nodes   []Node
	Entries []Entry
	Vacant  []int32 // slots of Entries to use again
	SlotOf  []int32 // by job: its slot + 1, or 0
	Queue   Line
	Shapes  []Shape // of the waiting jobs
	Running []int32 // slots that hold nodes, in order of End, then Seq
	Pinned  []int32 // slots that wait for their time, in order of Start, then Seq

	Deferred []int32 // slots that wait for their Begin, in order of it, then Seq
	Chunks   []Chunk
	Chain    int32 // first vacant chunk, or -1

	AtLeast []uint64 // by level, a bitmap of the nodes with at least that many free units
	Count   []int32  // by level, the number of those nodes
	Empty   []uint64 // bitmap of the nodes that take work and hold none
	Empties int32

	Round float64   // the round that round-robin is in
	Turns []float64 // by user or queue: the round of the last job that it submitted

	Used []workload.Vector // by place in Config.seats: what members hold of a reservation

	Random  random.Stream
	NextSeq uint64
	Dirty   bool    // something was freed or changed since the last pass
	Edge    float64 // the next time at which a reservation begins or ends
	Known   uint64  // items of the queue before this Seq could not start in the last pass
	Apart   bool    // conservative backfill reserves certain nodes, not slots
	Head    int32   // slot of the job that the last pass found blocked, or -1
	Tick    float64 // when the scheduler last decided

	Usage []workload.Vector // by queue of the quota tree: what its jobs hold
	Drawn []float64         // by power limit: W that nodes draw idle and that running jobs add at most
	Heat  []float32         // by node: how hot it is where the placement asks, in any unit
	Left  []uint16          // by device, in order of nodes: the parts of it that nobody holds; nil where none is shared

	scratch *scratch `state:"-"`
}

// NewState returns the state of an empty cluster, all nodes up.
func NewState(c *Config) *State {
	s := &State{
		Nodes:   make([]Node, len(c.capacity)),
		AtLeast: make([]uint64, (c.top+1)*c.words),
		Count:   make([]int32, c.top+1),
		Empty:   make([]uint64, c.words),
		Used:    make([]workload.Vector, len(c.seats)),
		Chain:   -1,
		Head:    -1,
		Random:  c.Random,
		Dirty:   true,
		Edge:    math.Inf(-1),
		Tick:    math.Inf(-1),
	}
	if c.parts > 0 {
		s.Left = slices.Repeat([]uint16{uint16(c.parts)}, int(c.first[len(s.Nodes)]))
	}
	for i := range c.limits {
		s.Drawn = append(s.Drawn, c.limits[i].idle)
	}
	for n := range s.Nodes {
		nd := &s.Nodes[n]
		nd.Free, nd.Level = c.capacity[n], -1
		nd.GPUUp = lowest(int(c.capacity[n][workload.GPU]))
		c.index(s, int32(n))
	}
	return s
}

// Clone returns an independent copy.
func (s *State) Clone() *State {
	t := *s
	t.Nodes = slices.Clone(s.Nodes)
	t.Entries = slices.Clone(s.Entries)
	t.Vacant = slices.Clone(s.Vacant)
	t.SlotOf = slices.Clone(s.SlotOf)
	t.Queue = s.Queue.clone()
	t.Shapes = slices.Clone(s.Shapes)
	t.Running = slices.Clone(s.Running)
	t.Pinned = slices.Clone(s.Pinned)
	t.Deferred = slices.Clone(s.Deferred)
	t.Drawn = slices.Clone(s.Drawn)
	t.Heat = slices.Clone(s.Heat)
	t.Chunks = slices.Clone(s.Chunks)
	t.AtLeast = slices.Clone(s.AtLeast)
	t.Count = slices.Clone(s.Count)
	t.Empty = slices.Clone(s.Empty)
	t.Turns = slices.Clone(s.Turns)
	t.Used = slices.Clone(s.Used)
	t.Usage = slices.Clone(s.Usage)
	t.Left = slices.Clone(s.Left)
	t.scratch = nil
	return &t
}

// Entry returns the job's entry, or nil when the scheduler does not know it (not submitted, or gone).
func (s *State) Entry(job int32) *Entry {
	if slot := s.slot(job); slot >= 0 {
		return &s.Entries[slot]
	}
	return nil
}

func (s *State) slot(job int32) int32 {
	if int(job) >= len(s.SlotOf) {
		return -1
	}
	return s.SlotOf[job] - 1
}

// enter gives the request a slot.
func (s *State) enter(r Request) int32 {
	for int(r.Job) >= len(s.SlotOf) {
		s.SlotOf = append(s.SlotOf, 0)
	}
	if slot := s.slot(r.Job); slot >= 0 { // preempted
		e := &s.Entries[slot]
		e.Request, e.Promise, e.First, e.Member = r, math.Inf(1), -1, -1
		return slot
	}
	var slot int32
	if n := len(s.Vacant); n > 0 {
		slot, s.Vacant = s.Vacant[n-1], s.Vacant[:n-1]
	} else {
		slot = int32(len(s.Entries))
		s.Entries = append(s.Entries, Entry{})
	}
	s.Entries[slot] = Entry{Request: r, Seq: s.NextSeq, End: math.Inf(1), Promise: math.Inf(1), First: -1, Member: -1, Stopped: math.Inf(-1)}
	s.NextSeq++
	s.SlotOf[r.Job] = slot + 1
	return slot
}

// leave forgets the job of a slot.
func (s *State) leave(slot int32) {
	e := &s.Entries[slot]
	s.SlotOf[e.Job] = 0
	*e = Entry{}
	s.Vacant = append(s.Vacant, slot)
}
