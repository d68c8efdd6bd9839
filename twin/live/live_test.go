package live

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/reading"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

const begin = 1767225600.0 // 2026-01-01

func hall(t testing.TB) *scenarios.Plan {
	t.Helper()
	f, ds := scenarios.LoadBytes("hall.yaml", []byte("halltwin: v1\nname: hall\nstart: 2026-01-01T00:00:00Z\nduration: 30 d\nsite: {use: sites/h100-hall-1k}\n"))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	plan, ds := f.Plan("")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	return plan
}

// site is a hall that answers as sources would: 128 hosts of 8 GPUs, whose true power is off the model.
type site struct {
	busy map[int]float64 // by host: how busy its GPUs are
	jobs []reading.Job
}

func host(n int) string { return fmt.Sprintf("gpu%d", n+1) }

func (s *site) batch(at float64) []reading.Batch {
	gpus := reading.Batch{Source: "prometheus", At: reading.Number(at)}
	for n := range 128 {
		for g := range 8 {
			th := reading.Thing{Kind: "gpu", Host: host(n), Index: g, Key: fmt.Sprintf("GPU-%d-%d", n, g)}
			use := s.busy[n]
			watts := 90 + 500*use + float64(g)
			gpus.Values = append(gpus.Values,
				reading.Value{Thing: th, Quantity: "power", At: reading.Number(at - 0.3), Value: reading.Number(watts)},
				reading.Value{Thing: th, Quantity: "utilisation", At: reading.Number(at - 0.3), Value: reading.Number(use)})
		}
	}
	return []reading.Batch{gpus, {Source: "slurm", At: reading.Number(at), Jobs: append([]reading.Job(nil), s.jobs...), Whole: true}}
}

func job(id int, phase reading.Phase, nodes ...int) reading.Job {
	j := reading.Job{ID: fmt.Sprint(id), Name: "train", User: "ada", Phase: phase, Submit: begin, Parts: max(1, len(nodes)), GPUs: 8, Cores: 112, Whole: true, Limit: 7200}
	for _, n := range nodes {
		j.Nodes = append(j.Nodes, host(n))
		j.Start = begin + 1
	}
	return j
}

type events struct{ all []record.Event }

func (e *events) Open(*record.Header) error   { return nil }
func (e *events) Frame(*record.Frame) error   { return nil }
func (e *events) Close(*record.Summary) error { return nil }
func (e *events) Event(x *record.Event) error { e.all = append(e.all, *x); return nil }
func (e *events) count(kind string) (n int) {
	for i := range e.all {
		if e.all[i].Type == kind {
			n++
		}
	}
	return n
}

