package viz

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/plant"
	"github.com/halltwin/halltwin/twin/record/rundir"
	"github.com/halltwin/halltwin/viz/store"
	"github.com/halltwin/halltwin/viz/wire"
)

// Spec says what a run is to those who look at it.
type Spec struct {
	ID     string       // one path segment, unique; made so by the server
	Plant  *plant.Plant // nil: not known
	Jobs   []store.Job  // that will be submitted; nil: learnt from the log
	Forker Forker       // of a recorded run; nil: none can leave it
	Why    string       // why none can

	Base   string // of a fork: the id of the run that it left
	Forked float64
	Acts   []string // of a fork: what was done there
	inputs []byte   // of a fork: the resolved scenario of the run that it left, whatever has been done in that since
	Budget int      // bytes of samples to keep of a run under way; 0: store.DefaultBudget
}

// Run is a run that is served. One under way is a sink: what it gets, its viewers see.
type Run struct {
	spec   Spec
	number uint32
	added  time.Time
	ready  chan struct{} // closed when the header is known
	shelf  *shelf        // nil for a run that is not read on demand

	// Set before ready is closed.
	header   *record.Header
	channels []*channel.Channel // what can be asked for, by the ids of the protocol
	ids      map[string]uint16
	samples  store.Samples
	memory   *store.Memory // nil for a recorded run
	log      *store.Log
	jobs     *store.Jobs

	mu      sync.Mutex
	dir     *rundir.Run // where it is recorded; nil for a run that is not, or not yet to its end
	control Controller
	summary *record.Summary
	closed  bool // the recording has ended
	failed  string
	speeds  map[int32]float64  // of jobs, at the last sample
	stop    context.CancelFunc // of a fork

	measured string  // of a twin beside a real site: the run of what is measured there
	twin     string  // of that: the run of the twin
	witness  Witness // of a twin: knows how both stand

	hub    hub
	wants  atomic.Pointer[wanted]
	rhythm rhythm
}

var _ View = (*Run)(nil)

// NewRun returns a run under way, to be opened by what records it.
func newRun(spec Spec) *Run {
	r := &Run{spec: spec, added: time.Now(), ready: make(chan struct{})}
	r.hub.init(r)
	return r
}

// openRun serves a run directory.
func openRun(spec Spec, dir *rundir.Run) (*Run, error) {
	r := newRun(spec)
	if err := r.read(dir); err != nil {
		return nil, err
	}
	return r, nil
}

// read takes in a run directory, after which the run can be asked.
func (r *Run) read(dir *rundir.Run) error {
	samples, err := store.OpenDirectory(dir)
	if err != nil {
		return err
	}
	summary, err := dir.Summary()
	if err != nil {
		return errors.Join(err, samples.Close())
	}
	r.prepare(dir.Header(), dir.Header().Channels)
	err = dir.Events(func(e *record.Event) error { r.note(e); return nil })
	if err != nil && !isMissing(err) {
		return errors.Join(err, samples.Close())
	}
	r.mu.Lock()
	r.samples, r.dir, r.summary, r.closed = samples, dir, summary, true
	r.mu.Unlock()
	close(r.ready)
	return nil
}

// begin takes the header, after which the run can be asked.
func (r *Run) begin(h *record.Header, channels []*channel.Channel) {
	r.prepare(h, channels)
	close(r.ready)
}

func (r *Run) prepare(h *record.Header, channels []*channel.Channel) {
	r.header, r.ids = h, map[string]uint16{}
	for _, c := range channels {
		if _, twice := r.ids[c.Name]; !twice && len(r.channels) < math.MaxUint16 {
			r.ids[c.Name] = uint16(len(r.channels))
			r.channels = append(r.channels, c)
		}
	}
	r.log, r.jobs = store.NewLog(h), store.NewJobs(slices.Clone(r.spec.Jobs))
}

// Name says what it is to error messages.
func (r *Run) Name() string { return "viewers" }

// Open begins a run under way. Beside what is recorded everything that its site has can be asked for.
func (r *Run) Open(h *record.Header) error {
	budget := r.spec.Budget
	if budget == 0 {
		budget = store.DefaultBudget
	}
	r.memory = store.NewMemory(h.Site, budget)
	r.samples = r.memory
	if r.spec.inputs != nil {
		own := *h
		own.Resolved = r.spec.inputs
		h = &own
	}
	channels := slices.Clone(h.Channels)
	all := channel.All()
	for i := range all {
		if c := &all[i]; c.Kind != facility.Job && h.Site.Count(c.Kind) > 0 {
			channels = append(channels, c)
		}
	}
	r.begin(h, channels)
	r.hub.start()
	return nil
}

// Frame keeps a sample. It never waits for a viewer.
func (r *Run) Frame(f *record.Frame) error {
	r.memory.Add(f)
	r.taken(f)
	if f.Channel.Name == "job.speed" {
		r.mu.Lock()
		r.speeds = make(map[int32]float64, len(f.Subjects))
		for i, s := range f.Subjects {
			r.speeds[s] = f.Values[i]
		}
		r.mu.Unlock()
	}
	r.hub.wake()
	return nil
}

// Event keeps an event.
func (r *Run) Event(e *record.Event) error {
	r.note(e)
	r.hub.event(e)
	return nil
}

func (r *Run) note(e *record.Event) {
	r.log.Add(e)
	r.jobs.Add(e)
}

// Close ends the recording; the run stays to be looked at.
func (r *Run) Close(s *record.Summary) error {
	r.mu.Lock()
	r.summary, r.closed = s, true
	r.mu.Unlock()
	r.hub.wake()
	return nil
}

