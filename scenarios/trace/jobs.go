package trace

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/halltwin/halltwin/models/workload"
)

// maxJobs bounds what one trace may hold in memory: about 1 kB a job while it grows, so 2 GB.
const maxJobs = 2_000_000

// maxNodes bounds a gang: no trace has one of a tenth of it.
const maxNodes = 1 << 20

// Trace is a set of jobs as it was read, and what was noticed on the way.
type Trace struct {
	workload.Set
	Format  string
	Zero    time.Time // the instant of t = 0; zero where the trace does not tell
	Rows    int       // records read
	Skipped int       // malformed rows passed over
	Dropped []Drop    // well-formed rows that are no job of the run
}

// Drop says why rows were left out.
type Drop struct {
	Reason string
	Rows   int
}

func (t *Trace) drop(reason string, rows int) {
	if rows == 0 {
		return
	}
	for i := range t.Dropped {
		if t.Dropped[i].Reason == reason {
			t.Dropped[i].Rows += rows
			return
		}
	}
	t.Dropped = append(t.Dropped, Drop{Reason: reason, Rows: rows})
}

// Summary says in one line what was read and what was left out.
func (t *Trace) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d rows, %d jobs", t.Format, t.Rows, len(t.Jobs))
	if t.Skipped > 0 {
		fmt.Fprintf(&b, ", %d malformed rows passed over", t.Skipped)
	}
	for _, d := range t.Dropped {
		fmt.Fprintf(&b, ", %d left out (%s)", d.Rows, d.Reason)
	}
	return b.String()
}

// record is one job as a log tells it, before it is shaped. Absent numbers are NaN.
type record struct {
	id, name, user, queue []byte
	submit, start, end    float64 // s, unix or since the trace's zero
	run, limit            float64 // s
	gpus, cores, memory   float64 // of the whole job; memory in B
	nodes                 float64
	priority              float64
	util                  workload.Util // NaN: not told
	state                 string        // lower case, "" : not told
	list                  []int32       // nodes it ran on
}

func (r *record) reset() {
	nan := math.NaN()
	*r = record{submit: nan, start: nan, end: nan, run: nan, limit: nan, gpus: nan, cores: nan, memory: nan, nodes: nan,
		priority: nan, util: workload.Util{GPU: nan, CPU: nan}, list: r.list[:0]}
}

// collector turns records into jobs.
type collector struct {
	spec   *Spec
	trace  *Trace
	clock  bool // times are unix seconds, so the zero is the first submission
	absent []int32
	words  map[string]string // user, queue and name strings, each held once
	states map[workload.Outcome]bool
}

func newCollector(spec *Spec, format string) (*collector, error) {
	c := &collector{spec: spec, trace: &Trace{Format: format}, words: map[string]string{}}
	var err error
	if c.absent, err = parseRanges([]byte(spec.Absent), []int32{}, maxNodes); err != nil {
		return nil, fmt.Errorf("absent: %w", err)
	}
	slices.Sort(c.absent)
	if len(spec.States) > 0 {
		c.states = map[workload.Outcome]bool{}
		for _, s := range spec.States {
			o, ok := outcomes[strings.ToLower(s)]
			if !ok {
				return nil, fmt.Errorf("states: unknown state %q: write done, failed or cancelled", s)
			}
			c.states[o] = true
		}
	}
	return c, nil
}

// word returns b as a string of which the collector holds one copy.
func (c *collector) word(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := c.words[string(b)]; ok {
		return s
	}
	s := string(b)
	c.words[s] = s
	return s
}

// outcomes maps the states of Slurm, Kubernetes, Philly and Helios, in lower case.
var outcomes = map[string]workload.Outcome{
	"done": workload.Done, "completed": workload.Done, "complete": workload.Done, "success": workload.Done,
	"succeeded": workload.Done, "pass": workload.Done, "passed": workload.Done, "running": workload.Done,
	"completing": workload.Done, "preempted": workload.Done, "suspended": workload.Done, "ok": workload.Done, "stopped": workload.Done,
	"terminated": workload.Done,
	"failed":     workload.Failed, "fail": workload.Failed, "timeout": workload.Failed, "node_fail": workload.Failed,
	"out_of_memory": workload.Failed, "boot_fail": workload.Failed, "deadline": workload.Failed, "error": workload.Failed,
	"cancelled": workload.Cancelled, "canceled": workload.Cancelled, "killed": workload.Cancelled, "revoked": workload.Cancelled,
}

// waiting are the states of a job that never ran.
var waiting = map[string]bool{"pending": true, "requeued": true, "queued": true, "waiting": true, "requeue_hold": true}

// problem is what add finds wrong with a record: a message and the field it is about.
type problem struct {
	field Field
	msg   string
}

