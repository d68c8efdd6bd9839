package workload

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/halltwin/halltwin/models/unit"
)

// Observed is where and when the jobs of a log were submitted.
type Observed struct {
	Start    time.Time // instant of t = 0, with the offset of local time; the zero value knows no rhythm
	Capacity Vector    // of the site; where its GPUs (or cores) are 0, the spec states a rate and no load
}

// Fit returns a generator that makes jobs like those of a set: sizes as they are, a mixture of lognormal run times for
// each, the rhythm of day and week (week from two weeks on), the spread of the gaps between submissions, walltimes,
// users, and shares that fail or are cancelled. Utilisation is the mean of what the set says.
func Fit(set *Set, at Observed) (*GeneratorSpec, error) {
	const fewest = 30
	n := len(set.Jobs)
	if n < fewest {
		return nil, fmt.Errorf("workload: %d jobs are too few to fit a generator to; %d are needed", n, fewest)
	}
	o := observe(set)
	if !(o.span > 0) {
		return nil, fmt.Errorf("workload: all jobs were submitted at once: there is no rate to fit")
	}
	spec := &GeneratorSpec{Load: 0.8, Begin: "busy", Largest: 1, Arrivals: ArrivalSpec{Process: "poisson", CV: 1}}
	spec.Sizes = fitSizes(set)
	fitRhythm(&spec.Arrivals, set, o, at.Start)
	fitGaps(&spec.Arrivals, set, o, at.Start)
	fitRest(spec, set)
	rate := unit.Rate(float64(n) / o.span)
	spec.Rate = &rate
	resource := GPU
	if at.Capacity[GPU] == 0 {
		resource = CPU
	}
	if c := at.Capacity[resource]; c > 0 {
		work := 0.0
		for i := range set.Jobs {
			work += float64(set.Jobs[i].Parts) * set.Jobs[i].Part[resource] * set.Jobs[i].Work
		}
		spec.Load, spec.Rate = unit.Ratio(work/(o.span*c)), nil
	}
	return spec, nil
}

// observed is the time that a log covers: from its first submission to its last, without its holes.
type observed struct {
	hole  float64      // s; a longer gap is a hole
	parts [][2]float64 // s
	span  float64      // s, of all parts
}

// observe finds the holes of a log: gaps of more than a day that are also more than a thousand times the median gap.
func observe(set *Set) observed {
	gaps := make([]float64, 0, len(set.Jobs))
	for i := 1; i < len(set.Jobs); i++ {
		gaps = append(gaps, set.Jobs[i].Submit-set.Jobs[i-1].Submit)
	}
	slices.Sort(gaps)
	o := observed{hole: max(86400, 1000*gaps[len(gaps)/2])}
	from := set.Jobs[0].Submit
	for i := 1; i <= len(set.Jobs); i++ {
		if i < len(set.Jobs) && set.Jobs[i].Submit-set.Jobs[i-1].Submit <= o.hole {
			continue
		}
		if to := set.Jobs[i-1].Submit; to > from {
			o.parts = append(o.parts, [2]float64{from, to})
			o.span += to - from
		}
		if i < len(set.Jobs) {
			from = set.Jobs[i].Submit
		}
	}
	return o
}

// sizeOf returns what a job is grouped by: its GPUs, or its cores where it has none.
func sizeOf(j *Job) (amount float64, gpus bool) {
	if g := j.GPUs(); g > 0 {
		return math.Ceil(g), true
	}
	return float64(j.Parts) * j.Part[CPU], false
}

