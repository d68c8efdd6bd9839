package kernel

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/halltwin/halltwin/models/random"
)

type kind uint8

type inner struct {
	A     float32
	flags [3]bool
	Name  string
}

type everything struct {
	B    bool
	I    int
	I8   int8
	I16  int16
	I32  []int32
	U    uint64
	K    kind
	F    []float64
	Deep [][]inner
	Pair [2]inner
	None struct{}
	Bits [2]uint64
	S    random.Stream
	Todo Agenda
}

func draw(t *rapid.T) everything {
	in := rapid.Custom(func(t *rapid.T) inner {
		return inner{A: rapid.Float32().Draw(t, "a"), flags: [3]bool{rapid.Bool().Draw(t, "flag")}, Name: rapid.StringN(0, 8, 20).Draw(t, "name")}
	})
	e := everything{
		B: rapid.Bool().Draw(t, "b"), I: rapid.Int().Draw(t, "i"), I8: -3, I16: rapid.Int16().Draw(t, "i16"),
		I32: rapid.SliceOfN(rapid.Int32(), 0, 5).Draw(t, "i32"), U: rapid.Uint64().Draw(t, "u"), K: 7,
		F: rapid.SliceOfN(rapid.Float64(), 0, 5).Draw(t, "f"), Deep: rapid.SliceOfN(rapid.SliceOfN(in, 0, 3), 0, 3).Draw(t, "deep"),
		Pair: [2]inner{in.Draw(t, "p"), in.Draw(t, "q")}, Bits: [2]uint64{1, 2}, S: random.Seed(1).Stream("x"),
	}
	for range rapid.IntRange(0, 200).Draw(t, "events") {
		e.Todo.Push(Event{At: rapid.Float64Range(0, 1e6).Draw(t, "at"), Phase: rapid.Uint8().Draw(t, "phase"), Subject: rapid.Int32().Draw(t, "s")})
	}
	if rapid.Bool().Draw(t, "popped") {
		e.Todo.Pop(math.MaxFloat64)
	}
	return e
}

func TestEncodeDecode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := draw(t)
		data := Encode(&e)
		if !bytes.Equal(data, Encode(e)) {
			t.Fatal("the same state gives other bytes")
		}
		var back everything
		if err := Decode(data, &back); err != nil {
			t.Fatal(err)
		}
		if Hash(back) != Hash(&e) || !bytes.Equal(Encode(back), data) {
			t.Fatalf("%+v comes back as %+v", e, back)
		}
		if !reflect.DeepEqual(back.Todo.Events(), e.Todo.Events()) || back.Todo.Len() != e.Todo.Len() {
			t.Fatal("the agenda comes back otherwise")
		}
		back.Todo, e.Todo = Agenda{}, Agenda{}
		if !reflect.DeepEqual(back, e) {
			t.Fatalf("%+v comes back as %+v", e, back)
		}
	})
}

func TestHashSeesEverything(t *testing.T) {
	base := func() everything {
		e := everything{I32: []int32{1, 2}, F: []float64{1}, Deep: [][]inner{{{A: 1}}, nil}}
		e.Todo.Push(Event{At: 1})
		return e
	}
	seen := map[[32]byte]int{Hash(base()): -1}
	for i, change := range []func(*everything){
		func(e *everything) { e.B = true },
		func(e *everything) { e.I8 = 1 },
		func(e *everything) { e.I32[1]++ },
		func(e *everything) { e.I32 = e.I32[:1] },
		func(e *everything) { e.F[0] = math.Nextafter(1, 2) },
		func(e *everything) { e.Deep[0][0].flags[2] = true },
		func(e *everything) { e.Deep[0][0].Name = "x" },
		func(e *everything) { e.Deep = append(e.Deep, nil) },
		func(e *everything) { e.Pair[1].A = 1 },
		func(e *everything) { e.S.Uint64() },
		func(e *everything) { e.Todo.Push(Event{At: 2}) },
		func(e *everything) { e.Todo.Pop(2) },
	} {
		e := base()
		change(&e)
		h := Hash(e)
		if other, ok := seen[h]; ok {
			t.Errorf("change %d has the hash of change %d", i, other)
		}
		seen[h] = i
	}
	a, b := base(), base()
	a.Deep[1], b.Deep[1] = nil, []inner{}
	if Hash(a) != Hash(b) {
		t.Error("nil and empty differ")
	}
}