// add appends the job of a record. A problem is a malformed row; a job that never ran is dropped silently but counted.
func (c *collector) add(r *record) *problem {
	if len(c.trace.Jobs) >= maxJobs {
		return &problem{msg: fmt.Sprintf("more than %d jobs: take a window of the trace", maxJobs)}
	}
	if math.IsNaN(r.submit) {
		return &problem{Submit, "there is no time of submission"}
	}
	if math.Abs(r.submit) > 1e11 {
		return &problem{Submit, "the time of submission is out of range; is the column in ms?"}
	}
	run, p := c.runTime(r)
	if p != nil {
		return p
	}
	if !(run > 0) {
		c.trace.drop("never ran", 1)
		return nil
	}
	outcome, known := outcomes[r.state]
	if r.state != "" && !known {
		if waiting[r.state] {
			c.trace.drop("never ran", 1)
			return nil
		}
		return &problem{State, fmt.Sprintf("unknown state %s", quote([]byte(r.state)))}
	}
	if c.states != nil && !c.states[outcome] {
		c.trace.drop("state not asked for", 1)
		return nil
	}
	j := workload.Job{
		ID: string(r.id), Name: c.word(r.name), User: c.word(r.user), Queue: c.word(r.queue),
		Class: classes[c.spec.Class], Submit: r.submit, Work: run, Outcome: outcome, Profile: -1,
		Util: c.util(r),
	}
	if j.ID == "" {
		j.ID = fmt.Sprint(c.trace.Rows)
	}
	if r.limit > 0 {
		j.Walltime = r.limit
	} else if f := float64(c.spec.WalltimeFactor); f > 0 {
		j.Walltime = f * run
	}
	if !math.IsNaN(r.priority) {
		j.Priority = r.priority
	}
	if p := c.demand(&j, r); p != nil {
		return p
	}
	hasGPU := j.Part[workload.GPU] > 0
	if c.spec.Only == "gpu" && !hasGPU || c.spec.Only == "cpu" && hasGPU {
		c.trace.drop("only "+c.spec.Only+" jobs were asked for", 1)
		return nil
	}
	if c.spec.Replay {
		if math.IsNaN(r.start) {
			c.trace.drop("never started, so not replayed", 1)
			return nil
		}
		if p := c.pin(&j, r); p != nil {
			return p
		}
	}
	c.trace.Jobs = append(c.trace.Jobs, j)
	return nil
}

var classes = map[string]workload.Class{"": workload.Batch, "batch": workload.Batch, "train": workload.Train, "service": workload.Service}

// runTime takes the run time as told, or from start to end, or from submission to end where nothing waits.
func (c *collector) runTime(r *record) (float64, *problem) {
	run := r.run
	if math.IsNaN(run) && !math.IsNaN(r.end) && !math.IsNaN(r.start) {
		run = r.end - r.start
		if run < 0 {
			return 0, &problem{End, "the job ends before it starts"}
		}
	}
	if run > 1e10 {
		return 0, &problem{Run, "the run time is out of range; is the column in ms?"}
	}
	return run, nil
}

func (c *collector) util(r *record) workload.Util {
	u := workload.Util{GPU: float64(c.spec.Utilization.GPU), CPU: float64(c.spec.Utilization.CPU)}
	if !math.IsNaN(r.util.GPU) {
		u.GPU = min(max(r.util.GPU, 0), 1)
	}
	if !math.IsNaN(r.util.CPU) {
		u.CPU = min(max(r.util.CPU, 0), 1)
	}
	return u
}

// demand shapes the whole job's resources into a gang of equal parts.
func (c *collector) demand(j *workload.Job, r *record) *problem {
	for _, v := range []struct {
		field Field
		value float64
		most  float64
	}{{GPUs, r.gpus, 1e7}, {Cores, r.cores, 1e9}, {Memory, r.memory, 1e18}, {Nodes, r.nodes, maxNodes}} {
		if v.value < 0 || v.value > v.most {
			return &problem{v.field, "the amount is out of range"}
		}
	}
	gpus, cores := zeroNaN(r.gpus), zeroNaN(r.cores)
	parts := 1.0
	switch {
	case gpus > 0:
		parts = split(gpus, float64(c.spec.GPUsPerNode), zeroNaN(r.nodes))
	case r.nodes > 0:
		parts = math.Ceil(r.nodes)
	case cores > 0 && c.spec.CoresPerNode > 0:
		parts = split(cores, float64(c.spec.CoresPerNode), 0)
	}
	if parts > maxNodes {
		return &problem{Nodes, "the gang is too large"}
	}
	j.Parts = int32(parts)
	j.Part[workload.GPU] = even(gpus, parts)
	j.Part[workload.CPU] = even(cores, parts)
	j.Part[workload.Memory] = zeroNaN(r.memory) / parts
	j.Whole = gpus == 0 && cores == 0
	return nil
}

// split returns the number of equal parts for an amount n where a part holds at most per: as many as the trace has nodes
// where that divides n, else as workload.Gang does.
func split(n, per, nodes float64) float64 {
	if n != math.Floor(n) {
		return max(math.Ceil(n/per), 1)
	}
	if nodes >= 1 && math.Mod(n, nodes) == 0 && n/nodes <= per {
		return nodes
	}
	parts, _ := workload.Gang(n, per)
	return parts
}

