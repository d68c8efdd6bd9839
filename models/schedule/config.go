package schedule

import (
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/schedule/share"
	"github.com/halltwin/halltwin/models/workload"
)

// maxLevel bounds the levels of the node index; nodes with more free units than that count as having maxLevel.
const maxLevel = 1024

// Config is a scheduler made ready for one site. It is immutable once [NewState] has been called.
type Config struct {
	Random random.Stream // where the random placement begins; set before NewState

	order     order
	backfill  backfill
	placement placement
	depth     int
	ageing    float64 // priority per s
	byQueue   bool    // turns go by queue, not by user
	holdExtra float64 // s
	interval  float64 // s

	external   bool
	preemption preemption
	elastic    elastic
	quotas     quotas

	capacity  []workload.Vector // by node
	kinds     []workload.Vector // the different ones among them
	kindCount []int64           // and how many nodes have them
	tolerate  workload.Vector   // rounding error forgiven when comparing
	classOf   []int32           // by node: nodes of one class have the same capacity and reservations
	byClass   []int32           // nodes in order of class, then node
	most      workload.Vector   // the largest capacity, resource by resource
	total     float64           // of the indexed resource
	axis      workload.Resource // the indexed resource: GPU where there is any, else CPU
	top       int               // highest level
	words     int               // of a bitmap over nodes
	groups    groups            // what pack-by and consolidate-by gather in

	shift    *ShiftSpec
	runtimes *RuntimeSpec

	parts    int32     // of a device that is shared; 0: none is
	overhead float64   // speed that a job loses while another is on its device
	first    []int32   // by node, and one more: the place of its first device in State.Left
	mix      share.Mix // of jobs to expect

	limits    []limit // of power
	limitList []int32 // by node, in order: the limits that it is under
	limitsOf  []int32 // by node, and one more: the place of its first in limitList

	reservations []reservation
	seats        []seat  // one a reservation and node, ordered by node
	seatsOf      []int32 // by node, and one more: its range of seats; nil without reservations
}

// Compile makes a scheduler for the nodes of the tree. capacity is by node; leafOf gives the leaf switch of each
// node and may be nil where the site has none. A node has at most 64 GPUs.
func Compile(spec *Spec, tree *facility.Tree, capacity []workload.Vector, leafOf []int32) (*Config, error) {
	nodes := len(capacity)
	if tree != nil && tree.Count(facility.Node) != nodes {
		return nil, fmt.Errorf("scheduler: %d capacities for %d nodes", nodes, tree.Count(facility.Node))
	}
	if leafOf != nil && len(leafOf) != nodes {
		return nil, fmt.Errorf("scheduler: leaves of %d nodes given, there are %d", len(leafOf), nodes)
	}
	c := &Config{
		Random:    random.Seed(0).Stream("schedule"),
		depth:     spec.Depth,
		ageing:    float64(spec.Ageing),
		byQueue:   spec.Turns == "queue",
		holdExtra: float64(spec.HoldExtra),
		interval:  float64(spec.Interval),
		external:  spec.Policy == "external",
		capacity:  slices.Clone(capacity),
		words:     (nodes + 63) / 64,
		shift:     spec.Shift,
		runtimes:  spec.Runtimes,
	}
	c.stretch(spec.Elastic)
	var ok bool
	if c.order, ok = orders[spec.order()]; !ok {
		return nil, fmt.Errorf("scheduler: unknown order %q", spec.order())
	}
	if c.backfill, ok = backfills[spec.backfill()]; !ok {
		return nil, fmt.Errorf("scheduler: unknown backfill %q", spec.backfill())
	}
	name := spec.Placement
	if name == "" {
		name = "pack-by-node"
	}
	p, ok := placements[name]
	if !ok {
		return nil, fmt.Errorf("scheduler: unknown placement %q", name)
	}
	c.placement = p.placement

	if sh := spec.Sharing; sh != nil {
		if c.parts, c.overhead = int32(sh.Slices), float64(sh.Overhead); c.parts == 0 {
			c.parts = thousandths
		}
		if c.backfill == easy || c.backfill == conservative {
			return nil, fmt.Errorf("scheduler: shares of GPUs go with backfill first-fit or strict, not with %s", spec.backfill())
		}
		if len(spec.Reservations) > 0 {
			return nil, fmt.Errorf("scheduler: reservations set whole devices aside and do not go with gpu_sharing")
		}
		if _, ok := c.placement.(bestFit); ok {
			c.placement = graded{}
		}
	}
	if err := c.preempts(spec); err != nil {
		return nil, err
	}
	if _, ok := c.order.(attained); ok && c.preemption.promote > 0 {
		c.order = aging{}
	}

	c.axis = workload.CPU
	for n := range c.capacity {
		v := &c.capacity[n]
		v[workload.GPU] = math.Floor(v[workload.GPU])
		if v[workload.GPU] > 64 {
			return nil, fmt.Errorf("scheduler: node %d has %g GPUs; a node has at most 64", n, v[workload.GPU])
		}
		if v[workload.GPU] > 0 {
			c.axis = workload.GPU
		}
		for i := range v {
			c.most[i] = max(c.most[i], v[i])
			c.tolerate[i] = max(c.tolerate[i], 1e-9*v[i])
		}
	}
	if c.first = make([]int32, len(c.capacity)+1); c.parts > 0 {
		for n := range c.capacity {
			c.first[n+1] = c.first[n] + int32(c.capacity[n][workload.GPU])
		}
	}
	if c.axis != workload.GPU && name == "fgd" {
		return nil, fmt.Errorf("scheduler: placement fgd is for GPUs, of which the site has none; use best-fit")
	}
	for n := range c.capacity {
		c.top = max(c.top, int(c.level(&c.capacity[n])))
		c.total += c.capacity[n][c.axis]
		k := slices.Index(c.kinds, c.capacity[n])
		if k < 0 {
			k = len(c.kinds)
			c.kinds, c.kindCount = append(c.kinds, c.capacity[n]), append(c.kindCount, 0)
		}
		c.kindCount[k]++
	}
	if c.backfill == conservative && c.consolidates() && p.by != facility.Node {
		return nil, fmt.Errorf("scheduler: conservative backfill cannot promise starts with placement %s; use pack-by-%v", name, p.by)
	}
	if err := c.entitle(spec); err != nil {
		return nil, err
	}
	if err := c.group(p.by, tree, leafOf); err != nil {
		return nil, err
	}
	if err := c.reserve(spec.Reservations, tree); err != nil {
		return nil, err
	}
	if err := c.limitBy(spec.Limits, tree); err != nil {
		return nil, err
	}
	c.classify()
	return c, nil
}

