package workload

import (
	"testing"
)

func FuzzInterval(f *testing.F) {
	for _, s := range []string{"auto", "never", "young", "optimal", "30 min", "0 s", "-1 s", "5", "1e999 s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var i, back Interval
		if i.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := back.UnmarshalText([]byte(i.String())); err != nil || back != i {
			t.Fatalf("%q became %g, then %g (%v)", text, float64(i), float64(back), err)
		}
	})
}

// Which losses the copies of a checkpoint outlive.
func TestSurvives(t *testing.T) {
	for _, c := range []struct {
		nodes, copies int
		gone          []int
		want          bool
	}{
		{8, 0, nil, true},
		{8, 0, []int{3}, false},
		{8, 1, []int{3}, true},
		{8, 1, []int{3, 4}, true},  // neighbours do not keep each other's parts
		{8, 1, []int{3, 7}, false}, // these do
		{8, 2, []int{3, 7}, true},
		{9, 2, []int{0, 3}, true},
		{9, 2, []int{0, 3, 6}, false},
		{1, 1, []int{0}, false},
		{2, 1, []int{0}, true},
		{2, 3, []int{0, 1}, false},
	} {
		gone := make([]bool, c.nodes)
		for _, i := range c.gone {
			gone[i] = true
		}
		if got := Survives(gone, c.copies); got != c.want {
			t.Errorf("%d nodes, %d copies, without %v: %v", c.nodes, c.copies, c.gone, got)
		}
	}
	// A row of neighbours of a third is borne by a copy each, whatever its place.
	for first := range 24 {
		gone := make([]bool, 24)
		for i := range 8 {
			gone[(first+i)%24] = true
		}
		if !Survives(gone, 1) {
			t.Errorf("8 neighbours of 24 from %d on", first)
		}
	}
}
