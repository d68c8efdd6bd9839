package train

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// Quantised is a network for inference in 8-bit integers.
type Quantised struct {
	shape  Shape
	layers []intLayer
}

// intLayer is one layer: sums in int32 of int8 products, then back to real numbers with two scales.
type intLayer struct {
	in, out int
	w       []int8    // rows of outputs, so that a neuron's weights lie together
	scale   []float64 // real weight = scale · w, by output
	bias    []float64
	input   float64 // real activation = input · a
}

// Quantise turns a trained network to int8: symmetric, one scale for each neuron's weights, and one for each layer's
// inputs from the largest magnitude that calibration data causes.
func Quantise(n *Network, calibration *Data) *Quantised {
	p := newPass(n, calibration.Rows())
	copy(p.a[0], calibration.X)
	p.forward(calibration.Rows())
	q := &Quantised{shape: n.Shape}
	for l := range n.layers() {
		in, out := n.Shape.Sizes[l], n.Shape.Sizes[l+1]
		w, b := n.layer(n.Weights, l)
		layer := intLayer{in: in, out: out, w: make([]int8, len(w)), scale: make([]float64, out), bias: b, input: scaleOf(p.a[l])}
		for o := range out {
			column := make([]float64, in)
			for i := range in {
				column[i] = w[i*out+o]
			}
			layer.scale[o] = scaleOf(column)
			for i, v := range column {
				layer.w[o*in+i] = int8(math.Round(v / layer.scale[o]))
			}
		}
		q.layers = append(q.layers, layer)
	}
	return q
}

// scaleOf returns the real number of one step, so that the largest magnitude is 127.
func scaleOf(x []float64) float64 {
	if most := floats.Norm(x, math.Inf(1)); most > 0 {
		return most / 127
	}
	return 1
}

// Bytes returns the size of its weights, biases as float32.
func (q *Quantised) Bytes() int {
	n := 0
	for _, l := range q.layers {
		n += len(l.w) + 4*(len(l.bias)+len(l.scale)+1)
	}
	return n
}

// Predict returns the outputs for rows of inputs.
func (q *Quantised) Predict(x []float64) []float64 {
	for k := range q.layers {
		l := &q.layers[k]
		rows := len(x) / l.in
		ints := make([]int8, len(x))
		for i, v := range x {
			ints[i] = int8(max(-127, min(127, math.Round(v/l.input))))
		}
		y := make([]float64, rows*l.out)
		for r := range rows {
			a := ints[r*l.in : (r+1)*l.in]
			for o := range l.out {
				var sum int32
				for i, w := range l.w[o*l.in : (o+1)*l.in] {
					sum += int32(w) * int32(a[i])
				}
				y[r*l.out+o] = float64(sum)*l.scale[o]*l.input + l.bias[o]
			}
			activation := q.shape.Hidden
			if k == len(q.layers)-1 {
				activation = q.shape.Output
			}
			activate(activation, y[r*l.out:(r+1)*l.out])
		}
		x = y
	}
	return x
}

// Score returns the mean loss and the share of samples that are right.
func (q *Quantised) Score(d *Data) (loss, right float64) {
	y := q.Predict(d.X)
	rows := float64(d.Rows())
	return lossOf(&q.shape, y, d.Y) / rows, float64(hits(d.Outputs, y, d.Y)) / rows
}
