package random

import (
	"math/rand/v2"
	"testing"
)

// The outside witness is the standard library's own generator.
func TestStreamIsPCG(t *testing.T) {
	s := Seed(7).Stream("failure/hall-0/row-0/rack-1/gpu-3")
	p := rand.NewPCG(s.Hi, s.Lo)
	for i := range 1000 {
		if a, b := s.Uint64(), p.Uint64(); a != b {
			t.Fatalf("draw %d: %x, rand.PCG gives %x", i, a, b)
		}
	}
}

func TestStreamsDependOnSeedAndNameAlone(t *testing.T) {
	seen := map[uint64]string{}
	for _, name := range []string{"a", "b", "ab", "ba", "a/b", "gpu-1", "gpu-2", "gpu-11"} {
		for seed := range Seed(50) {
			s := seed.Stream(name)
			v := s.Uint64()
			if other, ok := seen[v]; ok {
				t.Fatalf("%s of seed %d begins as %s", name, seed, other)
			}
			seen[v] = name
		}
	}
	a, b := Seed(1).Stream("x"), Seed(1).Stream("x")
	if a.Uint64() != b.Uint64() {
		t.Fatal("the same name gave two streams")
	}
}

func BenchmarkUint64(b *testing.B) {
	s := Seed(1).Stream("x")
	for b.Loop() {
		s.Uint64()
	}
}
