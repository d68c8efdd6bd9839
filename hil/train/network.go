package train

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
)

// Activation is what a neuron makes of its sum.
type Activation string

// The activations. Softmax is of a whole layer and goes with cross-entropy.
const (
	Linear  Activation = "linear"
	ReLU    Activation = "relu"
	Sigmoid Activation = "sigmoid"
	Softmax Activation = "softmax"
)

// Loss is what training makes small.
type Loss string

// The losses: the mean over samples of half the squared error summed over outputs; and of -Σ y ln p.
const (
	MSE          Loss = "mse"
	CrossEntropy Loss = "cross-entropy"
)

// Initialisation is how weights begin.
type Initialisation string

// The initialisations.
const (
	Xavier Initialisation = "xavier"
	He     Initialisation = "he"
)

// Shape is the plan of a network.
type Shape struct {
	Sizes  []int          `json:"sizes"` // neurons by layer, inputs first
	Hidden Activation     `json:"hidden"`
	Output Activation     `json:"output"`
	Loss   Loss           `json:"loss"`
	Init   Initialisation `json:"init"`
}

// Check returns what is wrong with a shape.
func (s *Shape) Check() error {
	if len(s.Sizes) < 2 {
		return fmt.Errorf("a network has inputs and outputs: sizes %v", s.Sizes)
	}
	for _, n := range s.Sizes {
		if n < 1 || n > 1<<16 {
			return fmt.Errorf("a layer has 1 to 65536 neurons: sizes %v", s.Sizes)
		}
	}
	switch {
	case s.Hidden != ReLU && s.Hidden != Sigmoid:
		return fmt.Errorf("hidden activation %q: relu or sigmoid", s.Hidden)
	case s.Loss == CrossEntropy && s.Output != Softmax && s.Output != Sigmoid:
		return fmt.Errorf("cross-entropy needs probabilities: output softmax or sigmoid, not %q", s.Output)
	case s.Loss == MSE && s.Output != Linear && s.Output != Sigmoid:
		return fmt.Errorf("the squared error goes with output linear or sigmoid, not %q", s.Output)
	case s.Loss != MSE && s.Loss != CrossEntropy:
		return fmt.Errorf("loss %q: mse or cross-entropy", s.Loss)
	case s.Init != Xavier && s.Init != He:
		return fmt.Errorf("initialisation %q: xavier or he", s.Init)
	}
	return nil
}

// Network is a shape with its weights, all in one slice: layer by layer, a row of outputs for each input, then biases.
type Network struct {
	Shape   Shape
	Weights []float64
}

// New returns a network with weights drawn from a seed.
func New(s Shape, seed uint64) (*Network, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	n := &Network{Shape: s}
	total := 0
	for l := 1; l < len(s.Sizes); l++ {
		total += (s.Sizes[l-1] + 1) * s.Sizes[l]
	}
	n.Weights = make([]float64, total)
	r := rand.New(rand.NewPCG(seed, 0x77656967687473))
	for l := range n.layers() {
		in, out := s.Sizes[l], s.Sizes[l+1]
		w, _ := n.layer(n.Weights, l)
		for i := range w {
			if s.Init == He {
				w[i] = r.NormFloat64() * math.Sqrt(2/float64(in))
			} else {
				w[i] = (2*r.Float64() - 1) * math.Sqrt(6/float64(in+out))
			}
		}
	}
	return n, nil
}

func (n *Network) layers() int { return len(n.Shape.Sizes) - 1 }

// layer returns the weights and biases of a layer within a slice of all, which may be gradients.
func (n *Network) layer(all []float64, l int) (w, b []float64) {
	at := 0
	for i := range l {
		at += (n.Shape.Sizes[i] + 1) * n.Shape.Sizes[i+1]
	}
	in, out := n.Shape.Sizes[l], n.Shape.Sizes[l+1]
	return all[at : at+in*out], all[at+in*out : at+(in+1)*out]
}

// pass holds what one goroutine needs to push rows through a network and back.
type pass struct {
	n     *Network
	a     [][]float64 // by layer: activations, rows of neurons
	delta [][]float64 // by layer: derivatives of the loss by the sums
	grad  []float64
	loss  float64
	right int
}

func newPass(n *Network, rows int) *pass {
	p := &pass{n: n, grad: make([]float64, len(n.Weights))}
	for _, size := range n.Shape.Sizes {
		p.a = append(p.a, make([]float64, rows*size))
		p.delta = append(p.delta, make([]float64, rows*size))
	}
	return p
}

