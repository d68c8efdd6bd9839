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

// flickerTable is the sinusoidal relative voltage change, peak to peak, that is felt with 1 (IEC 61000-4-15:2010, table 1a, 230 V, 50 Hz).
var flickerTable = []struct{ frequency, change float64 }{
	{0.5, 0.02325}, {1, 0.01397}, {1.5, 0.01067}, {2, 0.00879}, {2.5, 0.00747}, {3, 0.00645}, {3.5, 0.00564}, {4, 0.00497}, {4.5, 0.00442},
	{5, 0.00396}, {5.5, 0.00357}, {6, 0.00325}, {6.5, 0.00300}, {7, 0.00280}, {7.5, 0.00265}, {8, 0.00256}, {8.8, 0.00250}, {9.5, 0.00254},
	{10, 0.00261}, {10.5, 0.00271}, {11, 0.00283}, {11.5, 0.00298}, {12, 0.00314}, {13, 0.00351}, {14, 0.00393}, {15, 0.00438}, {16, 0.00486},
	{17, 0.00537}, {18, 0.00590}, {19, 0.00646}, {20, 0.00704}, {21, 0.00764}, {22, 0.00828}, {23, 0.00894}, {24, 0.00964}, {25, 0.01037},
	{100.0 / 3, 0.02128},
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
