package train

import (
	"fmt"
	"math"
)

// Method is how weights follow gradients.
type Method string

// The methods.
const (
	SGD      Method = "sgd"
	Momentum Method = "momentum"
	Adam     Method = "adam"
)

// Optimiser is a method with its memory, which a checkpoint saves.
type Optimiser struct {
	Method Method
	Rate   float64
	Steps  int
	M, V   []float64 // velocity, or Adam's two moments
}

const (
	friction = 0.9 // of momentum, and Adam's β1
	beta2    = 0.999
	epsilon  = 1e-8
)

func newOptimiser(m Method, rate float64, weights int) (*Optimiser, error) {
	o := &Optimiser{Method: m, Rate: rate}
	switch {
	case !(rate > 0):
		return nil, fmt.Errorf("a learning rate is positive, not %g", rate)
	case m == SGD:
	case m == Momentum:
		o.M = make([]float64, weights)
	case m == Adam:
		o.M, o.V = make([]float64, weights), make([]float64, weights)
	default:
		return nil, fmt.Errorf("method %q: sgd, momentum or adam", m)
	}
	return o, nil
}

// step moves weights by a gradient.
func (o *Optimiser) step(w, grad []float64) {
	o.Steps++
	switch o.Method {
	case SGD:
		for i, g := range grad {
			w[i] -= o.Rate * g
		}
	case Momentum:
		for i, g := range grad {
			o.M[i] = friction*o.M[i] - o.Rate*g
			w[i] += o.M[i]
		}
	case Adam:
		c1, c2 := 1-math.Pow(friction, float64(o.Steps)), 1-math.Pow(beta2, float64(o.Steps))
		for i, g := range grad {
			o.M[i] = friction*o.M[i] + (1-friction)*g
			o.V[i] = beta2*o.V[i] + (1-beta2)*g*g
			w[i] -= o.Rate * (o.M[i] / c1) / (math.Sqrt(o.V[i]/c2) + epsilon)
		}
	}
}
