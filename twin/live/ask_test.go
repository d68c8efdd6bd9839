package live

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/reading"
)

// loaded is a hall of 1,024 GPUs as a working day has it: 20 jobs of whole nodes on 96 of them, 108 jobs that share the others, and
// 150 that wait, with limits from ten minutes to a day, so that an hour ahead is busy.
func loaded(t testing.TB) *Twin {
	x, _ := start(t, nil)
	r := rand.New(rand.NewPCG(1, 1))
	s := &site{busy: map[int]float64{}}
	id, node := 0, 0
	limit := func() float64 { return 600 * float64(1+r.IntN(143)) }
	for _, wide := range []int{32, 16, 8, 8, 4, 4, 4, 4, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1} {
		var nodes []int
		for range wide {
			s.busy[node] = 0.6 + 0.4*r.Float64()
			nodes = append(nodes, node)
			node++
		}
		j := job(id, reading.Running, nodes...)
		j.Limit = limit()
		s.jobs = append(s.jobs, j)
		id++
	}
	for ; node < 128; node++ {
		s.busy[node] = 0.3 + 0.4*r.Float64()
		for _, gpus := range [][]float64{{4, 2, 1}, {2, 2, 2, 1}, {1, 1, 4}}[node%3] {
			j := job(id, reading.Running, node)
			j.Whole, j.GPUs, j.Cores, j.Limit = false, gpus, 8*gpus, limit()
			s.jobs = append(s.jobs, j)
			id++
		}
	}
	for range 150 {
		j := job(id, reading.Waiting)
		j.Parts, j.Limit = 1, limit()
		if r.IntN(2) == 0 {
			j.Whole, j.GPUs, j.Cores = false, float64(1+r.IntN(4)), 16
		} else {
			j.Parts = 1 << r.IntN(4)
		}
		s.jobs = append(s.jobs, j)
		id++
	}
	for i := range 30 {
		take(t, x, begin+2+float64(i)*2, s.batch(begin+2+float64(i)*2))
	}
	if p := x.Report(); p.Adrift > 0 || p.Running < 120 || p.Waiting != 150 {
		t.Fatalf("%d run, %d wait, %d adrift", p.Running, p.Waiting, p.Adrift)
	}
	return x
}

// questions are what an operator asks of the feeds of a rack.
var questions = []struct {
	name string
	acts []action.Action
}{
	{"nothing", nil},
	{"rack's A feed", []action.Action{{Verb: action.Fail, Selector: "pdu[0]"}}},
	{"rack without power", []action.Action{{Verb: action.Fail, Selector: "hall-0/row-0/rack-3"}}},
	{"side A of the site", []action.Action{{Verb: action.Fail, Selector: "utility[0]"}, {Verb: action.Fail, Selector: "ups[0]"}}},
	{"both feeds", []action.Action{{Verb: action.Fail, Selector: "pdu[0]"}, {Verb: action.Fail, Selector: "pdu[5]"}}},
}

// TestAskUnderLoad answers within a second what an hour ahead looks like if a feed fails now.
func TestAskUnderLoad(t *testing.T) {
	x := loaded(t)
	for _, q := range questions {
		began := time.Now()
		o, err := x.Ask(context.Background(), q.acts, 3600)
		if err != nil {
			t.Fatal(q.name, err)
		}
		took := time.Since(began)
		last := len(o.IT) - 1
		t.Logf("%-20s %6.1f ms: %.0f kW, then %.0f kW (%.0f to %.0f); %d jobs lose nodes, %d racks down, %d run, %d wait, %d events",
			q.name, 1e3*took.Seconds(), o.IT[0]/1e3, o.IT[last]/1e3, o.Low[last]/1e3, o.High[last]/1e3, o.Interrupted, o.Racks, o.Running, o.Queued, len(o.Events))
		if took > time.Second {
			t.Errorf("%s: answered in %s", q.name, took)
		}
		if !(o.Low[last] < o.IT[last] && o.IT[last] < o.High[last]) {
			t.Errorf("%s: no band: %g to %g around %g", q.name, o.Low[last], o.High[last], o.IT[last])
		}
	}
}

// BenchmarkAskUnderLoad looks an hour ahead of a busy hall of 1,024 GPUs.
func BenchmarkAskUnderLoad(b *testing.B) {
	x := loaded(b)
	for _, q := range questions {
		b.Run(q.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := x.Ask(context.Background(), q.acts, 3600); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestScore lets a site work for five hours, in cycles that its twin does not know, and looks at how the twin judges itself.
func TestScore(t *testing.T) {
	x, _ := start(t, nil)
	s := &site{busy: map[int]float64{}}
	for i := range 32 {
		s.jobs = append(s.jobs, job(i, reading.Running, 4*i, 4*i+1, 4*i+2, 4*i+3))
		s.jobs[i].Limit = 86400
	}
	r := rand.New(rand.NewPCG(2, 2))
	for at := begin + 30; at < begin+5*3600; at += 50 {
		if math.Mod(at-begin-30, 600) == 0 {
			level := 0.7 + 0.05*r.NormFloat64()
			for n := range 128 {
				s.busy[n] = min(1, max(0, level+0.05*r.NormFloat64()))
			}
		}
		take(t, x, at, s.batch(at))
	}
	score := x.Report().Score
	t.Logf("%+v", score)
	if score.Count < 20 || score.Channel != "gpu.power" || !(score.Error > 0.005 && score.Error < 0.12) || math.Abs(score.Error-score.Persistence) > 0.01 || score.Covered < 0.4 {
		t.Errorf("%+v", score)
	}
	o, err := x.Ask(context.Background(), nil, 3600)
	if err != nil {
		t.Fatal(err)
	}
	if wide := (o.High[60] - o.Low[60]) / o.IT[60]; wide < 0.05 || wide > 0.5 || o.High[5]-o.Low[5] >= o.High[60]-o.Low[60] {
		t.Errorf("the band is %.1f %% wide", 100*wide)
	}
}

// TestHosts lets a host fall silent and come back.
func TestHosts(t *testing.T) {
	x, e := start(t, nil)
	s := &site{busy: map[int]float64{}}
	for i := range 60 {
		b := s.batch(begin + 2 + float64(i))
		if i > 20 && i < 40 {
			b[0].Values = b[0].Values[16:] // all but those of gpu1
		}
		take(t, x, begin+2+float64(i), b)
		if m := x.Report().Matches[0]; i == 39 && (m.Host != "gpu1" || !m.Silent || m.Age < 18) {
			t.Errorf("%+v", m)
		}
	}
	if e.count("host.silent") != 1 || e.count("host.back") != 1 || x.Report().Matches[0].Silent {
		t.Errorf("silent %d times, back %d times", e.count("host.silent"), e.count("host.back"))
	}
}
