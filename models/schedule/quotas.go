package schedule

import (
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/workload"
)

// QueueSpec is a queue of the fair-share order: a team, a project, or a group of such.
type QueueSpec struct {
	Name   string     `yaml:"name" doc:"the queue that jobs name, or a group that others name as their parent" required:"true"`
	Parent string     `yaml:"parent" doc:"the group that it is in"`
	Quota  *ShareSpec `yaml:"quota" doc:"what it is entitled to; of a group, the sum of its members when left out. A resource of which no queue has a quota is not counted"`
	Borrow *ShareSpec `yaml:"borrow" doc:"how much more it may use while others leave it free; without limit when left out"`
	Lend   *ShareSpec `yaml:"lend" doc:"how much of its quota others may use while it does not; all of it when left out"`
	Weight float64    `yaml:"weight" doc:"its part of what is free beyond quotas, relative to its siblings" default:"1" range:"(0,)"`
}

// quotas is the tree of queues made ready. Node 0 is the site; owners that are not listed have nodes of their own below it,
// behind the listed ones: users under drf, other queues under fair-share.
type quotas struct {
	on      bool
	byUser  bool
	reclaim bool
	nodes   []quota
	ofQueue []int32 // by queue, as bound: its node, or 0
	counted [workload.NumResources]bool
	total   workload.Vector // of the site
}

// quota is a node of the tree.
type quota struct {
	name     string
	parent   int32
	children []int32
	weight   float64
	quota    workload.Vector
	limited  bool
	limit    workload.Vector // of use, where limited
	kept     workload.Vector // of the quota, that others may not borrow
}

func (q *quotas) reclaims() bool { return q.on && q.reclaim }

// validateQueues checks what the tags cannot say.
func validateQueues(all []QueueSpec, order string, fail func(path, msg string)) {
	if len(all) > 0 && order != "fair-share" {
		fail("queues", fmt.Sprintf("quotas go with policy fair-share; the order is %s", order))
	}
	for i := range all {
		path := fmt.Sprintf("queues[%d]", i)
		if slices.ContainsFunc(all[:i], func(x QueueSpec) bool { return x.Name == all[i].Name }) {
			fail(path+".name", fmt.Sprintf("there is another queue %q", all[i].Name))
		}
		for at, steps := i, 0; all[at].Parent != ""; steps++ {
			up := slices.IndexFunc(all, func(x QueueSpec) bool { return x.Name == all[at].Parent })
			if up < 0 {
				if at == i {
					fail(path+".parent", fmt.Sprintf("there is no queue %q", all[i].Parent))
				}
				break
			}
			if at = up; steps > len(all) {
				fail(path+".parent", fmt.Sprintf("%q is its own ancestor", all[i].Name))
				break
			}
		}
		if q, l := all[i].Quota, all[i].Lend; l != nil && (q == nil || !l.vector().Fits(q.vector())) {
			fail(path+".lend", "is more than its quota")
		}
	}
}

func (s *ShareSpec) vector() workload.Vector {
	return workload.Vector{s.GPUs, s.CPU, float64(s.Memory), float64(s.Storage), float64(s.Network)}
}

// entitle compiles the queues.
func (c *Config) entitle(spec *Spec) error {
	q := &c.quotas
	f, ok := c.order.(fair)
	if !ok {
		return nil
	}
	if c.backfill == easy || c.backfill == conservative {
		return fmt.Errorf("scheduler: %s goes with backfill first-fit or strict, not with %s", spec.order(), spec.backfill())
	}
	*q = quotas{on: true, byUser: f.byUser, reclaim: spec.Reclaim != "never" && len(spec.Queues) > 0, nodes: []quota{{weight: 1}}}
	for _, v := range c.capacity {
		q.total = q.total.Add(v)
	}
	own := make([]bool, len(spec.Queues)+1)
	for i := range spec.Queues {
		x := &spec.Queues[i]
		n := quota{name: x.Name, weight: x.Weight, limited: x.Borrow != nil}
		if n.weight == 0 {
			n.weight = 1
		}
		if own[i+1] = x.Quota != nil; own[i+1] {
			n.quota = x.Quota.vector()
		}
		q.nodes = append(q.nodes, n)
	}
	for i := range spec.Queues {
		up := int32(0)
		if p := spec.Queues[i].Parent; p != "" {
			up = int32(1 + slices.IndexFunc(spec.Queues, func(x QueueSpec) bool { return x.Name == p }))
			if up == 0 {
				return fmt.Errorf("scheduler: queue %q names a parent %q that is not there", spec.Queues[i].Name, p)
			}
		}
		q.nodes[i+1].parent = up
		q.nodes[up].children = append(q.nodes[up].children, int32(i+1))
	}
	var sum func(n int32, depth int) workload.Vector
	sum = func(n int32, depth int) (v workload.Vector) {
		for _, k := range q.nodes[n].children {
			if depth < len(q.nodes) {
				v = v.Add(sum(k, depth+1))
			}
		}
		if !own[n] {
			q.nodes[n].quota = v.Add(q.nodes[n].quota)
		}
		return q.nodes[n].quota
	}
	sum(0, 0)
	for i := range spec.Queues {
		x, n := &spec.Queues[i], &q.nodes[i+1]
		if x.Borrow != nil {
			n.limit = n.quota.Add(x.Borrow.vector())
		}
		if x.Lend != nil {
			n.kept = n.quota.Sub(x.Lend.vector())
		}
		for r, v := range n.quota {
			q.counted[r] = q.counted[r] || v > 0
		}
	}
	return nil
}

