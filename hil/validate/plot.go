package validate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/twin/record/draw"
)

// Plot is a figure of a report: lines or dots over x.
type Plot struct {
	Title, X, Y string
	Series      []Points
	Diagonal    bool // with the line y = x
}

// named is a series over the times of its plot.
type named struct {
	name   string
	values []float64
}

// Points is a series of a plot.
type Points struct {
	Name string
	X, Y []float64
	Dots bool
}

// most is the number of points drawn of a series; more would be more ink than information.
const most = 500

// overTime draws series over time from their first sample on, thinned to the extremes and means of equal stretches.
func overTime(title, y string, t []float64, all ...named) Plot {
	p := Plot{Title: title, X: "time in s", Y: y}
	for _, n := range all {
		s := Points{Name: n.name}
		step := max(1, len(t)/most)
		for i := 0; i < len(t); i += step {
			sum, k := 0.0, 0
			for j := i; j < min(i+step, len(t)); j++ {
				if !math.IsNaN(n.values[j]) {
					sum += n.values[j]
					k++
				}
			}
			if k > 0 {
				s.X, s.Y = append(s.X, t[i]-t[0]), append(s.Y, sum/float64(k))
			}
		}
		p.Series = append(p.Series, s)
	}
	return p
}

// against draws one series over another, thinned evenly.
func against(title, x, y string, a, b []float64) Plot {
	s := Points{Name: "samples", Dots: true}
	step := max(1, len(a)/most)
	for i := 0; i < len(a); i += step {
		s.X, s.Y = append(s.X, a[i]), append(s.Y, b[i])
	}
	return Plot{Title: title, X: x, Y: y, Series: []Points{s}, Diagonal: true}
}

const plotWidth, plotHeight, plotLeft, plotBottom, plotTop, plotRight = 500.0, 260.0, 52.0, 34.0, 10.0, 10.0

// svg draws the figure.
func (p *Plot) svg(id int) string {
	x0, x1, y0, y1 := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, s := range p.Series {
		for i := range s.X {
			x0, x1, y0, y1 = min(x0, s.X[i]), max(x1, s.X[i]), min(y0, s.Y[i]), max(y1, s.Y[i])
		}
	}
	if math.IsInf(x0, 0) {
		return ""
	}
	if p.Diagonal {
		x0, x1 = min(x0, y0), max(x1, y1)
		y0, y1 = x0, x1
	}
	x0, x1 = draw.Round(x0, x1, 6)
	y0, y1 = draw.Round(y0, y1, 5)
	x := draw.Axis{From: x0, To: x1, At: plotLeft, End: plotWidth - plotRight}
	y := draw.Axis{From: y0, To: y1, At: plotHeight - plotBottom, End: plotTop}
	var g draw.Canvas
	g.Printf(`<svg viewBox="0 0 %s %s" role="img" aria-labelledby="plot%d">`, draw.Num(plotWidth), draw.Num(plotHeight), id)
	ticks, decimals := draw.Ticks(y0, y1, 5)
	for _, v := range ticks {
		g.Line(x.At, y.Px(v), x.End, y.Px(v), "grid")
		g.Text(plotLeft-8, y.Px(v)+4, "", "end", fmt.Sprintf("%.*f", decimals, v+0))
	}
	ticks, decimals = draw.Ticks(x0, x1, 6)
	for _, v := range ticks {
		g.Line(x.Px(v), y.At, x.Px(v), y.At+4, "base")
		g.Text(x.Px(v), y.At+17, "", "middle", fmt.Sprintf("%.*f", decimals, v+0))
	}
	g.Line(x.At, y.At, x.End, y.At, "base")
	g.Text(x.End, plotHeight-2, "", "end", p.X)
	if p.Diagonal {
		g.Line(x.Px(x0), y.Px(y0), x.Px(x1), y.Px(y1), "limit")
	}
	for k, s := range p.Series {
		class := fmt.Sprintf("c%d", k%5+1)
		if s.Dots {
			for i := range s.X {
				g.Printf(`<circle class="dot %s" cx="%s" cy="%s" r="1.6" opacity=".6"/>`, class, draw.Num(x.Px(s.X[i])), draw.Num(y.Px(s.Y[i])))
			}
			continue
		}
		var d strings.Builder
		for i := range s.X {
			verb := "L"
			if i == 0 {
				verb = "M"
			}
			d.WriteString(verb + draw.Num(x.Px(s.X[i])) + " " + draw.Num(y.Px(s.Y[i])))
		}
		g.Printf(`<path class="line %s" d="%s"/>`, class, d.String())
	}
	g.Printf(`</svg>`)
	return g.String()
}

// legend names the series where there are several.
func (p *Plot) legend() [][2]string {
	if len(p.Series) < 2 {
		return nil
	}
	var out [][2]string
	for k, s := range p.Series {
		out = append(out, [2]string{fmt.Sprintf("c%d", k%5+1), s.Name})
	}
	return slices.Clip(out)
}
