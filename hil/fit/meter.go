package fit

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// PeriodFit is the time between updates of a meter.
type PeriodFit struct {
	Period    float64 // s
	Low, High float64 // 95 % interval
	Updates   int
	Poll      float64 // s, median time between readings of it
	Coherence float64 // 1: every change falls on a beat
}

// Period finds how often a meter that is read at times t changes its value: the beat on which the changes fall, by the periodogram
// of their times in stretches. Repeated values between updates do not disturb it. Periods from 1.6 times that of the reading on
// can be found.
func Period(t, v []float64) (*PeriodFit, error) {
	var poll, change []float64
	for i := 1; i < len(t); i++ {
		if d := t[i] - t[i-1]; d > 0 {
			poll = append(poll, d)
		}
		if v[i] != v[i-1] && !math.IsNaN(v[i]) && !math.IsNaN(v[i-1]) {
			change = append(change, (t[i]+t[i-1])/2)
		}
	}
	if len(change) < 32 {
		return nil, fmt.Errorf("%w: %d changes of the reading; 32 or more are needed: record a load whose power varies", ErrNoData, len(change))
	}
	f := &PeriodFit{Updates: len(change), Poll: median(poll)}
	gaps := make([]float64, 0, len(change))
	for i := 1; i < len(change); i++ {
		gaps = append(gaps, change[i]-change[i-1])
	}
	slices.Sort(gaps)
	shortest, longest := 1.6*f.Poll, 2*gaps[len(gaps)/2]
	if longest <= shortest {
		return nil, fmt.Errorf("%w: the meter changes at every reading, each %.0f ms: read it faster", ErrNoData, 1e3*f.Poll)
	}
	const stretch = 32 // changes: their beat drifts by less than a tenth of itself
	beat := func(part []float64, period float64) float64 {
		c, s := 0.0, 0.0
		for _, x := range part {
			sin, cos := math.Sincos(2 * math.Pi * (x - part[0]) / period)
			c, s = c+cos, s+sin
		}
		return math.Hypot(c, s) / float64(len(part))
	}
	var parts [][]float64
	for i := 0; i+stretch <= len(change); i += stretch {
		parts = append(parts, change[i:i+stretch])
	}
	if len(parts) > 64 {
		step := float64(len(parts)) / 64
		kept := make([][]float64, 64)
		for i := range kept {
			kept[i] = parts[int(float64(i)*step)]
		}
		parts = kept
	}
	// The width of a peak is a fraction 1/cycles of the period; the grid is a quarter of that.
	span := 0.0
	for _, p := range parts {
		span = max(span, p[len(p)-1]-p[0])
	}
	best, at := 0.0, 0.0
	for freq := 1 / longest; freq <= 1/shortest; freq += 0.25 / span {
		sum := 0.0
		for _, p := range parts {
			sum += beat(p, 1/freq)
		}
		if sum > best {
			best, at = sum, freq
		}
	}
	var periods []float64
	for _, p := range parts { // each stretch for itself, near the common beat
		high, mine := 0.0, 0.0
		width := 1 / (p[len(p)-1] - p[0])
		for freq := at - width; freq <= at+width; freq += width / 40 {
			if b := beat(p, 1/freq); b > high {
				high, mine = b, freq
			}
		}
		periods = append(periods, 1/mine)
	}
	f.Coherence = best / float64(len(parts))
	f.Period = median(slices.Clone(periods))
	if f.Coherence < 0.3 {
		return nil, fmt.Errorf("the changes of the reading follow no beat (coherence %.2f)", f.Coherence)
	}
	m, sum := mean(periods), 0.0
	for _, p := range periods {
		sum += (p - m) * (p - m)
	}
	n := float64(len(periods))
	half := f.Period * 0.01 // a clock's
	if n > 1 {
		half = max(half, 1.25*studentT(int(n)-1)*math.Sqrt(sum/(n-1)/n)) // 1.25: of a median
	}
	f.Low, f.High = f.Period-half, f.Period+half
	return f, nil
}

// WindowFit is how a meter smooths what it measures: a reading is gain·(mean of the power over Window s that end Lag s before it
// is seen) + offset; or, with Exponential, a first-order low pass of time constant Window.
type WindowFit struct {
	Window      float64 // s
	Low, High   float64 // 95 % interval
	Exponential bool
	Lag         float64 // s
	Gain        float64
	Offset      float64 // W
	RMSE        float64 // W
	Readings    int
	Shift       float64 // s that were taken off the reading's clock: whole quarters of an hour between time zones
}

// Window compares a meter's readings with the true power, each with its own clock in s, and finds its window and lag. Only the
// readings at which the meter changes its value count. The power must be sampled several times within the window.
func Window(truthTime, truth, t, v []float64) (*WindowFit, error) {
	if len(truth) < 100 || len(t) < 10 {
		return nil, fmt.Errorf("%w: %d samples of power and %d readings", ErrNoData, len(truth), len(t))
	}
	const zone = 900.0
	shift := zone * math.Round((t[0]-truthTime[0])/zone)
	var at, y []float64
	for i := 1; i < len(t); i++ {
		if v[i] != v[i-1] && !math.IsNaN(v[i]) {
			at, y = append(at, t[i]-shift), append(y, v[i])
		}
	}
	s := integrate(truthTime, truth)
	first, last := truthTime[0], truthTime[len(truthTime)-1]
	best, err := search(s, first, last, at, y, false)
	if err != nil {
		return nil, err
	}
	if low, err := search(s, first, last, at, y, true); err == nil && low.RMSE < best.RMSE {
		best = low
	}
	best.Shift = shift
	return best, nil
}

