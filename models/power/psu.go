package power

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/unit"
)

// PSUSpec is one power supply type of a node, a chassis or a rack shelf: what it draws for what it gives.
type PSUSpec struct {
	Title  string `yaml:"title" doc:"full product name"`
	About  string `yaml:"about" doc:"what it is and where its figures come from"`
	Source string `yaml:"source" doc:"citation of the figures"`

	Model      string      `yaml:"model" doc:"ideal (no loss), affine (input = (output + constant) ÷ efficiency), table (efficiency over load), titanium, platinum (80 PLUS 230 V internal, as tables)" enum:"ideal,affine,table,titanium,platinum" default:"ideal"`
	Rating     *unit.Power `yaml:"rating" doc:"rated output of one supply; tables need it" range:"(0,)"`
	Count      int         `yaml:"count" doc:"supplies that share the load" default:"1" range:"[1,64]"`
	Constant   unit.Power  `yaml:"constant" doc:"affine: constant part of the output side" default:"0 W" range:"[0,)"`
	Efficiency unit.Ratio  `yaml:"efficiency" doc:"affine: output ÷ input without the constant part" default:"1" range:"(0,1]"`
	Points     []LoadPoint `yaml:"points" doc:"table: efficiency at relative loads, rising"`
	Staging    string      `yaml:"staging" doc:"which of the supplies are on: all, or auto: as many as lose least, at least as many as carry the load, and spare ones" enum:"all,auto" default:"all"`
	Spare      int         `yaml:"spare" doc:"staging auto: supplies that are on beyond those that carry the load; 1 keeps N+1" default:"1" source:"chosen" range:"[0,63]"`
}

// LoadPoint is one point of an efficiency table.
type LoadPoint struct {
	Load       unit.Ratio `yaml:"load" doc:"output ÷ rating" required:"true" range:"(0,1.5]"`
	Efficiency unit.Ratio `yaml:"efficiency" doc:"output ÷ input there" required:"true" range:"(0,1]"`
}

// Efficiencies at 10, 20, 50 and 100 % load. The certificate levels are the least a supply must reach, so that real
// ones are a little better; platinum's certificate has no 10 % point, which is typical.
var (
	titanium = []LoadPoint{{0.1, 0.90}, {0.2, 0.94}, {0.5, 0.96}, {1, 0.91}}
	platinum = []LoadPoint{{0.1, 0.85}, {0.2, 0.90}, {0.5, 0.94}, {1, 0.91}}
)

// Validate checks what tags cannot say.
func (s *PSUSpec) Validate(fail func(path, msg string)) {
	switch s.Model {
	case "table":
		if len(s.Points) < 2 {
			fail("points", "a table needs at least two points of load and efficiency")
		}
		fallthrough
	case "titanium", "platinum":
		if s.Rating == nil {
			fail("rating", fmt.Sprintf("model %s gives efficiency over relative load: say the rating of one supply", s.Model))
		}
	}
	if s.Staging == "auto" && s.Rating == nil && (s.Model == "affine" || s.Model == "ideal") {
		fail("rating", "staging: auto needs to know what one supply carries: say its rating")
	}
	if s.Model != "table" && len(s.Points) > 0 {
		fail("points", fmt.Sprintf("model %s has no points: write model: table", s.Model))
	}
	loss := func(p LoadPoint) float64 { return float64(p.Load) * (1/float64(p.Efficiency) - 1) }
	for i := 1; i < len(s.Points); i++ {
		a, b := s.Points[i-1], s.Points[i]
		if b.Load <= a.Load {
			fail(fmt.Sprintf("points[%d].load", i), "loads must rise")
		} else if loss(b)-loss(a) <= float64(a.Load-b.Load) {
			fail(fmt.Sprintf("points[%d].efficiency", i), "efficiency rises so fast that more output would need less input")
		}
	}
}

// PSU is a power supply ready for use: input power as a function of output power.
type PSU struct {
	count    int
	spare    int       // of staged supplies
	carries  float64   // W of one staged supply; 0: all are on
	rating   float64   // W of one supply; 0 for affine
	constant float64   // W of one supply
	inverse  float64   // 1/efficiency
	load     []float64 // relative output at the knots
	loss     []float64 // relative loss there
	slope    []float64 // of loss, from knot i to i+1; the last holds beyond it
}

// Compile makes the supply of a valid spec.
func (s *PSUSpec) Compile() PSU {
	p := PSU{count: max(s.Count, 1), inverse: 1}
	if s.Staging == "auto" && p.count > 1 {
		p.carries, p.spare = float64(*s.Rating), s.Spare
	}
	points := s.Points
	switch s.Model {
	case "affine":
		p.constant, p.inverse = float64(s.Constant), 1/float64(s.Efficiency)
		return p
	case "titanium":
		points = titanium
	case "platinum":
		points = platinum
	case "table":
	default:
		return p
	}
	p.rating = float64(*s.Rating)
	for _, q := range points {
		p.load = append(p.load, float64(q.Load))
		p.loss = append(p.loss, float64(q.Load)*(1/float64(q.Efficiency)-1))
	}
	n := len(points)
	for i := range n - 1 {
		p.slope = append(p.slope, (p.loss[i+1]-p.loss[i])/(p.load[i+1]-p.load[i]))
	}
	p.slope = append(p.slope, p.slope[n-2])
	return p
}

// Count returns the number of supplies that share the load.
func (p *PSU) Count() int { return p.count }

// Input returns the power in W drawn for an output of w W, shared by all supplies, or by those that staging keeps on.
func (p *PSU) Input(w float64) float64 {
	if p.carries == 0 {
		return p.Staged(w, p.count)
	}
	_, in := p.stage(w)
	return in
}

// On returns how many of the supplies are on at an output of w W.
func (p *PSU) On(w float64) int {
	if p.carries == 0 {
		return p.count
	}
	n, _ := p.stage(w)
	return n
}

// stage finds the number of supplies that draw least for w W among those that carry it with the spare ones, and what they
// draw.
func (p *PSU) stage(w float64) (n int, in float64) {
	n = min(max(int(math.Ceil(w/p.carries-1e-9))+p.spare, 1), p.count)
	in = p.Staged(w, n)
	for k := n + 1; k <= p.count; k++ {
		if x := p.Staged(w, k); x < in {
			n, in = k, x
		}
	}
	return n, in
}

// Staged returns the power in W drawn for an output of w W when only n ≥ 1 of the supplies are on and share it.
//
// The loss is interpolated between the points, not the efficiency: it then has a value at no load (the first
// segment, extended), and input rises with output everywhere.
func (p *PSU) Staged(w float64, n int) float64 {
	if p.rating == 0 {
		if p.constant == 0 {
			return w * p.inverse
		}
		k := float64(n)
		return k * ((w/k + p.constant) * p.inverse)
	}
	one := float64(n) * p.rating
	x := w / one
	i := 0
	for i < len(p.load)-1 && x > p.load[i+1] {
		i++
	}
	return w + one*max(p.loss[i]+(x-p.load[i])*p.slope[i], 0)
}
