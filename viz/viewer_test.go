package viz

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"net"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/recordtest"
	"github.com/halltwin/halltwin/viz/wire"
)

// puppet is a run under way of a test's own.
type puppet struct {
	run  *Run
	done chan struct{}

	mu     sync.Mutex
	status Status
	acts   []action.Action
}

var _ Controller = (*puppet)(nil)

func (p *puppet) Check(a *action.Action) error { return a.Resolve(p.run.header.Site) }
func (p *puppet) Status() Status               { p.mu.Lock(); defer p.mu.Unlock(); return p.status }
func (p *puppet) Pause(context.Context) error  { return p.set(func(s *Status) { s.Paused = true }) }
func (p *puppet) Resume(context.Context) error { return p.set(func(s *Status) { s.Paused = false }) }
func (p *puppet) Step(context.Context) error   { return nil }
func (p *puppet) Stop(context.Context) error   { return nil }
func (p *puppet) Done() <-chan struct{}        { return p.done }

func (p *puppet) SetSpeed(_ context.Context, v float64) error {
	return p.set(func(s *Status) { s.Speed = v })
}

func (p *puppet) set(f func(*Status)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.status)
	return nil
}

func (p *puppet) Act(_ context.Context, a action.Action, who string) (action.Action, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a.At, a.Origin = p.status.Now+0.001, "ui"
	p.acts = append(p.acts, a)
	return a, nil
}

func (p *puppet) Submit(_ context.Context, job, who string) (string, float64, error) {
	return "{at: 1 s, submit: " + job + "}", 1, nil
}

// Fork begins a puppet that sends one sample.
func (p *puppet) Fork(_ context.Context, b Branch) (Controller, error) {
	f := &puppet{run: b.View.(*Run), done: make(chan struct{})}
	h := *p.run.header
	if err := b.View.Open(&h); err != nil {
		return nil, err
	}
	f.status.Now = p.Status().Now
	f.frame(f.status.Now, 1)
	return f, nil
}

// frame sends a sample of rack inlets.
func (p *puppet) frame(t, first float64) {
	values := make([]float64, p.run.header.Site.Count(facility.Rack))
	for i := range values {
		values[i] = 20 + float64(i)/10
	}
	values[0] = first
	_ = p.set(func(s *Status) { s.Now = t })
	_ = p.run.Frame(&record.Frame{Time: t, Channel: recordtest.Inlet, Values: values})
}

func live(t testing.TB, s *Server, tree *facility.Tree) *puppet {
	t.Helper()
	p := &puppet{done: make(chan struct{}), run: s.Live(Spec{ID: "now"})}
	h := recordtest.Header(tree)
	p.status.End = h.Duration
	if err := p.run.Open(h); err != nil {
		t.Fatal(err)
	}
	p.run.Drive(p)
	t.Cleanup(func() { _ = p.run.Close(nil) })
	return p
}

// screen is what a viewer sees.
type screen struct {
	t     testing.TB
	conn  *websocket.Conn
	tiles map[[4]uint32]*wire.Decoder
	lost  int
	bytes int
}

func watch(t testing.TB, h *httptest.Server) *screen {
	return &screen{t: t, conn: dial(t, h), tiles: map[[4]uint32]*wire.Decoder{}}
}

func (s *screen) say(r wire.Request) {
	s.t.Helper()
	if err := s.conn.WriteJSON(r); err != nil {
		s.t.Fatal(err)
	}
}

// next reads on until done says that it has seen enough.
func (s *screen) next(done func(kind string, m map[string]any, h *wire.Header, values []float64) bool) {
	s.t.Helper()
	for {
		k, b, err := s.conn.ReadMessage()
		if err != nil {
			s.t.Fatalf("reading: %v", err)
		}
		if k == websocket.TextMessage {
			var m map[string]any
			if err := json.Unmarshal(b, &m); err != nil {
				s.t.Fatal(err)
			}
			if done(m["type"].(string), m, nil, nil) {
				return
			}
			continue
		}
		s.bytes += len(b)
		h, _, err := wire.ParseFrame(b)
		if err != nil {
			s.t.Fatal(err)
		}
		key := [4]uint32{h.Stream, uint32(h.Channel), uint32(h.Level), h.First}
		if s.tiles[key] == nil {
			s.tiles[key] = &wire.Decoder{}
		}
		ok, err := s.tiles[key].Apply(b)
		if err != nil {
			s.t.Fatal(err)
		}
		if !ok {
			s.lost++
			continue
		}
		if done("", nil, &h, s.tiles[key].Values(nil)) {
			return
		}
	}
}