// fitSizes groups jobs by size. A size of less than half a percent of the jobs joins the nearest one that has more.
func fitSizes(set *Set) []SizeSpec {
	type group struct {
		amount float64
		gpus   bool
		work   []float64
	}
	var groups []group
	place := map[[2]float64]int{}
	for i := range set.Jobs {
		amount, gpus := sizeOf(&set.Jobs[i])
		key := [2]float64{amount, 0}
		if gpus {
			key[1] = 1
		}
		k, found := place[key]
		if !found {
			k = len(groups)
			place[key] = k
			groups = append(groups, group{amount: amount, gpus: gpus})
		}
		groups[k].work = append(groups[k].work, max(set.Jobs[i].Work, 1))
	}
	slices.SortFunc(groups, func(a, b group) int {
		if a.gpus != b.gpus {
			if a.gpus {
				return 1
			}
			return -1
		}
		return int(math.Copysign(1, a.amount-b.amount))
	})
	enough := max(len(set.Jobs)/200, 20)
	nearest := func(i int) int {
		best, distance := -1, math.Inf(1)
		for k := range groups {
			if k == i || groups[k].gpus != groups[i].gpus || len(groups[k].work) < enough {
				continue
			}
			if d := math.Abs(math.Log((groups[k].amount + 1) / (groups[i].amount + 1))); d < distance {
				best, distance = k, d
			}
		}
		return best
	}
	joined := make([][]float64, len(groups))
	for i := range groups {
		to := i
		if len(groups[i].work) < enough {
			if k := nearest(i); k >= 0 {
				to = k
			}
		}
		joined[to] = append(joined[to], groups[i].work...)
	}
	var sizes []SizeSpec
	for i, work := range joined {
		if len(work) == 0 {
			continue
		}
		s := SizeSpec{Share: float64(len(work)) / float64(len(set.Jobs)), Longest: unit.Duration(slices.Max(work) * (1 + 1e-9)), Class: "batch"}
		if groups[i].gpus {
			s.GPUs, s.Name = int(groups[i].amount), fmt.Sprintf("gpu-%g", groups[i].amount)
		} else {
			s.Cores, s.Name = max(groups[i].amount, 1), fmt.Sprintf("cpu-%g", groups[i].amount)
		}
		s.Duration = fitLogNormals(work)
		sizes = append(sizes, s)
	}
	return sizes
}

// fitLogNormals fits one to four lognormal components by expectation maximisation on the logarithms; the number is that of
// the smallest Bayesian information criterion.
func fitLogNormals(values []float64) []LogNormalSpec {
	const most = 8000
	step := max(len(values)/most, 1)
	var x []float64
	for i := 0; i < len(values); i += step {
		x = append(x, math.Log(values[i]))
	}
	slices.Sort(x)
	var best []LogNormalSpec
	bestScore := math.Inf(1)
	for k := 1; k <= 4 && (k == 1 || len(x) >= 20*k); k++ {
		parts, likelihood := maximise(x, k)
		parameters := float64(3*k - 1)
		if score := parameters*math.Log(float64(len(x))) - 2*likelihood; score < bestScore-1e-9 {
			best, bestScore = parts, score
		}
	}
	return best
}

// maximise runs expectation maximisation for k normal components on sorted x, from equal slices of it. A component is no
// narrower than 2 %: logs hold many equal run times, on which a width of zero would be infinitely likely.
func maximise(x []float64, k int) ([]LogNormalSpec, float64) {
	const narrowest, rounds = 0.02, 200
	w, mu, sd := make([]float64, k), make([]float64, k), make([]float64, k)
	for i := range k {
		slice := x[i*len(x)/k : (i+1)*len(x)/k]
		mu[i], sd[i] = meanSD(slice)
		sd[i], w[i] = max(sd[i], narrowest*5), 1/float64(k)
	}
	likelihood, before := 0.0, math.Inf(-1)
	p := make([]float64, k)
	for range rounds {
		likelihood = 0
		sum, first, second := make([]float64, k), make([]float64, k), make([]float64, k)
		for _, v := range x {
			total := 0.0
			for i := range p {
				z := (v - mu[i]) / sd[i]
				p[i] = w[i] / sd[i] * math.Exp(-z*z/2)
				total += p[i]
			}
			if total < 1e-300 {
				continue
			}
			likelihood += math.Log(total / math.Sqrt(2*math.Pi))
			for i := range p {
				share := p[i] / total
				sum[i] += share
				first[i] += share * v
				second[i] += share * v * v
			}
		}
		for i := range k {
			if sum[i] < 1e-9*float64(len(x)) {
				continue
			}
			mu[i] = first[i] / sum[i]
			sd[i] = max(math.Sqrt(max(second[i]/sum[i]-mu[i]*mu[i], 0)), narrowest)
			w[i] = sum[i] / float64(len(x))
		}
		if likelihood-before < 1e-7*math.Abs(likelihood) {
			break
		}
		before = likelihood
	}
	parts := make([]LogNormalSpec, 0, k)
	for i := range k {
		parts = append(parts, LogNormalSpec{Weight: w[i], Median: unit.Duration(math.Exp(mu[i])), Sigma: sd[i]})
	}
	return parts, likelihood
}

func meanSD(x []float64) (mean, sd float64) {
	if len(x) == 0 {
		return 0, 0
	}
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		sd += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(sd / float64(len(x)))
}

