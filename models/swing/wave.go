package swing

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/dsp/fourier"

	"github.com/halltwin/halltwin/models/training"
)

// cells is the number of samples of a step.
const cells = 8192

// Source is a training run as the feeds see it.
type Source struct {
	Name string
	GPUs float64
	Wave training.Wave // of one GPU, with its share of its node
	Idle float64       // W of a GPU that has stopped, likewise
}

// Line is one line of a spectrum.
type Line struct {
	Frequency float64 // Hz
	Amplitude float64 // W, of the sine
}

// Swing is how the power of a run, or of all of them, moves.
type Swing struct {
	Peak, Trough float64 // W
	Mean         float64 // W
	Ramp         float64 // steepest change, W/s
	Band         float64 // W RMS within the band
	Wasted       float64 // W that floor and storage take on the mean
	Stop         float64 // W by which power falls when the largest run stops at once
	Flicker      float64 // Pst; NaN where the grid is not known
	Lines        []Line  // the largest first
}

// floored returns the wave with the floor under it.
func floored(w training.Wave, floor float64) training.Wave {
	out := training.Wave{Length: w.Length, Power: slices.Clone(w.Power), Lag: w.Lag}
	level := floor * slices.Max(w.Power)
	for i := range out.Power {
		out.Power[i] = max(out.Power[i], level)
	}
	return out
}

// Floored returns what a GPU draws on the mean with the floor under its wave, in W.
func (s *Spec) Floored(w training.Wave) float64 {
	f := floored(w, float64(s.Floor))
	return f.Mean()
}

// one returns a step of a run, sampled, of all its GPUs, and what smoothing wastes on the mean.
func (s *Spec) one(src *Source) (samples []float64, wasted float64) {
	w := floored(src.Wave, float64(s.Floor))
	wasted = (w.Mean() - src.Wave.Mean()) * src.GPUs
	samples = scatter(w.Sample(cells), float64(s.Scatter))
	if s.Storage > 0 {
		var loss float64
		samples, loss = store(samples, float64(s.Storage), float64(s.Efficiency), w.Period()/cells)
		wasted += loss * src.GPUs
	}
	for i := range samples {
		samples[i] *= src.GPUs
	}
	return samples, wasted
}

// scatter returns the mean of waves whose phases scatter normally by a share of the step.
func scatter(wave []float64, share float64) []float64 {
	n := len(wave)
	fft := fourier.NewFFT(n)
	c := fft.Coefficients(nil, wave)
	for k := range c {
		x := 2 * math.Pi * float64(k) * share
		c[k] *= complex(math.Exp(-x*x/2)/float64(n), 0)
	}
	return fft.Sequence(nil, c)
}

// store keeps a wave within the narrowest band that storage of so many J allows: what it takes up below the band it gives back above.
// It returns what is lost in it on the mean, in W, by which the wave rises.
func store(wave []float64, energy, efficiency, dt float64) (out []float64, loss float64) {
	mean := 0.0
	for _, v := range wave {
		mean += v / float64(len(wave))
	}
	low := mean - slices.Min(wave)
	out, through := wave, 0.0
	for narrow, wide := 0.0, 1.0; wide-narrow > 1e-9; {
		k := (narrow + wide) / 2
		kept, filled := clamp(wave, mean-k*low, mean, dt)
		if stroke(kept, wave, dt) > energy {
			narrow = k
			continue
		}
		wide, out, through = k, kept, filled
	}
	loss = through * (1/efficiency - 1) / (dt * float64(len(wave)))
	for i := range out {
		out[i] += loss
	}
	return out, loss
}

// clamp raises what lies below a floor and lowers what lies above a ceiling, which it finds, by as much energy, in J.
func clamp(wave []float64, floor, mean, dt float64) (out []float64, filled float64) {
	for _, v := range wave {
		filled += max(0, floor-v) * dt
	}
	above, below := slices.Max(wave), mean
	for range 60 {
		ceiling := (above + below) / 2
		shaved := 0.0
		for _, v := range wave {
			shaved += max(0, v-ceiling) * dt
		}
		if shaved < filled {
			above = ceiling
		} else {
			below = ceiling
		}
	}
	out = make([]float64, len(wave))
	for i, v := range wave {
		out[i] = min(max(v, floor), above)
	}
	return out, filled
}

// stroke returns how far the energy in a storage goes up and down that makes one wave of another.
func stroke(out, wave []float64, dt float64) float64 {
	level, least, most := 0.0, 0.0, 0.0
	for i := range wave {
		level += (out[i] - wave[i]) * dt
		least, most = min(least, level), max(most, level)
	}
	return most - least
}

// lines returns the Fourier series of a periodic wave, up to the given frequency.
func lines(samples []float64, period, upTo float64) []Line {
	c := fourier.NewFFT(len(samples)).Coefficients(nil, samples)
	var out []Line
	for k := 1; k < len(c) && float64(k)/period <= upTo; k++ {
		out = append(out, Line{float64(k) / period, 2 * math.Hypot(real(c[k]), imag(c[k])) / float64(len(samples))})
	}
	return out
}
