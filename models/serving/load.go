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
	peak       float64     // s after midnight
	midnight   float64     // s from the start of the run back to local midnight
	shaped     bool        // by hours, days or surges
	day        [24]float64 // factors, of mean 1
	week       [7]float64  // likewise, from Monday
	surges     []SurgeSpec // in no order
	weekday    int         // of the start, 0 for Monday
	burst      float64     // squared coefficient of variation of the time between requests
	prompt     float64     // mean tokens, of a shape
	output     float64
	promptCV   float64
	outputCV   float64
	horizonEnd float64
}

func newLoad(s *LoadSpec, site *Site) Load {
	l := Load{scale: s.Scale, swing: float64(s.Swing), peak: s.Peak * 3600, midnight: site.Midnight, horizonEnd: site.Horizon, weekday: site.Weekday,
		prompt: s.Prompt.Mean, output: s.Output.Mean, promptCV: s.Prompt.cv(), outputCV: s.Output.cv(), surges: s.Surges, burst: 1}
	if s.Rate != nil {
		l.rate = float64(*s.Rate)
	}
	if s.Burst != nil {
		l.burst = *s.Burst * *s.Burst
	}
	l.shaped = s.Day != nil || s.Week != nil || s.Surges != nil
	factors(l.day[:], s.Day)
	factors(l.week[:], s.Week)
	if r := site.Requests; r != nil {
		l.requests = r
		l.promptCV, l.outputCV = variation(r, r.Input), variation(r, r.Output)
	}
	return l
}

// factors scales weights to a mean of 1; without any, all are 1.
func factors(into, weights []float64) {
	sum := 0.0
	for _, w := range weights {
		sum += w / float64(len(weights))
	}
	for i := range into {
		into[i] = 1
		if sum > 0 {
			into[i] = weights[i] / sum
		}
	}
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
	switch {
	case !(to > from):
	case l.shaped:
		rate *= l.shape(from, to)
	case l.swing > 0:
		rate *= l.cosine(from, to)
	}
	return workload.Traffic{Requests: rate, Input: rate * l.prompt, Output: rate * l.output}
}

// cosine is the mean of 1 + swing·cos over a span, by its integral, so that no step misses load.
func (l *Load) cosine(from, to float64) float64 {
	if l.swing == 0 {
		return 1
	}
	const w = 2 * math.Pi / 86400
	a, b := from+l.midnight-l.peak, to+l.midnight-l.peak
	return 1 + l.swing*(math.Sin(w*b)-math.Sin(w*a))/(w*(to-from))
}

// shape is the mean factor over a span of a load with hours, days or surges: constant between the hours and the edges of surges.
func (l *Load) shape(from, to float64) float64 {
	sum := 0.0
	for t := from; t < to; {
		clock := t + l.midnight
		day := math.Floor(clock / 86400)
		second := clock - 86400*day
		weekday := (int(day) + l.weekday) % 7
		hour := min(23, int(second/3600))
		end, factor := float64(hour+1)*3600, l.day[hour]*l.week[weekday]
		for i := range l.surges {
			s := &l.surges[i]
			begin := float64(s.At)
			over := begin + float64(s.For) // past midnight it goes on the day after
			switch {
			case second < begin:
				end = math.Min(end, begin)
			case second < over && (weekday < 5 || !s.Weekdays):
				end = math.Min(end, over)
				factor *= s.Times
			}
			if late := over - 86400; second < late && ((weekday+6)%7 < 5 || !s.Weekdays) {
				end = math.Min(end, late)
				factor *= s.Times
			}
		}
		next := math.Min(to, t+math.Max(end-second, 1e-6))
		sum += factor * l.cosine(t, next) * (next - t)
		t = next
	}
	return sum / (to - from)
}

// Peak returns the busiest mean over five minutes.
func (l *Load) Peak() workload.Traffic {
	if l.requests == nil && !l.shaped {
		rate := l.rate * l.scale * (1 + l.swing)
		return workload.Traffic{Requests: rate, Input: rate * l.prompt, Output: rate * l.output}
	}
	const span = 300
	end := l.horizonEnd
	if l.requests == nil {
		end = math.Min(end, 8*86400) // a week repeats
	}
	var peak workload.Traffic
	for t := 0.0; t < end; t += span {
		m := l.Mean(t, math.Min(t+span, end))
		if m.Input+m.Output > peak.Input+peak.Output {
			peak = m
		}
	}
	return peak
}
