package store

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/recordtest"
	"github.com/halltwin/halltwin/twin/record/rundir"
)

// keep is a sink that fills a memory.
type keep struct{ *Memory }

func (k keep) Open(*record.Header) error   { return nil }
func (k keep) Frame(f *record.Frame) error { k.Add(f); return nil }
func (k keep) Event(*record.Event) error   { return nil }
func (k keep) Close(*record.Summary) error { return nil }

func directory(t *testing.T, h *record.Header, every float64) *Directory {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	w, err := rundir.Create(dir, rundir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := recordtest.Play(w, h, every); err != nil {
		t.Fatal(err)
	}
	r, err := rundir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	d, err := OpenDirectory(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(d.Close(), r.Close()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// A run that is remembered and the same run on disk answer alike.
func TestMemoryAndDirectoryAgree(t *testing.T) {
	h := recordtest.Header(recordtest.Site(2, 8))
	m, d := NewMemory(h.Site, DefaultBudget), directory(t, h, 300)
	if err := recordtest.Play(keep{m}, h, 300); err != nil {
		t.Fatal(err)
	}
	if m.Head() != d.Head() || m.Head() != 86400 {
		t.Fatalf("heads %v and %v", m.Head(), d.Head())
	}
	for _, x := range []float64{-1, 0, 1, 299, 300, 43200, 86399, 86400, math.Inf(1)} {
		for _, n := range []int{-2, 0, 1, 1000} {
			if a, b := m.Step(x, n), d.Step(x, n); a != b {
				t.Errorf("%d samples from %v: %v and %v", n, x, a, b)
			}
		}
		for _, c := range h.Channels {
			if c.Kind == facility.Job {
				continue
			}
			a, at, err := m.At(c, x)
			b, bt, err2 := d.At(c, x)
			if err != nil || err2 != nil || !alike(a, b) || at != bt && !math.IsNaN(at) {
				t.Fatalf("%s at %v: %v of %v and %v of %v (%v)", c.Name, x, a, at, b, bt, err2)
			}
		}
	}
	for _, s := range []Samples{m, d} {
		n, last := 0, -1.0
		err := s.Scan(recordtest.Inlet, 3, 5, 600, 3000, func(at float64, v []float64) error {
			if n++; len(v) != 2 || at <= last || at < 600 || at > 3000 {
				return fmt.Errorf("%v at %v", v, at)
			}
			last = at
			return nil
		})
		if err != nil || n != 9 {
			t.Errorf("%d samples, %v", n, err)
		}
	}
}

func alike(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return x == y || math.IsNaN(x) && math.IsNaN(y) })
}

// However long a run is, memory is bounded, the present is exact and the beginning is still known.
func TestMemoryIsBounded(t *testing.T) {
	tree := recordtest.Site(4, 8)
	const budget = 64 << 10
	m := NewMemory(tree, budget)
	values := make([]float64, tree.Count(facility.Rack))
	for i := range 20_000 {
		values[0] = float64(i)
		m.Add(&record.Frame{Time: float64(i), Channel: recordtest.Inlet, Values: values})
		m.Add(&record.Frame{Time: float64(i), Channel: recordtest.Power, Values: values[:1]})
		if m.Bytes() > budget {
			t.Fatalf("%d bytes after %d samples", m.Bytes(), i)
		}
	}
	if v, at, _ := m.At(recordtest.Inlet, math.Inf(1)); at != 19_999 || v[0] != 19_999 {
		t.Errorf("the present is %v at %v", v, at)
	}
	if v, at, _ := m.At(recordtest.Inlet, 100); at != 0 || v[0] != 0 {
		t.Errorf("the beginning is %v at %v", v, at)
	}
	if v, _, _ := m.At(recordtest.RackIT, 5); v != nil {
		t.Errorf("%v of a channel that nobody told of", v)
	}
}

func TestLift(t *testing.T) {
	tree := recordtest.Site(2, 2)
	nan := math.NaN()
	for _, c := range []struct {
		channel *channel.Channel
		level   facility.Kind
		values  []float64
		want    []float64
	}{
		{recordtest.Inlet, facility.Row, []float64{20, 24, nan, nan}, []float64{24, nan}},
		{recordtest.RackIT, facility.Row, []float64{1, 2, 4, nan}, []float64{3, 4}},
		{recordtest.RackIT, facility.Site, []float64{1, 2, 4, 8}, []float64{15}},
		{recordtest.RackIT, facility.Rack, []float64{1, 2, 4, 8}, []float64{1, 2, 4, 8}},
	} {
		if got := Lift(tree, c.channel, c.level, c.values, nil); !alike(got, c.want) {
			t.Errorf("%s by %s: %v, want %v", c.channel.Name, c.level, got, c.want)
		}
	}
	if Reduce(channel.Mean, []float64{1, nan, 3}) != 2 || Reduce(channel.Min, []float64{2, 1}) != 1 {
		t.Error("mean or min")
	}
	if Above(tree, facility.Rack, facility.CRAH) || !Above(tree, facility.Hall, facility.GPU) || !Above(tree, facility.Rack, facility.Rack) {
		t.Error("what contains what")
	}
}

func TestLog(t *testing.T) {
	h := recordtest.Header(recordtest.Site(2, 2))
	l := NewLog(h)
	for _, e := range []record.Event{
		{ID: 1, Time: 0, Severity: record.Detail, Type: "job.start", Subject: "job 1", Text: "starts on 8 GPUs"},
		{ID: 2, Time: 10, Severity: record.Warning, Type: "fail", Subject: "hall-0/crah-1", Text: "fails"},
		{ID: 3, Time: 11, Parent: 2, Severity: record.Critical, Type: "rack.shutdown", Subject: "hall-0/row-0/rack-1", Text: "too hot"},
		{ID: 4, Time: 12, Parent: 3, Severity: record.Info, Type: "job.requeue", Subject: "job 1", Text: "requeued"},
		{ID: 5, Time: 13, Severity: record.Info, Type: "note", Text: "nothing to do with it"},
	} {
		l.Add(&e)
	}
	all := Query{From: math.Inf(-1), To: math.Inf(1), Limit: 100}
	for _, c := range []struct {
		change func(*Query)
		want   int
	}{
		{func(*Query) {}, 5},
		{func(q *Query) { q.Least = record.Warning }, 2},
		{func(q *Query) { q.From, q.To = 11, 12 }, 2},
		{func(q *Query) { q.Subject = "hall-0" }, 2},
		{func(q *Query) { q.Search = "HOT too" }, 1},
		{func(q *Query) { q.After = 3 }, 2},
		{func(q *Query) { q.Limit = 1 }, 5},
	} {
		q := all
		c.change(&q)
		if found, total := l.Find(q); total != c.want || len(found) != min(c.want, q.Limit) {
			t.Errorf("%+v: %d of %d, want %d", q, len(found), total, c.want)
		}
	}
	if tree := l.Tree(4); len(tree) != 3 || tree[0].ID != 2 || tree[2].ID != 4 {
		t.Errorf("tree %+v", tree)
	}
	if l.Tree(99) != nil {
		t.Error("a tree of nothing")
	}
	if e, ok := l.Last("hall-0/row-0/rack-1", 20); !ok || e.ID != 3 {
		t.Errorf("last %+v", e)
	}
	if _, counts := l.Count(20, 2); counts["warning"][1] != 1 || counts["info"][1] != 2 {
		t.Errorf("counts %v", counts)
	}
	if got := string(Encode(h, &record.Event{ID: 2, Subject: "hall-0/crah-1"})); !strings.HasSuffix(got, `"kind":"crah","index":1}`) {
		t.Error(got)
	}
	if got := string(Encode(h, &record.Event{ID: 2, Subject: "job 1"})); strings.Contains(got, `"kind"`) {
		t.Error(got)
	}
}

func TestLogIsBounded(t *testing.T) {
	l := NewLog(recordtest.Header(recordtest.Site(1, 1)))
	for i := range 3 * mostEvents {
		s := record.Detail
		if i%3 == 0 {
			s = record.Info
		}
		l.Add(&record.Event{ID: int64(i + 1), Time: float64(i), Severity: s})
	}
	if len(l.events) > mostEvents || l.events[len(l.events)-1].ID != 3*mostEvents {
		t.Errorf("%d events, the last %d", len(l.events), l.events[len(l.events)-1].ID)
	}
}

func TestJobs(t *testing.T) {
	jobs := NewJobs([]Job{{Name: "job a", GPUs: 8, Submit: 0}, {Name: "job b", GPUs: 16, Submit: 5}, {Name: "job c", GPUs: 1, Submit: 50}})
	for _, e := range []record.Event{
		{Time: 0, Type: "job.start", Subject: "job a"}, {Time: 10, Type: "job.requeue", Subject: "job a"}, {Time: 12, Type: "job.start", Subject: "job a"},
		{Time: 20, Type: "job.done", Subject: "job a"}, {Time: 20, Type: "job.start", Subject: "job b"}, {Time: 30, Type: "job.killed", Subject: "job b"},
		{Time: 31, Type: "job.start", Subject: "job x", Text: "starts on 4 GPUs at once"}, {Time: 31, Type: "fail", Subject: "job a"},
	} {
		jobs.Add(&e)
	}
	var names []string
	states := map[string]string{}
	jobs.Overlapping(0, 40, func(_ int, j *Job) bool {
		names = append(names, j.Name)
		states[j.Name] = j.State(11) + " " + j.State(25) + " " + j.State(40)
		return true
	})
	if want := []string{"job a", "job b", "job x"}; !slices.Equal(names, want) {
		t.Errorf("jobs %v", names)
	}
	for name, want := range map[string]string{"job a": "queued done done", "job b": "queued running failed", "job x": "queued queued running"} {
		if states[name] != want {
			t.Errorf("%s: %s, want %s", name, states[name], want)
		}
	}
	jobs.Add(&record.Event{Time: 41, Type: "job.start", Subject: "job c", Fields: []record.Field{record.Str("nodes", "0-3,8")}})
	jobs.Add(&record.Event{Time: 45, Type: "job.done", Subject: "job c"})
	jobs.Overlapping(42, 42, func(_ int, j *Job) bool {
		if held := j.Held(42); j.Name == "job c" && !slices.Equal(held, [][2]int32{{0, 4}, {8, 9}}) || j.Name == "job x" && held != nil || j.Held(45) != nil {
			t.Errorf("%s holds %v", j.Name, held)
		}
		return true
	})
	for _, bad := range []string{"", "x", "4-2", "-1", "1-", "0-2147483647", "1,,2"} {
		if n := nodesOf(&record.Event{Fields: []record.Field{record.Str("nodes", bad)}}); n != nil {
			t.Errorf("%q: %v", bad, n)
		}
	}
	running, queued, busy := jobs.Density(0, 40, 4)
	if !alike(running, []float64{1, 0.8, 1, 0.9}) || !alike(queued, []float64{0.5, 1.2, 0, 0}) || !alike(busy, []float64{8, 6.4, 16, 3.6}) {
		t.Errorf("density %v %v %v", running, queued, busy)
	}
	if n := jobs.Ahead(2, 6); n != 1 { // b waits, a runs
		t.Errorf("%d jobs wait before c", n)
	}
}
