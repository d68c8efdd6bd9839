package growth

import "math"

// Day is the means of what decides about a day: dry bulb, wet bulb and carbon intensity, say.
type Day [3]float64

// Typical returns the day at which the period of so many days begins that stands best for days[from:to]: of which the means come
// nearest to those of all of them, each deviation over the standard deviation within days. The period lies within.
func Typical(days []Day, from, to, length int) int {
	length = min(length, to-from)
	var mean, goal, deviation Day
	for i, d := range days {
		for k, v := range d {
			mean[k] += v / float64(len(days))
			if i >= from && i < to {
				goal[k] += v / float64(to-from)
			}
		}
	}
	for _, d := range days {
		for k, v := range d {
			deviation[k] += (v - mean[k]) * (v - mean[k]) / float64(len(days))
		}
	}
	best, least := from, math.Inf(1)
	for at := from; at+length <= to; at++ {
		distance := 0.0
		for k := range goal {
			sum := 0.0
			for _, d := range days[at : at+length] {
				sum += d[k] / float64(length)
			}
			if deviation[k] > 0 {
				distance += (sum - goal[k]) * (sum - goal[k]) / deviation[k]
			}
		}
		// From one minimum to the next by more than rounding: the first of equals stands.
		if distance < least*(1-1e-12) {
			best, least = at, distance
		}
	}
	return best
}
