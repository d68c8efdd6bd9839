package live

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/reading"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// Options say how a twin lives beside its site.
type Options struct {
	twin.Options
	Pins      map[string]string // nodes of the site by host; none: found by name, then by order
	Scheduled bool              // a source tells of jobs; else each host that is measured is taken as one
	Log       io.Writer         // of readings; nil: none
	Measured  twin.View         // sees what is measured, as the view of the options sees what is predicted; nil: nobody
}

// Twin is a world beside a real site. It is passive: [Twin.Take] is all that moves it but for the passing of time, so the same
// batches at the same times make the same twin to the bit. One goroutine may use it.
type Twin struct {
	plan      *scenarios.Plan
	world     *twin.Driven
	start     float64 // s since 1970 of the world's time 0
	now       float64 // s since 1970 up to which it was brought
	scheduled bool
	seed      uint64
	log       io.Writer
	view      twin.View

	sieve   *sieve
	mapping *mapping
	sources map[string]*sourceState
	names   []string // of the sources, in the order in which they were heard first
	meters  map[string]*meter
	metered []string // channels of the meters, sorted

	jobs      map[jobKey]*shown
	order     []jobKey
	ends      []twin.Change // of this batch: before the starts, which may need their nodes
	starts    []twin.Change
	newcomers []*shown // whose numbers are among those of the starts

	prophet *prophet
	hosts   map[string]*hostState
	heard   []string                     // hosts that have told something, in the order in which they did
	marks   map[string]map[string]uint64 // by source and stream: the reading that comes next
	returns int                          // times that another process went on with it

	gpuUse, cpuUse []float64 // as measured; NaN: unknown
	changed        []float64 // by node: s since 1970 of the last change of its jobs
	down, drained  []bool    // by node: what the scheduler says
	most           workload.Vector
	buffer         []float64
	framed         float64
}

// sourceState is how a source is.
type sourceState struct {
	answered bool
	good     float64 // when it answered last
	fault    string
	faults   int // times that it went away
	values   int
	missed   int // jobs that came and went unseen
}

// Begin makes the twin of a site that is at work elsewhere. The plan's own work, timeline and failures are left out.
func Begin(plan *scenarios.Plan, o Options) (*Twin, error) {
	plan = plan.Idle()
	m, err := newMapping(plan.Tree, o.Pins)
	if err != nil {
		return nil, err
	}
	nodes, gpus := plan.Tree.Count(facility.Node), plan.Tree.Count(facility.GPU)
	t := &Twin{plan: plan, start: float64(plan.Start.UnixNano()) / 1e9, scheduled: o.Scheduled, seed: o.Seed, log: o.Log, view: o.Measured,
		sieve: newSieve(8*(gpus+nodes) + 1024), mapping: m, sources: map[string]*sourceState{}, meters: map[string]*meter{}, jobs: map[jobKey]*shown{},
		hosts: map[string]*hostState{}, marks: map[string]map[string]uint64{},
		gpuUse: unknown(gpus), cpuUse: unknown(nodes), changed: make([]float64, nodes), down: make([]bool, nodes), drained: make([]bool, nodes), framed: math.Inf(-1)}
	t.now, t.prophet = t.start, newProphet(t.start)
	for _, c := range plan.Capacity {
		for r := range c {
			t.most[r] = max(t.most[r], c[r])
		}
	}
	if t.view != nil {
		o.View = both(o.View, &measuredView{t.view})
	}
	if t.world, err = twin.Begin(plan, o.Options); err != nil {
		return nil, err
	}
	h := LogHeader{Format: LogFormat, Seed: o.Seed, Scheduled: o.Scheduled, Pins: o.Pins, Resolved: string(plan.Resolved)}
	if err := t.writeLog(&h); err != nil {
		t.world.Close()
		return nil, err
	}
	return t, nil
}

func unknown(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = math.NaN()
	}
	return v
}

// Plan returns what the twin's world was made of.
func (t *Twin) Plan() *scenarios.Plan { return t.plan }

// Now returns the time up to which it was brought, in s since 1970, and the world's own time.
func (t *Twin) Now() (at, world float64) { return t.now, t.world.Now() }

// Advance brings the twin to a moment, in s since 1970. It may be called as often as one likes: that changes nothing.
func (t *Twin) Advance(ctx context.Context, at float64) error {
	if !(at > t.now) {
		return nil // a clock that was set back: we wait
	}
	t.now = at
	if w := at - t.start; w > t.world.Now() {
		return t.world.Advance(ctx, w)
	}
	return nil
}