// Large arrays pass the hash by the block.
func TestHashOfMuch(t *testing.T) {
	type big struct {
		F []float64
		S []inner
	}
	a := big{make([]float64, 1e5), make([]inner, 1e4)}
	b := big{make([]float64, 1e5), make([]inner, 1e4)}
	if Hash(a) != Hash(&b) {
		t.Error("equal states differ")
	}
	b.F[99999] = 1
	if Hash(a) == Hash(b) {
		t.Error("different states agree")
	}
}

func TestPlainDataOnly(t *testing.T) {
	type node struct{ Kids []node }
	for _, c := range []struct {
		state any
		want  string
	}{
		{struct{ A struct{ M map[string]int } }{}, ".A.M is a map"},
		{struct{ P []struct{ q *int } }{}, ".P[].q is a ptr"},
		{struct{ F func() }{}, ".F is a func"},
		{struct{ C chan int }{}, ".C is a chan"},
		{struct{ E error }{}, ".E is a interface"},
		{node{}, "contains itself"},
		{nil, "nil state"},
		{map[int]int{}, "is a map"},
	} {
		func() {
			defer func() {
				if msg := fmt.Sprint(recover()); !strings.Contains(msg, c.want) {
					t.Errorf("%T: panic %q, want … %s", c.state, msg, c.want)
				}
			}()
			Hash(c.state)
		}()
	}
}

func TestDecodeRefuses(t *testing.T) {
	var e everything
	e.Todo.Push(Event{At: 1})
	e.F = []float64{1, 2, 3}
	good := Encode(e)
	for n := range good {
		var into everything
		if err := Decode(good[:n], &into); err == nil {
			t.Fatalf("%d of %d bytes were accepted", n, len(good))
		}
		bad := bytes.Clone(good)
		bad[n] ^= 0x40
		if err := Decode(bad, &into); err == nil {
			t.Fatalf("a flipped bit in byte %d was accepted", n)
		}
		if !reflect.DeepEqual(into, everything{}) {
			t.Fatal("a refused snapshot changed the state")
		}
	}
	var other struct{ X int }
	if err := Decode(good, &other); err == nil || !strings.Contains(err.Error(), "laid out differently") {
		t.Errorf("into another type: %v", err)
	}
	bad := bytes.Clone(good)
	bad[len(magic)-1]++
	if err := Decode(bad, &e); err == nil || !strings.Contains(err.Error(), "format 2") {
		t.Errorf("of another format: %v", err)
	}
}

// FuzzDecode gives the reader what stands after header and checksum, which hostile data can imitate.
func FuzzDecode(f *testing.F) {
	var e everything
	for i := range 70 {
		e.Todo.Push(Event{At: float64(i % 7)})
	}
	e.Deep = [][]inner{{{Name: "rack"}}}
	data := Encode(e)
	f.Add(data[len(magic)+32 : len(data)-32])
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, 300))
	c := codecOf(reflect.TypeFor[everything]())
	f.Fuzz(func(t *testing.T, data []byte) {
		var into everything
		if err := Decode(data, &into); err == nil {
			t.Fatal("accepted without a checksum")
		}
		if err := c.readInto(data, reflect.ValueOf(&into)); err != nil {
			return
		}
		for into.Todo.Len() > 0 {
			into.Todo.Pop(math.MaxFloat64)
		}
		Hash(into)
	})
}

func BenchmarkHash(b *testing.B) {
	type gpu struct {
		Power, Clock, Temperature float64
		Job                       int32
		State                     uint8
	}
	state := struct {
		GPUs   []gpu
		Limits []float32
		Todo   Agenda
	}{GPUs: make([]gpu, 100000), Limits: make([]float32, 100000)}
	for i := range 100000 {
		state.Todo.Push(Event{At: float64(i * 7919 % 100000)})
	}
	b.Run("hash", func(b *testing.B) {
		for b.Loop() {
			Hash(&state)
		}
	})
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			Encode(&state)
		}
	})
	b.Run("clone of the agenda", func(b *testing.B) {
		for b.Loop() {
			state.Todo.Clone()
		}
	})
}
