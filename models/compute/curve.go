package compute

import (
	"fmt"
	"math"
	"sort"

	"github.com/halltwin/halltwin/models/unit"
)

// CurveSpec says how a device's power grows with how busy it is.
type CurveSpec struct {
	Model        string       `yaml:"model" doc:"shape of power over utilisation" enum:"linear,sqrt,square,cubic,mse,polynomial,table,activity" default:"linear" source:"typical"`
	Exponent     float64      `yaml:"exponent" doc:"r of the mse model 2u - u^r (OpenDC's calibration factor)" default:"1.4" source:"Fan, Weber, Barroso, ISCA 2007" range:"(0,)"`
	Coefficients []float64    `yaml:"coefficients" doc:"polynomial model: c1, c2, … of f(u) = c1 u + c2 u² + …; they should sum to 1"`
	Points       []CurvePoint `yaml:"points" doc:"table model: power at given utilisations, interpolated linearly"`
	Memory       unit.Ratio   `yaml:"memory" doc:"activity model: share of the dynamic power that follows memory activity instead of arithmetic" default:"30 %" source:"typical" range:"[0,1]"`
}

// CurvePoint is one row of a table model.
type CurvePoint struct {
	Utilisation unit.Ratio `yaml:"utilisation" doc:"how busy the device is" required:"true" range:"[0,1]"`
	Power       unit.Power `yaml:"power" doc:"what it then draws" required:"true" range:"[0,)"`
}

// Validate checks what tags cannot say.
func (s *CurveSpec) Validate(fail func(path, msg string)) {
	switch s.Model {
	case "polynomial":
		if len(s.Coefficients) == 0 {
			fail("coefficients", "a polynomial needs its coefficients: write coefficients: [c1, c2, …]")
		}
	case "table":
		if len(s.Points) < 2 {
			fail("points", "a table needs two points or more: write points: [{utilisation: 0, power: 70 W}, …]")
		}
		for i := 1; i < len(s.Points); i++ {
			if s.Points[i].Utilisation <= s.Points[i-1].Utilisation {
				fail(fmt.Sprintf("points[%d].utilisation", i), "utilisation must grow from point to point")
			}
		}
	}
}

// Curve is a compiled power curve: device power in W over utilisation.
type Curve struct {
	model     model
	idle, max float64
	exponent  float64
	memory    float64
	coef      []float64
	u, p      []float64
}

type model uint8

const (
	linear model = iota
	sqrtModel
	square
	cubic
	mse
	polynomial
	table
	activity
)

var models = map[string]model{"linear": linear, "sqrt": sqrtModel, "square": square, "cubic": cubic, "mse": mse,
	"polynomial": polynomial, "table": table, "activity": activity}

// Compile returns the curve of a device that draws idle W when idle and max W at full utilisation.
func (s *CurveSpec) Compile(idle, max float64) Curve {
	c := Curve{model: models[s.Model], idle: idle, max: max, exponent: s.Exponent, memory: float64(s.Memory), coef: s.Coefficients}
	for _, p := range s.Points {
		c.u = append(c.u, float64(p.Utilisation))
		c.p = append(c.p, float64(p.Power))
	}
	return c
}

// Power returns the device's power in W at utilisation u and memory activity mem, both clamped to [0, 1]. Only
// the activity model uses mem.
//
// Shapes: linear and mse after Fan, Weber, Barroso (ISCA 2007); square root, square and cubic as in CloudSim and
// OpenDC.
func (c *Curve) Power(u, mem float64) float64 {
	u = min(max(u, 0), 1)
	var f float64
	switch c.model {
	case linear:
		f = u
	case sqrtModel:
		f = math.Sqrt(u)
	case square:
		f = u * u
	case cubic:
		f = u * u * u
	case mse:
		f = 2*u - math.Pow(u, c.exponent)
	case polynomial:
		for i := len(c.coef) - 1; i >= 0; i-- {
			f = (f + c.coef[i]) * u
		}
	case table:
		return interpolate(c.u, c.p, u)
	case activity:
		f = (1-c.memory)*u + c.memory*min(max(mem, 0), 1)
	}
	return c.idle + (c.max-c.idle)*f
}

// interpolate returns y at x on the line through the points (xs, ys), held constant beyond the ends. xs must grow.
func interpolate(xs, ys []float64, x float64) float64 {
	i := sort.SearchFloat64s(xs, x)
	switch {
	case i == 0:
		return ys[0]
	case i == len(xs):
		return ys[i-1]
	}
	t := (x - xs[i-1]) / (xs[i] - xs[i-1])
	return ys[i-1] + t*(ys[i]-ys[i-1])
}
