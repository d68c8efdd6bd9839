package kernel

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/fschuetz04/simgo"

	"github.com/halltwin/halltwin/models/random"
)

// town is a small world: each of its things has an event now and then, some of which cause others at once.
type town struct {
	State  townState
	step   float64
	sample float64
	log    []string
	fail   error
}

type townState struct {
	Agenda Agenda
	Now    float64
	Stream random.Stream
	Counts []int64
	Sum    float64
}

func newTown(things int) *town {
	w := &town{step: 7, sample: 10}
	w.State.Stream = random.Seed(1).Stream("town")
	w.State.Counts = make([]int64, things)
	for i := range things {
		w.State.Agenda.Push(Event{At: 20 * w.State.Stream.Float64(), Subject: int32(i)})
	}
	return w
}

func (w *town) Window(now float64) float64 {
	next := func(every float64) float64 { return every * float64(int(now/every)+1) }
	return min(next(w.step), next(w.sample))
}

func (w *town) Handle(e Event) error {
	s := &w.State
	if e.At < s.Now {
		return fmt.Errorf("%v comes at %v", e, s.Now)
	}
	s.Now = e.At
	s.Counts[e.Subject]++
	s.Sum += s.Now
	w.log = append(w.log, fmt.Sprintf("%.3f phase %d: %d", e.At, e.Phase, e.Subject))
	if e.Phase == 0 {
		s.Agenda.Push(Event{At: e.At, Phase: 2, Subject: e.Subject})
		s.Agenda.Push(Event{At: e.At, Phase: 1, Subject: e.Subject})
		s.Agenda.Push(Event{At: e.At + 20*s.Stream.Exp(), Subject: e.Subject})
	}
	return w.fail
}

func (w *town) Boundary(now float64) error {
	w.State.Now = now
	w.log = append(w.log, fmt.Sprintf("%g boundary", now))
	return nil
}

func (w *town) run(t testing.TB, pacer *Pacer, until ...float64) {
	c := NewClock(&w.State.Agenda, w.State.Now, pacer)
	defer c.Close()
	for _, u := range until {
		if err := c.Run(context.Background(), w, u); err != nil {
			t.Fatal(err)
		}
		if c.Now() != u {
			t.Fatalf("the clock stands at %v, want %v", c.Now(), u)
		}
	}
}

func TestClockOrder(t *testing.T) {
	w := &town{step: 1.5, sample: 1}
	w.State.Counts = make([]int64, 3)
	for i, at := range []float64{1, 0, 2.25} { // one event at the very end of a window, one at the very beginning
		w.State.Agenda.Push(Event{At: at, Phase: 1, Subject: int32(i)})
	}
	w.State.Agenda.Push(Event{At: 1, Phase: 3})
	w.State.Agenda.Push(Event{At: 1, Phase: 2})
	w.run(t, nil, 2.5)
	want := []string{"0.000 phase 1: 1", "1.000 phase 1: 0", "1.000 phase 2: 0", "1.000 phase 3: 0", "1 boundary", "1.5 boundary", "2 boundary",
		"2.250 phase 1: 2", "2.5 boundary"}
	if !slices.Equal(w.log, want) {
		t.Errorf("the town saw %q, want %q", w.log, want)
	}
}

// irregular asks for windows of awkward lengths and checks that each ends where it said.
type irregular struct {
	t    *testing.T
	r    *rand.Rand
	end  float64
	seen int
}

func (w *irregular) Window(now float64) float64 {
	switch w.r.IntN(4) {
	case 0:
		w.end = math.Nextafter(now, math.Inf(1))
	case 1:
		w.end = now + 0.1
	case 2:
		w.end = now*(1+w.r.Float64()/10) + w.r.Float64()
	default:
		w.end = now + 1e-9*(1+now)
	}
	return w.end
}

func (w *irregular) Handle(Event) error { return nil }

func (w *irregular) Boundary(now float64) error {
	if now != w.end && now != 1e9 {
		w.t.Fatalf("the window to %v ended at %v", w.end, now)
	}
	w.seen++
	return nil
}

// Boundaries are met exactly although simgo adds up delays.
func TestClockIsExact(t *testing.T) {
	w := &irregular{t: t, r: rand.New(rand.NewPCG(3, 4))}
	c := NewClock(new(Agenda), 0, nil)
	defer c.Close()
	if err := c.Run(context.Background(), w, 1e9); err != nil || c.Now() != 1e9 || w.seen < 1000 {
		t.Errorf("%v at %v after %d windows", err, c.Now(), w.seen)
	}
}

func TestResumeEqualsRun(t *testing.T) {
	whole := newTown(50)
	whole.run(t, nil, 200)

	part := newTown(50)
	part.run(t, nil, 70)
	snapshot := Encode(&part.State)
	fork := &town{step: part.step, sample: part.sample, State: part.State}
	fork.State.Agenda = part.State.Agenda.Clone()
	fork.State.Counts = slices.Clone(part.State.Counts)
	fork.run(t, nil, 200)
	part.run(t, nil, 140, 200)
	resumed := &town{step: part.step, sample: part.sample}
	if err := Decode(snapshot, &resumed.State); err != nil {
		t.Fatal(err)
	}
	resumed.run(t, nil, 200)

	want := Hash(whole.State)
	for name, w := range map[string]*town{"continued": part, "forked": fork, "resumed": resumed} {
		if Hash(&w.State) != want {
			t.Errorf("%s, the town differs: %+v", name, w.State)
		}
	}
	if n := len(resumed.log); !slices.Equal(resumed.log, whole.log[len(whole.log)-n:]) {
		t.Error("resumed, the town saw other things")
	}
}