// sees waits for a frame at a time whose first value is about v.
func (s *screen) sees(stream uint32, at, v float64) {
	s.t.Helper()
	s.next(func(_ string, m map[string]any, h *wire.Header, values []float64) bool {
		if m != nil && m["type"] == "error" {
			s.t.Fatalf("%v", m)
		}
		return h != nil && h.Stream == stream && h.Time == at && math.Abs(values[0]-v) <= h.Scale
	})
}

func ptr(v float64) *float64 { return &v }

var inlets = []wire.Subscription{{Channel: "rack.inlet_temperature"}}

// A viewer follows the head, looks back on her own while another goes on, and comes again to the head.
func TestViewer(t *testing.T) {
	s := NewServer(Config{Version: "v1"})
	defer s.Close()
	h := serving(t, s)
	p := live(t, s, recordtest.Site(2, 8))
	p.frame(0, 20)
	a, b := watch(t, h), watch(t, h)
	for _, v := range []*screen{a, b} {
		v.say(wire.Request{Op: "open", ID: 1, Run: "now", Events: "warning"})
		v.say(wire.Request{Op: "subscribe", ID: 2, Run: "now", Subscriptions: inlets})
		v.sees(0, 0, 20)
	}
	for i := range 5 {
		p.frame(60*float64(i+1), 21+float64(i)/5)
		a.sees(0, 60*float64(i+1), 21+float64(i)/5)
	}
	a.say(wire.Request{Op: "seek", ID: 3, Run: "now", T: ptr(130)})
	a.sees(1, 120, 21.2)
	p.frame(360, 30)
	b.sees(0, 360, 30)
	a.say(wire.Request{Op: "step", ID: 4, Run: "now", Steps: 1})
	a.sees(2, 180, 21.4)
	a.say(wire.Request{Op: "play", ID: 5, Run: "now", Speed: ptr(1e5)})
	a.sees(2, 360, 30)
	a.say(wire.Request{Op: "follow", ID: 6, Run: "now"})
	a.sees(0, 360, 30)
	if err := p.run.Event(&record.Event{ID: 9, Time: 361, Severity: record.Info, Type: "note"}); err != nil {
		t.Fatal(err)
	}
	if err := p.run.Event(&record.Event{ID: 10, Time: 362, Severity: record.Critical, Type: "fail", Subject: "hall-0/crah-1", Text: "fails"}); err != nil {
		t.Fatal(err)
	}
	for _, v := range []*screen{a, b} {
		m := until(t, v.conn, "events")
		e := m["events"].([]any)[0].(map[string]any)
		if e["id"] != 10.0 || e["kind"] != "crah" || e["index"] != 1.0 {
			t.Errorf("event %v", e)
		}
	}
	a.say(wire.Request{Op: "close", ID: 7, Run: "now"})
	if m := until(t, a.conn, "closed"); m["id"] != 7.0 {
		t.Errorf("closed %v", m)
	}
	a.say(wire.Request{Op: "seek", ID: 8, Run: "now", T: ptr(0)})
	if m := until(t, a.conn, "error"); m["code"] != wire.CodeNotOpen || m["id"] != 8.0 {
		t.Errorf("error %v", m)
	}
	if b.lost != 0 {
		t.Errorf("%d frames did not follow", b.lost)
	}
}

func TestSubscriptions(t *testing.T) {
	s := NewServer(Config{})
	defer s.Close()
	h := serving(t, s)
	p := live(t, s, recordtest.Site(2, 8))
	p.frame(0, 20)
	v := watch(t, h)
	v.say(wire.Request{Op: "open", Run: "now"})
	for id, c := range map[int64]struct {
		sub  wire.Subscription
		code string
	}{
		1: {wire.Subscription{Channel: "rack.inlet_temperature", Level: "row"}, ""},
		2: {wire.Subscription{Channel: "rack.inlet_temperature", Level: "gpu"}, wire.CodeBadValue},
		3: {wire.Subscription{Channel: "rack.inlet"}, wire.CodeUnknownChannel},
		4: {wire.Subscription{Channel: "job.speed"}, wire.CodeBadValue},
		5: {wire.Subscription{Channel: "gpu.temperature", Level: "rack", Bits: 16}, ""},
		6: {wire.Subscription{Channel: "pdu.power"}, wire.CodeUnknownChannel},
	} {
		v.say(wire.Request{Op: "subscribe", ID: id, Run: "now", Subscriptions: []wire.Subscription{c.sub}})
		v.next(func(kind string, m map[string]any, _ *wire.Header, _ []float64) bool {
			if m == nil || m["id"] != float64(id) {
				return false
			}
			if code, _ := m["code"].(string); code != c.code {
				t.Errorf("%+v: %v, want %q", c.sub, m, c.code)
			}
			return true
		})
	}
	v.say(wire.Request{Op: "subscribe", ID: 9, Run: "now", Subscriptions: []wire.Subscription{{Channel: "rack.inlet_temperature", Level: "row"}}})
	p.frame(60, 40)
	v.sees(0, 60, 40)
}

