package account

import "math"

// Sum is a running sum with the rounding error of its additions beside it (Neumaier): plain data.
type Sum struct{ High, Low float64 }

// Add adds v.
func (s *Sum) Add(v float64) {
	t := s.High + v
	if math.Abs(s.High) >= math.Abs(v) {
		s.Low += (s.High - t) + v
	} else {
		s.Low += (v - t) + s.High
	}
	s.High = t
}

// Value returns the sum.
func (s *Sum) Value() float64 { return s.High + s.Low }
