package draw

import (
	_ "embed" // the style
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// Style is the style sheet of every report: colours for light, dark and print, tables, figures.
//
//go:embed style.css
var Style string

// Signs are the templates "sign" (passed, missed, interrupted …) and "severity" (bad, warn): a status by its shape.
//
//go:embed signs.html
var Signs string

// Canvas writes an SVG drawing. Colours are classes, so that the page's style decides them.
type Canvas struct{ strings.Builder }

// Printf adds markup.
func (c *Canvas) Printf(format string, args ...any) { fmt.Fprintf(&c.Builder, format, args...) }

// Text adds a text, anchored at its start, middle or end.
func (c *Canvas) Text(x, y float64, class, anchor, s string) {
	c.Printf(`<text x="%s" y="%s" class="%s" text-anchor="%s">%s</text>`, Num(x), Num(y), class, anchor, html.EscapeString(s))
}

// Line adds a straight line.
func (c *Canvas) Line(x1, y1, x2, y2 float64, class string) {
	c.Printf(`<path class="%s" d="M%s %sL%s %s"/>`, class, Num(x1), Num(y1), Num(x2), Num(y2))
}

// Rect adds a rectangle.
func (c *Canvas) Rect(x, y, w, h float64, class string) {
	c.Printf(`<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>`, class, Num(x), Num(y), Num(w), Num(h))
}

// Num prints a coordinate to a tenth of a pixel.
func Num(v float64) string {
	s := strconv.FormatFloat(v, 'f', 1, 64)
	return strings.TrimSuffix(s, ".0")
}

// Axis maps values between From and To to pixels between At and End.
type Axis struct{ From, To, At, End float64 }

// Px returns where a value lies.
func (a Axis) Px(v float64) float64 {
	if a.To == a.From {
		return a.At
	}
	return a.At + (v-a.From)/(a.To-a.From)*(a.End-a.At)
}

// Ticks returns round values within [from, to], about n of them, and the decimals to print them with.
func Ticks(from, to float64, n int) (list []float64, decimals int) {
	span := to - from
	if !(span > 0) || math.IsInf(span, 0) || flat(from, to) {
		return []float64{from}, 0
	}
	step := math.Pow(10, math.Floor(math.Log10(span/float64(n))))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if span/(step*m) <= float64(n) {
			step *= m
			break
		}
	}
	decimals = max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
	if math.Abs(step*math.Pow(10, float64(decimals))-math.Round(step*math.Pow(10, float64(decimals)))) > 1e-6 {
		decimals++
	}
	for i := math.Ceil(from/step - 1e-9); i*step <= to+step*1e-9; i++ {
		list = append(list, i*step)
	}
	return list, decimals
}

// flat tells whether two values differ by no more than rounding: there is nothing to divide between them.
func flat(from, to float64) bool {
	return math.Abs(to-from) <= 1e-12*max(math.Abs(from), math.Abs(to))
}

// Round widens [from, to] to round values.
func Round(from, to float64, n int) (float64, float64) {
	if flat(from, to) {
		if from == 0 {
			return 0, 1
		}
		from, to = from-math.Abs(from)*0.05, to+math.Abs(to)*0.05
	}
	list, _ := Ticks(from, to, n)
	if len(list) < 2 {
		return from, to
	}
	step := list[1] - list[0]
	return math.Floor(from/step+1e-9) * step, math.Ceil(to/step-1e-9) * step
}