// What is done reaches the run, with the name of who did it.
func TestActs(t *testing.T) {
	s := NewServer(Config{})
	defer s.Close()
	p := live(t, s, recordtest.Site(2, 8))
	p.frame(600, 20)
	for body, want := range map[string]string{
		`{"verb":"fail","selector":"crah[0]","for":"2 h","text":"belt"}`:      `"line":"- {at: 600.001 s, fail: \"crah[0]\", for: 7200 s} # ui","targets":1,"done":true`,
		`{"verb":"set","selector":"crah","field":"supply","value":"24 degC"}`: `set: {\"crah.supply\": 24 degC}`,
		`{"verb":"fail","selector":"crah[0]","dry":true,"at":5}`:              `"line":"- {at: 5 s, fail: \"crah[0]\"} # ui","targets":1,"done":false`,
		`{"verb":"fail","selector":"crah[9]"}`:                                `there is no crah[9]`,
		`{"verb":"set","selector":"crah","field":"supply","value":"24"}`:      `bad-value`,
		`{"verb":"set","selector":"crah","field":"colour","value":"red"}`:     `nothing has a setting`,
		`{"verb":"explode"}`:                                         `is no verb`,
		`{"verb":"fail","selector":"crah","for":"2 kW"}`:             `bad-value`,
		`{"verb":"submit"}`:                                          `states its job`,
		`{"verb":"submit","job":{"name":"x","gpus":8,"work":"1 h"}}`: `"done":true`,
	} {
		if r := ask(s, "POST", "/api/runs/now/actions", body); !strings.Contains(r.body, want) {
			t.Errorf("%s: %d %s, want %s", body, r.code, r.body, want)
		}
	}
	if len(p.acts) != 2 {
		t.Errorf("%d things were done", len(p.acts))
	}
	for body, want := range map[string]string{
		`{"do":"pause"}`: `"state":"paused"`, `{"do":"resume"}`: `"state":"running"`, `{"do":"speed","speed":600}`: `"run_speed":600`, `{"do":"fly"}`: "none of",
	} {
		if r := ask(s, "POST", "/api/runs/now/control", body); !strings.Contains(r.body, want) {
			t.Errorf("%s: %s", body, r.body)
		}
	}
}

// Forks are few: when there are too many the oldest that has ended goes, and none that runs.
func TestForksAreFew(t *testing.T) {
	s := NewServer(Config{})
	defer s.Close()
	p := live(t, s, recordtest.Site(1, 4))
	p.frame(600, 20)
	fork := func() (answer, wire.RunInfo) {
		var i wire.RunInfo
		r := ask(s, "POST", "/api/runs/now/fork", `{"actions":[{"verb":"fail","selector":"crah[0]"}]}`)
		_ = json.Unmarshal([]byte(r.body), &i)
		return r, i
	}
	var first wire.RunInfo
	for i := range mostForks {
		r, info := fork()
		if r.code != 200 || info.Mode != wire.Fork || info.Base != "now" || info.Forked != 600 || len(info.Actions) != 1 {
			t.Fatalf("fork %d: %d %s", i, r.code, r.body)
		}
		if i == 0 {
			first = info
		}
	}
	if r, _ := fork(); r.code != 429 {
		t.Fatalf("one more: %d %s", r.code, r.body)
	}
	_ = s.run(first.ID).Close(nil)
	if r, _ := fork(); r.code != 200 {
		t.Fatalf("one more after the first has ended: %d %s", r.code, r.body)
	}
	if s.run(first.ID) != nil && len(s.runs) > mostForks+1 {
		t.Error("the first stays")
	}
	if r := ask(s, "POST", "/api/runs/now/fork", `{"t":1e9}`); r.code != 400 {
		t.Errorf("a fork of the future: %d", r.code)
	}
}

