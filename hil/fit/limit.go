package fit

import (
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/unit"
)

// LimitPoint is one measurement of a load under a power limit.
type LimitPoint struct {
	Load   string  // what ran: points of one load are compared with one another
	Device string  // type of GPU
	Limit  float64 // W
	Power  float64 // W, the mean that it drew
	Speed  float64 // throughput in any unit, or the inverse of a time
}

// LimitFit is throughput under a power limit, relative to that at the highest limit: a concave, growing function from 0 to 1 of
// the share x of the power above what a device draws without work that the limit leaves:
//
//	x = (limit - static)/(demand - static)
//
// with demand what the load draws at the highest limit. With little power left, the voltage is at its floor and power falls
// with the clock alone: the function goes through the origin.
type LimitFit struct {
	*Solution
	Knots, Speeds []float64
	Error         float64 // mean |error| on the data of the fit
}

// limitKnots are where the function bends.
var limitKnots = []float64{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}

// limited is a point in relative terms.
type limited struct {
	x, speed float64
	load     int
	top      bool // it is the reference of its load
}

// Static returns what a type of device draws without work to speak of: the mean power of its lightest load, which needs no
// measurement of throughput.
func Static(points []LimitPoint) float64 {
	least := math.Inf(1)
	for _, p := range points {
		if p.Power > 0 {
			least = min(least, p.Power)
		}
	}
	return least
}

// relative brings the points of one type of device into relative terms; loads with one point say nothing.
func relative(points []LimitPoint) []limited {
	static := Static(points)
	loads := map[string]int{}
	var order []string
	top := map[string]LimitPoint{}
	for _, p := range points {
		t, ok := top[p.Load]
		if !ok {
			loads[p.Load] = len(order)
			order = append(order, p.Load)
		}
		if !ok || p.Limit > t.Limit {
			top[p.Load] = p
		}
	}
	// A limit well above what the load draws does not touch it: such points repeat the reference, which is their median.
	const free = 1.15
	untouched := map[string][]float64{}
	for _, p := range points {
		if t := top[p.Load]; p.Speed > 0 && (p.Limit == t.Limit || p.Limit > free*t.Power) {
			untouched[p.Load] = append(untouched[p.Load], p.Speed)
		}
	}
	for load, speeds := range untouched {
		t := top[load]
		t.Speed = median(speeds)
		top[load] = t
	}
	var out []limited
	for _, p := range points {
		t := top[p.Load]
		if !(p.Speed > 0 && t.Speed > 0 && p.Limit > 0) {
			continue
		}
		x := (p.Limit - static) / max(t.Power-static, 1)
		out = append(out, limited{x: min(max(x, 0), 1), speed: p.Speed / t.Speed, load: loads[p.Load], top: p.Limit == t.Limit})
	}
	return out
}

// Limit fits the function to the points of one or more types of device.
func Limit(points []LimitPoint) (*LimitFit, error) {
	var all []limited
	blocks := 0
	for _, device := range devices(points) {
		most := 0
		for _, l := range relative(of(points, device)) {
			if !l.top {
				most = max(most, l.load)
				l.load += blocks
				all = append(all, l)
			}
		}
		blocks += most + 1
	}
	if len(all) < len(limitKnots) {
		return nil, fmt.Errorf("%w: %d points below the highest limits, %d or more are needed", ErrNoData, len(all), len(limitKnots))
	}
	// The unknowns are what each knot's slope is above that of the next: none below zero makes the function concave.
	n := len(limitKnots) - 1
	v := make([]Variable, n)
	for i := range v {
		v[i] = Variable{Name: fmt.Sprintf("bend_%.1f", limitKnots[i+1]), Start: 0.2, Upper: 30, Scale: 0.3}
	}
	p := &Problem{Variables: v, N: len(all), Huber: 1, Starts: 6, Block: make([]int, len(all))}
	for i, l := range all {
		p.Block[i] = l.load
	}
	const noise = 0.025 // of a relative throughput: epochs vary by that
	p.Residuals = func(x, out []float64) {
		y := concave(x)
		for i, l := range all {
			// a device that is faster under a limit than without was disturbed without: the true ratio is 1
			out[i] = (interpolate(limitKnots, y, l.x) - min(l.speed, 1)) / noise
		}
	}
	s, err := p.Solve()
	if err != nil {
		return nil, err
	}
	f := &LimitFit{Solution: s, Knots: slices.Clone(limitKnots), Speeds: concave(s.X)}
	f.express(p, all, noise)
	for _, l := range all {
		f.Error += math.Abs(f.at(l.x)-l.speed) / float64(len(all))
	}
	return f, nil
}