func start(t testing.TB, log *bytes.Buffer) (*Twin, *events) {
	t.Helper()
	e := &events{}
	o := Options{Options: twin.Options{Sink: e}, Scheduled: true}
	if log != nil {
		o.Log = log
	}
	x, err := Begin(hall(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	return x, e
}

func take(t testing.TB, x *Twin, at float64, b []reading.Batch) {
	t.Helper()
	if err := x.Take(context.Background(), at, b); err != nil {
		t.Fatal(err)
	}
}

// day lets a site work for some minutes beside its twin.
func day(t testing.TB, x *Twin, until float64, spoil func(i int, b []reading.Batch)) {
	s := &site{busy: map[int]float64{}}
	for i := 0; float64(i)*2 < until; i++ {
		at := begin + 2 + float64(i)*2
		switch i {
		case 2:
			s.jobs = append(s.jobs, job(1, reading.Running, 0, 1, 2, 3), job(2, reading.Waiting))
		case 30:
			s.jobs[1] = job(2, reading.Running, 9, 11)
		case 60:
			s.jobs[0].Phase = reading.Done
		case 61:
			s.jobs = s.jobs[1:]
		}
		s.busy = map[int]float64{}
		for _, j := range s.jobs {
			for _, h := range j.Nodes {
				if j.Phase == reading.Running {
					var n int
					if _, err := fmt.Sscanf(h, "gpu%d", &n); err != nil {
						t.Fatal(err)
					}
					s.busy[n-1] = 0.8
				}
			}
		}
		b := s.batch(at)
		if spoil != nil {
			spoil(i, b)
		}
		take(t, x, at, b)
	}
}

// TestFollows lets a twin follow a site, learn what its model does not know, and be lived again from its log.
func TestFollows(t *testing.T) {
	var log bytes.Buffer
	x, e := start(t, &log)
	day(t, x, 300, nil)
	r := x.Report()
	if r.Running != 1 || r.Waiting != 0 || r.Adrift != 0 || r.Progress.Running != 1 || len(r.Matches) != 128 || r.Silent != 0 || len(r.Held) != 0 {
		t.Errorf("%+v", r)
	}
	if m := r.Matches[9]; m.Host != "gpu10" || m.Node != "hall-0/row-0/rack-2/node-1" || m.How != "by order" {
		t.Errorf("%+v", m)
	}
	if e.count("job.start") != 2 || e.count("job.done") != 1 {
		t.Errorf("%d start, %d done", e.count("job.start"), e.count("job.done"))
	}
	c := r.Channels[0]
	if c.Name != "gpu.power" || c.Subjects != 1024 || math.Abs(c.Expected/c.Measured-1) > 0.01 || math.Abs(c.Model/c.Measured-1) < 2*math.Abs(c.Expected/c.Measured-1) {
		t.Errorf("%+v", c)
	}
	again, _ := start(t, nil)
	h, tape, err := ReadLog(bytes.NewReader(log.Bytes()))
	if err != nil || !h.Scheduled || len(h.Resolved) == 0 {
		t.Fatal(err)
	}
	for i := range 10 { // how often it is looked at changes nothing
		if err := again.Advance(context.Background(), begin+float64(i)*0.13); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := tape.Play(context.Background(), again); err != nil || n != 150 {
		t.Fatal(n, err)
	}
	if again.Digest() != x.Digest() {
		t.Error("the log makes another twin")
	}
	cut, tape, err := ReadLog(bytes.NewReader(log.Bytes()[:log.Len()-1000]))
	third, _ := start(t, nil)
	if err != nil || cut == nil {
		t.Fatal(err)
	}
	if n, err := tape.Play(context.Background(), third); err != nil || n != 149 {
		t.Errorf("of a log that was cut off %d entries: %v", n, err)
	}
}

// TestAnonymise takes the users out of a log: its twin is the same otherwise.
func TestAnonymise(t *testing.T) {
	var log, copied bytes.Buffer
	x, _ := start(t, &log)
	day(t, x, 100, nil)
	if err := Anonymise(bytes.NewReader(log.Bytes()), &copied, func(user string) string { return "u-" + strings.Repeat("x", len(user)) }); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), `"user":"ada"`) || strings.Contains(copied.String(), `"ada"`) || !strings.Contains(copied.String(), `"user":"u-xxx"`) {
		t.Error("the users are still there, or were not")
	}
	again, _ := start(t, nil)
	_, tape, err := ReadLog(&copied)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := tape.Play(context.Background(), again); err != nil || n != 50 {
		t.Fatal(n, err)
	}
	if a, b := x.Report(), again.Report(); a.Channels[0] != b.Channels[0] || a.Progress.IT != b.Progress.IT || a.Running != b.Running {
		t.Errorf("%+v\n%+v", a, b)
	}
	if err := Anonymise(strings.NewReader("a,b\n"), &copied, nil); err == nil {
		t.Error("a table is a log")
	}
}

// TestHostile lets monitoring lie: the twin concludes the same as without, and reports it.
func TestHostile(t *testing.T) {
	honest, _ := start(t, nil)
	day(t, honest, 200, nil)
	deceived, _ := start(t, nil)
	day(t, deceived, 200, func(i int, b []reading.Batch) {
		v := &b[0].Values
		add := func(th reading.Thing, quantity string, at, x float64) {
			*v = append(*v, reading.Value{Thing: th, Quantity: quantity, At: reading.Number(at), Value: reading.Number(x)})
		}
		at := float64(b[0].At)
		own := (*v)[0].Thing
		add(own, "temperature", at, 214748364.7)
		add(own, "power", at, math.NaN())
		add(own, "power", at+0.05, math.Inf(1))
		add(own, "power", at+86400, 300) // a clock that leaps
		add(own, "power", at-86400, 300) // and one that was set back
		twice := reading.Thing{Kind: "gpu", Host: "gpu77", Index: 7, Key: own.Key}
		add(twice, "power", at, 1)
		for k := range 50 { // a flood of one series, and of things
			add(own, "power", at-0.3+float64(k)*1e-4, 4000)
			add(reading.Thing{Kind: "gpu", Host: own.Host, Index: 1000 + i*50 + k}, "power", at, 5)
		}
		b[1].Jobs = append(b[1].Jobs, b[1].Jobs...) // each job twice
	})
	a, b := honest.Report(), deceived.Report()
	if a.Channels[0] != b.Channels[0] || a.Progress != b.Progress || a.Running != b.Running {
		t.Errorf("%+v\n%+v", a.Channels[0], b.Channels[0])
	}
	if honest.world.Hash() != deceived.world.Hash() {
		t.Error("the worlds differ")
	}
	all := fmt.Sprint(b.Held) + fmt.Sprint(b.Conflicts)
	for _, want := range []string{"outside -40 to 130", "no number", "outside 0 to 5000", "in the future", "before that of the reading before", "is that of gpu1/gpu-0", "a flood: one in 10 ms", "tells of GPU"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not reported", want)
		}
	}
}

