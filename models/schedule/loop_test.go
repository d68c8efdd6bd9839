package schedule

import (
	"bufio"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/halltwin/halltwin/models/workload"
)

// task is a job of a test: what is asked, and how long it really runs.
type task struct {
	Request
	run float64
}

// outcome is what became of it.
type outcome struct {
	start, end float64
	slices     []Slice
	stops      int     // times that it was preempted
	wait       float64 // s in the queue, in all
	promise    float64 // the first finite start that it was promised, +Inf when none
}

// replay runs tasks, in order of submission, to the end: at each time releases, then arrivals, then one pass.
func replay(t testing.TB, c *Config, tasks []task) []outcome {
	t.Helper()
	return replayWith(t, c, tasks, nil)
}

// replayWith calls check after each pass.
func replayWith(t testing.TB, c *Config, tasks []task, check func(s *State, now float64)) []outcome {
	t.Helper()
	s := NewState(c)
	out := make([]outcome, len(tasks))
	for i := range out {
		out[i].start, out[i].promise = math.NaN(), math.Inf(1)
	}
	type ending struct {
		at  float64
		job int32
	}
	var running []ending
	left := make([]float64, len(tasks)) // s of work
	since := make([]float64, len(tasks))
	for i := range tasks {
		left[i], since[i] = tasks[i].run, tasks[i].Submit
	}
	var starts []Start
	last := math.Inf(-1)
	for arrived, todo := 0, len(tasks); todo > 0; {
		now := math.Inf(1)
		if arrived < len(tasks) {
			now = tasks[arrived].Submit
		}
		for _, r := range running {
			now = min(now, r.at)
		}
		if at, ok := c.Wake(s, last); ok {
			now = min(now, at)
		}
		if math.IsInf(now, 1) {
			t.Fatalf("%d jobs never start; queue %+v, first %+v", todo, s.Queue, s.Entries[first(s)])
		}
		running = slices.DeleteFunc(running, func(r ending) bool {
			if r.at > now {
				return false
			}
			c.Release(s, now, r.job)
			todo--
			return true
		})
		for arrived < len(tasks) && tasks[arrived].Submit <= now {
			tasks[arrived].Job = int32(arrived)
			c.Submit(s, now, tasks[arrived].Request)
			arrived++
		}
		last = now
		for again := []Request{{}}; len(again) > 0; {
			again = again[:0]
			starts = c.Pass(s, now, starts[:0])
			for _, st := range starts {
				o, k := &out[st.Job], &tasks[st.Job]
				if st.Stop {
					if o.stops++; o.stops > 10_000 {
						t.Fatalf("job %d is preempted for ever, %d jobs are left at %g s", st.Job, todo, now)
					}
					ran := now - since[st.Job]
					left[st.Job] -= ran
					r := k.Request
					r.Estimate = max(1e-6, r.Estimate-(k.run-left[st.Job]))
					left[st.Job] += c.PreemptionCost(c.size(&Entry{Request: r}))
					r.Estimate += c.PreemptionCost(c.size(&Entry{Request: r}))
					running = slices.DeleteFunc(running, func(r ending) bool { return r.job == st.Job })
					since[st.Job] = now
					again = append(again, r)
					continue
				}
				o.wait += now - since[st.Job]
				since[st.Job] = now
				if math.IsNaN(o.start) {
					o.start = now
				}
				o.end = now + left[st.Job]
				o.slices = slices.Clone(st.Slices)
				running = append(running, ending{o.end + c.HoldExtra(), st.Job})
			}
			for _, r := range again {
				c.Submit(s, now, r)
			}
		}
		for it := range s.Queue.All() {
			if e := &s.Entries[it.Slot]; math.IsInf(out[e.Job].promise, 1) {
				out[e.Job].promise = e.Promise
			}
		}
		if check != nil {
			check(s, now)
		}
	}
	return out
}

// first is the slot of the first job that waits.
func first(s *State) int32 { return s.Queue.Blocks[0].Items[0].Slot }

// cluster is nodes of one kind.
func cluster(n int, v workload.Vector) []workload.Vector {
	nodes := make([]workload.Vector, n)
	for i := range nodes {
		nodes[i] = v
	}
	return nodes
}

func compile(t testing.TB, spec Spec, nodes []workload.Vector) *Config {
	t.Helper()
	c, err := Compile(&spec, nil, nodes, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// table reads a CSV file of the reference data, or skips the test where there is none.
func table(t testing.TB, name string) (rows []map[string]string) {
	t.Helper()
	dir := os.Getenv("HALLTWIN_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Skipf("reference data is not here (set HALLTWIN_DATA): %v", err)
	}
	defer f.Close()
	all, err := csv.NewReader(bufio.NewReader(f)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all[1:] {
		m := map[string]string{}
		for i, k := range all[0] {
			m[k] = r[i]
		}
		rows = append(rows, m)
	}
	return rows
}

func num(t testing.TB, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
