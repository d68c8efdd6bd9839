package random

import (
	"hash/fnv"
	"math"
	"math/bits"
	"math/rand/v2"
)

// Seed is the seed of a run (one replica).
type Seed uint64

// Stream returns the stream of the given name at its beginning.
func (s Seed) Stream(name string) Stream {
	h := fnv.New128a()
	_, _ = h.Write([]byte(name))
	var sum [16]byte
	h.Sum(sum[:0])
	hi, lo := le(sum[:8]), le(sum[8:])
	st := Stream{Hi: hi ^ mix(uint64(s)), Lo: lo ^ mix(uint64(s)+0x9e3779b97f4a7c15)}
	st.Uint64() // names that differ in one bit start far apart
	st.Uint64()
	return st
}

// Branch returns a stream of its own for a key: from the same place with the same key always the same one, and independent
// of the stream and of its other branches.
func (s Stream) Branch(key uint64) Stream {
	b := Stream{Hi: s.Hi ^ mix(key), Lo: s.Lo ^ mix(key+0x9e3779b97f4a7c15)}
	b.Uint64()
	b.Uint64()
	return b
}

// Branch returns the seed of a branch of a run, for a key.
func (s Seed) Branch(key uint64) Seed { return Seed(mix(uint64(s) ^ mix(key+0x9e3779b97f4a7c15))) }

func le(b []byte) uint64 {
	var v uint64
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Stream is a PCG-DXSM generator as plain data: copying it forks the stream. The zero value is a valid stream,
// though always the same one; take streams from [Seed.Stream].
type Stream struct{ Hi, Lo uint64 }

// Uint64 returns the next 64 random bits: PCG-DXSM (O'Neill 2014, and Go's math/rand/v2), bit for bit the
// generator of rand.PCG. With it *Stream is a rand.Source.
func (s *Stream) Uint64() uint64 {
	const (
		mulHi, mulLo = 2549297995355413924, 4865540595714422341
		incHi, incLo = 6364136223846793005, 1442695040888963407
		cheap        = 0xda942042e4dd58b5
	)
	hi, lo := bits.Mul64(s.Lo, mulLo)
	hi += s.Hi*mulLo + s.Lo*mulHi
	lo, carry := bits.Add64(lo, incLo, 0)
	hi, _ = bits.Add64(hi, incHi, carry)
	s.Hi, s.Lo = hi, lo
	hi ^= hi >> 32
	hi *= cheap
	hi ^= hi >> 48
	hi *= lo | 1
	return hi
}

// Float64 returns a number in [0, 1).
func (s *Stream) Float64() float64 { return float64(s.Uint64()>>11) / (1 << 53) }

// Open returns a number in (0, 1), for inverse distribution functions.
func (s *Stream) Open() float64 { return (float64(s.Uint64()>>12) + 0.5) / (1 << 52) }

// IntN returns an integer in [0, n), without bias. n must be positive.
func (s *Stream) IntN(n int) int { return rand.New(s).IntN(n) }

// Exp returns an exponential number of mean 1.
func (s *Stream) Exp() float64 { return -math.Log(s.Open()) }

// Norm returns a standard normal number.
func (s *Stream) Norm() float64 { return rand.New(s).NormFloat64() }
