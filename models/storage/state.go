package storage

import (
	"math"
	"slices"
)

// State is the state of a pool: plain data.
type State struct {
	Off    bool    // taken away as a whole
	Down   []bool  // by node of the pool: it does not answer
	Failed []int16 // by node: drives that do not work
	Out    []bool  // by drive: it does not
	Losses []Loss  // chunks that are to be rebuilt, in the order of their rebuild

	Used     float64 // B of clients
	Saved    float64 // of it, checkpoints of jobs
	Rebuild  float64 // B/s of chunks being written anew
	PurgeAt  float64 // s; +Inf: not due
	Warned   bool
	WasFull  bool
	Read     float64 // B/s now
	Write    float64 // B/s now
	Busy     float64 // share of the scarcest link that clients and rebuild take
	Readable bool    // at the last look

	Exposed  float64 // s with a loss not yet rebuilt
	Critical float64 // s in which one more loss would have lost data
	Away     float64 // s in which nothing could be read
	Rebuilt  float64 // B of chunks
	Lost     float64 // B of clients
	Disasters,
	Rebuilds int64
	ReadB, WrittenB float64 // B of clients so far
}

// Instant is a time in s in which nothing more needs to flow: what rounding leaves takes no moment of its own.
const Instant = 1e-6

// rounding is a share that no rate or level is known to.
const rounding = 1e-12

// Loss is a node or drive whose chunks are not there.
type Loss struct {
	Node, Disk  int32   // of the pool; Disk is -1 for the whole node
	At          float64 // s
	Begin       float64 // s: when its rebuild may begin
	Bytes, Done float64 // B of chunks; 0 until the rebuild begins
	Counted     bool    // it has been part of a loss of data
	Told        bool    // its rebuild has been spoken of
}

func (l *Loss) fraction() float64 {
	if l.Bytes <= 0 {
		return 0
	}
	return math.Min(1, l.Done/l.Bytes)
}

// New returns the state of a pool of which all works.
func (p *Pool) New() *State {
	return &State{Down: make([]bool, len(p.Nodes)), Failed: make([]int16, len(p.Nodes)), Out: make([]bool, p.Disks*len(p.Nodes)), Used: p.Used, PurgeAt: math.Inf(1), Readable: true}
}

// Clone returns a copy that shares nothing.
func (s *State) Clone() State {
	c := *s
	c.Down, c.Failed, c.Out, c.Losses = slices.Clone(s.Down), slices.Clone(s.Failed), slices.Clone(s.Out), slices.Clone(s.Losses)
	return c
}

// Available reports whether all data can be read and written: no stripe may miss more chunks than its protection bears.
func (p *Pool) Available(s *State) bool {
	if s.Off {
		return false
	}
	if p.Kind != Distributed {
		return true
	}
	n := 0
	for i := range p.Nodes {
		if s.Down[i] && !p.replaced(s, int32(i)) {
			n++
		}
	}
	return n <= p.Tolerance
}

// replaced reports whether a node that is down has been rebuilt elsewhere: nothing is missing for it.
func (p *Pool) replaced(s *State, node int32) bool {
	return !slices.ContainsFunc(s.Losses, func(l Loss) bool { return l.Node == node && l.Disk < 0 })
}

// NodeDown takes a node away: it may come back with its data.
func (p *Pool) NodeDown(s *State, node int32, now float64) {
	if !s.Down[node] {
		s.Down[node] = true
		s.Losses = append(s.Losses, Loss{Node: node, Disk: -1, At: now, Begin: now + p.After})
	}
}

// NodeUp brings a node back with what its drives hold.
func (p *Pool) NodeUp(s *State, node int32) {
	s.Down[node] = false
	s.Losses = slices.DeleteFunc(s.Losses, func(l Loss) bool { return l.Node == node && l.Disk < 0 })
}

// DiskDown takes a drive away, for good.
func (p *Pool) DiskDown(s *State, node, disk int32, now float64) {
	if out := &s.Out[int(node)*p.Disks+int(disk)]; !*out {
		*out = true
		s.Failed[node]++
		s.Losses = append(s.Losses, Loss{Node: node, Disk: disk, At: now, Begin: now})
	}
}

// DiskUp puts a new, empty drive in its place.
func (p *Pool) DiskUp(s *State, node, disk int32) {
	if out := &s.Out[int(node)*p.Disks+int(disk)]; *out {
		*out = false
		s.Failed[node]--
	}
}