// search tries windows and lags.
func search(s *integral, first, last float64, at, y []float64, exponential bool) (*WindowFit, error) {
	type tried struct{ window, rmse float64 }
	var profile []tried
	var best *WindowFit
	// The same readings count for every window: those that see the record with room to move. Before its first sample and after
	// its last the power is taken to stay.
	const room = 0.3
	var when, seen []float64
	for i, x := range at {
		if x > first+room && x < last-room {
			when, seen = append(when, x), append(seen, y[i])
		}
	}
	if len(when) < 20 {
		return nil, fmt.Errorf("%w: the readings and the power overlap by %d updates; 20 or more are needed", ErrNoData, len(when))
	}
	x := make([]float64, len(when))
	var pass []float64
	evaluate := func(window, lag float64) *WindowFit {
		for i, t := range when {
			if exponential {
				x[i] = interpolate(s.t, pass, t-lag)
			} else {
				x[i] = s.mean(t-lag, window)
			}
		}
		offset, gain := stat.LinearRegression(x, seen, nil, false)
		if !(gain > 0.5 && gain < 2) {
			return nil
		}
		sum := 0.0
		for i := range x {
			d := seen[i] - offset - gain*x[i]
			sum += d * d
		}
		return &WindowFit{Window: window, Lag: lag, Gain: gain, Offset: offset, RMSE: math.Sqrt(sum / float64(len(x))), Readings: len(x), Exponential: exponential}
	}
	try := func(window float64) {
		var mine *WindowFit
		if exponential {
			pass = lowPass(s, window)
		}
		from, to, step := -0.06-window/4, 0.12+window/4, max(0.004, window/8)
		for {
			for lag := from; lag <= to; lag += step {
				if f := evaluate(window, lag); f != nil && (mine == nil || f.RMSE < mine.RMSE) {
					mine = f
				}
			}
			if mine == nil || step <= 0.001 {
				break
			}
			from, to, step = mine.Lag-step, mine.Lag+step, max(0.001, step/5)
		}
		if mine == nil {
			return
		}
		profile = append(profile, tried{window, mine.RMSE})
		if best == nil || mine.RMSE < best.RMSE {
			best = mine
		}
	}
	for window := 0.004; window < 2.5; window *= 1.07 {
		try(window)
	}
	if best != nil {
		for coarse, f := best.Window, 0.94; f < 1.06; f += 0.01 {
			try(coarse * f)
		}
	}
	if best == nil {
		return nil, errors.New("the readings do not follow the power, or the power is constant")
	}
	// The profile's interval: windows at which the squares are not more than a ratio above the least. Readings on the flat repeat
	// one another; an eighth of them tell something.
	freedom := max(4, float64(best.Readings)/8-4)
	t := studentT(int(freedom))
	limit := best.RMSE * math.Sqrt(1+t*t/freedom)
	best.Low, best.High = best.Window, best.Window
	for _, p := range profile {
		if p.rmse <= limit {
			best.Low, best.High = min(best.Low, p.window/1.035), max(best.High, p.window*1.035)
		}
	}
	return best, nil
}

// lowPass returns a signal after a first-order low pass.
func lowPass(s *integral, tau float64) []float64 {
	out := make([]float64, len(s.v))
	out[0] = s.v[0]
	for i := 1; i < len(out); i++ {
		out[i] = out[i-1] + (1-math.Exp(-(s.t[i]-s.t[i-1])/tau))*(s.v[i]-out[i-1])
	}
	return out
}

// Minimum returns where a sampled curve is least, by the parabola through the least point and its neighbours, with the width over
// which the curve is within a tenth of its range above it.
func Minimum(x, y []float64) (at, low, high float64, err error) {
	if len(x) < 5 {
		return 0, 0, 0, fmt.Errorf("%w: %d points of a curve", ErrNoData, len(x))
	}
	k := 0
	for i := range y {
		if y[i] < y[k] {
			k = i
		}
	}
	at = x[k]
	if k > 0 && k < len(x)-1 {
		a, b := (y[k]-y[k-1])/(x[k]-x[k-1]), (y[k+1]-y[k])/(x[k+1]-x[k])
		if b > a {
			at = (x[k-1]+x[k])/2 - a*(x[k+1]-x[k-1])/2/(b-a)
		}
	}
	bound := y[k] + 0.1*(slices.Max(y)-y[k])
	low, high = at, at
	for i := k; i >= 0 && y[i] <= bound; i-- {
		low = min(low, x[i])
	}
	for i := k; i < len(x) && y[i] <= bound; i++ {
		high = max(high, x[i])
	}
	return at, low, high, nil
}
