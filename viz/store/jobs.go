package store

import (
	"math"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/halltwin/halltwin/twin/record"
)

// Job is the life of one job. Times are s, NaN where they have not come.
type Job struct {
	Name     string // as it is the subject of events
	Class    string
	User     string
	Queue    string
	GPUs     float64
	Submit   float64
	End      float64
	Outcome  string // done, failed, cancelled; "" before its end
	Restarts int
	Runs     [][2]float64 // when it ran
	Nodes    [][][2]int32 // where, by run, as ranges of nodes [lo, hi); nil where that is not known
}

// Start returns when it first ran.
func (j *Job) Start() float64 {
	if len(j.Runs) == 0 {
		return math.NaN()
	}
	return j.Runs[0][0]
}

// Held returns the nodes that it holds at a time.
func (j *Job) Held(t float64) [][2]int32 {
	for i, r := range j.Runs {
		if r[0] <= t && !(r[1] <= t) && i < len(j.Nodes) {
			return j.Nodes[i]
		}
	}
	return nil
}

// State says what it was at a time: pending, queued, running, done, failed or cancelled.
func (j *Job) State(t float64) string {
	switch {
	case j.Submit > t:
		return "pending"
	case j.End <= t:
		return j.Outcome
	}
	for _, r := range j.Runs {
		if r[0] <= t && !(r[1] <= t) {
			return "running"
		}
	}
	return "queued"
}

// Jobs is all of them, by index.
type Jobs struct {
	mu     sync.RWMutex
	jobs   []Job
	byName map[string]int
}

// mostJobs bounds the jobs that are learnt from events alone.
const mostJobs = 2_000_000

// NewJobs returns the jobs of a run, of which only the events are to come. Those that nobody announced are learnt from them.
func NewJobs(known []Job) *Jobs {
	s := &Jobs{jobs: known, byName: make(map[string]int, len(known))}
	for i := range known {
		known[i].End = math.NaN()
		s.byName[known[i].Name] = i
	}
	return s
}

// Add takes in an event, if it is about a job.
func (s *Jobs) Add(e *record.Event) {
	what, ok := strings.CutPrefix(e.Type, "job.")
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.byName[e.Subject]
	if !ok {
		if len(s.jobs) >= mostJobs {
			return
		}
		i = len(s.jobs)
		s.byName[e.Subject] = i
		s.jobs = append(s.jobs, Job{Name: e.Subject, GPUs: gpusOf(e.Text), Submit: math.NaN(), End: math.NaN()})
	}
	j := &s.jobs[i]
	switch what {
	case "start":
		j.Runs = append(j.Runs, [2]float64{e.Time, math.NaN()})
		j.Nodes = append(j.Nodes, nodesOf(e))
		if j.GPUs == 0 {
			j.GPUs = gpusOf(e.Text)
		}
	case "requeue":
		j.Restarts++
		j.stop(e.Time)
	case "done", "failed", "cancelled":
		j.stop(e.Time)
		j.End, j.Outcome = e.Time, what
	case "killed":
		j.stop(e.Time)
		j.End, j.Outcome = e.Time, "failed"
	}
}

func (j *Job) stop(t float64) {
	if n := len(j.Runs); n > 0 && math.IsNaN(j.Runs[n-1][1]) {
		j.Runs[n-1][1] = t
	}
}

// nodesOf reads where a job starts: "0-3,8".
func nodesOf(e *record.Event) (nodes [][2]int32) {
	for i := range e.Fields {
		if e.Fields[i].Key != "nodes" {
			continue
		}
		for part := range strings.SplitSeq(e.Fields[i].Text, ",") {
			from, to, many := strings.Cut(part, "-")
			if !many {
				to = from
			}
			lo, err := strconv.ParseInt(from, 10, 32)
			hi, err2 := strconv.ParseInt(to, 10, 32)
			if err != nil || err2 != nil || lo < 0 || hi < lo || hi == math.MaxInt32 {
				return nil
			}
			nodes = append(nodes, [2]int32{int32(lo), int32(hi) + 1})
		}
	}
	return nodes
}

// gpusOf reads "… on 8 GPUs …".
func gpusOf(text string) float64 {
	_, rest, ok := strings.Cut(text, " on ")
	if !ok {
		return 0
	}
	number, _, _ := strings.Cut(rest, " ")
	n, _ := strconv.ParseFloat(number, 64)
	return n
}

// Overlapping calls fn with every job that was in the system between two times, with its index, until it returns false.
func (s *Jobs) Overlapping(from, to float64, fn func(i int, j *Job) bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for i := range s.jobs {
		j := &s.jobs[i]
		if j.Submit > to || j.End < from || math.IsNaN(j.Submit) && !(j.Start() <= to) {
			continue
		}
		if !fn(i, j) {
			return
		}
	}
}

// Density returns, by bucket, the mean number of jobs that run, that wait, and of GPUs that jobs hold.
func (s *Jobs) Density(from, to float64, buckets int) (running, queued, busy []float64) {
	running, queued, busy = make([]float64, buckets), make([]float64, buckets), make([]float64, buckets)
	width := (to - from) / float64(buckets)
	spread := func(out []float64, a, b, weight float64) {
		if math.IsNaN(b) || b > to {
			b = to
		}
		a = max(a, from)
		for i := int((a - from) / width); i < buckets && from+float64(i)*width < b; i++ {
			lo := from + float64(i)*width
			out[i] += weight * max(min(b, lo+width)-max(a, lo), 0) / width
		}
	}
	s.Overlapping(from, to, func(_ int, j *Job) bool {
		waiting := j.Submit
		for _, r := range j.Runs {
			if !math.IsNaN(waiting) {
				spread(queued, waiting, r[0], 1)
			}
			spread(running, r[0], r[1], 1)
			spread(busy, r[0], r[1], j.GPUs)
			waiting = r[1]
		}
		if !math.IsNaN(waiting) && math.IsNaN(j.End) {
			spread(queued, waiting, math.NaN(), 1)
		}
		return true
	})
	return running, queued, busy
}

// Ahead returns how many jobs waited at a time that had been submitted before a job.
func (s *Jobs) Ahead(i int, t float64) (n int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	end := sort.Search(len(s.jobs), func(k int) bool { return s.jobs[k].Submit >= s.jobs[i].Submit })
	for k := range min(end, i) {
		if s.jobs[k].State(t) == "queued" {
			n++
		}
	}
	return n
}
