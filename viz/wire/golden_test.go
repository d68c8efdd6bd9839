package wire

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the golden frames anew")

// golden is NAME.json: what NAME.bin decodes to, after those of its series before it.
type golden struct {
	About   string   `json:"about"`
	Kind    string   `json:"kind"`
	Width   uint8    `json:"width"`
	Run     uint32   `json:"run"`
	Stream  uint32   `json:"stream"`
	Channel uint16   `json:"channel"`
	Level   uint8    `json:"level"`
	Seq     uint32   `json:"sequence"`
	First   uint32   `json:"first"`
	Count   uint32   `json:"count"`
	Total   uint32   `json:"total"`
	T       float64  `json:"t"`
	Offset  float64  `json:"offset"`
	Scale   float64  `json:"scale"`
	Values  []Number `json:"values"`
}

// series is frames of one tile in the order in which they are sent.
type series struct {
	name  string
	head  Header
	first uint32
	steps []moment
}

type moment struct {
	about  string
	t      float64
	values []float64
	key    bool
}

func goldenSeries() []series {
	nan := math.NaN()
	ramp := func(n int, from, by float64) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = from + by*float64(i)
		}
		return out
	}
	big := ramp(20, 20, 0.1)
	moved := append([]float64(nil), big...)
	for i := 5; i < 9; i++ {
		moved[i] += 1.5
	}
	return []series{
		{"inlet", Header{Width: 1, Run: 3, Channel: 7, Level: 3, Total: 8}, 0, []moment{
			{"a keyframe in 8 bits; the fourth value is unknown", 0, []float64{20, 20.5, 21, nan, 22, 23, 24.5, 27}, false},
			{"a delta: small changes, one value becomes unknown and another known", 60, []float64{20.1, 20.5, nan, 22, 22.3, 22.9, 24.4, 27.2}, false},
			{"a value leaves the range, so it is a keyframe", 120, []float64{20.1, 20.5, 21, 22, 22.3, 22.9, 24.4, 41}, false},
		}},
		{"power", Header{Width: 2, Run: 3, Stream: 2, Channel: 41, Level: 0, Total: 1}, 0, []moment{
			{"one value in 16 bits, of a cursor: stream 2", 43200, []float64{951247.6169442096}, false},
			{"its delta", 43260, []float64{951300.25}, false},
		}},
		{"state", Header{Width: 1, Run: 1, Channel: 2, Level: 11, Total: 4}, 0, []moment{
			{"small whole numbers are exact: offset 0, scale 1", 10, []float64{0, 0, 7, 2}, false},
			{"a delta that wraps: 7 becomes 0", 20, []float64{0, 6, 0, 2}, false},
			{"a keyframe because it was asked for", 20, []float64{0, 6, 0, 2}, true},
		}},
		{"tile", Header{Width: 1, Run: 1, Channel: 0, Level: 5, Total: Tile + 20}, Tile, []moment{
			{"the second tile, of which 20 values are left", 0, big, false},
			{"four of its values change", 1, moved, false},
		}},
		{"unknown", Header{Width: 1, Run: 1, Channel: 0, Level: 5, Total: 3}, 0, []moment{
			{"nothing is known", 0, []float64{nan, nan, nan}, false},
		}},
	}
}

func TestGolden(t *testing.T) {
	for _, s := range goldenSeries() {
		enc, dec := NewEncoder(s.head, s.first), &Decoder{}
		for i, m := range s.steps {
			frame := enc.Next(nil, m.t, m.values, m.key)
			if ok, err := dec.Apply(frame); err != nil || !ok {
				t.Fatalf("%s %d: %v, %v", s.name, i, ok, err)
			}
			h := dec.Header()
			g := golden{m.about, map[Kind]string{Keyframe: "keyframe", Delta: "delta"}[h.Kind], h.Width, h.Run, h.Stream, h.Channel, h.Level,
				h.Sequence, h.First, h.Count, h.Total, h.Time, h.Offset, h.Scale, nil}
			for _, v := range dec.Values(nil) {
				g.Values = append(g.Values, Number(v))
			}
			says, err := json.Marshal(g)
			if err != nil {
				t.Fatal(err)
			}
			base := filepath.Join("testdata", s.name+"-00"+string(rune('1'+i)))
			if *rewrite {
				if err := os.WriteFile(base+".bin", frame, 0o644); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(base+".json", append(says, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(base + ".bin")
			if err != nil || !bytes.Equal(want, frame) {
				t.Errorf("%s.bin is another now (%v): if that is meant, it is another version of the protocol", base, err)
			}
			if want, err := os.ReadFile(base + ".json"); err != nil || !bytes.Equal(bytes.TrimSpace(want), says) {
				t.Errorf("%s.json says something else (%v)", base, err)
			}
			for k, v := range dec.Values(nil) {
				if x := m.values[k]; math.IsNaN(x) != math.IsNaN(v) || math.Abs(x-v) > h.Scale/2*(1+1e-9) {
					t.Errorf("%s: value %d is %v, was %v, with a scale of %v", base, k, v, x, h.Scale)
				}
			}
		}
	}
}
