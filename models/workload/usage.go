package workload

import "math"

// levels is the number of steady utilisations that the jobs of a kind have: quantiles of a normal distribution, so that
// jobs share profiles. A thousandth of the spread is lost.
const levels = 32

// maxPhases bounds the segments of a profile: after them the job stays steady.
const maxPhases = 4096

// usage gives a job its profile, of the level that u in (0, 1) falls on.
func (g *generator) usage(j *Job, k *kind, u float64) {
	s := k.usage
	level := min(int(u*levels), levels-1)
	steady := float64(s.GPU) + float64(s.Spread)*normalQuantile((float64(level)+0.5)/levels)
	steady = min(max(steady, min(float64(s.GPU), 0.02)), 1)
	j.Util = Util{GPU: steady, CPU: float64(s.CPU)}
	if s.WarmUp == 0 && (s.Every == 0 || s.Dip == 0) {
		return
	}
	if k.profiles == nil {
		k.profiles = make([]int32, levels)
		for i := range k.profiles {
			k.profiles[i] = -1
		}
	}
	if k.profiles[level] < 0 {
		k.profiles[level] = int32(len(g.set.Profiles))
		g.set.Profiles = append(g.set.Profiles, s.profile(steady, k.time.longest))
	}
	j.Profile = k.profiles[level]
}

// profile returns warm-up, then steady stretches with dips, up to the longest run time.
func (s *UtilizationSpec) profile(steady, longest float64) Profile {
	var p Profile
	at := 0.0
	low := math.Min(float64(s.Low), steady)
	add := func(length, gpu float64) {
		if length > 0 {
			at += length
			p.End = append(p.End, at)
			p.GPU = append(p.GPU, float32(gpu))
			p.CPU = append(p.CPU, float32(s.CPU))
		}
	}
	add(float64(s.WarmUp), low)
	if s.Every > 0 && s.Dip > 0 {
		for at < longest && len(p.End) < maxPhases {
			add(float64(s.Every), steady)
			add(float64(s.Dip), low)
		}
	}
	add(math.MaxFloat64, steady)
	return p
}