// Take brings the twin to a moment and takes what sources said until then.
func (t *Twin) Take(ctx context.Context, at float64, batches []reading.Batch) error {
	if err := t.writeLog(&entry{At: reading.Number(at), Batches: batches}); err != nil {
		return err
	}
	if err := t.Advance(ctx, at); err != nil {
		return err
	}
	t.meet(batches)
	for i := range batches {
		b := &batches[i]
		s := t.hear(b)
		t.note(b)
		if b.Fault != "" && len(b.Values)+len(b.Jobs)+len(b.Nodes) == 0 {
			continue
		}
		t.takeValues(b, s)
		t.mirrorJobs(b, t.now)
		if err := t.takeNodes(b.Nodes); err != nil {
			return err
		}
		s.answered, s.good = true, t.now
	}
	t.reload()
	if err := t.mirror(ctx); err != nil {
		return err
	}
	t.learn()
	t.listen()
	if err := t.foretell(ctx); err != nil {
		return err
	}
	return t.frames()
}

// note keeps what a source says of itself: what it has held back, and up to where its streams have been taken.
func (t *Twin) note(b *reading.Batch) {
	for i := range b.Held {
		h := &b.Held[i]
		t.sieve.holdMany(h.Of, "", h.Why, min(max(h.Count, 0), 1<<40))
	}
	for _, m := range b.Marks {
		if t.marks[b.Source] == nil {
			t.marks[b.Source] = map[string]uint64{}
		}
		t.marks[b.Source][m.Stream] = m.Next
	}
}

// mirror hands the changes of jobs to the world, ends first, and lets them happen.
func (t *Twin) mirror(ctx context.Context) error {
	all := append(t.ends, t.starts...)
	if len(all) == 0 {
		return nil
	}
	numbers, err := t.world.Mirror(all)
	if err != nil {
		return err
	}
	k := 0
	for i := range all {
		if all[i].Job < 0 {
			t.newcomers[k].number = numbers[i]
			k++
		}
	}
	t.ends, t.starts, t.newcomers = t.ends[:0], t.starts[:0], t.newcomers[:0]
	return t.world.Advance(ctx, t.world.Soon())
}

// meet finds the nodes of hosts that are named for the first time.
func (t *Twin) meet(batches []reading.Batch) {
	var hosts []string
	for i := range batches {
		b := &batches[i]
		for k := range b.Nodes {
			hosts = append(hosts, b.Nodes[k].Name)
		}
		for k := range b.Values {
			switch b.Values[k].Kind {
			case "gpu", "node", "cpu":
				hosts = append(hosts, b.Values[k].Host)
			}
		}
		for k := range b.Jobs {
			hosts = append(hosts, b.Jobs[k].Nodes...)
		}
	}
	var fresh []string
	seen := map[string]bool{}
	for _, h := range hosts {
		if _, known := t.mapping.nodes[h]; !known && !seen[h] && (len(t.mapping.nodes)+len(fresh) < t.sieve.most || t.mapping.expects(h)) {
			seen[h] = true
			fresh = append(fresh, h)
		}
	}
	t.mapping.meet(fresh)
	for _, h := range fresh {
		if t.mapping.node(h) < 0 {
			t.tell(record.Event{Severity: record.Warning, Type: "mapping", Subject: h, Text: "is not matched: " + t.mapping.how[h]})
		}
	}
}

// hear notes how a source is, and tells when that changes.
func (t *Twin) hear(b *reading.Batch) *sourceState {
	s := t.sources[b.Source]
	if s == nil {
		s = &sourceState{}
		t.sources[b.Source] = s
		t.names = append(t.names, b.Source)
	}
	switch {
	case b.Fault != "" && s.fault == "":
		s.faults++
		t.tell(record.Event{Severity: record.Warning, Type: "source.lost", Subject: b.Source, Text: b.Fault})
	case b.Fault == "" && s.fault != "":
		t.tell(record.Event{Severity: record.Info, Type: "source.back", Subject: b.Source, Text: fmt.Sprintf("answers again after %.3g s", t.now-s.good)})
	}
	s.fault = b.Fault
	return s
}

// takeValues sorts out the readings of a batch.
func (t *Twin) takeValues(b *reading.Batch, s *sourceState) {
	for i := range b.Values {
		v := &b.Values[i]
		r, found := t.mapping.find(&v.Thing)
		ok, fresh := t.sieve.pass(v, t.now, found)
		if !ok {
			continue
		}
		s.values++
		t.hearHost(v)
		if !found || !fresh {
			continue
		}
		t.put(v, r)
	}
}

