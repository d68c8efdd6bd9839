package schedule

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/workload"
)

// Question is all that a scheduler outside needs to know to decide: it may forget everything between two of them.
type Question struct {
	Now     float64
	Free    []FreeNode // nodes that take work and have something free, in order
	Waiting []Item     // in order of submission
	Running []int32    // slots, in order of expected end
}

// FreeNode is what a node has left.
type FreeNode struct {
	Node  int32
	Free  workload.Vector
	Empty bool
}

// Decision is what a scheduler outside wants: a waiting job starts, or a running one stops.
type Decision struct {
	Job   int32
	Stop  bool
	Nodes []int32 // of a start: the node of each part; nil leaves it to the placement
}

// External reports whether somebody outside decides: then [Config.Pass] starts only replayed jobs.
func (c *Config) External() bool { return c.external }

// Capacity returns what each node has; nobody may write to it.
func (c *Config) Capacity() []workload.Vector { return c.capacity }

// Ask writes down the state for somebody outside. What it returns is valid until the next call.
func (c *Config) Ask(s *State, now float64, q *Question) {
	q.Now, q.Free, q.Waiting = now, q.Free[:0], q.Waiting[:0]
	for n := range s.Nodes {
		if nd := &s.Nodes[n]; nd.open() && (nd.Parts == 0 || nd.Free != workload.Vector{}) {
			q.Free = append(q.Free, FreeNode{Node: int32(n), Free: nd.Free, Empty: nd.Parts == 0})
		}
	}
	for it := range s.Queue.All() {
		q.Waiting = append(q.Waiting, *it)
	}
	q.Running = append(q.Running[:0], s.Running...)
}

// Apply carries decisions out, in their order, and appends what has come of them. An impossible one is an error that says why;
// those before it stand.
func (c *Config) Apply(s *State, now float64, decisions []Decision, starts []Start) ([]Start, error) {
	sc := c.scratch(s)
	sc.slices, sc.gone, sc.now = sc.slices[:0], sc.gone[:0], now
	c.forget(s)
	defer func() {
		for _, it := range sc.gone {
			s.dequeue(it)
		}
	}()
	for i := range decisions {
		d := &decisions[i]
		slot := s.slot(d.Job)
		switch {
		case slot < 0:
			return starts, fmt.Errorf("job %d neither waits nor runs", d.Job)
		case d.Stop:
			e := &s.Entries[slot]
			switch {
			case e.Phase != Running:
				return starts, fmt.Errorf("job %d is to stop, but it does not run", d.Job)
			case e.Pinned || e.Firm:
				return starts, fmt.Errorf("job %d is to stop, but it is one that is never preempted", d.Job)
			}
			starts = c.stop(s, slot, now, false, starts)
		case s.Entries[slot].Phase != Waiting:
			return starts, fmt.Errorf("job %d is to start, but it does not wait", d.Job)
		default:
			if err := c.seat(s, slot, now, d.Nodes); err != nil {
				return starts, err
			}
			starts = c.begin(s, slot, now, starts)
		}
	}
	return starts, nil
}

// seat gives a waiting job the nodes that it was given outside, or any.
func (c *Config) seat(s *State, slot int32, now float64, nodes []int32) error {
	e := &s.Entries[slot]
	if nodes == nil {
		if !c.place(s, slot, now, false, -1) {
			return fmt.Errorf("job %d is to start, but there is no room for its %d parts", e.Job, e.Parts)
		}
		return nil
	}
	if len(nodes) != int(e.Parts) {
		return fmt.Errorf("job %d is to start on %d nodes, it has %d parts: name the node of each", e.Job, len(nodes), e.Parts)
	}
	sc := s.scratch
	if sc.attempt++; sc.attempt == 0 {
		clear(sc.marked)
		sc.attempt = 1
	}
	a := &sc.try
	*a = attempt{c: c, s: s, slot: slot, need: demand(&e.Request), all: e.Parts, want: e.Parts, last: -1, whole: e.Whole,
		from: now, until: now + c.occupancy(e), only: -1, mark: sc.attempt, device: -1}
	for _, n := range nodes {
		if n < 0 || int(n) >= len(s.Nodes) {
			a.undo()
			return fmt.Errorf("job %d is to start on node %d, there are 0 to %d", e.Job, n, len(s.Nodes)-1)
		}
		if a.roomFor(n, 1) < 1 {
			a.undo()
			return fmt.Errorf("job %d is to start on node %d, which has no room for it", e.Job, n)
		}
		a.take(n, 1)
	}
	return nil
}

// Expected returns when a running job is expected to end, 0 when nobody knows.
func (e *Entry) Expected() float64 {
	if math.IsInf(e.End, 1) {
		return 0
	}
	return e.End
}
