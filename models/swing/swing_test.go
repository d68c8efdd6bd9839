package swing

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/models/unit"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*math.Abs(want)) {
		t.Errorf("%s: %.8g, want %.8g", what, got, want)
	}
}

// square is a wave that is high for a share of 4 s, without lag.
func square(share float64) training.Wave {
	return training.Wave{Length: []float64{4 * share, 4 * (1 - share)}, Power: []float64{700, 300}, Lag: 1e-6}
}

// The Fourier series of a square wave: A_k = 2·ΔP·|sin(πks)|/(πk), and by a lag τ and a scatter σ less.
func TestLinesOfASquareWave(t *testing.T) {
	for _, x := range []struct{ share, lag, scatter float64 }{{0.5, 1e-6, 0}, {0.3, 1e-6, 0}, {0.8, 0.05, 0.01}} {
		w := square(x.share)
		w.Lag = x.lag
		got := map[float64]float64{}
		for _, l := range lines(scatter(w.Sample(cells), x.scatter), 4, 20) {
			got[l.Frequency] = l.Amplitude
		}
		for k := 1.0; k <= 20; k++ {
			omega := 2 * math.Pi * k / 4
			want := 2 * 400 * math.Abs(math.Sin(math.Pi*k*x.share)) / (math.Pi * k) / math.Hypot(1, omega*x.lag) * math.Exp(-math.Pow(2*math.Pi*k*x.scatter, 2)/2)
			if math.Abs(got[k/4]-want) > 0.4 { // of 400 W: half a sample
				t.Errorf("share %g, lag %g: line at %g Hz is %g W, want %g", x.share, x.lag, k/4, got[k/4], want)
			}
		}
	}
}

// By Parseval, RMS in an unbounded band is that of the wave.
func TestBandIsTheWhole(t *testing.T) {
	w := square(0.5)
	w.Lag = 0.03
	s := &Spec{From: 1e-3, To: 1000, Efficiency: 1}
	x, samples := s.Of(&Source{GPUs: 1000, Wave: w})
	sum := 0.0
	for _, v := range samples {
		sum += (v - x.Mean) * (v - x.Mean) / float64(len(samples))
	}
	near(t, "RMS", x.Band, math.Sqrt(sum), 1e-3)
	near(t, "mean", x.Mean, 500e3, 1e-3)
	near(t, "steepest change", x.Ramp, 400e3/0.03, 0.02)
}

func TestFloorWastes(t *testing.T) {
	s := &Spec{From: 0.1, To: 20, Floor: 0.8, Efficiency: 1}
	x, _ := s.Of(&Source{GPUs: 100, Wave: square(0.75), Idle: 70})
	near(t, "trough", x.Trough, 100*560, 1e-6)
	near(t, "wasted", x.Wasted, 100*260*0.25, 1e-9)
	near(t, "stop", x.Stop, 100*(700-70), 1e-6)
	s.Floor = 1
	x, _ = s.Of(&Source{GPUs: 100, Wave: square(0.75)})
	if x.Peak-x.Trough > 1 || x.Band > 1 {
		t.Errorf("with a floor at the peak it still swings by %g W", x.Peak-x.Trough)
	}
}

// A wave high for half of 4 s by 400 W stores 400 J to be flat: with half of it, half of the swing is left; a square wave's band
// keeps its mean, and losses raise it.
func TestStorage(t *testing.T) {
	for _, x := range []struct{ energy, left float64 }{{0, 1}, {100, 0.75}, {200, 0.5}, {400, 0}} {
		s := &Spec{From: 0.1, To: 20, Storage: 1e-9, Efficiency: 1}
		if x.energy > 0 {
			s.Storage = unit.Energy(x.energy)
		}
		w, _ := s.Of(&Source{GPUs: 10, Wave: square(0.5)})
		if got := (w.Peak - w.Trough) / 4000; math.Abs(got-x.left) > 0.002 {
			t.Errorf("with %g J a GPU %.4f of the swing is left, want %g", x.energy, got, x.left)
		}
		near(t, "mean", w.Mean, 5000, 1e-3)
	}
	s := &Spec{From: 0.1, To: 20, Storage: 400, Efficiency: 0.9}
	w, _ := s.Of(&Source{GPUs: 10, Wave: square(0.5)})
	near(t, "loss", w.Wasted, 10*400*(1/0.9-1)/4, 2e-3)
}

// A 230 V lamp at 8.8 Hz: a change of 0.25 % peak to peak is felt with 1, Pst 0.714.
func TestFlicker(t *testing.T) {
	s := &Spec{From: 0.1, To: 20, Grid: 500e6, Angle: 0}
	w := Swing{Lines: []Line{{8.8, 0.0025 * 500e6 / 2}}}
	s.finish(&w)
	near(t, "Pst", w.Flicker, 0.714, 1e-3)
	w = Swing{Lines: []Line{{1, 0.01397 * 500e6 / 2}, {8.8, 0.0025 * 500e6 / 2}}}
	s.finish(&w)
	near(t, "Pst of two", w.Flicker, 0.714*math.Sqrt2, 1e-3)
	s.Angle = 10
	near(t, "voltage", s.voltage(50e6), 0.1*math.Cos(math.Atan(10)), 1e-12)
}

// IEC 61000-4-15:2010, table 2a: rectangular changes that are felt with 1 at their worst moment, on the mean with a little less
// the slower they are.
func TestRectangularChanges(t *testing.T) {
	s := &Spec{From: 0.1, To: 20, Grid: 1e6, Angle: 0}
	for _, x := range []struct{ frequency, change, within float64 }{{8.8, 0.00196, 0.01}, {6, 0.00248, 0.03}, {4, 0.00332, 0.06}} {
		var w Swing
		for k := 1.0; k*x.frequency <= 1000; k += 2 {
			w.Lines = append(w.Lines, Line{k * x.frequency, 4 / math.Pi / k * x.change * 1e6 / 2})
		}
		s.finish(&w)
		near(t, "sensation", math.Pow(w.Flicker/0.714, 2), 1, x.within)
	}
}

func TestRunsTogether(t *testing.T) {
	s := &Spec{From: 0.1, To: 20, Efficiency: 1}
	a, _ := s.Of(&Source{GPUs: 100, Wave: square(0.5), Idle: 70})
	b, _ := s.Of(&Source{GPUs: 300, Wave: square(0.7), Idle: 70})
	both := s.Together([]Swing{a, b})
	near(t, "range", both.Peak-both.Trough, 400*400, 1e-3)
	near(t, "RMS", both.Band, math.Hypot(a.Band, b.Band), 1e-9)
	near(t, "stop", both.Stop, 300*630, 1e-3)
}