// bindQueues finds the node of each queue.
func (q *quotas) bindQueues(names []string) {
	q.ofQueue = make([]int32, len(names))
	for i, name := range names {
		q.ofQueue[i] = int32(max(0, slices.IndexFunc(q.nodes, func(n quota) bool { return n.name == name })))
	}
}

// ownerOf returns the node of a job's queue or user.
func (q *quotas) ownerOf(e *Entry) int32 {
	if q.byUser {
		return int32(len(q.nodes)) + e.User + 1
	}
	if e.Queue >= 0 && int(e.Queue) < len(q.ofQueue) && q.ofQueue[e.Queue] > 0 {
		return q.ofQueue[e.Queue]
	}
	return int32(len(q.nodes)) + e.Queue + 1
}

// up returns the parent of a node that is not the site.
func (q *quotas) up(n int32) int32 {
	if int(n) < len(q.nodes) {
		return q.nodes[n].parent
	}
	return 0
}

// node returns a node; owners that are not listed have no quota, and no limit.
func (q *quotas) node(n int32) *quota {
	if int(n) < len(q.nodes) {
		return &q.nodes[n]
	}
	return &unlisted
}

var unlisted = quota{weight: 1}

// asks returns what a job is charged: its demand, of a whole node the largest there is.
func (c *Config) asks(e *Entry) workload.Vector {
	v := demand(&e.Request)
	if e.Whole {
		for _, k := range c.kinds {
			for i := range v {
				v[i] = max(v[i], k[i])
			}
		}
	}
	for i := range v {
		v[i] *= float64(e.Parts)
	}
	return v
}

// charge books that a job begins (1) or ends (-1) to its queue and all above it.
func (c *Config) charge(s *State, e *Entry, sign float64) {
	q := &c.quotas
	if !q.on {
		return
	}
	v, n := c.asks(e), q.ownerOf(e)
	for int(max(n, int32(len(q.nodes)))) >= len(s.Usage) {
		s.Usage = append(s.Usage, workload.Vector{})
	}
	for {
		for i := range v {
			s.Usage[n][i] += sign * v[i]
		}
		if n == 0 {
			return
		}
		n = q.up(n)
	}
}

// used returns what the jobs of a node hold.
func (s *State) used(n int32) workload.Vector {
	if int(n) < len(s.Usage) {
		return s.Usage[n]
	}
	return workload.Vector{}
}

// allows reports whether a job may start as far as limits go, wherever there is room.
func (c *Config) allows(s *State, e *Entry) bool {
	q := &c.quotas
	ask := c.asks(e)
	for n := q.ownerOf(e); n != 0; n = q.up(n) {
		x, use := q.node(n), s.used(n)
		if x.limited && c.passes(&use, &ask, &x.limit) {
			return false
		}
		if !c.passes(&use, &ask, &x.quota) {
			continue // it does not borrow
		}
		// What its siblings keep for themselves is as good as used.
		p := q.up(n)
		most := &q.total
		if p != 0 {
			if most = &q.nodes[p].limit; !q.nodes[p].limited {
				continue
			}
		}
		all, keep := s.used(p), false
		for _, k := range q.node(p).children {
			if k != n {
				sib := s.used(k)
				for i, kept := range q.nodes[k].kept {
					all[i] += max(0, kept-sib[i])
					keep = keep || kept > sib[i]
				}
			}
		}
		if keep && c.passes(&all, &ask, most) {
			return false
		}
	}
	return true
}

