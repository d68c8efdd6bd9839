package report

import (
	"fmt"
	"html"
	"math"
	"strings"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/draw"
	"github.com/halltwin/halltwin/twin/record/series"
)

// point is one bucket of a lane, in the channel's unit.
type point struct{ t, low, v, high float64 }

// lane is one channel in a chart.
type lane struct {
	name   string // in the legend
	class  string // its colour
	unit   string
	band   bool // the range is drawn too
	points []point
}

// limit is a line that a value should stay on one side of.
type limit struct {
	value float64
	label string
}

// chart is a drawing of several lanes over time.
type chart struct {
	clock   clock
	wide    bool
	stacked bool
	zero    bool    // the axis begins at zero
	whole   bool    // a count: no fractions on the axis
	span    float64 // the least that the axis spans, so that noise does not look like news
	lanes   []lane
	limits  []limit
	marks   []record.Event

	symbol string // of the unit shown
	factor float64
	x, y   draw.Axis
	height float64
}

// Margins and sizes of a drawing, in its own pixels.
const (
	wideWidth  = 1000.0
	halfWidth  = 484.0
	plotHeight = 208.0
	left       = 46.0
	right      = 10.0
	top        = 14.0
	bottom     = 24.0
)

func (c *chart) width() float64 {
	if c.wide {
		return wideWidth
	}
	return halfWidth
}

// draw returns the SVG element. The description is for those who cannot see it.
func (c *chart) draw(id, title, description string) string {
	c.scale()
	w := c.width()
	c.height = plotHeight
	var g draw.Canvas
	g.Printf(`<svg viewBox="0 0 %s %s" role="img" aria-labelledby="%s-t %s-d"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`,
		draw.Num(w), draw.Num(c.height), id, id, id, html.EscapeString(title), id, html.EscapeString(description))
	c.grid(&g)
	if c.stacked {
		c.stack(&g)
	} else {
		c.lines(&g)
	}
	c.limitLines(&g)
	c.markLines(&g)
	c.readouts(&g)
	g.WriteString(`</svg>`)
	return g.String()
}

