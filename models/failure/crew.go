package failure

import (
	"math"
	"slices"
)

// Hours are working hours: each day from From to To s after midnight, on the first Days days of a week.
type Hours struct {
	From, To float64
	Days     int
}

// always are hours that never end.
var always = Hours{To: day, Days: 7}

const (
	day  = 86400.0
	week = 7 * day
)

func (s *HoursSpec) compile() Hours {
	if s == nil {
		return always
	}
	return Hours{float64(s.From), float64(s.To), s.Days}
}

// Opens returns the first moment from t on at which there is work, in s since a Monday's midnight, as t is.
func (h *Hours) Opens(t float64) float64 {
	if *h == always {
		return t
	}
	d := math.Floor(t / day)
	for ; ; d++ {
		if int(math.Mod(math.Mod(d, 7)+7, 7)) >= h.Days {
			continue
		}
		if from := d*day + h.From; t <= from {
			return from
		} else if t < d*day+h.To {
			return t
		}
	}
}

// Closes returns the end of the hours that a moment lies in.
func (h *Hours) Closes(t float64) float64 {
	if *h == always {
		return math.Inf(1)
	}
	return math.Floor(t/day)*day + h.To
}

// Done returns when work of some s that begins at or after t is done, in s since a Monday's midnight.
func (h *Hours) Done(t, work float64) float64 {
	if *h == always {
		return t + work
	}
	if perWeek := float64(h.Days) * (h.To - h.From); work > perWeek {
		weeks := math.Floor(work / perWeek)
		t, work = t+weeks*week, work-weeks*perWeek
	}
	for {
		t = h.Opens(t)
		if end := h.Closes(t); t+work <= end {
			return t + work
		} else {
			work -= end - t
			t = end
		}
	}
}

// Crew is people who work on Size repairs at a time.
type Crew struct {
	Name    string
	Size    int
	Largest bool // the repair of most GPUs comes first; else the oldest
	Hours   Hours
}

// Ticket is a repair by hand.
type Ticket struct {
	Undo    int32 // what ends with it
	Process int32 // whose clock goes on with it, or -1
	Subject int32
	Gap     float64 // s from its end to the next failure
	Work    float64 // s
	GPUs    float64 // that it brings back
	Since   float64 // when it was opened
	Crew    int32   // that does it, or -1
	Part    int32   // that it takes, or -1
	Live    bool
}

// Queue is the repairs that wait for a crew, and how many it works on: plain data.
type Queue struct {
	Waiting []int32 // tickets, in order of arrival
	Busy    int
}

// Clone returns a copy that shares nothing.
func (q Queue) Clone() Queue {
	q.Waiting = slices.Clone(q.Waiting)
	return q
}

// Next takes the ticket off a queue that the crew works on next; -1 where none waits or nobody is free.
func (c *Crew) Next(q *Queue, tickets []Ticket) int32 {
	if q.Busy >= c.Size || len(q.Waiting) == 0 {
		return -1
	}
	best := 0
	if c.Largest {
		for i := range q.Waiting {
			if tickets[q.Waiting[i]].GPUs > tickets[q.Waiting[best]].GPUs {
				best = i
			}
		}
	}
	t := q.Waiting[best]
	q.Waiting = slices.Delete(q.Waiting, best, best+1)
	q.Busy++
	return t
}

// Stock is a kind of spare part.
type Stock struct {
	Name  string
	Parts int     // at the start
	Lead  float64 // s
}

// Spares returns the smallest number of spares among n nodes that is enough with probability q: at one moment where over is 0,
// else without a break for that many s. Nodes fail at rate in 1/s each, and take recovery s to come back.
//
// At one moment the number of nodes that are down is binomial (ByteRobust, SOSP'25). Over a longer time there are over/recovery
// such moments that know nothing of one another, about; all must go well.
func Spares(n int, rate, recovery, over, q float64) int {
	down := -math.Expm1(-rate * recovery)
	if over > recovery {
		q = math.Pow(q, recovery/over)
	}
	term := math.Exp(float64(n) * math.Log1p(-down)) // of no node down
	sum, s := term, 0
	for ; sum < q && s < n; s++ {
		term *= float64(n-s) / float64(s+1) * down / (1 - down)
		sum += term
	}
	return s
}

// index finds an entry by its name; -1 for none.
func index[T any](all []T, name string, of func(*T) string) int32 {
	if name == "" {
		return -1
	}
	return int32(slices.IndexFunc(all, func(x T) bool { return of(&x) == name }))
}