// TestSources lets sources go and come back.
func TestSources(t *testing.T) {
	x, e := start(t, nil)
	s := &site{busy: map[int]float64{}, jobs: []reading.Job{job(1, reading.Running, 0)}}
	take(t, x, begin+2, s.batch(begin+2))
	for i := range 20 {
		take(t, x, begin+3+float64(i), []reading.Batch{{Source: "slurm", Fault: "no controller"}})
	}
	if r := x.Report(); r.Running != 1 || r.Adrift != 0 || r.Sources[1].Fault == "" || r.Sources[1].Faults != 1 || math.Abs(r.Sources[1].Good-20) > 0.1 {
		t.Errorf("a lost source changes what was known: %+v", r.Sources)
	}
	done := job(2, reading.Done, 4)
	done.Start, done.End = begin+10, begin+15
	s.jobs = append(s.jobs, done)
	take(t, x, begin+30, s.batch(begin+30))
	if r := x.Report(); r.Sources[1].Fault != "" || r.Missed != 1 || e.count("source.lost") != 1 || e.count("source.back") != 1 || e.count("job.missed") != 1 {
		t.Errorf("%+v", r)
	}
	// A scheduler that forgets a job has ended it; one that lists it again runs it again.
	b := s.batch(begin + 32)
	b[1].Jobs = nil
	take(t, x, begin+32, b)
	if r := x.Report(); r.Running != 0 || r.Progress.Running != 0 {
		t.Errorf("%+v", r)
	}
	take(t, x, begin+34, s.batch(begin+34))
	if r := x.Report(); r.Running != 1 || r.Progress.Running != 1 {
		t.Errorf("%+v", r)
	}
	// Nodes go down and come back.
	take(t, x, begin+36, []reading.Batch{{Source: "slurm", Jobs: s.jobs, Whole: true, Nodes: []reading.Node{{Name: host(5), GPUs: 8, Down: true, Why: "fan"}, {Name: host(6), GPUs: 4, Drain: true}}}})
	take(t, x, begin+38, nil)
	if r := x.Report(); r.Progress.Faults != 1 || len(r.Conflicts) != 1 || e.count("fail") != 1 || e.count("drain") != 1 {
		t.Errorf("%+v", r)
	}
	take(t, x, begin+40, []reading.Batch{{Source: "slurm", Jobs: s.jobs, Whole: true, Nodes: []reading.Node{{Name: host(5), GPUs: 8}}}})
	take(t, x, begin+42, nil)
	if r := x.Report(); r.Progress.Faults != 0 {
		t.Errorf("%+v", r)
	}
}

// TestDrift lets a GPU draw more and more.
func TestDrift(t *testing.T) {
	x, e := start(t, nil)
	for i := range 200 {
		at := begin + 2 + float64(i)
		s := &site{}
		b := s.batch(at)
		if i > 50 {
			b[0].Values[16].Value += reading.Number(min(150, 5*float64(i-50))) // power of gpu2/gpu-0
		}
		take(t, x, at, b[:1])
	}
	r := x.Report()
	if len(r.Alarms) != 1 || r.Alarms[0] != "hall-0/row-0/rack-0/node-1/gpu-0: gpu.power" || e.count("drift") != 1 {
		t.Errorf("%v, %d events", r.Alarms, e.count("drift"))
	}
}

