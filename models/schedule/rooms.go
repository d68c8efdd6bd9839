package schedule

import "github.com/halltwin/halltwin/models/workload"

// roomTable says how many parts of one demand every node and every group takes. Jobs come in few shapes, so the tables of
// the last few are kept; each is brought up to date from the log of the nodes that have changed since it was last read.
// A table follows from the state and is no part of it.
type roomTable struct {
	need  workload.Vector
	whole bool

	room   []int32 // by node: parts that it takes, at most maxLevel
	rooms  []int32 // by group: their sum
	parts  int64   // the sum over all groups
	epoch  uint32  // of the log
	read   int     // how much of it has been taken over
	useful uint64  // when it was last asked for

	grade  []float32 // by node with room: under a graded placement, how good it is
	device []int8    // the device that the placement chooses there for a share, or -1
}

// tables is the number of demands that are remembered, gradedTables under a graded placement, to which filling one costs more.
const (
	tables       = 16
	gradedTables = 256
)

// changes is the log of nodes whose allocation changed. When it is full it begins anew, and tables with it.
type changes struct {
	epoch uint32
	nodes []int32
}

func (l *changes) add(n int32, most int) {
	if len(l.nodes) >= most {
		l.nodes = l.nodes[:0]
		l.epoch++
	}
	l.nodes = append(l.nodes, n)
}

// table returns the table of the attempt's demand as it is now. It leaves reservations, plans and shadows out of account: what
// they allow is at most that.
func (a *attempt) table() *roomTable {
	sc := a.s.scratch
	sc.asked++
	var t *roomTable
	for i := range sc.tables {
		if k := &sc.tables[i]; k.whole == a.whole && k.need == a.need {
			t = k
			break
		}
	}
	if t == nil {
		t = sc.newTable(a.c)
		t.need, t.whole, t.epoch = a.need, a.whole, sc.log.epoch-1
	}
	t.useful = sc.asked
	t.update(a.c, a.s)
	return t
}

// newTable returns a table to fill: a new one, or that which has been of no use for longest.
func (sc *scratch) newTable(c *Config) *roomTable {
	_, grades := c.placement.(graded)
	if len(sc.tables) < tables || grades && len(sc.tables) < gradedTables {
		t := roomTable{room: make([]int32, len(c.capacity)), rooms: make([]int32, c.groups.count())}
		if grades {
			t.grade, t.device = make([]float32, len(c.capacity)), make([]int8, len(c.capacity))
		}
		sc.tables = append(sc.tables, t)
		return &sc.tables[len(sc.tables)-1]
	}
	oldest := 0
	for i := range sc.tables {
		if sc.tables[i].useful < sc.tables[oldest].useful {
			oldest = i
		}
	}
	return &sc.tables[oldest]
}

// update takes over what has changed.
func (t *roomTable) update(c *Config, s *State) {
	log := &s.scratch.log
	if t.epoch != log.epoch {
		t.epoch, t.read = log.epoch, len(log.nodes)
		clear(t.room)
		clear(t.rooms)
		t.parts = 0
		for n := range t.room {
			t.set(c, s, int32(n))
		}
		return
	}
	for ; t.read < len(log.nodes); t.read++ {
		t.set(c, s, log.nodes[t.read])
	}
}

// set brings the table up to date with node n.
func (t *roomTable) set(c *Config, s *State, n int32) {
	nd, room := &s.Nodes[n], int32(0)
	switch {
	case nd.Level < 0 || t.whole && nd.Parts > 0:
	case t.whole:
		room = c.roomOn(s, n, &nd.Free, &t.need, 1)
	default:
		room = c.roomOn(s, n, &nd.Free, &t.need, maxLevel)
	}
	more := room - t.room[n]
	t.room[n] = room
	if c.groups.of != nil {
		t.rooms[c.groups.of[n]] += more
	}
	t.parts += int64(more)
	if t.grade != nil {
		c.grade(s, n, t)
	}
}

// free reports whether a table tells all: neither reservations nor a plan nor a shadow take room away.
func (a *attempt) free() bool {
	return a.c.seatsOf == nil && a.c.limits == nil && !a.guard && !a.s.scratch.plan.guard
}

// groupRooms returns how many parts each group takes, and their sum.
func (a *attempt) groupRooms(t *roomTable) (rooms []int32, parts int64) {
	rooms = a.s.scratch.rooms
	copy(rooms, t.rooms)
	if a.free() {
		return rooms, t.parts
	}
	if t.parts < int64(a.want) {
		return rooms, t.parts // hopeless
	}
	g := &a.c.groups
	for i, r := range rooms {
		if r == 0 {
			continue
		}
		sum := int32(0)
		for _, n := range g.nodes(int32(i)) {
			if t.room[n] > 0 {
				sum += a.roomIn(t, n, maxLevel)
			}
		}
		rooms[i] = sum
		parts += int64(sum)
	}
	return rooms, parts
}

// roomIn is roomFor a node of which the table is known to be up to date.
func (a *attempt) roomIn(t *roomTable, n, k int32) int32 {
	switch r := t.room[n]; {
	case r == 0:
		return 0
	case r >= maxLevel || a.c.seatsOf != nil || a.c.limits != nil || a.s.scratch.plan.guard:
		return a.roomFor(n, k)
	case a.guard:
		return a.s.scratch.shadow.spare(a, n, min(r, k))
	default:
		return min(r, k)
	}
}