// Arm sets the rate of the rebuild that goes on, if any, and returns how long it, the fill level and the people who delete can
// be left alone, in s.
func (p *Pool) Arm(s *State, now float64) float64 {
	next := s.PurgeAt - now
	s.Rebuild = 0
	for i := range s.Losses {
		l := &s.Losses[i]
		if l.Begin > now {
			next = math.Min(next, l.Begin-now)
			continue
		}
		if s.Rebuild > 0 {
			continue // one after another
		}
		if !p.Available(s) {
			continue // until what is away is back, nothing can be read
		}
		if l.Bytes == 0 {
			l.Bytes = math.Max(1, p.held(s, l.Disk))
		}
		if s.Rebuild = p.RebuildRate(s); s.Rebuild > 0 {
			next = math.Min(next, (l.Bytes-l.Done)/s.Rebuild)
		}
	}
	if p.Rate > 0 && !math.IsInf(p.Size, 1) {
		for _, level := range [2]float64{p.Warn * p.Size, p.Size} {
			if s.Used < level*(1-rounding) {
				next = math.Min(next, (level-s.Used)/p.Rate)
			}
		}
	}
	return math.Max(next, 0)
}

// Advance lets dt seconds pass, at the rates that hold.
func (p *Pool) Advance(s *State, now, dt float64) {
	s.ReadB += s.Read * dt
	s.WrittenB += s.Write * dt
	s.Used = math.Min(s.Used+p.Rate*dt, math.Max(p.Size, s.Used))
	if len(s.Losses) > 0 {
		s.Exposed += dt
		if p.exposure(s) >= p.Tolerance {
			s.Critical += dt
		}
	}
	if !s.Readable {
		s.Away += dt
	}
	if s.Rebuild <= 0 {
		return
	}
	for i := range s.Losses {
		if l := &s.Losses[i]; l.Begin <= now {
			l.Done += s.Rebuild * dt
			s.Rebuilt += s.Rebuild * dt
			return
		}
	}
}

// exposure returns the number of nodes with chunks that are not there.
func (p *Pool) exposure(s *State) int {
	n := 0
	for i := range s.Losses {
		first := slices.IndexFunc(s.Losses, func(l Loss) bool { return l.Node == s.Losses[i].Node })
		if first == i {
			n++
		}
	}
	return n
}

// Finish takes the losses that have been rebuilt off the list and returns them.
func (p *Pool) Finish(s *State) []Loss {
	var done []Loss
	s.Losses = slices.DeleteFunc(s.Losses, func(l Loss) bool {
		over := l.Bytes > 0 && (l.Done >= l.Bytes*(1-rounding) || l.Bytes-l.Done <= s.Rebuild*Instant)
		if over {
			done = append(done, l)
			s.Rebuilds++
		}
		return over
	})
	return done
}

// Ruin returns the share of the data that losses since the last call leave unreadable for ever, 0 for none. Drives never come
// back; nodes that are down may, so they ruin nothing yet. What has been rebuilt of them is safe.
func (p *Pool) Ruin(s *State) float64 {
	if p.Kind != Distributed {
		return 0
	}
	if !slices.ContainsFunc(s.Losses, func(l Loss) bool { return l.Disk >= 0 && !l.Counted }) {
		return 0
	}
	share := p.unreadable(s, false)
	if share == 0 {
		return 0
	}
	share = math.Max(0, share-p.unreadable(s, true)) // what has been told of before is lost but once
	for i := range s.Losses {
		s.Losses[i].Counted = true
	}
	s.Disasters++
	s.Lost += share * s.Used
	return share
}

// unreadable returns the share of the data that the drives lost, or those of them that were counted before, leave unreadable.
func (p *Pool) unreadable(s *State, counted bool) float64 {
	gone := make([]float64, len(p.Nodes))
	for i := range s.Losses {
		if l := &s.Losses[i]; l.Disk >= 0 && (l.Counted || !counted) {
			gone[l.Node] += p.part(l) * (1 - l.fraction())
		}
	}
	gone = slices.DeleteFunc(gone, func(v float64) bool { return v == 0 })
	if len(gone) <= p.Tolerance {
		return 0
	}
	return Unreadable(gone, len(p.Nodes), p.Width, p.Tolerance)
}

// Fits reports whether there is room for so many B more.
func (p *Pool) Fits(s *State, bytes float64) bool { return s.Used+bytes <= p.Size*(1+rounding) }

// Fullness returns the share of the room that is taken; 0 where there is no limit.
func (p *Pool) Fullness(s *State) float64 { return s.Used / p.Size }

// Reached reports whether a share of the room is taken.
func (p *Pool) Reached(s *State, share float64) bool { return s.Used >= share*p.Size*(1-rounding) }

// Load returns the share that clients and rebuild take of what is scarcest, for clients that take the given share of each link
// of a room.
func (p *Pool) Load(s *State, taken float64) float64 {
	if s.Rebuild > 0 {
		return p.Share + (1-p.Share)*taken
	}
	return taken
}

// Clear deletes what is not needed and no checkpoint, and returns how much that was, in B.
func (p *Pool) Clear(s *State) float64 {
	left := math.Max(p.Keep*p.Size, s.Saved)
	freed := math.Max(0, s.Used-left)
	s.Used -= freed
	s.PurgeAt = math.Inf(1)
	return freed
}
