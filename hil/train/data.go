package train

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Data is samples in rows, with their targets.
type Data struct {
	Inputs, Outputs int
	X, Y            []float64
}

// Rows returns the number of samples.
func (d *Data) Rows() int { return len(d.X) / d.Inputs }

// Split cuts off the last share of the samples.
func (d *Data) Split(share float64) (most, rest *Data) {
	cut := d.Rows() - int(math.Round(share*float64(d.Rows())))
	return &Data{d.Inputs, d.Outputs, d.X[:cut*d.Inputs], d.Y[:cut*d.Outputs]},
		&Data{d.Inputs, d.Outputs, d.X[cut*d.Inputs:], d.Y[cut*d.Outputs:]}
}

// Normaliser shifts and scales each input to mean 0 and deviation 1 in the data that it was made from.
type Normaliser struct{ Mean, Scale []float64 }

// NewNormaliser measures data. An input that never changes is only shifted.
func NewNormaliser(d *Data) *Normaliser {
	z := &Normaliser{make([]float64, d.Inputs), make([]float64, d.Inputs)}
	rows := float64(d.Rows())
	for i, v := range d.X {
		z.Mean[i%d.Inputs] += v / rows
	}
	for i, v := range d.X {
		e := v - z.Mean[i%d.Inputs]
		z.Scale[i%d.Inputs] += e * e / rows
	}
	for i, v := range z.Scale {
		z.Scale[i] = 1
		if sd := math.Sqrt(v); sd > 1e-12 {
			z.Scale[i] = 1 / sd
		}
	}
	return z
}

// Apply returns the data normalised.
func (z *Normaliser) Apply(d *Data) *Data {
	out := &Data{d.Inputs, d.Outputs, make([]float64, len(d.X)), d.Y}
	for i, v := range d.X {
		out.X[i] = (v - z.Mean[i%d.Inputs]) * z.Scale[i%d.Inputs]
	}
	return out
}

// Augment changes a sample in place, in training only.
type Augment func(r *rand.Rand, x []float64)

// Jitter adds normal noise.
func Jitter(sd float64) Augment {
	return func(r *rand.Rand, x []float64) {
		for i := range x {
			x[i] += sd * r.NormFloat64()
		}
	}
}

// Shift moves a picture of the given width by up to one pixel each way; what comes in is the edge.
func Shift(width int) Augment {
	return func(r *rand.Rand, x []float64) {
		dx, dy := r.IntN(3)-1, r.IntN(3)-1
		was := slices.Clone(x)
		height := len(x) / width
		for i := range x {
			sx, sy := min(max(i%width-dx, 0), width-1), min(max(i/width-dy, 0), height-1)
			x[i] = was[sy*width+sx]
		}
	}
}

// glyphs are the digits on a grid of 5 by 7.
var glyphs = [10][7]string{
	{" ### ", "#   #", "#  ##", "# # #", "##  #", "#   #", " ### "}, {"  #  ", " ##  ", "  #  ", "  #  ", "  #  ", "  #  ", " ### "},
	{" ### ", "#   #", "    #", "  ## ", " #   ", "#    ", "#####"}, {" ### ", "#   #", "    #", "  ## ", "    #", "#   #", " ### "},
	{"   # ", "  ## ", " # # ", "#  # ", "#####", "   # ", "   # "}, {"#####", "#    ", "#### ", "    #", "    #", "#   #", " ### "},
	{"  ## ", " #   ", "#    ", "#### ", "#   #", "#   #", " ### "}, {"#####", "    #", "   # ", "  #  ", "  #  ", "  #  ", "  #  "},
	{" ### ", "#   #", "#   #", " ### ", "#   #", "#   #", " ### "}, {" ### ", "#   #", "#   #", " ####", "    #", "   # ", " ##  "},
}

// GlyphWidth is the width of the pictures of Glyphs, and their height.
const GlyphWidth = 9

// Glyphs returns pictures of digits, 9 by 9 pixels, each a pixel about the middle of its field, of some brightness, in noise; and which
// digit it is, one output of ten.
func Glyphs(n int, seed uint64) *Data {
	r := rand.New(rand.NewPCG(seed, 0x676c79706873))
	d := &Data{Inputs: GlyphWidth * GlyphWidth, Outputs: 10, X: make([]float64, n*GlyphWidth*GlyphWidth), Y: make([]float64, n*10)}
	for i := range n {
		digit := r.IntN(10)
		d.Y[i*10+digit] = 1
		x := d.X[i*d.Inputs : (i+1)*d.Inputs]
		left, top, bright := 1+r.IntN(3), r.IntN(3), 0.6+0.8*r.Float64()
		for row, line := range glyphs[digit] {
			for col, c := range line {
				if c == '#' {
					x[(top+row)*GlyphWidth+left+col] = bright
				}
			}
		}
		Jitter(0.2)(r, x)
	}
	return d
}