// put takes a good reading of a thing of the site.
func (t *Twin) put(v *reading.Value, r facility.Ref) {
	if v.Quantity == "utilisation" {
		switch v.Kind {
		case "gpu":
			t.gpuUse[r.Index] = float64(v.Value)
		case "cpu":
			t.cpuUse[r.Index] = float64(v.Value)
		}
		t.occupy(v.Host, t.now)
	}
	kind, index := r.Kind, r.Index
	if v.Quantity == "inlet_temperature" && kind == facility.Node { // the site knows the inlet of the rack
		kind, index = facility.Rack, t.plan.Tree.Levels[facility.Node].Up[r.Index]
	} else if v.Kind == "cpu" { // of what the site says nothing by itself
		return
	}
	name := kind.String() + "." + v.Quantity
	m := t.meters[name]
	if m == nil {
		ch, ok := channel.Lookup(name)
		if !ok {
			return
		}
		m = newMeter(ch, t.plan.Tree.Count(ch.Kind))
		t.meters[name] = m
		at, _ := slices.BinarySearch(t.metered, name)
		t.metered = slices.Insert(t.metered, at, name)
	}
	if float64(v.At) > m.at[index] {
		m.put(index, float64(v.At), float64(v.Value))
	}
}

// takeNodes brings what the scheduler says of nodes into the twin.
func (t *Twin) takeNodes(nodes []reading.Node) error {
	for i := range nodes {
		x := &nodes[i]
		n := t.mapping.node(x.Name)
		if n < 0 {
			continue
		}
		ref := facility.Ref{Kind: facility.Node, Index: n}
		if lo, hi := t.plan.Tree.Children(facility.GPU, n); x.GPUs > 0 && x.GPUs != int(hi-lo) {
			if text, first := t.mapping.conflict("%s has %d GPUs to its scheduler, %s has %d", x.Name, x.GPUs, t.plan.Tree.NameOf(ref), hi-lo); first {
				t.tell(record.Event{Severity: record.Warning, Type: "mapping", Subject: x.Name, Text: text})
			}
		}
		for _, c := range []struct {
			state   *bool
			is      bool
			on, off action.Verb
		}{{&t.down[n], x.Down, action.Fail, action.Repair}, {&t.drained[n], x.Drain, action.Drain, action.Undrain}} {
			if *c.state == c.is {
				continue
			}
			*c.state = c.is
			a := action.Action{Verb: c.off, Selector: t.plan.Tree.NameOf(ref), Targets: []facility.Ref{ref}, Text: x.Why, Origin: "live"}
			if c.is {
				a.Verb = c.on
			}
			if _, err := t.world.Act(a); err != nil {
				return err
			}
		}
	}
	return nil
}

// Act does something in the twin that no source tells of.
func (t *Twin) Act(ctx context.Context, at float64, a action.Action) (action.Action, error) {
	if err := t.writeLog(&entry{At: reading.Number(at), Act: a.Line()}); err != nil {
		return a, err
	}
	if err := t.Advance(ctx, at); err != nil {
		return a, err
	}
	a.At = 0
	done, err := t.world.Act(a)
	if err != nil {
		return a, err
	}
	return done, t.world.Advance(ctx, done.At)
}

// learn compares what was measured with the twin.
func (t *Twin) learn() {
	for _, name := range t.metered {
		m := t.meters[name]
		if inputs[name] {
			m.fresh = m.fresh[:0]
			continue
		}
		if len(m.fresh) == 0 {
			continue
		}
		m.model = t.world.Values(m.ch, m.model)
		m.learn(func(i int32, at float64) bool {
			n := nodeOf(t.plan.Tree, m.ch.Kind, i)
			return n < 0 || at > t.changed[n]+settling
		}, t.tell, func(i int32) string { return t.plan.Tree.NameOf(facility.Ref{Kind: m.ch.Kind, Index: i}) })
	}
}

func (t *Twin) tell(e record.Event) { t.world.Tell(e) }

// Close lets go of the twin.
func (t *Twin) Close() { t.world.Close() }

// End closes the recordings of the twin and of what was measured.
func (t *Twin) End(ctx context.Context) (*record.Summary, error) { return t.world.End(ctx, ctx.Err()) }

// Digest identifies the state of the twin and of all that it has learnt: equal twins have equal digests.
func (t *Twin) Digest() [sha256.Size]byte {
	sum := sha256.New()
	world := t.world.Hash()
	sum.Write(world[:])
	float := func(v float64) { binary.Write(sum, binary.LittleEndian, math.Float64bits(v)) } //nolint:errcheck // a hash takes everything
	for _, name := range t.metered {
		m := t.meters[name]
		for i := range m.measured {
			float(m.measured[i])
			float(m.residual[i])
			if f := m.learnt[i]; f != nil {
				for k := range f.X {
					float(f.X[k])
					float(f.P[k][k])
				}
			}
		}
	}
	fmt.Fprintf(sum, "%v", t.sieve.report())
	fmt.Fprintf(sum, "%v", t.prophet.score())
	matches, silent := t.mapping.report()
	fmt.Fprintf(sum, "%v %d %v", matches, silent, t.mapping.conflicts)
	return [sha256.Size]byte(sum.Sum(nil))
}
