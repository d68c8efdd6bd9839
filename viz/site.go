package viz

import (
	"math"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/viz/wire"
)

// drawSite writes a tree compactly, with a floor plan.
func drawSite(t *facility.Tree) *wire.Site {
	s := &wire.Site{Name: t.Name, Levels: []wire.Level{}, Floor: drawFloor(t)}
	for k := facility.Site + 1; k < facility.NumKinds; k++ {
		l := &t.Levels[k]
		if l.Count() == 0 {
			continue
		}
		x := wire.Level{Kind: k.String(), Number: uint8(k), Parent: l.Parent.String(), Count: l.Count(), Names: l.Names, Models: l.Models}
		for p := range len(l.First) - 1 {
			x.Counts = pack(x.Counts, int(l.First[p+1]-l.First[p]))
		}
		for _, m := range l.Model {
			x.Model = pack(x.Model, int(m))
		}
		s.Levels = append(s.Levels, x)
	}
	return s
}

// pack appends a value to a list of runs.
func pack(runs [][2]int, v int) [][2]int {
	if n := len(runs); n > 0 && runs[n-1][1] == v {
		runs[n-1][0]++
		return runs
	}
	return append(runs, [2]int{1, v})
}

// The measures of the plan, in m: racks of 600 by 1200 mm with their fronts to cold aisles of two tiles and their backs to hot
// aisles, as TIA-942 draws them.
const (
	rackPitch    = 0.6
	rackDepth    = 1.2
	coldAisle    = 1.2
	hotAisle     = 1.0
	margin       = 1.8 // from a wall to the first rack
	between      = 3.0 // halls
	unitWidth    = 0.9
	unitDepth    = 2.0
	galleryGap   = 0.6
	galleryDepth = 12.0 // of the gallery at least
	inset        = 0.4  // of a unit from its wall
)

// drawFloor puts rows side by side in each hall, halls side by side in a square, air handlers along the walls of their
// hall, and the plant of the site in a gallery beside them.
func drawFloor(t *facility.Tree) *wire.Floor {
	f := &wire.Floor{Pitch: rackPitch, RackDepth: rackDepth, Halls: []wire.Rectangle{}, Equipment: []wire.Placed{},
		Rows: wire.Rows{X: []float64{}, Y: []float64{}, Facing: []int{}}}
	halls := t.Count(facility.Hall)
	across := max(int(math.Ceil(math.Sqrt(float64(halls)))), 1)
	x, y, tallest := 0.0, 0.0, 0.0
	for h := range halls {
		if h > 0 && h%across == 0 {
			x, y, tallest = 0, y+tallest+between, 0
		}
		r := drawHall(f, t, int32(h), x, y)
		f.Halls = append(f.Halls, r)
		x += r.Width + between
		tallest = max(tallest, r.Depth)
		f.Width, f.Depth = max(f.Width, r.X+r.Width), max(f.Depth, r.Y+r.Depth)
	}
	for k := facility.Utility; k <= facility.Pump; k++ {
		if t.Count(k) > 0 && t.Levels[k].Parent == facility.Hall {
			f.Equipment = append(f.Equipment, alongWalls(f, t, k))
		}
	}
	at, down := f.Width+between, 0.0
	for k := facility.Utility; k <= facility.Pump; k++ {
		if n := t.Count(k); n > 0 && t.Levels[k].Parent == facility.Site {
			var p wire.Placed
			p, at, down = beside(f, k, n, at, down)
			f.Equipment = append(f.Equipment, p)
			f.Width = max(f.Width, at+unitWidth)
		}
	}
	f.Depth = max(f.Depth, galleryDepth)
	return f
}

func drawHall(f *wire.Floor, t *facility.Tree, hall int32, x, y float64) wire.Rectangle {
	lo, hi := t.Children(facility.Row, hall)
	widest := 0
	at := y + margin
	for row := lo; row < hi; row++ {
		a, b := t.Children(facility.Rack, row)
		widest = max(widest, int(b-a))
		facing := int((row - lo) % 2)
		f.Rows.X, f.Rows.Y, f.Rows.Facing = append(f.Rows.X, x+margin), append(f.Rows.Y, at), append(f.Rows.Facing, facing)
		at += rackDepth
		if facing == 0 {
			at += hotAisle // backs meet
		} else {
			at += coldAisle
		}
	}
	return wire.Rectangle{X: x, Y: y, Width: 2*margin + max(rackPitch*float64(widest), 3), Depth: max(at-y-coldAisle, rackDepth) + margin}
}

// alongWalls puts the equipment of halls along their left and right walls.
func alongWalls(f *wire.Floor, t *facility.Tree, k facility.Kind) wire.Placed {
	p := wire.Placed{Kind: k.String(), X: []float64{}, Y: []float64{}, Width: unitWidth, Depth: unitDepth}
	for h, r := range f.Halls {
		lo, hi := t.Children(k, int32(h))
		side := int(hi-lo+1) / 2
		for i := range int(hi - lo) {
			x := r.X + inset
			if i >= side {
				x = r.X + r.Width - inset - unitWidth
			}
			room := r.Depth - 2*inset - unitDepth
			at := room / 2
			if side > 1 {
				at = float64(i%side) * room / float64(side-1)
			}
			p.X, p.Y = append(p.X, x), append(p.Y, r.Y+inset+at)
		}
	}
	return p
}

// beside puts the equipment of the site into a gallery to the right of all halls, kind by kind, from the top down.
func beside(f *wire.Floor, k facility.Kind, n int, x, y float64) (p wire.Placed, toX, toY float64) {
	p = wire.Placed{Kind: k.String(), X: []float64{}, Y: []float64{}, Width: unitWidth, Depth: unitDepth}
	deep := max(f.Depth, galleryDepth)
	for range n {
		if y+unitDepth > deep {
			x, y = x+unitWidth+galleryGap, 0
		}
		p.X, p.Y = append(p.X, x), append(p.Y, y)
		y += unitDepth + galleryGap
	}
	return p, x, y
}