// even is the share of one of the parts, rounded up to a whole device unless the job asked for a fraction of one.
func even(n, parts float64) float64 {
	if n < 1 || parts == 1 {
		return n
	}
	return math.Ceil(n / parts)
}

func zeroNaN(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

// pin makes the job a replayed placement on the nodes that its record names, renumbered where some are absent.
func (c *collector) pin(j *workload.Job, r *record) *problem {
	if len(r.list) == 0 {
		return &problem{NodeList, "a replayed job needs the nodes that it ran on"}
	}
	j.Pinned, j.Start, j.Parts, j.Whole = true, r.start, int32(len(r.list)), true
	j.Nodes = make([]int32, len(r.list))
	for i, n := range r.list {
		below, found := slices.BinarySearch(c.absent, n)
		if found {
			return &problem{NodeList, fmt.Sprintf("node %d is declared absent", n)}
		}
		j.Nodes[i] = n - int32(below)
	}
	return nil
}

// finish lays the jobs into the run: window, zero, time scale, number, order.
func (c *collector) finish() (*Trace, error) {
	t, spec := c.trace, c.spec
	zero := 0.0
	if c.clock {
		zero = math.Inf(1)
		for i := range t.Jobs {
			zero = min(zero, t.Jobs[i].Submit)
		}
		if len(t.Jobs) == 0 {
			zero = 0
		}
	}
	from, to := math.Inf(-1), math.Inf(1)
	if w := spec.Window; w != nil {
		var err error
		if from, err = c.point(w.From, zero, from); err != nil {
			return nil, fmt.Errorf("window.from: %w", err)
		}
		if to, err = c.point(w.To, zero, to); err != nil {
			return nil, fmt.Errorf("window.to: %w", err)
		}
	}
	kept := t.Jobs[:0]
	for _, j := range t.Jobs {
		if j.Submit >= from && j.Submit < to {
			kept = append(kept, j)
		}
	}
	t.drop("outside the window", len(t.Jobs)-len(kept))
	clear(t.Jobs[len(kept):])
	t.Jobs = kept
	if !math.IsInf(from, -1) {
		zero = from
	}
	switch {
	case c.clock && len(t.Jobs) > 0:
		t.Zero = stampTime(zero)
	case !t.Zero.IsZero():
		t.Zero = t.Zero.Add(time.Duration(zero * 1e9))
	}
	gain := float64(spec.TimeGain)
	for i := range t.Jobs {
		j := &t.Jobs[i]
		j.Submit = (j.Submit - zero) * gain
		if j.Pinned {
			j.Start = (j.Start - zero) * gain
		}
	}
	bySubmit := func(a, b workload.Job) int { return cmp.Compare(a.Submit, b.Submit) }
	if !slices.IsSortedFunc(t.Jobs, bySubmit) { // a stable sort of large structs is slow even where there is nothing to do
		slices.SortStableFunc(t.Jobs, bySubmit)
	}
	if s := float64(spec.Scale); s != 1 {
		if spec.Replay {
			return nil, fmt.Errorf("scale: a replayed placement cannot be multiplied: leave out scale or replay")
		}
		if float64(len(t.Jobs))*s > maxJobs {
			return nil, fmt.Errorf("scale: %d jobs times %g are more than %d", len(t.Jobs), s, maxJobs)
		}
		t.Jobs = multiply(t.Jobs, s)
	}
	return t, nil
}

func stampTime(unix float64) time.Time {
	whole := math.Floor(unix)
	return time.Unix(int64(whole), int64((unix-whole)*1e9)).UTC()
}

// point returns an instant of the window in the trace's own time.
func (c *collector) point(p Point, zero, unset float64) (float64, error) {
	if p == "" {
		return unset, nil
	}
	stamp, since, err := p.parse()
	if err != nil {
		return 0, err
	}
	if stamp.IsZero() {
		return zero + since, nil
	}
	unix := float64(stamp.Unix()) + float64(stamp.Nanosecond())/1e9
	if c.clock {
		return unix, nil
	}
	if c.trace.Zero.IsZero() {
		return 0, fmt.Errorf("this trace counts seconds and does not say since when: write a time since its zero (36 h)")
	}
	return unix - float64(c.trace.Zero.Unix()), nil
}

// multiply returns the jobs times s: job i is taken floor((i+1)s) - floor(i s) times, so that any run of n jobs gives n s
// of them give or take one; copies spread evenly over the gap to the next submission.
func multiply(jobs []workload.Job, s float64) []workload.Job {
	out := make([]workload.Job, 0, int(float64(len(jobs))*s)+1)
	for i := range jobs {
		n := int(math.Floor(float64(i+1)*s) - math.Floor(float64(i)*s))
		gap := 0.0
		if i+1 < len(jobs) {
			gap = jobs[i+1].Submit - jobs[i].Submit
		}
		for k := range n {
			j := jobs[i]
			j.Submit += gap * float64(k) / float64(n)
			if k > 0 {
				j.ID = fmt.Sprintf("%s~%d", j.ID, k+1)
			}
			out = append(out, j)
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
