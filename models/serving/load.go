package serving

import (
	"math"

	"github.com/halltwin/halltwin/models/workload"
)

// Load is the compiled load of a service: immutable.
type Load struct {
	requests   *workload.Requests // nil: a shape over the day
	scale      float64
	rate       float64 // 1/s, mean over a day
	swing      float64
	peak       float64 // s after midnight
	midnight   float64 // s from the start of the run back to local midnight
	prompt     float64 // mean tokens, of a shape
	output     float64
	promptCV   float64
	outputCV   float64
	horizonEnd float64
}

func newLoad(s *LoadSpec, requests *workload.Requests, midnight, horizon float64) Load {
	l := Load{scale: s.Scale, swing: float64(s.Swing), peak: s.Peak * 3600, midnight: midnight, horizonEnd: horizon,
		prompt: s.Prompt.Mean, output: s.Output.Mean, promptCV: s.Prompt.cv(), outputCV: s.Output.cv()}
	if s.Rate != nil {
		l.rate = float64(*s.Rate)
	}
	if requests != nil {
		l.requests = requests
		l.promptCV, l.outputCV = variation(requests, requests.Input), variation(requests, requests.Output)
	}
	return l
}

// variation returns standard deviation over mean of a column, weighted by the requests that each row stands for.
func variation(r *workload.Requests, tokens []int32) float64 {
	n, sum, square := 0.0, 0.0, 0.0
	for i, v := range tokens {
		w, x := r.Weight(i), float64(v)
		n, sum, square = n+w, sum+w*x, square+w*x*x
	}
	if sum == 0 {
		return 0
	}
	mean := sum / n
	return math.Sqrt(math.Max(0, square/n-mean*mean)) / mean
}

// Mean returns the mean traffic over [from, to), in s from the start of the run.
func (l *Load) Mean(from, to float64) workload.Traffic {
	if l.requests != nil {
		t := l.requests.Mean(from, to)
		return workload.Traffic{Requests: t.Requests * l.scale, Input: t.Input * l.scale, Output: t.Output * l.scale}
	}
	rate := l.rate * l.scale
	if l.swing > 0 && to > from {
		// The integral of 1 + swing·cos over the span, so that no step misses load.
		const w = 2 * math.Pi / 86400
		a, b := from+l.midnight-l.peak, to+l.midnight-l.peak
		rate *= 1 + l.swing*(math.Sin(w*b)-math.Sin(w*a))/(w*(to-from))
	}
	return workload.Traffic{Requests: rate, Input: rate * l.prompt, Output: rate * l.output}
}

// Peak returns the busiest mean over five minutes.
func (l *Load) Peak() workload.Traffic {
	if l.requests == nil {
		rate := l.rate * l.scale * (1 + l.swing)
		return workload.Traffic{Requests: rate, Input: rate * l.prompt, Output: rate * l.output}
	}
	const span = 300
	var peak workload.Traffic
	for t := 0.0; t < l.horizonEnd; t += span {
		m := l.Mean(t, math.Min(t+span, l.horizonEnd))
		if m.Input+m.Output > peak.Input+peak.Output {
			peak = m
		}
	}
	return peak
}