// classify tells nodes of different capacity or reservations apart.
func (c *Config) classify() {
	var first []int32 // node of each class
	c.classOf, c.byClass = make([]int32, len(c.capacity)), make([]int32, len(c.capacity))
	for n := range c.capacity {
		c.byClass[n] = int32(n)
		x := slices.IndexFunc(first, func(m int32) bool {
			return c.capacity[n] == c.capacity[m] && slices.EqualFunc(c.seated(int32(n)), c.seated(m), func(a, b seat) bool {
				return a.reservation == b.reservation && a.share == b.share
			})
		})
		if x < 0 {
			x = len(first)
			first = append(first, int32(n))
		}
		c.classOf[n] = int32(x)
	}
	slices.SortStableFunc(c.byClass, func(a, b int32) int { return int(c.classOf[a] - c.classOf[b]) })
}

// Bind resolves the users and queues that reservations name: users[i] is the name of Request.User i. Call it
// before NewState; without it, named reservations admit nobody.
func (c *Config) Bind(users, queues []string) {
	c.quotas.bindQueues(queues)
	if len(c.preemption.firm) > 0 {
		c.preemption.firmly = make([]bool, len(queues))
		for i, q := range queues {
			c.preemption.firmly[i] = slices.Contains(c.preemption.firm, q)
		}
	}
	c.reservations = slices.Clone(c.reservations) // a plan is shared by worlds whose users have other numbers
	for i := range c.reservations {
		r := &c.reservations[i]
		r.user, r.queue = -1, -1
		if r.userName != "" {
			r.user = int32(slices.Index(users, r.userName))
		}
		if r.queueName != "" {
			r.queue = int32(slices.Index(queues, r.queueName))
		}
	}
}

// HoldExtra returns how long, in s, a job goes on holding its nodes after its work is done. The caller releases it that
// much later; the scheduler only counts on it.
func (c *Config) HoldExtra() float64 { return c.holdExtra }

// Fits reports whether the request could start if every node were up and empty.
func (c *Config) Fits(r *Request) bool {
	one := c.divided(*r)
	need, left := demand(&one), int64(r.Parts)
	for n := range c.capacity {
		if r.Whole {
			left -= int64(c.roomEmpty(&c.capacity[n], &need, 1))
		} else {
			left -= int64(c.roomEmpty(&c.capacity[n], &need, r.Parts))
		}
		if left <= 0 {
			return true
		}
	}
	return left <= 0
}

// demand returns what a part takes: its vector with GPUs rounded up to devices, or to parts of a shared one.
func demand(r *Request) workload.Vector {
	need := r.Part
	if r.Share > 0 {
		return need
	}
	need[workload.GPU] = math.Ceil(need[workload.GPU] - 1e-9)
	return need
}

// level returns how many free units of the indexed resource a node has.
func (c *Config) level(free *workload.Vector) int32 {
	return int32(min(math.Floor(free[c.axis]+c.tolerate[c.axis]), maxLevel))
}

// levelOf returns the least level of a node that a part may fit on.
func (c *Config) levelOf(need *workload.Vector) int32 {
	return int32(max(0, min(math.Floor(need[c.axis]+1e-9), maxLevel)))
}

// room returns how many parts fit into the free vector, at most most.
func (c *Config) room(free, need *workload.Vector, most int32) int32 {
	k := float64(most)
	for i := range need {
		if need[i] > 0 {
			k = min(k, (free[i]+c.tolerate[i])/need[i])
		}
	}
	return int32(max(k, 0))
}