// TestAsk asks what happens if the feed of a rack fails now.
func TestAsk(t *testing.T) {
	x, _ := start(t, nil)
	s := &site{busy: map[int]float64{}}
	for i := range 30 {
		s.jobs = append(s.jobs, job(i, reading.Running, 4*i, 4*i+1, 4*i+2, 4*i+3))
		for n := 4 * i; n < 4*i+4; n++ {
			s.busy[n] = 1
		}
	}
	for i := range 10 {
		take(t, x, begin+2+float64(i)*5, s.batch(begin+2+float64(i)*5))
	}
	before := x.Digest()
	began := time.Now()
	base, err := x.Ask(context.Background(), nil, 3600)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	loss, err := x.Ask(context.Background(), []action.Action{{Verb: action.Fail, Selector: "hall-0/row-0/rack-3"}}, 3600)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("an hour ahead of a hall of 1,024 GPUs: %s and %s", took, time.Since(began)-took)
	if base.Interrupted != 0 || loss.Interrupted != 1 || base.Running != 30 || loss.IT[0] >= base.IT[0] {
		t.Errorf("base %d interrupted, %d running, %.0f W; loss %d interrupted, %.0f W", base.Interrupted, base.Running, base.IT[0], loss.Interrupted, loss.IT[0])
	}
	if !(base.Low[10] < base.IT[10] && base.IT[10] < base.High[10]) {
		t.Errorf("%g to %g around %g", base.Low[10], base.High[10], base.IT[10])
	}
	if x.Digest() != before {
		t.Error("a question changes the twin")
	}
	if _, err := x.Ask(context.Background(), []action.Action{{Verb: action.Fail, Selector: "rak[3]"}}, 60); err == nil {
		t.Error("a rak fails")
	}
}

func BenchmarkAsk(b *testing.B) {
	x, _ := start(b, nil)
	s := &site{busy: map[int]float64{}}
	for i := range 30 {
		s.jobs = append(s.jobs, job(i, reading.Running, 4*i, 4*i+1, 4*i+2, 4*i+3))
	}
	for i := range 10 {
		take(b, x, begin+2+float64(i)*5, s.batch(begin+2+float64(i)*5))
	}
	for b.Loop() {
		if _, err := x.Ask(context.Background(), []action.Action{{Verb: action.Fail, Selector: "hall-0/row-0/rack-3"}}, 3600); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTake takes 2,048 readings of 1,024 GPUs.
func BenchmarkTake(b *testing.B) {
	x, _ := start(b, nil)
	s := &site{}
	at := begin
	for b.Loop() {
		at++
		take(b, x, at, s.batch(at))
	}
}

func TestNatural(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"gpu2", "gpu10", -1}, {"gpu10", "gpu2", 1}, {"a", "a", 0}, {"n01", "n1", -1}, {"r1n2", "r1n10", -1}, {"a", "ab", -1}, {"a9999999999999999999999", "a99999999999999999999990", -1}} {
		if got := natural(c.a, c.b); got < 0 != (c.want < 0) || got > 0 != (c.want > 0) {
			t.Errorf("%s and %s: %d", c.a, c.b, got)
		}
	}
}

func TestPins(t *testing.T) {
	for pins, want := range map[string]string{"a=rak-0": "host a", "a=hall-0": "a host is a node", "a=hall-0/row-0/rack-0/node-0 b=hall-0/row-0/rack-0/node-0": "already"} {
		m := map[string]string{}
		for p := range strings.FieldsSeq(pins) {
			k, v, _ := strings.Cut(p, "=")
			m[k] = v
		}
		if _, err := Begin(hall(t), Options{Pins: m}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", pins, err)
		}
	}
}

// FuzzLog reads logs.
func FuzzLog(f *testing.F) {
	f.Add([]byte(`{"format":"halltwin live log 1"}` + "\n" + `{"at":1767225700,"batches":[{"source":"a","at":1,"values":[{"kind":"gpu","host":"x","quantity":"power","at":1767225700,"value":"NaN"}],"jobs":[{"id":"1","phase":"running","nodes":["x"],"gpus":1e300,"cores":-1}],"whole":true}]}` + "\n"))
	f.Add([]byte(`{"format":"halltwin live log 1"}` + "\n" + `{"at":1767225700,"act":"- {at: 0 s, fail: \"rack[0]\"} # ui"}` + "\n"))
	plan := hall(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		_, tape, err := ReadLog(bytes.NewReader(text))
		if err != nil {
			return
		}
		x, err := Begin(plan, Options{Scheduled: true})
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := tape.Play(ctx, x); err != nil && strings.Contains(err.Error(), "ledger") {
			t.Fatal(err)
		}
	})
}
