package ensemble

import (
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/random"
)

// Effect is what an axis does to a figure.
type Effect struct {
	Axis string
	// Of morris: the mean elementary effect over the whole length of the axis, the mean of its magnitude, and its standard
	// deviation, which is large where the axis acts with others or not in proportion.
	Mean, Magnitude Interval
	Spread          float64
	// Of saltelli: share of the variance that goes when the axis is known (First), and that stays when all others are
	// known (Total).
	First, Total Interval
}

// resamples of a bootstrap.
const resamples = 1000

// Effects returns what each axis of a morris or saltelli design does to a figure, whose value at point i is y[i]. Points
// that have none are left out with their trajectory or block. It is nil for other designs.
func (d *Design) Effects(y []float64, confidence float64, seed uint64) []Effect {
	switch d.Kind {
	case "morris":
		return d.elementary(y, confidence)
	case "saltelli":
		return d.indices(y, confidence, random.Seed(seed))
	}
	return nil
}

// elementary computes elementary effects after Morris (1991).
func (d *Design) elementary(y []float64, confidence float64) []Effect {
	out := make([]Effect, len(d.Axes))
	for axis := range d.Axes {
		var effects, sizes []float64
		for i, moved := range d.Moved {
			if int(moved) != axis || !finite(y[i]) || !finite(y[i-1]) {
				continue
			}
			e := (y[i] - y[i-1]) / (d.Unit[i][axis] - d.Unit[i-1][axis])
			effects, sizes = append(effects, e), append(sizes, math.Abs(e))
		}
		out[axis] = Effect{Axis: d.Axes[axis].Name, Mean: Mean(effects, confidence), Magnitude: Mean(sizes, confidence), First: unknown, Total: unknown}
		ss := 0.0
		for _, e := range effects {
			ss += (e - out[axis].Mean.Value) * (e - out[axis].Mean.Value)
		}
		out[axis].Spread = math.Sqrt(ss / float64(max(1, len(effects)-1)))
	}
	return out
}

// indices computes Sobol indices: the first by Saltelli et al. (2010), the total by Jansen (1999), their intervals by
// bootstrap over base points.
func (d *Design) indices(y []float64, confidence float64, seed random.Seed) []Effect {
	n, k := d.Base, len(d.Axes)
	rows := make([]int, 0, n)
	for i := range n {
		whole := true
		for block := range k + 2 {
			whole = whole && finite(y[block*n+i])
		}
		if whole {
			rows = append(rows, i)
		}
	}
	out := make([]Effect, k)
	first, total := make([][]float64, k), make([][]float64, k)
	st := seed.Stream("ensemble/bootstrap")
	draw := make([]int, len(rows))
	for b := range resamples + 1 {
		copy(draw, rows)
		for i := range draw {
			if b > 0 {
				draw[i] = rows[st.IntN(len(rows))]
			}
		}
		for axis := range k {
			s, t := index(y, n, axis, draw)
			if b == 0 {
				out[axis] = Effect{Axis: d.Axes[axis].Name, Mean: unknown, Magnitude: unknown, Spread: math.NaN(),
					First: Interval{Value: s}, Total: Interval{Value: t}}
				continue
			}
			first[axis], total[axis] = append(first[axis], s), append(total[axis], t)
		}
	}
	for axis := range k {
		for _, p := range []struct {
			of    *Interval
			draws []float64
		}{{&out[axis].First, first[axis]}, {&out[axis].Total, total[axis]}} {
			slices.Sort(p.draws)
			p.of.Low, p.of.High = Quantile(p.draws, (1-confidence)/2), Quantile(p.draws, (1+confidence)/2)
		}
	}
	return out
}

// index estimates both indices of an axis from the given base points.
func index(y []float64, n, axis int, rows []int) (first, total float64) {
	a, b, ab := y[:n], y[n:2*n], y[(2+axis)*n:(3+axis)*n]
	m := 0.0
	for _, i := range rows {
		m += a[i] + b[i]
	}
	m /= float64(2 * len(rows))
	var variance, s, t float64
	for _, i := range rows {
		variance += ((a[i]-m)*(a[i]-m) + (b[i]-m)*(b[i]-m)) / 2
		s += (b[i] - m) * (ab[i] - a[i])
		t += (a[i] - ab[i]) * (a[i] - ab[i]) / 2
	}
	if variance == 0 {
		return 0, 0 // nothing varies, so nothing is anybody's doing
	}
	return s / variance, t / variance
}