// scale fits the axes to the data.
func (c *chart) scale() {
	lo, hi, end := math.Inf(1), math.Inf(-1), c.clock.header.Duration
	take := func(v float64) {
		if !math.IsNaN(v) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	if c.stacked {
		for _, p := range c.total() {
			take(p.v)
		}
	}
	for _, l := range c.lanes {
		for _, p := range l.points {
			end = max(end, p.t)
			if !c.stacked {
				take(p.low)
				take(p.high)
			}
		}
	}
	if c.span > hi-lo {
		mid := (lo + hi) / 2
		lo, hi = mid-c.span/2, mid+c.span/2
	}
	for _, l := range c.limits {
		if span := hi - lo; l.value < hi+2*span && l.value > lo-2*span { // a limit far away would flatten the data
			take(l.value)
		}
	}
	if lo > hi {
		lo, hi = 0, 1
	}
	if c.zero || c.stacked {
		lo = min(lo, 0)
	}
	unit := ""
	if len(c.lanes) > 0 {
		unit = c.lanes[0].unit
	}
	c.symbol, c.factor = record.Scale(max(math.Abs(lo), math.Abs(hi)), unit)
	lo, hi = draw.Round(lo/c.factor, hi/c.factor, 5)
	if c.whole && hi-lo < 4 {
		hi = lo + 4
	}
	c.x = draw.Axis{From: 0, To: max(end, 1), At: left, End: c.width() - right}
	c.y = draw.Axis{From: lo, To: hi, At: plotHeight - bottom, End: top}
}

// grid draws the axes.
func (c *chart) grid(g *draw.Canvas) {
	values, decimals := draw.Ticks(c.y.From, c.y.To, 5)
	for _, v := range values {
		y := c.y.Px(v)
		class := "grid"
		if v == 0 || v == c.y.From {
			class = "base"
		}
		g.Line(left, y, c.width()-right, y, class)
		g.Text(left-8, y+4, "tick", "end", fmt.Sprintf("%.*f", decimals, v+0)) // +0 makes -0 a 0
	}
	n := 6
	if c.wide {
		n = 12
	}
	at, labels := c.clock.timeTicks(c.x.To, n)
	for i, t := range at {
		x := c.x.Px(t)
		anchor := "middle"
		if x > c.width()-right-16 {
			anchor = "end"
			x = c.width() - right
		}
		g.Line(c.x.Px(t), c.y.At, c.x.Px(t), c.y.At+4, "base")
		g.Text(x, plotHeight-6, "tick", anchor, labels[i])
	}
}

// gap says whether two points are too far apart to be joined.
func (c *chart) gap(a, b point) bool {
	every := max(c.clock.header.Every, c.x.To/series.Buckets)
	return b.t-a.t > 6*every && b.t-a.t > c.x.To/40
}

func (c *chart) at(p point, v float64) string {
	return draw.Num(c.x.Px(p.t)) + " " + draw.Num(c.y.Px(v/c.factor))
}

// path joins points by a line, interrupted at gaps.
func (c *chart) path(points []point, value func(point) float64) string {
	var b strings.Builder
	for i, p := range points {
		if i == 0 || c.gap(points[i-1], p) {
			b.WriteByte('M')
		} else {
			b.WriteByte('L')
		}
		b.WriteString(c.at(p, value(p)))
	}
	return b.String()
}

// between fills the area between two values of the points, interrupted at gaps.
func (c *chart) between(points []point, low, high func(int) float64) string {
	var b strings.Builder
	for from := 0; from < len(points); {
		to := from + 1
		for to < len(points) && !c.gap(points[to-1], points[to]) {
			to++
		}
		for i := from; i < to; i++ {
			b.WriteByte("ML"[min(i-from, 1)])
			b.WriteString(c.at(points[i], high(i)))
		}
		for i := to - 1; i >= from; i-- {
			b.WriteByte('L')
			b.WriteString(c.at(points[i], low(i)))
		}
		b.WriteByte('Z')
		from = to
	}
	return b.String()
}

func (c *chart) lines(g *draw.Canvas) {
	for _, l := range c.lanes {
		if l.band && len(l.points) > 1 {
			d := c.between(l.points, func(i int) float64 { return l.points[i].low }, func(i int) float64 { return l.points[i].high })
			g.Printf(`<path class="band %s" d="%s"/>`, l.class, d)
		}
	}
	for _, l := range c.lanes {
		if len(l.points) == 1 {
			g.Printf(`<circle class="dot %s" cx="%s" cy="%s" r="2.5"/>`, l.class, draw.Num(c.x.Px(l.points[0].t)), draw.Num(c.y.Px(l.points[0].v/c.factor)))
			continue
		}
		g.Printf(`<path class="line %s" d="%s"/>`, l.class, c.path(l.points, func(p point) float64 { return p.v }))
	}
}

// total returns the sums of a stack's lanes.
func (c *chart) total() []point {
	if len(c.lanes) == 0 {
		return nil
	}
	sum := make([]point, len(c.lanes[0].points))
	for i, p := range c.lanes[0].points {
		sum[i].t = p.t
		for _, l := range c.lanes {
			sum[i].v += l.points[i].v
		}
	}
	return sum
}

func (c *chart) stack(g *draw.Canvas) {
	if len(c.lanes) == 0 {
		return
	}
	base := make([]float64, len(c.lanes[0].points))
	for _, l := range c.lanes {
		above := make([]float64, len(base))
		for i, p := range l.points {
			above[i] = base[i] + p.v
		}
		d := c.between(l.points, func(i int) float64 { return base[i] }, func(i int) float64 { return above[i] })
		g.Printf(`<path class="area %s" d="%s"/>`, l.class, d)
		base = above
	}
}

func (c *chart) limitLines(g *draw.Canvas) {
	for _, l := range c.limits {
		v := l.value / c.factor
		if v < c.y.From || v > c.y.To {
			continue
		}
		y := c.y.Px(v)
		g.Line(left, y, c.width()-right, y, "limit")
		g.Text(left+6, y-5, "limit-label", "start", l.label)
	}
}

// markLines draws the critical events, as a thin line with a diamond on top.
func (c *chart) markLines(g *draw.Canvas) {
	last := math.Inf(-1)
	for _, e := range c.marks {
		x := c.x.Px(e.Time)
		if x-last < 3 {
			continue
		}
		last = x
		g.Line(x, top, x, c.y.At, "mark")
		g.Printf(`<path class="mark-head" d="M%s %sl4 4l-4 4l-4-4z"><title>%s</title></path>`, draw.Num(x), draw.Num(top-6),
			html.EscapeString(c.clock.short(e.Time)+" "+strings.TrimSpace(e.Subject+" "+e.Text)))
	}
}

// readouts are columns that show the values under the pointer, by style alone.
func (c *chart) readouts(g *draw.Canvas) {
	if len(c.lanes) == 0 {
		return
	}
	n := 48
	if c.wide {
		n = 96
	}
	w := (c.width() - left - right) / float64(n)
	g.WriteString(`<g aria-hidden="true">`)
	for i := range n {
		t := (float64(i) + 0.5) / float64(n) * c.x.To
		x := left + (float64(i)+0.5)*w
		text := c.readout(t)
		if text == "" {
			continue
		}
		g.WriteString(`<g class="h">`)
		g.Rect(x-w/2, 0, w, c.y.At, "hit")
		g.Line(x, top, x, c.y.At, "cross")
		g.Text(c.width()-right, top-4, "readout", "end", text)
		g.WriteString(`</g>`)
	}
	g.WriteString(`</g>`)
}

func (c *chart) readout(t float64) string {
	var parts []string
	for _, l := range c.lanes {
		p, ok := nearest(l.points, t)
		if !ok || math.Abs(p.t-t) > c.x.To/20 {
			continue
		}
		parts = append(parts, l.name+" "+record.Show(p.v, l.unit))
	}
	if len(parts) == 0 {
		return ""
	}
	return c.clock.short(t) + "   " + strings.Join(parts, " · ")
}

func nearest(points []point, t float64) (best point, ok bool) {
	for _, p := range points {
		if !ok || math.Abs(p.t-t) < math.Abs(best.t-t) {
			best, ok = p, true
		}
	}
	return best, ok
}

// points takes a series' buckets, merging neighbours until there are at most n.
func points(x *series.Series, n int, pick func(series.Bucket) point) []point {
	if x == nil {
		return nil
	}
	var list []point
	for _, b := range x.Reduce(n) {
		if b.N > 0 {
			list = append(list, pick(b))
		}
	}
	return list
}
