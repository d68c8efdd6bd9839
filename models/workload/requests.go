package workload

import (
	"math"
	"slices"
	"sort"
)

// Requests is a series of inference requests in order of arrival, a structure of arrays. Row i stands for Count[i]
// like requests (one, where Count is nil) that arrive at T[i]; a trace of a large service is stored as weighted
// rows, a few a minute, rather than as millions of single requests.
type Requests struct {
	T      []float64 // s from the start of the run, not decreasing
	Input  []int32   // tokens of the prompt
	Output []int32   // tokens generated
	Count  []float32 // requests that the row stands for; nil: one each
	Period float64   // s after which the series may be repeated; 0 where it is not cyclic
}

// Len returns the number of rows.
func (r *Requests) Len() int { return len(r.T) }

// Weight returns the number of requests for which row i stands.
func (r *Requests) Weight(i int) float64 {
	if r.Count == nil {
		return 1
	}
	return float64(r.Count[i])
}

// Seek returns the first row that arrives at or after t.
func (r *Requests) Seek(t float64) int { return sort.SearchFloat64s(r.T, t) }

// Traffic is the load of a service over a span of time: requests per s and tokens per s.
type Traffic struct{ Requests, Input, Output float64 }

// Mean returns the mean traffic over [from, to), in s. A row counts as if its requests arrived at its instant, so the span
// should hold many rows.
func (r *Requests) Mean(from, to float64) Traffic {
	var t Traffic
	if !(to > from) {
		return t
	}
	for i := r.Seek(from); i < len(r.T) && r.T[i] < to; i++ {
		w := r.Weight(i)
		t.Requests += w
		t.Input += w * float64(r.Input[i])
		t.Output += w * float64(r.Output[i])
	}
	t.Requests /= to - from
	t.Input /= to - from
	t.Output /= to - from
	return t
}

// Cycle returns the series over [0, horizon) s of a run that begins offset s into the series, which repeats every
// Period s. A series without Period is not repeated: it is cut to the horizon.
func (r *Requests) Cycle(offset, horizon float64) Requests {
	out := Requests{Period: r.Period}
	if r.Len() == 0 {
		return out
	}
	if r.Period > 0 {
		offset -= r.Period * math.Floor(offset/r.Period)
	}
	for lap := 0.0; ; lap++ {
		shift := lap*r.Period - offset
		if shift >= horizon || lap > 0 && r.Period <= 0 {
			return out
		}
		from := r.Seek(-shift)
		to := r.Seek(horizon - shift)
		if r.Period > 0 {
			to = min(to, r.Seek(r.Period))
		}
		if from >= to {
			continue
		}
		for _, t := range r.T[from:to] {
			out.T = append(out.T, t+shift)
		}
		out.Input = append(out.Input, r.Input[from:to]...)
		out.Output = append(out.Output, r.Output[from:to]...)
		if r.Count != nil {
			out.Count = append(out.Count, r.Count[from:to]...)
		}
	}
}

// Sort puts the rows in order of arrival; rows of one instant keep their order.
func (r *Requests) Sort() {
	if slices.IsSorted(r.T) {
		return
	}
	order := make([]int32, len(r.T))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		switch {
		case r.T[a] < r.T[b]:
			return -1
		case r.T[a] > r.T[b]:
			return 1
		}
		return 0
	})
	r.T = pick(r.T, order)
	r.Input = pick(r.Input, order)
	r.Output = pick(r.Output, order)
	if r.Count != nil {
		r.Count = pick(r.Count, order)
	}
}

func pick[T any](values []T, order []int32) []T {
	out := make([]T, len(order))
	for i, j := range order {
		out[i] = values[j]
	}
	return out
}