// fitRhythm counts submissions by hour of the day and by day of the week, over how much of each the log covers.
func fitRhythm(a *ArrivalSpec, set *Set, o observed, start time.Time) {
	const day = 86400
	if start.IsZero() || o.span < 2*day {
		return
	}
	flat := newRhythm(&ArrivalSpec{}, start)
	var count, cover [weekHours]float64
	slot := func(t float64) int { return int(math.Mod(math.Floor((flat.offset+t)/3600), weekHours)) }
	for _, part := range o.parts {
		for t := part[0]; t < part[1]; {
			_, until := flat.at(t)
			until = min(max(until, math.Nextafter(t, math.Inf(1))), part[1])
			cover[(slot(t)+weekHours)%weekHours] += until - t
			t = until
		}
	}
	for i := range set.Jobs {
		count[(slot(set.Jobs[i].Submit)+weekHours)%weekHours]++
	}
	fold := func(parts int, of func(i int) int) []float64 {
		c, d := make([]float64, parts), make([]float64, parts)
		for i := range count {
			c[of(i)] += count[i]
			d[of(i)] += cover[i]
		}
		mean := float64(len(set.Jobs)) / o.span
		out := make([]float64, parts)
		for i := range out {
			out[i] = 1
			if d[i] > 0 {
				out[i] = c[i] / d[i] / mean
			}
		}
		return out
	}
	a.Day = fold(24, func(i int) int { return i % 24 })
	if o.span >= 14*day {
		a.Week = fold(7, func(i int) int { return i / 24 })
	}
}

// fitGaps fits lognormal components to the gaps between submissions in operational time: logs show bursts of seconds (one
// user's sweep) within lulls of minutes, which no single gamma distribution follows. Times are to the second, so a gap of
// 0 is taken as a quarter of one.
func fitGaps(a *ArrivalSpec, set *Set, o observed, start time.Time) {
	r := newRhythm(a, start)
	gaps := make([]float64, 0, len(set.Jobs))
	sum, square := 0.0, 0.0
	for i := 1; i < len(set.Jobs); i++ {
		if set.Jobs[i].Submit-set.Jobs[i-1].Submit > o.hole {
			continue
		}
		g := r.operational(set.Jobs[i-1].Submit, set.Jobs[i].Submit)
		gaps = append(gaps, g+0.25)
		sum, square = sum+g, square+g*g
	}
	n := float64(len(gaps))
	mean := sum / n
	if !(mean > 0) {
		return
	}
	a.Process, a.CV = "gaps", math.Sqrt(max(square/n-mean*mean, 0))/mean
	a.Gaps = fitLogNormals(gaps)
}

// fitRest takes outcomes, walltimes, users and utilisation.
func fitRest(spec *GeneratorSpec, set *Set) {
	n := float64(len(set.Jobs))
	var over []float64
	users := map[string]int{}
	var counts []int
	gpu, cpu, held := 0.0, 0.0, 0.0
	longest := 0.0
	for i := range set.Jobs {
		j := &set.Jobs[i]
		switch j.Outcome {
		case Failed:
			spec.Failed += unit.Ratio(1 / n)
		case Cancelled:
			spec.Cancelled += unit.Ratio(1 / n)
		}
		if j.Walltime > j.Work {
			over = append(over, math.Log(max(j.Walltime/max(j.Work, 1)-1, 1e-3)))
			longest = max(longest, j.Walltime)
		}
		k, found := users[j.User]
		if !found {
			k = len(counts)
			users[j.User] = k
			counts = append(counts, 0)
		}
		counts[k]++
		gpu += j.Util.GPU * j.Work
		cpu += j.Util.CPU * j.Work
		held += j.Work
	}
	spec.Utilization = UtilizationSpec{GPU: unit.Ratio(gpu / held), CPU: unit.Ratio(cpu / held)}
	if 2*len(over) > len(set.Jobs) {
		mean, sd := meanSD(over)
		spec.Walltime = &WalltimeSpec{Factor: unit.Ratio(1 + math.Exp(mean)), Sigma: sd, Round: 60, Most: unit.Duration(longest)}
	}
	slices.SortFunc(counts, func(a, b int) int { return b - a })
	spec.Users = UserSpec{Count: len(counts), Zipf: zipfExponent(counts)}
}

// zipfExponent is the slope of ln count over ln rank among the first hundred.
func zipfExponent(counts []int) float64 {
	m := min(len(counts), 100)
	if m < 3 {
		return 0
	}
	var sx, sy, sxx, sxy float64
	for i := range m {
		x, y := math.Log(float64(i+1)), math.Log(float64(counts[i]))
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	n := float64(m)
	return min(max(-(n*sxy-sx*sy)/(n*sxx-sx*sx), 0), 5)
}
