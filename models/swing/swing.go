package swing

import (
	"math"
	"slices"
	"sort"
)

// Of returns how the power of one run moves, and a step of it, sampled.
func (s *Spec) Of(src *Source) (Swing, []float64) {
	samples, wasted := s.one(src)
	period := src.Wave.Period()
	w := Swing{Peak: slices.Max(samples), Trough: slices.Min(samples), Wasted: wasted, Lines: lines(samples, period, s.highest())}
	before := samples[len(samples)-1]
	for _, v := range samples {
		w.Mean += v / float64(len(samples))
		w.Ramp = math.Max(w.Ramp, math.Abs(v-before)/(period/float64(len(samples))))
		before = v
	}
	w.Stop = w.Peak - src.Idle*src.GPUs
	s.finish(&w)
	return w, samples
}

// Together returns how the power of several runs moves that are not in step with one another.
func (s *Spec) Together(all []Swing) Swing {
	var w Swing
	for i := range all {
		x := &all[i]
		w.Peak += x.Peak
		w.Trough += x.Trough
		w.Mean += x.Mean
		w.Ramp += x.Ramp
		w.Wasted += x.Wasted
		w.Stop = math.Max(w.Stop, x.Stop)
		w.Lines = append(w.Lines, x.Lines...)
	}
	s.finish(&w)
	return w
}

// highest returns the frequency up to which lines count.
func (s *Spec) highest() float64 {
	return math.Max(float64(s.To), flickerTable[len(flickerTable)-1].frequency)
}

// finish finds what follows from the lines, and sorts them.
func (s *Spec) finish(w *Swing) {
	sort.SliceStable(w.Lines, func(i, j int) bool { return w.Lines[i].Amplitude > w.Lines[j].Amplitude })
	square, sensation := 0.0, 0.0
	for _, l := range w.Lines {
		if l.Frequency >= float64(s.From) && l.Frequency <= float64(s.To) {
			square += l.Amplitude * l.Amplitude / 2
		}
		d := s.voltage(2*l.Amplitude) / felt(l.Frequency)
		sensation += d * d
	}
	w.Band = math.Sqrt(square)
	w.Flicker = steady * math.Sqrt(sensation)
	if s.Grid == 0 {
		w.Flicker = math.NaN()
	}
}

// voltage returns the relative change of the voltage with a change of power, in W.
func (s *Spec) voltage(change float64) float64 {
	if s.Grid == 0 {
		return 0
	}
	return change * math.Cos(math.Atan(s.Angle)) / float64(s.Grid)
}

// steady is Pst of a steady instantaneous sensation of 1: with equal percentiles the root of 0.0314 + 0.0525 + 0.0657 + 0.28 + 0.08
// (IEC 61000-4-15, 5.7.2).
var steady = math.Sqrt(0.0314 + 0.0525 + 0.0657 + 0.28 + 0.08)

// flickerTable is the sinusoidal relative voltage change, peak to peak, that is felt with 1 (IEC 61000-4-15, table 1, 230 V, 50 Hz).
var flickerTable = []struct{ frequency, change float64 }{
	{0.5, 0.02340}, {1, 0.01432}, {1.5, 0.01080}, {2, 0.00882}, {2.5, 0.00754}, {3, 0.00654}, {3.5, 0.00568}, {4, 0.00500}, {4.5, 0.00446},
	{5, 0.00398}, {5.5, 0.00360}, {6, 0.00328}, {6.5, 0.00300}, {7, 0.00280}, {7.5, 0.00266}, {8, 0.00256}, {8.8, 0.00250}, {9.5, 0.00254},
	{10, 0.00260}, {10.5, 0.00270}, {11, 0.00282}, {11.5, 0.00296}, {12, 0.00312}, {13, 0.00348}, {14, 0.00388}, {15, 0.00432}, {16, 0.00480},
	{17, 0.00530}, {18, 0.00584}, {19, 0.00640}, {20, 0.00700}, {21, 0.00760}, {22, 0.00824}, {23, 0.00890}, {24, 0.00962}, {25, 0.01042},
}

// felt returns the sinusoidal relative voltage change that is felt with 1 at a frequency: straight between the points of the table in
// logarithms, and beyond its ends with the slope there.
func felt(f float64) float64 {
	n := len(flickerTable)
	i := sort.Search(n, func(i int) bool { return flickerTable[i].frequency >= f })
	i = min(max(i, 1), n-1)
	a, b := &flickerTable[i-1], &flickerTable[i]
	k := math.Log(f/a.frequency) / math.Log(b.frequency/a.frequency)
	return a.change * math.Pow(b.change/a.change, k)
}