func TestClockStops(t *testing.T) {
	w := newTown(5)
	c := NewClock(&w.State.Agenda, 0, nil)
	defer c.Close()
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	if err := c.Run(ctx, w, 100); !errors.Is(err, cause) || len(w.log) > 0 {
		t.Errorf("after a cancellation: %v, %q", err, w.log)
	}
	w.fail = errors.New("broken ledger")
	if err := c.Run(context.Background(), w, 100); !errors.Is(err, w.fail) || len(w.log) != 1 {
		t.Errorf("after an error: %v, %q", err, w.log)
	}
}

// The garbage collector must not be felt.
func TestGarbageCollection(t *testing.T) {
	hash := func(gogc, procs int) [32]byte {
		defer debug.SetGCPercent(debug.SetGCPercent(gogc))
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		w := newTown(200)
		w.run(t, nil, 2000)
		return Hash(w.State)
	}
	want := hash(100, 2)
	for _, gogc := range []int{1, 10, -1} {
		for _, procs := range []int{1, 2} {
			if hash(gogc, procs) != want {
				t.Errorf("GOGC=%d GOMAXPROCS=%d changes the result", gogc, procs)
			}
		}
	}
}

// fakeWall is a clock on which sleeping takes exactly as long as asked, and handling may take time.
type fakeWall struct {
	now   time.Duration
	slept []time.Duration
}

func (f *fakeWall) Now() time.Duration { return f.now }

func (f *fakeWall) Sleep(_ context.Context, d time.Duration) {
	f.slept = append(f.slept, d)
	f.now += d
}

// slow is a town in which each event takes real time.
type slow struct {
	*town
	wall *fakeWall
	take time.Duration
}

func (s *slow) Handle(e Event) error {
	s.wall.now += s.take
	return s.town.Handle(e)
}

func TestPaced(t *testing.T) {
	virtual := newTown(3)
	virtual.run(t, nil, 60)

	wall := &fakeWall{now: time.Hour}
	paced := newTown(3)
	paced.run(t, &Pacer{Factor: 10, Wall: wall}, 60)
	if !slices.Equal(virtual.log, paced.log) {
		t.Error("pacing changes what happens")
	}
	if got := wall.now - time.Hour; got < 6*time.Second-time.Microsecond || got > 6*time.Second+time.Microsecond {
		t.Errorf("60 s at factor 10 took %v", got)
	}

	p := &Pacer{Factor: 1, Wall: wall, Tolerance: time.Second}
	w := &slow{newTown(3), wall, 3 * time.Second}
	c := NewClock(&w.State.Agenda, 0, p)
	defer c.Close()
	if err := c.Run(context.Background(), w, 60); err != nil {
		t.Fatal(err)
	}
	if l := p.Late(); l.Late == 0 || l.Worst < time.Second || l.Waits != len(w.log) {
		t.Errorf("lateness %+v", l)
	}

	p = &Pacer{Factor: 1, Wall: wall, Tolerance: time.Second, Strict: true}
	w = &slow{newTown(3), wall, 3 * time.Second}
	c2 := NewClock(&w.State.Agenda, 0, p)
	defer c2.Close()
	var late *LateError
	if err := c2.Run(context.Background(), w, 60); !errors.As(err, &late) || late.By <= time.Second {
		t.Errorf("strictly: %v", err)
	}
}

// The system's clock, for a moment.
func TestSystemWall(t *testing.T) {
	begin := time.Now()
	w := newTown(3)
	p := &Pacer{Factor: 3000}
	w.run(t, p, 60)
	if took := time.Since(begin); took < 20*time.Millisecond {
		t.Errorf("60 s at factor 3000 took %v", took)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	c := NewClock(&w.State.Agenda, 60, &Pacer{Factor: 1e-3})
	defer c.Close()
	if err := c.Run(ctx, w, 1000); !errors.Is(err, context.DeadlineExceeded) || c.Now() != 63 {
		t.Errorf("a cancelled wait: %v at %v", err, c.Now())
	}
}

// BenchmarkClock is the whole kernel, drained a window at a time, beside simgo alone with the same events.
func BenchmarkClock(b *testing.B) {
	for _, n := range []int{1e3, 1e5, 1e6} {
		b.Run(fmt.Sprintf("by=kernel/pending=%d", n), func(b *testing.B) {
			w := &steady{r: rand.New(rand.NewPCG(1, 2)), window: 100 / float64(n)}
			for range n {
				w.agenda.Push(Event{At: w.r.ExpFloat64()})
			}
			c := NewClock(&w.agenda, 0, nil)
			defer c.Close()
			b.ReportAllocs()
			for b.Loop() {
				if w.handled--; w.handled < 0 {
					if err := c.Run(context.Background(), w, c.Now()+w.window); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run(fmt.Sprintf("by=simgo/pending=%d", n), func(b *testing.B) {
			sim := simgo.NewSimulation()
			defer sim.Shutdown()
			r := rand.New(rand.NewPCG(1, 2))
			var next simgo.Handler
			next = func(*simgo.Event) { sim.Timeout(r.ExpFloat64()).AddHandler(next) }
			for range n {
				next(nil)
			}
			b.ReportAllocs()
			for b.Loop() {
				sim.Step()
			}
		})
	}
}

// steady is a world of a constant number of pending events, about 100 a window.
type steady struct {
	agenda  Agenda
	r       *rand.Rand
	window  float64
	handled int
}

func (s *steady) Window(now float64) float64 { return now + s.window }

func (s *steady) Handle(e Event) error {
	s.handled++
	e.At += s.r.ExpFloat64()
	s.agenda.Push(e)
	return nil
}

func (s *steady) Boundary(float64) error { return nil }
