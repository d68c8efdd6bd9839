package schedule

import (
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/unit"
)

// RuntimeSpec says what the scheduler takes for a job's run time. Backfill and shortest-first orders are as good as that
// (Tsafrir, Etsion, Feitelson, IEEE TPDS 18(6), 2007: users' limits are far too long, the mean of a user's last two jobs does better).
type RuntimeSpec struct {
	From     string     `yaml:"from" doc:"limits (as users ask), true (as if all were known), learned (a quantile of the last run times of jobs alike, at most the limit; the limit where there were none)" default:"learned" enum:"limits,true,learned"`
	By       string     `yaml:"by" doc:"which jobs are alike" default:"user-size" enum:"user,user-size,user-name,name-size"`
	Last     int        `yaml:"last" doc:"run times that are remembered of jobs alike" default:"2" source:"Tsafrir et al. 2007" range:"[1,1000]"`
	Quantile unit.Ratio `yaml:"quantile" doc:"quantile of them that is expected; 50 % of two is their mean" default:"50 %" range:"[0,1]"`
}

// Runtimes returns where run times come from, or nil.
func (c *Config) Runtimes() *RuntimeSpec { return c.runtimes }

// Runtimes is what has been learned of run times: plain data.
type Runtimes struct {
	Last []float64 // by group of jobs alike, the most recent times in turn
	Seen []int32   // by group: jobs that have ended

	Error, Total float64 // of the jobs that have ended: sum of |estimate - run time|, and of run times, s
}

// Clone returns an independent copy.
func (r *Runtimes) Clone() Runtimes {
	return Runtimes{slices.Clone(r.Last), slices.Clone(r.Seen), r.Error, r.Total}
}

// Learn enters that a job of a group has run for so many s, where an estimate had been expected.
func (s *RuntimeSpec) Learn(r *Runtimes, group int32, run, expected float64) {
	r.Error += math.Abs(expected - run)
	r.Total += run
	for int(group) >= len(r.Seen) {
		r.Seen = append(r.Seen, 0)
		r.Last = append(r.Last, make([]float64, s.Last)...)
	}
	r.Last[int(group)*s.Last+int(r.Seen[group])%s.Last] = run
	r.Seen[group]++
}

// Predict returns the run time to expect of a job of a group, and whether there is any to go by.
func (s *RuntimeSpec) Predict(r *Runtimes, group int32) (run float64, ok bool) {
	if int(group) >= len(r.Seen) || r.Seen[group] == 0 {
		return 0, false
	}
	n := min(int(r.Seen[group]), s.Last)
	var few [16]float64
	times := append(few[:0], r.Last[int(group)*s.Last:int(group)*s.Last+n]...)
	slices.Sort(times)
	at := float64(s.Quantile) * float64(n-1)
	k := int(at)
	if k+1 == n {
		return times[k], true
	}
	return times[k] + (at-float64(k))*(times[k+1]-times[k]), true
}