// forward computes the outputs of rows samples that lie in a[0].
func (p *pass) forward(rows int) {
	sizes := p.n.Shape.Sizes
	for l := range p.n.layers() {
		in, out := sizes[l], sizes[l+1]
		w, b := p.n.layer(p.n.Weights, l)
		for i := range rows {
			y := p.a[l+1][i*out : (i+1)*out]
			copy(y, b)
			for k, x := range p.a[l][i*in : (i+1)*in] {
				if x != 0 { // after a ReLU half of them are
					floats.AddScaled(y, x, w[k*out:(k+1)*out])
				}
			}
			activation := p.n.Shape.Hidden
			if l == p.n.layers()-1 {
				activation = p.n.Shape.Output
			}
			activate(activation, y)
		}
	}
}

// backward adds the loss of rows samples with the given targets to loss, and sets grad to its gradient, both summed over the
// samples and not yet divided by their number.
func (p *pass) backward(rows int, targets []float64) {
	sizes := p.n.Shape.Sizes
	last := p.n.layers()
	for i := range p.grad {
		p.grad[i] = 0
	}
	out := sizes[last]
	y, d := p.a[last][:rows*out], p.delta[last][:rows*out]
	p.loss += lossOf(&p.n.Shape, y, targets)
	p.right += hits(out, y, targets)
	for i := range d {
		d[i] = y[i] - targets[i]
		if p.n.Shape.Loss == MSE && p.n.Shape.Output == Sigmoid {
			d[i] *= y[i] * (1 - y[i])
		}
	}
	for l := last - 1; l >= 0; l-- {
		in, out := sizes[l], sizes[l+1]
		w, _ := p.n.layer(p.n.Weights, l)
		gw, gb := p.n.layer(p.grad, l)
		for i := range rows {
			d := p.delta[l+1][i*out : (i+1)*out]
			floats.Add(gb, d)
			x := p.a[l][i*in : (i+1)*in]
			below := p.delta[l][i*in : (i+1)*in]
			for k, v := range x {
				if v != 0 {
					floats.AddScaled(gw[k*out:(k+1)*out], v, d)
				}
				switch {
				case l == 0:
				case p.n.Shape.Hidden == ReLU && v == 0:
					below[k] = 0
				case p.n.Shape.Hidden == ReLU:
					below[k] = floats.Dot(w[k*out:(k+1)*out], d)
				default:
					below[k] = floats.Dot(w[k*out:(k+1)*out], d) * v * (1 - v)
				}
			}
		}
	}
}

// activate applies an activation to the sums of one sample.
func activate(a Activation, y []float64) {
	switch a {
	case ReLU:
		for i, v := range y {
			y[i] = max(0, v)
		}
	case Sigmoid:
		for i, v := range y {
			y[i] = 1 / (1 + math.Exp(-v))
		}
	case Softmax:
		top := floats.Max(y)
		for i, v := range y {
			y[i] = math.Exp(v - top)
		}
		floats.Scale(1/floats.Sum(y), y)
	}
}

// least keeps a logarithm finite: a probability of 0 costs 690 nats.
const least = 1e-300

// lossOf returns the loss summed over samples.
func lossOf(s *Shape, y, target []float64) float64 {
	sum := 0.0
	for i, t := range target {
		switch {
		case s.Loss == MSE:
			sum += (y[i] - t) * (y[i] - t) / 2
		case s.Output == Softmax:
			if t != 0 {
				sum -= t * math.Log(max(least, y[i]))
			}
		default: // each output is a question of its own
			sum -= t*math.Log(max(least, y[i])) + (1-t)*math.Log(max(least, 1-y[i]))
		}
	}
	return sum
}

// hits counts the samples whose largest output is that of the largest target; with one output, those on its side of a half.
func hits(out int, y, target []float64) int {
	n := 0
	for at := 0; at < len(target); at += out {
		switch {
		case out == 1:
			if (y[at] >= 0.5) == (target[at] >= 0.5) {
				n++
			}
		case floats.MaxIdx(y[at:at+out]) == floats.MaxIdx(target[at:at+out]):
			n++
		}
	}
	return n
}

// Predict returns the outputs for rows of inputs.
func (n *Network) Predict(x []float64) []float64 {
	in, out := n.Shape.Sizes[0], n.Shape.Sizes[n.layers()]
	rows := len(x) / in
	p := newPass(n, rows)
	copy(p.a[0], x)
	p.forward(rows)
	return p.a[n.layers()][:rows*out]
}

// Score returns the mean loss and the share of samples that are right.
func (n *Network) Score(d *Data) (loss, right float64) {
	y := n.Predict(d.X)
	rows := float64(d.Rows())
	return lossOf(&n.Shape, y, d.Y) / rows, float64(hits(d.Outputs, y, d.Y)) / rows
}

// Gradient returns the mean loss over all rows, and its gradient.
func (n *Network) Gradient(d *Data) (loss float64, grad []float64) {
	p := newPass(n, d.Rows())
	copy(p.a[0], d.X)
	p.forward(d.Rows())
	p.backward(d.Rows(), d.Y)
	floats.Scale(1/float64(d.Rows()), p.grad)
	return p.loss / float64(d.Rows()), p.grad
}
