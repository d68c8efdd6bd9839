package schedule

import (
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/workload"
)

// reservation is a compiled [ReservationSpec].
type reservation struct {
	name                string
	begin, length       float64 // s
	every               float64 // s, 0: once
	user, queue         int32   // members, or -1
	userName, queueName string
}

// seat is what a reservation sets aside on one node.
type seat struct {
	reservation int32
	node        int32
	share       workload.Vector
}

// reserve compiles reservations.
func (c *Config) reserve(specs []ReservationSpec, tree *facility.Tree) error {
	for i := range specs {
		r := &specs[i]
		if r.Name == "" {
			r.Name = fmt.Sprintf("reservation %d", i)
		}
		if tree == nil {
			return fmt.Errorf("scheduler: %s names nodes, but there is no facility", r.Name)
		}
		refs, err := tree.Select(r.Nodes)
		if err != nil {
			return fmt.Errorf("scheduler: %s: %w", r.Name, err)
		}
		before := len(c.seats)
		for _, ref := range refs {
			lo, hi := tree.Descendants(ref, facility.Node)
			for n := lo; n < hi; n++ {
				c.seats = append(c.seats, seat{int32(i), n, r.Share.of(c.capacity[n])})
			}
		}
		if len(c.seats) == before {
			return fmt.Errorf("scheduler: %s: %q has no nodes; select nodes, racks, rows or halls", r.Name, r.Nodes)
		}
		c.reservations = append(c.reservations, reservation{
			name: r.Name, begin: float64(r.From), length: float64(r.For), every: float64(r.Every),
			user: -1, queue: -1, userName: r.User, queueName: r.Queue,
		})
	}
	if len(c.seats) == 0 {
		return nil
	}
	slices.SortStableFunc(c.seats, func(a, b seat) int { return int(a.node - b.node) })
	c.seats = slices.CompactFunc(c.seats, func(a, b seat) bool { return a.node == b.node && a.reservation == b.reservation })
	c.seatsOf = make([]int32, len(c.capacity)+1)
	for _, st := range c.seats {
		c.seatsOf[st.node+1]++
	}
	for n := range c.capacity {
		c.seatsOf[n+1] += c.seatsOf[n]
	}
	return nil
}

// of returns the share as a vector; nil is all of the node.
func (s *ShareSpec) of(capacity workload.Vector) workload.Vector {
	if s == nil {
		return capacity
	}
	return workload.Vector{
		workload.GPU: s.GPUs, workload.CPU: s.CPU, workload.Memory: float64(s.Memory),
		workload.Storage: float64(s.Storage), workload.Network: float64(s.Network),
	}
}

// window returns the first occurrence [from, to) that ends after t; +Inf, +Inf when there is none.
func (r *reservation) window(t float64) (from, to float64) {
	from = r.begin
	if r.every > 0 && t >= from+r.length {
		from += r.every * math.Floor((t-from-r.length)/r.every+1)
	}
	if t >= from+r.length {
		return math.Inf(1), math.Inf(1)
	}
	return from, from + r.length
}

// member returns the first reservation that admits the job, or -1.
func (c *Config) member(e *Entry) int32 {
	for i := range c.reservations {
		r := &c.reservations[i]
		if r.user >= 0 && r.user == e.User || r.queue >= 0 && r.queue == e.Queue {
			return int32(i)
		}
	}
	return -1
}

// seated returns what is set aside on node n.
func (c *Config) seated(n int32) []seat {
	if c.seatsOf == nil {
		return nil
	}
	return c.seats[c.seatsOf[n]:c.seatsOf[n+1]]
}

// seatedAt reports whether the reservation covers the node.
func (c *Config) seatedAt(n, reservation int32) bool {
	for i := c.seatsOf[n]; i < c.seatsOf[n+1]; i++ {
		if c.seats[i].reservation == reservation {
			return true
		}
	}
	return false
}

// withhold takes from free what reservations of others set aside on node n at any time in [from, to), and reports
// whether they set nothing aside. What members hold already counts only in a window that is open now.
func (c *Config) withhold(s *State, e *Entry, n int32, now, from, to float64, free *workload.Vector) bool {
	lo, hi := c.seatsOf[n], c.seatsOf[n+1]
	var peak workload.Vector
	none := true
	for i := lo; i < hi; i++ {
		if c.seats[i].reservation == e.Member {
			continue
		}
		begin, end := c.reservations[c.seats[i].reservation].window(from)
		if begin >= to && !(begin <= from && from < end) {
			continue
		}
		none = false
		// What is set aside at the moment at which this window begins, or at from, whichever is later.
		at, sum := max(begin, from), workload.Vector{}
		for j := lo; j < hi; j++ {
			st := &c.seats[j]
			if st.reservation == e.Member {
				continue
			}
			b, _ := c.reservations[st.reservation].window(at)
			if b > at {
				continue
			}
			r := &c.reservations[st.reservation]
			open, _ := r.window(now)
			inUse := open <= now && b == open && (r.every == 0 || to <= b+r.every)
			for k := range sum {
				left := st.share[k]
				if inUse {
					left = max(0, left-s.Used[j][k])
				}
				sum[k] += left
			}
		}
		for k := range peak {
			peak[k] = max(peak[k], sum[k])
		}
	}
	for k := range free {
		free[k] -= peak[k]
	}
	return none
}

// occupy books parts of a member's job on the node, or takes them back when parts is negative.
func (c *Config) occupy(s *State, e *Entry, n int32, need *workload.Vector, parts float64) {
	if c.seatsOf == nil || e.Member < 0 {
		return
	}
	for i := c.seatsOf[n]; i < c.seatsOf[n+1]; i++ {
		if c.seats[i].reservation != e.Member {
			continue
		}
		used := need
		if e.Whole {
			used = &c.capacity[n]
		}
		for k := range used {
			s.Used[i][k] += used[k] * parts
		}
	}
}

// beyond returns a time after which reservations bring nothing new, given the last time t at which anything else
// does: repeating ones have passed twice. A job that finds no room until then is promised nothing.
func (c *Config) beyond(t float64) float64 {
	longest := 0.0
	for i := range c.reservations {
		r := &c.reservations[i]
		longest = max(longest, r.every)
		t = max(t, r.begin+r.length)
	}
	return t + 2*longest
}

// edge returns the first time after t at which a reservation begins or ends, +Inf when none does.
func (c *Config) edge(t float64) float64 {
	at := math.Inf(1)
	for i := range c.reservations {
		from, to := c.reservations[i].window(t)
		if from > t {
			at = min(at, from)
		} else {
			at = min(at, to)
		}
	}
	return at
}