// passes reports whether a job would take a counted resource that it asks for past a limit.
func (c *Config) passes(use, ask, limit *workload.Vector) bool {
	for i := range use {
		if c.quotas.counted[i] && ask[i] > 0 && use[i]+ask[i] > limit[i]*(1+1e-12)+c.tolerate[i] {
			return true
		}
	}
	return false
}

// claim returns how far a node has come: up to 1 its use over its quota, beyond 1 its use over quota as a share of the site and of
// its weight. The dominant resource counts (Ghodsi et al., NSDI 2011).
func (c *Config) claim(n int32, use *workload.Vector) float64 {
	q := &c.quotas
	x := q.node(n)
	within, over := 0.0, 0.0
	for i, u := range use {
		if u <= 0 || q.total[i] <= 0 || len(q.nodes) > 1 && !q.counted[i] {
			continue
		}
		if x.quota[i] > 0 {
			within = max(within, u/x.quota[i])
		}
		over = max(over, (u-x.quota[i])/q.total[i]/x.weight)
	}
	if over <= 1e-12 && (len(q.nodes) == 1 || x.quota != workload.Vector{}) {
		return min(within, 1)
	}
	return 1 + over
}

// victims lists the running jobs that a job may reclaim its quota from, the worst last: those of queues over their quota, the
// furthest over first and the newest job first, for as long as they are over it. The job's own side must stay within its quota.
func (c *Config) victims(s *State, slot int32, now float64) []standing {
	q, sc, e := &c.quotas, s.scratch, &s.Entries[slot]
	sc.may, sc.standing = sc.may[:0], sc.standing[:0]
	ask, own := c.asks(e), q.ownerOf(e)
	for _, r := range s.Running {
		if x := &s.Entries[r]; x.Phase == Running && !c.spared(x, now) && q.ownerOf(x) != own {
			sc.standing = append(sc.standing, standing{slot: r, seq: x.Seq, key: x.Begun})
		}
	}
	sc.usage = append(sc.usage[:0], s.Usage...)
	for len(sc.standing) > 0 {
		worst, claim := -1, 1.0
		for i := range sc.standing {
			r := &sc.standing[i]
			x := &s.Entries[r.slot]
			ours, theirs := q.fork(own, q.ownerOf(x))
			use := s.used(ours)
			if c.passes(&use, &ask, &q.node(ours).quota) {
				continue
			}
			k := c.claim(theirs, &sc.usage[theirs])
			if k <= 1+1e-9 || k < claim {
				continue
			}
			if b := worst; b < 0 || k > claim || r.key > sc.standing[b].key || r.key == sc.standing[b].key && r.seq > sc.standing[b].seq {
				worst, claim = i, k
			}
		}
		if worst < 0 {
			break
		}
		r := sc.standing[worst]
		sc.may = append(sc.may, r)
		sc.standing = slices.Delete(sc.standing, worst, worst+1)
		x := &s.Entries[r.slot]
		v := c.asks(x)
		for n := q.ownerOf(x); ; n = q.up(n) {
			sc.usage[n] = sc.usage[n].Sub(v)
			if n == 0 {
				break
			}
		}
		if len(sc.may) >= reclaimMost {
			break
		}
	}
	slices.Reverse(sc.may)
	for i := range sc.may {
		sc.may[i].place = int32(i)
	}
	return sc.may
}

// reclaimMost bounds the running jobs that one job may make stop.
const reclaimMost = 1024

// fork returns where the ways from two owners to the site part: the last node of each that the other does not share.
func (q *quotas) fork(a, b int32) (x, y int32) {
	var pa, pb [maxDepth]int32
	na, nb := q.path(a, &pa), q.path(b, &pb)
	for na > 0 && nb > 0 && pa[na-1] == pb[nb-1] {
		na, nb = na-1, nb-1
	}
	return pa[max(0, na-1)], pb[max(0, nb-1)]
}

// maxDepth bounds the levels of groups.
const maxDepth = 16

// path lists the nodes from an owner up, without the site.
func (q *quotas) path(n int32, p *[maxDepth]int32) int {
	k := 0
	for ; n != 0 && k < maxDepth; n = q.up(n) {
		p[k] = n
		k++
	}
	return k
}

// wanted returns the fraction of a priority for a key: larger priorities first, all within one owner.
func wanted(priority float64) float64 {
	return min(max(0.5-0.5*priority/(1+math.Abs(priority)), 0), 1-1e-6)
}
