package ensemble

import "github.com/halltwin/halltwin/models/random"

// walker is what may come to levels on its way: the world of a run, or in a test a chain whose probabilities are known.
type walker interface {
	// Walk goes on until it stands at a level or beyond, and tells whether it came there before its end.
	Walk(level int) (reached bool, err error)
	// Branch returns one that stands where this stands and has a future of its own.
	Branch(key uint64) (walker, error)
	Close()
}

// splitting counts how likely walkers come to each of a row of levels. One that comes to a level goes on as several, each of
// which counts for so much less, so that the sums are right on average whatever the levels are (splitting with fixed
// factors: Kahn and Harris 1951, Glasserman, Heidelberger, Shahabuddin and Zajic 1999). It goes into the depth first, and
// there are never more walkers than levels.
type splitting struct {
	levels, copies int
	reached        []float64 // by level: the weight of those that came to it
	walkers        int
}

// follow lets a walker that has come past some levels go on, and all that it is split into. It returns once the walker has
// come to the last level or to its end.
func (s *splitting) follow(w walker, passed int, weight float64, key random.Seed) error {
	s.walkers++
	for passed < s.levels {
		there, err := w.Walk(passed)
		if err != nil || !there {
			return err
		}
		s.reached[passed] += weight
		if passed++; passed == s.levels {
			break
		}
		weight /= float64(s.copies)
		for c := 1; c < s.copies; c++ {
			mine := key.Branch(uint64(passed)<<32 | uint64(c))
			if err := s.branch(w, passed, weight, mine); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *splitting) branch(w walker, passed int, weight float64, key random.Seed) error {
	b, err := w.Branch(uint64(key))
	if err != nil {
		return err
	}
	defer b.Close()
	return s.follow(b, passed, weight, key)
}
