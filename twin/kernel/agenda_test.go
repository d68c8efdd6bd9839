package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// list is the agenda at its dumbest.
type list []Event

func (l *list) pop(until float64) (Event, bool) {
	if len(*l) == 0 {
		return Event{}, false
	}
	slices.SortFunc(*l, compare)
	e := (*l)[0]
	if e.At > until {
		return Event{}, false
	}
	*l = (*l)[1:]
	return e, true
}

// Each operation on the agenda and on the list, with times from a few awkward distributions.
func TestAgendaAgainstList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a Agenda
		var l list
		seq, now := uint64(0), 0.0
		spread := rapid.SampledFrom([]string{"even", "ties", "cluster", "wide"}).Draw(t, "spread")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		later := func() float64 {
			switch spread {
			case "ties":
				return float64(r.IntN(3))
			case "cluster":
				if r.IntN(10) == 0 {
					return 1e6 * r.Float64()
				}
				return 1e-3 * r.Float64()
			case "wide":
				return math.Exp(600 * (r.Float64() - 0.5))
			}
			return r.Float64()
		}
		push := func(n int) {
			for range n {
				e := Event{At: now + later(), Phase: uint8(r.IntN(3)), Kind: uint8(r.IntN(5)), Subject: int32(r.IntN(100)), Gen: r.Uint32()}
				a.Push(e)
				e.Seq = seq
				seq++
				l = append(l, e)
			}
		}
		pop := func(n int, until float64) {
			for range n {
				if next := a.Next(); len(l) > 0 && next != slices.MinFunc(l, compare).At || len(l) == 0 && !math.IsInf(next, 1) {
					t.Fatalf("next is %v of %v", next, l)
				}
				want, ok := l.pop(until)
				got, gok := a.Pop(until)
				if ok != gok || got != want {
					t.Fatalf("popped %v %v, want %v %v", got, gok, want, ok)
				}
				if ok {
					now = got.At
				}
			}
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			switch rapid.IntRange(0, 6).Draw(t, "step") {
			case 0, 1:
				push(rapid.IntRange(1, 300).Draw(t, "n"))
			case 2:
				push(1)
			case 3:
				pop(rapid.IntRange(1, 200).Draw(t, "n"), math.MaxFloat64)
			case 4:
				pop(5, now+later())
			case 5:
				c := a.Clone()
				a.Push(Event{At: now}) // must not show in the clone
				a.Pop(now + 1)
				a = c
			case 6:
				a.Keep(func(e Event) bool { return e.Gen%2 == 0 })
				l = slices.DeleteFunc(l, func(e Event) bool { return e.Gen%2 != 0 })
			}
			if a.Len() != len(l) {
				t.Fatalf("%d pending, want %d", a.Len(), len(l))
			}
		}
		slices.SortFunc(l, compare)
		if got := a.Events(); !slices.Equal(got, l) {
			t.Fatalf("pending %v, want %v", got, l)
		}
		pop(len(l)+1, math.MaxFloat64)
	})
}

func TestAgendaRefusesThePast(t *testing.T) {
	for _, at := range []float64{0.5, math.NaN(), math.Inf(-1)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("an event at %v was accepted", at)
				}
			}()
			var a Agenda
			a.Push(Event{At: 1})
			a.Pop(1)
			a.Push(Event{At: at})
		}()
	}
	var a Agenda
	a.Push(Event{At: math.Inf(1)})
	if a.Len() != 0 {
		t.Error("an event that never comes was kept")
	}
}

func TestAgendaDoesNotAllocate(t *testing.T) {
	for _, n := range []int{10, 10000} {
		var a Agenda
		r := rand.New(rand.NewPCG(1, 2))
		for range n {
			a.Push(Event{At: r.ExpFloat64()})
		}
		hold := func() {
			for range 20000 {
				e, _ := a.Pop(math.MaxFloat64)
				e.At += r.ExpFloat64()
				a.Push(e)
			}
		}
		hold() // buffers grow to their size
		if per := testing.AllocsPerRun(5, hold); per > 20 {
			t.Errorf("%d pending: %v allocations in 20,000 events", n, per)
		}
	}
}

// quad is a bare typed 4-ary heap, the alternative to the ladder.
type quad struct{ a Agenda }

func (q *quad) push(e Event) {
	e.Seq = q.a.seq
	q.a.seq++
	q.a.rise(e)
}

func (q *quad) pop() Event {
	e := q.a.near[0]
	last := len(q.a.near) - 1
	moved := q.a.near[last]
	q.a.near = q.a.near[:last]
	if last > 0 {
		q.a.sink(0, moved)
	}
	return e
}

// delays are how long after its predecessor an event of the hold model comes.
var delays = []struct {
	name string
	draw func(*rand.Rand) float64
}{
	{"exp", (*rand.Rand).ExpFloat64},
	{"mixed", func(r *rand.Rand) float64 { // failures years ahead, completions in hours, controls in seconds
		switch u := r.IntN(100); {
		case u < 50:
			return 10 * r.Float64()
		case u < 95:
			return 7200 * r.ExpFloat64()
		default:
			return 1e9 * r.ExpFloat64()
		}
	}},
}

// BenchmarkAgenda is the hold model: pop the earliest, push its successor, at a constant number pending.
func BenchmarkAgenda(b *testing.B) {
	for _, n := range []int{1e3, 1e5, 1e6} {
		for _, d := range delays {
			b.Run(fmt.Sprintf("queue=ladder/delay=%s/pending=%d", d.name, n), func(b *testing.B) {
				var a Agenda
				r := rand.New(rand.NewPCG(1, 2))
				for range n {
					a.Push(Event{At: d.draw(r)})
				}
				for range n {
					e, _ := a.Pop(math.MaxFloat64)
					e.At += d.draw(r)
					a.Push(e)
				}
				b.ReportAllocs()
				for b.Loop() {
					e, _ := a.Pop(math.MaxFloat64)
					e.At += d.draw(r)
					a.Push(e)
				}
			})
			b.Run(fmt.Sprintf("queue=heap/delay=%s/pending=%d", d.name, n), func(b *testing.B) {
				var q quad
				r := rand.New(rand.NewPCG(1, 2))
				for range n {
					q.push(Event{At: d.draw(r)})
				}
				for range n {
					e := q.pop()
					e.At += d.draw(r)
					q.push(e)
				}
				b.ReportAllocs()
				for b.Loop() {
					e := q.pop()
					e.At += d.draw(r)
					q.push(e)
				}
			})
		}
	}
}