// Drive gives the run what drives it. It is called once, right after the run has begun.
func (r *Run) Drive(c Controller) {
	r.mu.Lock()
	r.control = c
	r.mu.Unlock()
	r.hub.wake()
}

// Recorded tells where the run has been recorded, so that its files can be had.
func (r *Run) Recorded(dir *rundir.Run) {
	r.mu.Lock()
	r.dir = dir
	r.mu.Unlock()
}

// directory returns where the run is recorded, or nil.
func (r *Run) directory() *rundir.Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dir
}

// controller returns what drives the run, nil when nothing does any more.
func (r *Run) controller() Controller {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	return r.control
}

// forker returns what lets forks leave it, or nil.
func (r *Run) forker() Forker {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.control != nil {
		return r.control
	}
	return r.spec.Forker
}

// fail notes that a run could not begin.
func (r *Run) fail(why string) {
	r.mu.Lock()
	r.closed, r.failed = true, why
	r.mu.Unlock()
	r.hub.wake()
}

// standing is what both status and catalogue say.
type standing struct {
	mode, state      string
	now, head, speed float64
	end              float64
	live             bool
	summary          *record.Summary
	why              string
}

func (r *Run) standing() standing {
	r.mu.Lock()
	s := standing{summary: r.summary, why: r.failed}
	closed, control := r.closed, r.control
	r.mu.Unlock()
	s.end = r.header.Duration
	s.head = r.samples.Head()
	if math.IsNaN(s.head) {
		s.head = r.spec.Forked
	}
	s.now = s.head
	switch {
	case r.spec.Base != "":
		s.mode = wire.Fork
	case closed:
		s.mode = wire.Replay
	case r.header.Source == record.Measured:
		s.mode = wire.Live
	default:
		s.mode = wire.Twin
	}
	switch {
	case !closed && control != nil:
		st := control.Status()
		s.live, s.now, s.speed, s.state, s.end = true, st.Now, st.Speed, wire.Running, st.End
		if st.Paused {
			s.state = wire.Paused
		}
	case !closed:
		s.state = wire.Running
	case s.why != "" || s.summary != nil && s.summary.Verdict == record.Broken:
		s.state = wire.Failed
	case s.summary == nil || s.summary.Verdict == record.Interrupted:
		s.state = wire.Stopped
	default:
		s.state = wire.Finished
	}
	return s
}

// info describes the run for the catalogue.
func (r *Run) info(inputs bool) *wire.RunInfo {
	h, s := r.header, r.standing()
	r.mu.Lock()
	measured, twin := r.measured, r.twin
	r.mu.Unlock()
	i := &wire.RunInfo{
		ID: r.spec.ID, Name: h.Run, Mode: s.mode, Source: h.Source, Scenario: h.Scenario, About: h.About, Variant: h.Variant,
		Seed: h.Seed, Start: h.Start, Duration: h.Duration, Every: h.Every, Head: s.head, State: s.state, Speed: s.speed,
		Version: h.Version, Command: h.Command, Live: s.live, CanFork: r.forker() != nil, Reason: s.why,
		Measured: measured, Twin: twin,
		Base: r.spec.Base, Forked: r.spec.Forked, Actions: r.spec.Acts, Counts: map[string]int{},
	}
	if s.summary != nil {
		i.Verdict = s.summary.Verdict
		if i.Reason == "" {
			i.Reason = s.summary.Reason
		}
	}
	if !i.CanFork && i.Reason == "" {
		i.Reason = r.spec.Why
	}
	for k := range facility.NumKinds {
		if n := h.Site.Count(k); n > 0 {
			i.Counts[k.String()] = n
		}
	}
	if inputs {
		i.Inputs = h.Inputs
	}
	return i
}

// lookup finds a channel of the run.
func (r *Run) lookup(name string) (*channel.Channel, uint16, *wire.Error) {
	if id, ok := r.ids[name]; ok {
		return r.channels[id], id, nil
	}
	e := &wire.Error{Code: wire.CodeUnknownChannel}
	if c, ok := channel.Lookup(name); ok {
		e.Text = name + " is not recorded in this run"
		if r.header.Site.Count(c.Kind) == 0 && c.Kind != facility.Job {
			e.Text = "this site has no " + c.Kind.String() + ", so " + name + " has no values"
		} else {
			e.Fix = "add it to record.channels of the scenario"
		}
		return nil, 0, e
	}
	_, err := channel.Match(strings.ReplaceAll(name, "*", ""))
	e.Text = "no channel is called " + clip(name)
	if err != nil {
		e.Text = clip(err.Error())
	}
	return nil, 0, e
}

// level finds the level at which a channel can be shown: its own for "".
func (r *Run) level(c *channel.Channel, name string) (facility.Kind, *wire.Error) {
	if name == "" {
		return c.Kind, nil
	}
	k, ok := facility.ParseKind(name)
	if !ok {
		return 0, &wire.Error{Code: wire.CodeBadValue, Text: clip(name) + " is no kind of thing"}
	}
	if r.header.Site.Count(k) == 0 || !store.Above(r.header.Site, k, c.Kind) {
		return 0, &wire.Error{Code: wire.CodeBadValue, Text: "no " + name + " of this site contains a " + c.Kind.String(),
			Fix: "a channel is shown at its own level, " + c.Kind.String() + ", or one that contains it"}
	}
	return k, nil
}

// at returns the values of a channel at a level for the last sample not after t, and its time.
func (r *Run) at(c *channel.Channel, level facility.Kind, t float64) ([]float64, float64, error) {
	values, at, err := r.samples.At(c, t)
	if values == nil || err != nil || level == c.Kind {
		return values, at, err
	}
	return store.Lift(r.header.Site, c, level, values, nil), at, nil
}
