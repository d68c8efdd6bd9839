package serving

import (
	"math"

	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
)

// FitLoad returns the load, as a rate with a shape, that a series of requests could have come from. midnight is the time in s
// from local midnight to its zero. The hours of the day are fitted where the series spans a day.
//
// The variation of the time between requests is that within five minutes, so that the shape of the day is no part of it.
func FitLoad(r *workload.Requests, midnight float64) LoadSpec {
	s := LoadSpec{Scale: 1, Peak: 14}
	n := r.Len()
	if n == 0 {
		return s
	}
	span := math.Max(r.T[n-1]-r.T[0], 1)
	t := r.Mean(r.T[0], r.T[0]+span+1e-6)
	rate := unit.Rate(t.Requests)
	s.Rate = &rate
	if t.Requests > 0 {
		s.Prompt.Mean, s.Output.Mean = math.Max(1, t.Input/t.Requests), math.Max(1, t.Output/t.Requests)
	}
	prompt, output := math.Min(10, variation(r, r.Input)), math.Min(10, variation(r, r.Output))
	s.Prompt.CV, s.Output.CV = &prompt, &output
	if r.Count == nil {
		if cv := burstiness(r.T); cv > 0 {
			s.Burst = &cv
		}
	}
	if span >= 0.98*86400 {
		s.Day = hours(r, midnight)
	}
	return s
}

// burstiness returns the coefficient of variation of the gaps between times within spans of five minutes that hold twenty or
// more; 0 without any.
func burstiness(t []float64) float64 {
	const span, enough = 300, 20
	sum, weight := 0.0, 0.0
	for from := 0; from < len(t); {
		to := from
		for to < len(t) && t[to] < t[from]+span {
			to++
		}
		if n := to - from - 1; n >= enough {
			mean := (t[to-1] - t[from]) / float64(n)
			square := 0.0
			for i := from + 1; i < to; i++ {
				d := t[i] - t[i-1] - mean
				square += d * d / float64(n-1)
			}
			if mean > 0 {
				sum, weight = sum+square/(mean*mean)*float64(n), weight+float64(n)
			}
		}
		from = to
	}
	if weight == 0 {
		return 0
	}
	return math.Min(20, math.Round(100*math.Sqrt(sum/weight))/100)
}

// hours returns the weights of the hours of the day.
func hours(r *workload.Requests, midnight float64) []float64 {
	day, seen := make([]float64, 24), [24]float64{}
	end := r.T[r.Len()-1]
	for t := r.T[0]; t < end; {
		clock := math.Mod(t+midnight, 86400)
		h := min(23, int(clock/3600))
		next := math.Min(end, t+math.Max(1, 3600*float64(h+1)-clock))
		seen[h] += next - t
		day[h] += r.Mean(t, next).Requests * (next - t)
		t = next
	}
	mean := 0.0
	for h := range day {
		day[h] /= math.Max(1, seen[h])
		mean += day[h] / 24
	}
	for h := range day {
		day[h] = math.Round(100*day[h]/math.Max(mean, 1e-12)) / 100
	}
	return day
}
