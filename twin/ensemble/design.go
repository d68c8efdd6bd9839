package ensemble

import (
	"fmt"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/scenarios"
)

// maxPoints bounds the points of a design, and maxRuns the runs of an experiment: beyond, somebody has mistyped.
const (
	maxPoints = 1_000_000
	maxRuns   = 10_000_000
)

// levels of a Morris design: its steps are half the range, so that every level is as likely as any other.
const morrisLevels = 4

// Design is the points of a sweep: where each lies on each axis, as a share of its length, and as the text of its value.
type Design struct {
	Kind  string
	Axes  []scenarios.Axis
	Unit  [][]float64 // by point, by axis, 0 to 1
	Text  [][]string  // likewise
	Moved []int32     // of morris: the axis by which a point differs from the one before; -1 where a trajectory begins
	Base  int         // of saltelli: points of each of its blocks A, B, AB₀, AB₁ …
}

// NewDesign lays out the points of a sweep. A file without axes has one point.
func NewDesign(spec *scenarios.ExperimentSpec, axes []scenarios.Axis, seed uint64) (*Design, error) {
	d := &Design{Kind: spec.Design, Axes: axes}
	n, k, s := spec.Points, len(axes), random.Seed(seed)
	var err error
	switch {
	case k == 0:
		d.Kind, d.Unit = "grid", [][]float64{{}}
	case d.Kind == "grid":
		return d, d.grid()
	case d.Kind == "latin-hypercube":
		if err = fits(float64(n)); err == nil {
			d.Unit = latin(n, k, s)
		}
	case d.Kind == "sobol":
		if err = fits(float64(n)); err == nil {
			d.Unit, err = sobol(n, k, s)
		}
	case d.Kind == "morris":
		if err = fits(float64(n) * float64(k+1)); err == nil {
			d.morris(n, s)
		}
	case d.Kind == "saltelli":
		if err = fits(float64(n) * float64(k+2)); err == nil {
			err = d.saltelli(n, s)
		}
	default:
		err = fmt.Errorf("there is no design %q", d.Kind)
	}
	if err != nil {
		return nil, err
	}
	for _, u := range d.Unit {
		text := make([]string, k)
		for i := range text {
			text[i] = axes[i].At(u[i])
		}
		d.Text = append(d.Text, text)
	}
	return d, nil
}

func fits(points float64) error {
	if points > maxPoints {
		return fmt.Errorf("the sweep has %.3g points, and at most %d are taken: give axes fewer values, or sample them (experiment.design: sobol)", points, maxPoints)
	}
	return nil
}

// grid is the product of the values of all axes, the last axis fastest.
func (d *Design) grid() error {
	n := 1.0
	for i := range d.Axes {
		n *= float64(len(d.Axes[i].Values))
	}
	if err := fits(n); err != nil {
		return err
	}
	at := make([]int, len(d.Axes))
	for range int(n) {
		unit, text := make([]float64, len(at)), make([]string, len(at))
		for i, k := range at {
			values := d.Axes[i].Values
			text[i] = values[k]
			unit[i] = float64(k) / float64(max(1, len(values)-1))
		}
		d.Unit, d.Text = append(d.Unit, unit), append(d.Text, text)
		for i := len(at) - 1; i >= 0; i-- {
			if at[i]++; at[i] < len(d.Axes[i].Values) {
				break
			}
			at[i] = 0
		}
	}
	return nil
}

// latin is a Latin hypercube: of n equal bands of each axis, each holds one point. McKay, Beckman, Conover (1979).
func latin(n, k int, seed random.Seed) [][]float64 {
	points := make([][]float64, n)
	for i := range points {
		points[i] = make([]float64, k)
	}
	for d := range k {
		st := seed.Stream(fmt.Sprintf("ensemble/latin-hypercube/%d", d))
		for i, band := range shuffled(n, &st) {
			points[i][d] = (float64(band) + st.Float64()) / float64(n)
		}
	}
	return points
}

func shuffled(n int, st *random.Stream) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := st.IntN(i + 1)
		order[i], order[j] = order[j], order[i]
	}
	return order
}

// morris lays trajectories through the cube, each of which moves every axis once by half its length, in random order and
// direction: Morris (1991), Campolongo, Cariboni, Saltelli (2007).
func (d *Design) morris(trajectories int, seed random.Seed) {
	k := len(d.Axes)
	st := seed.Stream("ensemble/morris")
	const step = 1.0 / 2 * morrisLevels / (morrisLevels - 1) // Δ = p/(2(p-1))
	for range trajectories {
		at, up := make([]float64, k), make([]bool, k)
		for i := range at {
			at[i] = float64(st.IntN(morrisLevels/2)) / (morrisLevels - 1)
			if up[i] = st.IntN(2) == 0; !up[i] {
				at[i] += step
			}
		}
		d.Unit, d.Moved = append(d.Unit, append([]float64(nil), at...)), append(d.Moved, -1)
		for _, axis := range shuffled(k, &st) {
			if up[axis] {
				at[axis] += step
			} else {
				at[axis] -= step
			}
			d.Unit, d.Moved = append(d.Unit, append([]float64(nil), at...)), append(d.Moved, int32(axis))
		}
	}
}

// saltelli lays the blocks from which Sobol indices are estimated: two independent samples A and B, and for each axis A
// with that axis from B. Saltelli et al., Comput. Phys. Commun. 181 (2010).
func (d *Design) saltelli(n int, seed random.Seed) error {
	k := len(d.Axes)
	both, err := sobol(n, 2*k, seed)
	if err != nil {
		return err
	}
	d.Base = n
	d.Unit = make([][]float64, 0, n*(k+2))
	for _, p := range both {
		d.Unit = append(d.Unit, p[:k:k])
	}
	for _, p := range both {
		d.Unit = append(d.Unit, p[k:])
	}
	for axis := range k {
		for _, p := range both {
			ab := append([]float64(nil), p[:k]...)
			ab[axis] = p[k+axis]
			d.Unit = append(d.Unit, ab)
		}
	}
	return nil
}
