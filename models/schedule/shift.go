package schedule

import (
	"cmp"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/unit"
)

// ShiftSpec lets jobs wait for hours in which the grid is clean or cheap ("Let's wait awhile", Wiesner et al., Middleware 2021): when a
// job is submitted, its start is put off to where the mean of the series over its estimated run time is least.
type ShiftSpec struct {
	By       string        `yaml:"by" doc:"what is to be low: carbon (site.grid.carbon) or price (site.grid.price)" required:"true" enum:"carbon,price"`
	MaxDelay unit.Duration `yaml:"max_delay" doc:"the longest that a start is put off" default:"12 h" range:"(0,)"`
	Step     unit.Duration `yaml:"step" doc:"starts are looked for at multiples of this time after submission" default:"30 min" range:"[1,)"`
	Forecast string        `yaml:"forecast" doc:"what is known of the hours to come: known (all, as of a day-ahead market), yesterday (they are as those of the day before; on the first day nothing is known and nobody waits)" default:"known" enum:"known,yesterday"`
	Queues   []string      `yaml:"queues" doc:"only jobs of these queues wait; all but inference services when left out"`
}

// Shift returns how starts are put off, or nil.
func (c *Config) Shift() *ShiftSpec { return c.shift }

const day = 86400 // s

// Best returns the delay, in s, after which a job of the given length, submitted now, finds the least mean of the series. Of equal
// ones the shortest is best.
func (s *ShiftSpec) Best(now, length float64, mean func(from, to float64) float64) float64 {
	if s.Forecast == "yesterday" && now < day {
		return 0
	}
	best, least := 0.0, math.Inf(1)
	for delay := 0.0; delay <= float64(s.MaxDelay); delay += float64(s.Step) {
		from := now + delay
		to := from + length
		if s.Forecast == "yesterday" {
			back := day * math.Ceil((to-now)/day)
			if back > now {
				break // nothing is known of it
			}
			from, to = from-back, to-back
		}
		if v := mean(from, to); math.IsInf(least, 1) || v < least-1e-12*math.Abs(least) {
			best, least = delay, v
		}
	}
	return best
}

// putOff sets a job aside until it may start.
func (s *State) putOff(slot int32) {
	s.Entries[slot].Phase = Deferred
	i, _ := slices.BinarySearchFunc(s.Deferred, slot, s.byBegin)
	s.Deferred = slices.Insert(s.Deferred, i, slot)
}

// byBegin orders jobs that wait for their time.
func (s *State) byBegin(a, b int32) int {
	x, y := &s.Entries[a], &s.Entries[b]
	return cmp.Or(cmp.Compare(x.Begin, y.Begin), cmp.Compare(x.Seq, y.Seq))
}

// admit puts the jobs whose time has come into the queue.
func (c *Config) admit(s *State, now float64) {
	due := 0
	for _, slot := range s.Deferred {
		if s.Entries[slot].Begin > now {
			break
		}
		due++
		c.join(s, slot)
		s.Dirty = true // it may stand before those who found no place
	}
	s.Deferred = slices.Delete(s.Deferred, 0, due)
}