// concave returns the function at the knots.
func concave(x []float64) []float64 {
	y := make([]float64, len(x)+1)
	slope := make([]float64, len(x))
	sum := 0.0
	for i := len(x) - 1; i >= 0; i-- {
		sum += x[i]
		slope[i] = sum
	}
	for i := range x {
		y[i+1] = y[i] + slope[i]*(limitKnots[i+1]-limitKnots[i])
	}
	top := max(y[len(x)], 1e-9)
	for i := range y {
		y[i] /= top
	}
	return y
}

// express states the parameters as throughput at the knots, in which the function is linear, with their intervals (those without
// the knowledge that it is concave, which are wider), and says where no point lies.
func (f *LimitFit) express(p *Problem, all []limited, noise float64) {
	inner := limitKnots[1 : len(limitKnots)-1]
	linear := &Problem{N: p.N, Block: p.Block, Huber: p.Huber}
	for _, k := range inner {
		linear.Variables = append(linear.Variables, Variable{Name: fmt.Sprintf("speed_at_%.1f", k), Start: 0.5, Lower: -1, Upper: 2, Scale: 0.1})
	}
	y := make([]float64, len(limitKnots))
	y[len(y)-1] = 1
	linear.Residuals = func(x, out []float64) {
		copy(y[1:], x)
		for i, l := range all {
			out[i] = (interpolate(limitKnots, y, l.x) - min(l.speed, 1)) / noise
		}
	}
	f.Solution = linear.judge(slices.Clone(f.Speeds[1:len(f.Speeds)-1]), f.Cost)
	for i, k := range inner {
		q := &f.Parameters[i]
		q.Low, q.High = max(0, q.Low), min(1, q.High)
		if !slices.ContainsFunc(all, func(l limited) bool { return l.x >= limitKnots[i] && l.x <= limitKnots[i+2] }) {
			q.Determined, q.Why, q.Advice = false, fmt.Sprintf("no measurement is near %.1f", k), "measure with lower limits"
			q.Low, q.High = 0, 1
		}
	}
}

func (f *LimitFit) at(x float64) float64 { return interpolate(f.Knots, f.Speeds, min(max(x, 0), 1)) }

// Score compares the prediction for points of one type of device with their measured throughput, below the highest limits. It
// returns the measured and the predicted relative throughputs.
func (f *LimitFit) Score(points []LimitPoint) (measured, predicted []float64) {
	for _, l := range relative(points) {
		if !l.top {
			measured, predicted = append(measured, l.speed), append(predicted, f.at(l.x))
		}
	}
	return
}

// Limits returns the knots of [compute.GPUSpec] for a device that draws static W without work and demand W at full load.
func (f *LimitFit) Limits(static, demand float64) []compute.LimitPoint {
	var out []compute.LimitPoint
	for i, x := range f.Knots {
		limit := (static + x*(demand-static)) / demand
		if limit > 0 {
			out = append(out, compute.LimitPoint{Limit: unit.Ratio(limit), Speed: unit.Ratio(f.Speeds[i])})
		}
	}
	return out
}

func devices(points []LimitPoint) []string {
	var out []string
	for _, p := range points {
		if !slices.Contains(out, p.Device) {
			out = append(out, p.Device)
		}
	}
	return out
}

func of(points []LimitPoint, device string) []LimitPoint {
	return slices.DeleteFunc(slices.Clone(points), func(p LimitPoint) bool { return p.Device != device })
}
