package ensemble

import (
	"fmt"
	"math/bits"

	"github.com/halltwin/halltwin/models/random"
)

// A Sobol sequence fills the unit cube evenly at every length. Dimension d takes direction numbers from a primitive
// polynomial of degree s with inner coefficients a and initial values m: Joe and Kuo, "Constructing Sobol sequences with
// better two-dimensional projections", SIAM J. Sci. Comput. 30 (2008), file new-joe-kuo-6.21201.
type direction struct {
	s, a uint32
	m    []uint32
}

var joeKuo = []direction{
	{1, 0, []uint32{1}},
	{2, 1, []uint32{1, 3}},
	{3, 1, []uint32{1, 3, 1}},
	{3, 2, []uint32{1, 1, 1}},
	{4, 1, []uint32{1, 1, 3, 3}},
	{4, 4, []uint32{1, 3, 5, 13}},
	{5, 2, []uint32{1, 1, 5, 5, 17}},
	{5, 4, []uint32{1, 1, 5, 5, 5}},
	{5, 7, []uint32{1, 1, 7, 11, 19}},
	{5, 11, []uint32{1, 1, 5, 1, 1}},
	{5, 13, []uint32{1, 1, 1, 3, 11}},
	{5, 14, []uint32{1, 3, 5, 5, 31}},
	{6, 1, []uint32{1, 3, 3, 9, 7, 49}},
	{6, 13, []uint32{1, 1, 1, 15, 21, 21}},
	{6, 16, []uint32{1, 3, 1, 13, 27, 49}},
	{6, 19, []uint32{1, 1, 1, 15, 7, 5}},
	{6, 22, []uint32{1, 3, 1, 15, 13, 25}},
	{6, 25, []uint32{1, 1, 5, 5, 19, 61}},
	{7, 1, []uint32{1, 3, 7, 11, 23, 15, 103}},
	{7, 4, []uint32{1, 3, 7, 13, 13, 15, 69}},
}

// maxSobol is the number of dimensions that a Sobol sequence can have here.
var maxSobol = len(joeKuo) + 1

const sobolBits = 32

// sobol returns n points of the sequence in dims dimensions, shifted at random within each dimension (a digital shift,
// which keeps their evenness) so that none lies on an edge.
func sobol(n, dims int, seed random.Seed) ([][]float64, error) {
	if dims > maxSobol {
		return nil, fmt.Errorf("a Sobol sequence here has at most %d dimensions, and this design needs %d: fix some axes, or use latin-hypercube", maxSobol, dims)
	}
	points := make([][]float64, n)
	for i := range points {
		points[i] = make([]float64, dims)
	}
	for d := range dims {
		v := directions(d)
		stream := seed.Stream(fmt.Sprintf("ensemble/sobol/%d", d))
		x := uint32(stream.Uint64())
		for i := range n {
			if i > 0 {
				x ^= v[bits.TrailingZeros32(uint32(i))] // the order of Gray's code
			}
			points[i][d] = (float64(x) + 0.5) / (1 << sobolBits)
		}
	}
	return points, nil
}

// directions returns the direction numbers of a dimension, as binary fractions.
func directions(d int) [sobolBits]uint32 {
	var v [sobolBits]uint32
	if d == 0 { // van der Corput
		for k := range v {
			v[k] = 1 << (sobolBits - 1 - k)
		}
		return v
	}
	p := joeKuo[d-1]
	s := int(p.s)
	for k := range v {
		if k < s {
			v[k] = p.m[k] << (sobolBits - 1 - k)
			continue
		}
		v[k] = v[k-s] ^ v[k-s]>>s
		for j := 1; j < s; j++ {
			if p.a>>(s-1-j)&1 == 1 {
				v[k] ^= v[k-j]
			}
		}
	}
	return v
}
