package workload

import (
	"math"
	"time"

	"github.com/halltwin/halltwin/models/random"
)

// weekHours is the number of steps of a rhythm.
const weekHours = 24 * 7

// rhythm is the relative rate in each hour of a week from Monday midnight, of mean 1. It maps operational time, in
// which submissions come evenly, to the time of day and week: a change of the load stretches the sequence of jobs and
// keeps their order and their kind.
type rhythm struct {
	rate   [weekHours]float64
	offset float64 // s from Monday midnight to the start of the run
}

func newRhythm(spec *ArrivalSpec, start time.Time) rhythm {
	var r rhythm
	total := 0.0
	for i := range r.rate {
		v := 1.0
		if len(spec.Day) == 24 {
			v *= spec.Day[i%24]
		}
		if len(spec.Week) == 7 {
			v *= spec.Week[i/24]
		}
		r.rate[i] = v
		total += v
	}
	for i := range r.rate {
		if total > 0 {
			r.rate[i] *= weekHours / total
		} else {
			r.rate[i] = 1
		}
	}
	if !start.IsZero() {
		day := (int(start.Weekday()) + 6) % 7 // Monday first
		r.offset = float64(day*86400+start.Hour()*3600+start.Minute()*60+start.Second()) + float64(start.Nanosecond())/1e9
	}
	return r
}

// at returns the relative rate t s after the start of the run, and when it changes next.
func (r *rhythm) at(t float64) (rate, until float64) {
	hour := math.Floor((r.offset + t) / 3600)
	i := int(math.Mod(hour, weekHours))
	return r.rate[i], (hour+1)*3600 - r.offset
}

// advance returns the time at which the operational time since t has grown by gap s, or horizon when that is sooner.
func (r *rhythm) advance(t, gap, horizon float64) float64 {
	for t < horizon {
		rate, until := r.at(t)
		if until <= t { // rounding at the end of an hour
			until = math.Nextafter(t, math.Inf(1))
		}
		if done := (until - t) * rate; done < gap {
			gap -= done
			t = until
			continue
		}
		return t + gap/rate
	}
	return horizon
}

// operational returns the operational time between two instants, in s.
func (r *rhythm) operational(from, to float64) float64 {
	total := 0.0
	for from < to {
		rate, until := r.at(from)
		if until <= from {
			until = math.Nextafter(from, math.Inf(1))
		}
		until = min(until, to)
		total += (until - from) * rate
		from = until
	}
	return total
}

// gaps draws the operational times between submissions, of mean 1.
type gaps struct {
	stream random.Stream
	shape  float64 // of the gamma distribution; 0: another process
	mix    mixture // of a stated distribution; empty: another process
	mean   float64 // of mix
}

// longestGap cuts a stated distribution of gaps, in its largest medians: a lognormal of a large sigma has a mean that
// its rarest values make.
const longestGap = 1000

func newGaps(spec *ArrivalSpec, stream random.Stream) gaps {
	g := gaps{stream: stream}
	switch {
	case spec.Process == "gamma":
		g.shape = 1 / (spec.CV * spec.CV)
	case spec.Process == "gaps" && len(spec.Gaps) > 0:
		largest := 0.0
		for _, p := range spec.Gaps {
			largest = max(largest, float64(p.Median))
		}
		g.mix = newMixture(spec.Gaps, longestGap*largest)
		g.mean = g.mix.mean()
	}
	return g
}

func (g *gaps) next() float64 {
	switch {
	case g.shape > 0:
		return gamma(&g.stream, g.shape) / g.shape
	case g.mean > 0:
		return g.mix.draw(g.stream.Open(), g.stream.Open()) / g.mean
	}
	return g.stream.Exp()
}

// gamma draws from the gamma distribution of unit scale (Marsaglia and Tsang, ACM TOMS 2000); for shapes below 1 it
// takes the distribution of shape + 1 and boosts it.
func gamma(st *random.Stream, shape float64) float64 {
	boost := 1.0
	if shape < 1 {
		boost = math.Pow(st.Open(), 1/shape)
		shape++
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		z := st.Norm()
		v := 1 + c*z
		if v <= 0 {
			continue
		}
		v = v * v * v
		if u := st.Open(); math.Log(u) < 0.5*z*z+d-d*v+d*math.Log(v) {
			return boost * d * v
		}
	}
}
