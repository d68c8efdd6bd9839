package fabric

import "math"

// Flow is one stream over links.
type Flow struct {
	Links  []int32   // that it uses
	Use    []float64 // how much of each link a unit of its rate takes; nil: 1 each
	Weight float64   // its share where it competes; 0: 1
	Limit  float64   // rate that it never passes; 0: none
}

func (f *Flow) weight() float64 {
	if f.Weight > 0 {
		return f.Weight
	}
	return 1
}

func (f *Flow) use(i int) float64 {
	if f.Use == nil {
		return 1
	}
	return f.Use[i]
}

// MaxMin returns the max-min fair rates of flows over links of the given capacities: no rate can rise without lowering one
// that, over its weight, is not larger. A flow without links and limit has an infinite rate. Rates are appended to into.
func MaxMin(capacity []float64, flows []Flow, into []float64) []float64 {
	first := len(into)
	for range flows {
		into = append(into, math.NaN())
	}
	rate := into[first:]
	left := append([]float64(nil), capacity...)
	active := make([]float64, len(capacity)) // use by flows that still rise, per unit of the common level
	through := make([][]int32, len(capacity))
	rising := 0
	for k := range flows {
		f := &flows[k]
		for i, l := range f.Links {
			if f.use(i) > 0 {
				active[l] += f.use(i) * f.weight()
				through[l] = append(through[l], int32(k))
			}
		}
		rising++
	}
	counts := make([]int, len(capacity))
	for l := range through {
		counts[l] = len(through[l])
	}
	settle := func(k int32, level float64) {
		f := &flows[k]
		r := level * f.weight()
		if f.Limit > 0 {
			r = math.Min(r, f.Limit)
		}
		rate[k] = r
		rising--
		for i, l := range f.Links {
			if u := f.use(i); u > 0 {
				left[l] -= u * r
				active[l] -= u * f.weight()
				counts[l]--
			}
		}
	}
	for rising > 0 {
		level, tight := math.Inf(1), -1
		for l := range capacity {
			if counts[l] > 0 {
				if t := math.Max(0, left[l]) / active[l]; t < level {
					level, tight = t, l
				}
			}
		}
		limited := int32(-1)
		for k := range flows {
			if f := &flows[k]; math.IsNaN(rate[k]) && f.Limit > 0 {
				if t := f.Limit / f.weight(); t <= level {
					level, limited = t, int32(k)
				}
			}
		}
		switch {
		case limited >= 0:
			settle(limited, level)
		case tight >= 0:
			for _, k := range through[tight] {
				if math.IsNaN(rate[k]) {
					settle(k, level)
				}
			}
			left[tight] = 0
		default:
			for k := range flows {
				if math.IsNaN(rate[k]) {
					settle(int32(k), math.Inf(1))
				}
			}
		}
	}
	return into
}

// Transfer is a flow of a stated size.
type Transfer struct {
	Flow
	Bytes float64
	Start float64 // s
	Delay float64 // latency of its path, s
}

// Drain returns when each transfer ends, in s: all share the links max-min fairly from event to event. One whose links have no
// capacity never ends: +Inf.
func Drain(capacity []float64, transfers []Transfer) []float64 {
	n := len(transfers)
	end, left := make([]float64, n), make([]float64, n)
	now := math.Inf(1)
	for i := range transfers {
		left[i], end[i] = transfers[i].Bytes, math.NaN()
		now = math.Min(now, transfers[i].Start)
	}
	var live []int
	var flows []Flow
	var rates []float64
	for {
		live, flows = live[:0], flows[:0]
		next := math.Inf(1) // the next start
		for i := range transfers {
			t := &transfers[i]
			switch {
			case !math.IsNaN(end[i]):
			case t.Start > now:
				next = math.Min(next, t.Start)
			case left[i] <= 0:
				end[i] = now + t.Delay
			default:
				live, flows = append(live, i), append(flows, t.Flow)
			}
		}
		rates = MaxMin(capacity, flows, rates[:0])
		step := next - now
		for k, i := range live {
			if rates[k] > 0 {
				step = math.Min(step, left[i]/rates[k])
			}
		}
		if math.IsInf(step, 1) || math.IsNaN(step) {
			for _, i := range live {
				end[i] = math.Inf(1)
			}
			return end
		}
		for k, i := range live {
			if rates[k] > 0 && left[i]/rates[k] <= step {
				left[i] = 0
			} else {
				left[i] -= rates[k] * step
			}
		}
		now += step
	}
}
