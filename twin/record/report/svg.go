package report

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/halltwin/halltwin/twin/record"
)

// canvas writes an SVG drawing. Colours are classes, so that the page's style decides them.
type canvas struct{ strings.Builder }

func (c *canvas) printf(format string, args ...any) { fmt.Fprintf(&c.Builder, format, args...) }

func (c *canvas) text(x, y float64, class, anchor, s string) {
	c.printf(`<text x="%s" y="%s" class="%s" text-anchor="%s">%s</text>`, num(x), num(y), class, anchor, html.EscapeString(s))
}

func (c *canvas) line(x1, y1, x2, y2 float64, class string) {
	c.printf(`<path class="%s" d="M%s %sL%s %s"/>`, class, num(x1), num(y1), num(x2), num(y2))
}

func (c *canvas) rect(x, y, w, h float64, class string) {
	c.printf(`<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>`, class, num(x), num(y), num(w), num(h))
}

// num prints a coordinate to a tenth of a pixel.
func num(v float64) string {
	s := strconv.FormatFloat(v, 'f', 1, 64)
	return strings.TrimSuffix(s, ".0")
}

// axis maps values to pixels.
type axis struct{ from, to, at, end float64 }

func (a axis) px(v float64) float64 {
	if a.to == a.from {
		return a.at
	}
	return a.at + (v-a.from)/(a.to-a.from)*(a.end-a.at)
}

// ticks returns round values within [from, to], about n of them, and the decimals to print them with.
func ticks(from, to float64, n int) (list []float64, decimals int) {
	span := to - from
	if !(span > 0) || math.IsInf(span, 0) {
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

// round widens [from, to] to round values.
func round(from, to float64, n int) (float64, float64) {
	if from == to {
		if from == 0 {
			return 0, 1
		}
		from, to = from-math.Abs(from)*0.05, to+math.Abs(to)*0.05
	}
	list, _ := ticks(from, to, n)
	if len(list) < 2 {
		return from, to
	}
	step := list[1] - list[0]
	return math.Floor(from/step+1e-9) * step, math.Ceil(to/step-1e-9) * step
}

// clock knows the run's time zone and how long it takes, and so how to print its moments.
type clock struct{ header *record.Header }

// short is a moment as charts and sentences give it: "14:37", "Tue 14:37" or "15 Jul 14:37".
func (c clock) short(t float64) string {
	at := c.header.At(t)
	switch d := c.header.Duration; {
	case d <= 86400:
		return at.Format("15:04")
	case d <= 7*86400:
		return at.Format("Mon 15:04")
	case d <= 300*86400:
		return at.Format("2 Jan 15:04")
	}
	return at.Format("2 Jan 2006 15:04")
}

// long is a moment to the second.
func (c clock) long(t float64) string {
	if c.header.Duration <= 86400 {
		return c.header.At(t).Format("15:04:05")
	}
	return c.header.At(t).Format("2 Jan 15:04:05")
}

var timeSteps = []float64{1, 5, 10, 30, 60, 300, 600, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600,
	86400, 2 * 86400, 7 * 86400, 14 * 86400, 30 * 86400, 91 * 86400, 365 * 86400}

// timeTicks returns moments within [0, to] that are round on the site's clock, with labels.
func (c clock) timeTicks(to float64, n int) (at []float64, labels []string) {
	step := timeSteps[len(timeSteps)-1]
	for _, s := range timeSteps {
		if to/s <= float64(n) {
			step = s
			break
		}
	}
	start := c.header.Start
	midnight := time.Date(start.Year(), start.Month(), start.Day(), 0, 0, 0, 0, start.Location())
	offset := start.Sub(midnight).Seconds()
	for i := math.Ceil(offset/step - 1e-9); i*step-offset <= to*(1+1e-9); i++ {
		t := i*step - offset
		m := c.header.At(t)
		label := m.Format("15:04")
		switch {
		case step < 60:
			label = m.Format("15:04:05")
		case step >= 86400 && to > 300*86400:
			label = m.Format("2 Jan")
		case step >= 86400:
			label = m.Format("Mon 2 Jan")
		case m.Hour() == 0 && m.Minute() == 0 && to > 86400:
			label = m.Format("Mon 2")
		}
		at, labels = append(at, t), append(labels, label)
	}
	return at, labels
}