// crowd is viewers of a run, of whom some read nothing.
func crowd(t testing.TB, h *httptest.Server, all, stalled int, subs []wire.Subscription) {
	t.Helper()
	for i := range all {
		conn := dial(t, h)
		if tcp, ok := conn.NetConn().(*net.TCPConn); ok && i < stalled {
			_ = tcp.SetReadBuffer(4 << 10)
		}
		for _, r := range []wire.Request{{Op: "open", Run: "now", Events: "detail"}, {Op: "subscribe", Run: "now", Subscriptions: subs}} {
			if err := conn.WriteJSON(r); err != nil {
				t.Fatal(err)
			}
		}
		if i >= stalled {
			_ = conn.SetReadDeadline(time.Time{})
			go func() { _, _ = io.Copy(io.Discard, conn.NetConn()) }() // to unpack and decode is the work of other machines
		}
	}
}

// A viewer who does not read never holds up the run or the others, and what waits for her is bounded.
func TestStalledViewers(t *testing.T) {
	s := NewServer(Config{})
	defer s.Close()
	h := serving(t, s)
	p := live(t, s, recordtest.Site(40, 100))
	p.frame(0, 20)
	crowd(t, h, 6, 4, []wire.Subscription{{Channel: "rack.inlet_temperature", Bits: 16}})
	good := watch(t, h)
	good.say(wire.Request{Op: "open", Run: "now"})
	good.say(wire.Request{Op: "subscribe", Run: "now", Subscriptions: inlets})
	good.sees(0, 0, 20)
	began := time.Now()
	for i := range 20_000 {
		_ = p.run.Event(&record.Event{ID: int64(i + 1), Time: float64(i), Severity: record.Info, Type: "note", Text: "a line of the log that nobody reads, long enough to fill what the kernel holds"})
	}
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("20,000 events take %v", d)
	}
	p.frame(60, 35)
	good.sees(0, 60, 35)
	s.mu.Lock()
	defer s.mu.Unlock()
	for v := range s.viewers {
		v.queue.mu.Lock()
		if len(v.queue.items) > mostEvents+mostAnswers+mostFrames+1 || v.queue.bytes > mostBytes {
			t.Errorf("%d messages and %d bytes wait", len(v.queue.items), v.queue.bytes)
		}
		v.queue.mu.Unlock()
	}
}

func TestQueue(t *testing.T) {
	q := newQueue()
	m, _ := websocket.NewPreparedMessage(websocket.BinaryMessage, []byte("x"))
	n := 0
	for q.frame(m, 1000) {
		n++
	}
	if n != mostFrames || q.drops() != 1 || q.room() {
		t.Errorf("%d frames are taken, %d drops", n, q.drops())
	}
	q.answer(&wire.Done{Type: "pong"})
	if q.frame(m, 1) {
		t.Error("a frame is taken before the viewer has caught up")
	}
	if i, ok, _ := q.take(); !ok || string(i.text) != `{"type":"pong"}` {
		t.Errorf("%s", i.text)
	}
	if _, ok, _ := q.take(); ok {
		t.Error("more waits")
	}
	if !q.frame(m, 2*mostBytes) {
		t.Error("no frame is taken when nothing waits")
	}
	for range mostAnswers + 1 {
		q.answer(&wire.Done{})
	}
	if _, _, over := q.take(); !over {
		t.Error("somebody who asks and does not listen stays")
	}
}

// The cost of a sample of 100,000 GPUs to the run, with nobody and with 50 viewers of whom 10 are stalled.
func BenchmarkSamples(b *testing.B) {
	tree := recordtest.Site(125, 100) // × 2 nodes × 4 GPUs
	temperature, _ := channel.Lookup("gpu.temperature")
	for name, viewers := range map[string]int{"nobody": 0, "50viewers": 50} {
		b.Run(name, func(b *testing.B) {
			s := NewServer(Config{})
			defer s.Close()
			h := serving(b, s)
			p := live(b, s, tree)
			values := make([]float64, tree.Count(facility.GPU))
			p.frame(0, 20)
			crowd(b, h, viewers, viewers/5, []wire.Subscription{{Channel: "gpu.temperature"}, {Channel: "rack.inlet_temperature"}})
			t := 1.0
			for b.Loop() {
				// What a world does for a sample, about: 100,000 GPUs at some 20 ns each.
				for i := range values {
					values[i] = 50 + 10*math.Sin(float64(i)+t/50)
				}
				_ = p.run.Frame(&record.Frame{Time: t, Channel: temperature, Values: values})
				p.frame(t, 20)
				t++
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapInuse)/(1<<20), "MiB-heap")
		})
	}
}
