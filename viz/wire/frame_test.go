package wire

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// A viewer who gets every frame knows every value to half a scale, whatever the values do; unknown ones are exact.
func TestDecodeUndoesEncode(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, width := range []uint8{1, 2} {
		for range 300 {
			n := 1 + r.IntN(40)
			enc, dec := NewEncoder(Header{Width: width, Total: uint32(n)}, 0), &Decoder{}
			values := make([]float64, n)
			size, at := math.Pow(10, 40*r.Float64()-20), math.Pow(10, 40*r.Float64()-20)
			for step := range 20 {
				for i := range values {
					switch r.IntN(8) {
					case 0:
						values[i] = math.NaN()
					case 1:
						values[i] = math.Inf(1)
					case 2:
						values[i] = math.Trunc(10 * r.Float64())
					default:
						values[i] = at + size*r.NormFloat64()
					}
				}
				ok, err := dec.Apply(enc.Next(nil, float64(step), values, r.IntN(5) == 0))
				if !ok || err != nil {
					t.Fatal(ok, err)
				}
				h := dec.Header()
				for i, v := range dec.Values(nil) {
					x := values[i]
					known := !math.IsNaN(x) && !math.IsInf(x, 0)
					if known == math.IsNaN(v) || known && math.Abs(x-v) > h.Scale/2+1e-9*math.Abs(x) {
						t.Fatalf("width %d: %v became %v, scale %v, offset %v", width, x, v, h.Scale, h.Offset)
					}
				}
			}
		}
	}
}

// The precision that the specification promises, of tiles that are not all alike.
func TestPrecision(t *testing.T) {
	for width, least := range map[uint8]float64{1: 200, 2: 50_000} {
		values := []float64{20.1, 31.7, 24.4}
		enc := NewEncoder(Header{Width: width, Total: 3}, 0)
		h, _, err := ParseFrame(enc.Next(nil, 0, values, false))
		if err != nil || (31.7-20.1)/h.Scale < least {
			t.Errorf("width %d: scale %v, %v", width, h.Scale, err)
		}
	}
}

func TestMissedFrames(t *testing.T) {
	enc, dec := NewEncoder(Header{Width: 1, Total: 2}, 0), &Decoder{}
	first := enc.Next(nil, 0, []float64{1.5, 9}, false)
	second := enc.Next(nil, 1, []float64{2.5, 8}, false)
	third := enc.Next(nil, 2, []float64{3.5, 7}, false)
	if ok, err := dec.Apply(second); ok || err != nil {
		t.Error("a delta is applied to nothing")
	}
	if ok, _ := dec.Apply(first); !ok {
		t.Error("a keyframe is refused")
	}
	if ok, err := dec.Apply(third); ok || err != nil || dec.Header().Time != 0 {
		t.Error("a delta is applied over a gap")
	}
	whole := enc.Keyframe(nil)
	if ok, _ := dec.Apply(whole); !ok {
		t.Error("the keyframe of the present is refused")
	}
	if ok, _ := dec.Apply(enc.Next(nil, 3, []float64{4.5, 6}, false)); !ok {
		t.Error("a delta does not follow the keyframe of the present")
	}
}

func TestRequests(t *testing.T) {
	for text, code := range map[string]string{
		`{"op":"open","run":"a","events":"info"}`: "",
		`{"op":"seek","run":"a","t":1e3}`:         "",
		`{"op":"ping"}`:                           "",
		`{"op":"subscribe","run":"a","subscriptions":[{"channel":"x","bits":8}]}`: "",
		`{"op":"open"}`:                           CodeBadValue,
		`{"op":"explode","run":"a"}`:              CodeUnknownOp,
		`{"op":"seek","run":"a"}`:                 CodeBadValue,
		`{"op":"play","run":"a","speed":0}`:       CodeBadValue,
		`{"op":"play","run":"a","speed":1e300}`:   CodeBadValue,
		`{"op":"step","run":"a"}`:                 CodeBadValue,
		`{"op":"open","run":"a","events":"loud"}`: CodeBadValue,
		`{"op":"subscribe","run":"a","subscriptions":[{"channel":"x","bits":7}]}`:         CodeBadValue,
		`{"op":"subscribe","run":"a","subscriptions":[{"channel":"x","ranges":[[5,1]]}]}`: CodeBadValue,
		`{"op":"ping","extra":1}`:         CodeMalformed,
		`{"op":"ping"} {"op":"ping"}`:     CodeMalformed,
		`[]`:                              CodeMalformed,
		``:                                CodeMalformed,
		strings.Repeat(" ", MaxMessage+1): CodeMalformed,
		`{"op":"subscribe","run":"a","subscriptions":[` + strings.Repeat(`{"channel":""},`, MaxSubscriptions) + `{"channel":""}]}`: CodeTooMany,
	} {
		r, err := ParseRequest([]byte(text))
		var e *Error
		if code == "" && (err != nil || r == nil) || code != "" && (!errors.As(err, &e) || e.Code != code) {
			t.Errorf("%.80s: %v, want %q", text, err, code)
		}
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(`{"op":"subscribe","id":2,"run":"a","subscriptions":[{"channel":"gpu.temperature","level":"gpu","ranges":[[0,8192]]}]}`))
	f.Add([]byte(`{"op":"play","run":"a","speed":-300}`))
	f.Add([]byte(`{"op":"seek","run":"a","t":43200}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseRequest(b)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Code == "" || e.Text == "" {
				t.Fatalf("%q: %v", b, err)
			}
			return
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if len(again) <= MaxMessage {
			if _, err := ParseRequest(again); err != nil {
				t.Fatalf("%s is read, and %s is not: %v", b, again, err)
			}
		}
	})
}

func FuzzApply(f *testing.F) {
	for _, s := range goldenSeries() {
		enc := NewEncoder(s.head, s.first)
		var all [][]byte
		for _, m := range s.steps {
			all = append(all, enc.Next(nil, m.t, m.values, m.key))
		}
		f.Add(all[0], all[len(all)-1])
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var d Decoder
		for _, frame := range [][]byte{a, b} {
			ok, err := d.Apply(frame)
			if !ok || err != nil {
				continue
			}
			if n := len(d.Values(nil)); n != int(d.Header().Count) || n > Tile {
				t.Fatalf("%d values of %d", n, d.Header().Count)
			}
		}
	})
}

// A hundred thousand temperatures of which each moves a little: the cost of a frame before compression.
func BenchmarkEncode(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 4))
	const n = 100_000
	var tiles []*Encoder
	for first := uint32(0); first < n; first += Tile {
		tiles = append(tiles, NewEncoder(Header{Width: 1, Total: n}, first))
	}
	values := make([]float64, n)
	for i := range values {
		values[i] = 55 + 8*r.NormFloat64()
	}
	var frame []byte
	for b.Loop() {
		for i := range values {
			values[i] += 0.05
			if values[i] > 80 {
				values[i] = 50
			}
		}
		for i, enc := range tiles {
			frame = enc.Next(frame[:0], 0, values[i*Tile:min((i+1)*Tile, n)], false)
		}
	}
}
