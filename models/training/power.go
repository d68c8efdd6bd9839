package training

import (
	"math"

	"github.com/halltwin/halltwin/models/workload"
)

// Wave is the power of one rank, or of its node, over a step that repeats: pieces one after another, behind a first-order lag.
type Wave struct {
	Length []float64 // of each piece, s
	Power  []float64 // W
	Lag    float64   // time constant of what is between the chips and the meter, s
}

// electricalLag is the lag in s between a GPU's work and the power at its node's input: regulators and capacitors (measured
// swings follow within 20–50 ms).
const electricalLag = 0.035

// Wave returns the power of a rank over a step, given that of a GPU over its utilisation. Matrix work, memory work and exposed
// transfers alternate within each layer, faster than any lag: they are one level. What comes at the ends of a step are the
// others: pipeline and stragglers that wait, gradients and parameters that travel, the optimizer.
func (p *Plan) Wave(power func(use float64) float64) Wave {
	s := &p.Step
	busy := s.Matrix + s.Memory + s.Comm
	level := 0.0
	if busy > 0 {
		level = (s.Matrix*power(matrixUse) + s.Memory*power(memoryUse) + s.Comm*power(commUse)) / busy
	}
	w := Wave{Lag: electricalLag}
	for _, piece := range []struct{ length, power float64 }{
		{s.Bubble / 2, power(waitUse)}, {busy, level}, {s.Bubble / 2, power(waitUse)},
		{s.Data, power(commUse)}, {s.Optimizer, power(memoryUse)}, {s.Jitter, power(waitUse)},
	} {
		if piece.length > 0 {
			w.Length, w.Power = append(w.Length, piece.length), append(w.Power, piece.power)
		}
	}
	return w
}

// Period returns the length of the wave in s.
func (w *Wave) Period() float64 {
	sum := 0.0
	for _, l := range w.Length {
		sum += l
	}
	return sum
}

// Mean returns its mean power in W.
func (w *Wave) Mean() float64 {
	sum := 0.0
	for i, l := range w.Length {
		sum += l * w.Power[i]
	}
	return sum / w.Period()
}

// Sample returns the power in W at n even moments of a period, once the wave has repeated long enough.
func (w *Wave) Sample(n int) []float64 {
	period := w.Period()
	// The state at the start of a period that returns to itself.
	start, decay := 0.0, 1.0
	for i, l := range w.Length {
		k := math.Exp(-l / w.Lag)
		start = w.Power[i] + (start-w.Power[i])*k
		decay *= k
	}
	start /= 1 - decay
	out := make([]float64, n)
	piece, at, state := 0, 0.0, start
	for i := range out {
		t := period * float64(i) / float64(n)
		for piece < len(w.Length)-1 && t > at+w.Length[piece] {
			state = w.Power[piece] + (state-w.Power[piece])*math.Exp(-w.Length[piece]/w.Lag)
			at += w.Length[piece]
			piece++
		}
		out[i] = w.Power[piece] + (state-w.Power[piece])*math.Exp(-(t-at)/w.Lag)
	}
	return out
}

// Swing is the power of many ranks together.
type Swing struct {
	Peak, Trough float64 // W, of all
	Coincidence  float64 // peak of all over the sum of their peaks
	Ramp         float64 // steepest change, W/s
}

// Together returns the power of n ranks whose phases scatter normally with a standard deviation of spread s: synchronous ranks
// scatter by a few per cent of the step at most. For many ranks it is the wave smoothed by that distribution.
func (w *Wave) Together(n int, spread float64) Swing {
	const cells = 2048
	period := w.Period()
	one := w.Sample(cells)
	kernel := make([]float64, cells)
	width := spread / period * cells
	total := 0.0
	for i := range kernel {
		d := float64(min(i, cells-i))
		if width > 0.1 {
			kernel[i] = math.Exp(-d * d / (2 * width * width))
		} else if i == 0 {
			kernel[i] = 1
		}
		total += kernel[i]
	}
	s := Swing{Peak: math.Inf(-1), Trough: math.Inf(1)}
	high := math.Inf(-1)
	sum := make([]float64, cells)
	for i := range sum {
		for j, k := range kernel {
			if k > 1e-12 {
				sum[i] += k * one[(i+cells-j)%cells]
			}
		}
		sum[i] *= float64(n) / total
		high = math.Max(high, one[i])
	}
	before := sum[cells-1]
	for _, v := range sum {
		s.Peak, s.Trough = math.Max(s.Peak, v), math.Min(s.Trough, v)
		s.Ramp = math.Max(s.Ramp, math.Abs(v-before)/(period/cells))
		before = v
	}
	s.Coincidence = s.Peak / (float64(n) * high)
	return s
}

// Capped returns the step under a power limit of each GPU, in W, and its mean power: the pieces that would draw more slow down,
// by the relative throughput over limit ÷ demand; what waits or communicates below the limit keeps its pace.
func (p *Plan) Capped(limit float64, power, speed func(float64) float64) (Step, float64) {
	s := p.Step
	energy := 0.0
	for _, piece := range []struct {
		time *float64
		use  float64
	}{{&s.Matrix, matrixUse}, {&s.Memory, memoryUse}, {&s.Optimizer, memoryUse}, {&s.Comm, commUse}, {&s.Data, commUse}} {
		if draw := power(piece.use); draw > limit {
			*piece.time /= speed(limit / draw)
			energy += *piece.time * limit
		} else {
			energy += *piece.time * draw
		}
	}
	// What waits for others waits for slower ones.
	stretch := 1.0
	if busy := p.Step.Matrix + p.Step.Memory + p.Step.Comm; busy > 0 {
		stretch = (s.Matrix + s.Memory + s.Comm) / busy
	}
	s.Bubble *= stretch
	s.Jitter *= stretch
	energy += (s.Bubble + s.Jitter) * math.Min(limit, power(waitUse))
	s.Total = s.Matrix + s.Memory + s.Comm + s.Bubble + s.Data + s.Optimizer + s.Jitter
	return s, energy / s.Total
}

// mostEvaluations bounds the profile of a run.
const mostEvaluations = 100_000

// evaluations returns the utilisation of a run over its progress, with a dip for each evaluation, or nil where there are none.
func evaluations(e *EvaluationSpec, work, use float64) *workload.Profile {
	every, length := float64(e.Every), float64(e.For)
	if every <= 0 || work <= every {
		return nil
	}
	p := &workload.Profile{}
	for at := every; at < work && len(p.End) < 2*mostEvaluations; at += every + length {
		p.End = append(p.End, at, at+length)
		p.GPU = append(p.GPU, float32(use), float32(e.GPU))
		p.CPU = append(p.CPU, cpuUse, cpuUse)
	}
	p.End = append(p.End, math.Inf(1))
	p.GPU, p.CPU = append(p.GPU, float32(use)), append(p.CPU, cpuUse)
	return p
}
