package ensemble

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/draw"
)

// Sizes of a drawing, in its own pixels.
const (
	width  = 484.0
	wide   = 1000.0
	left   = 46.0
	right  = 14.0
	top    = 12.0
	bottom = 26.0
	height = 220.0
	lane   = 26.0 // of one cell in a strip
)

// classes are the colours of variants, in their order.
var classes = []string{"c1", "c2", "c5", "c3", "c4"}

func class(i int) string { return classes[i%len(classes)] }

func open(g *draw.Canvas, w, h float64, title string) {
	g.Printf(`<svg viewBox="0 0 %s %s" role="img" aria-label="%s">`, draw.Num(w), draw.Num(h), html.EscapeString(title))
}

func closed(g *draw.Canvas) template.HTML {
	g.WriteString(`</svg>`)
	return template.HTML(g.String()) //nolint:gosec // our own marks; texts are escaped
}

// reach returns round bounds of the values given.
func reach(values ...float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if finite(v) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	if lo > hi {
		return 0, 1
	}
	return draw.Round(lo, hi, 5)
}

// across draws an axis of values from left to right, with its grid.
func across(g *draw.Canvas, a draw.Axis, h float64) {
	values, decimals := draw.Ticks(a.From, a.To, 5)
	for _, v := range values {
		x := a.Px(v)
		g.Line(x, top, x, h-bottom, "grid")
		g.Text(x, h-8, "tick", "middle", fmt.Sprintf("%.*f", decimals, v+0))
	}
}

// strips shows a figure cell by cell: each future a dot, the mean with its interval a bar.
func (o *Outcome) strips(key string, factor float64) template.HTML {
	cells := min(len(o.byCell), 40)
	w, gutter := width, 120.0
	if cells > 6 || len(o.Experiment.Design.Axes) > 0 {
		w, gutter = wide, 300
	}
	var all []float64
	for cell := range cells {
		for _, v := range o.sample(cell, key) {
			all = append(all, v/factor)
		}
	}
	h := top + lane*float64(cells) + bottom
	lo, hi := reach(all...)
	x := draw.Axis{From: lo, To: hi, At: gutter, End: w - right}
	var g draw.Canvas
	open(&g, w, h, key)
	across(&g, x, h)
	jitter := random.Seed(1).Stream("ensemble/jitter")
	for cell := range cells {
		y := top + lane*(float64(cell)+0.5)
		s := o.Statistic(cell, key)
		g.Printf(`<a href="#%s">`, anchor(cell))
		g.Text(gutter-12, y+4, "tick", "end", clip(o.Experiment.Label(cell), int(gutter/6.4)))
		variant := cell / len(o.Experiment.Design.Text)
		for i, v := range o.sample(cell, key) {
			if i == 400 {
				break
			}
			if finite(v) {
				g.Printf(`<circle class="dot %s" fill-opacity=".35" cx="%s" cy="%s" r="2"/>`, class(variant), draw.Num(x.Px(v/factor)), draw.Num(y+(jitter.Float64()-0.5)*lane*0.5))
			}
		}
		if finite(s.Mean.Low) {
			g.Line(x.Px(s.Mean.Low/factor), y, x.Px(s.Mean.High/factor), y, "limit-solid line "+class(variant))
			g.Printf(`<title>%s</title>`, html.EscapeString(o.Experiment.Label(cell)+": "+plusMinus(s.Mean, factor, false)))
		}
		if finite(s.Mean.Value) {
			g.Rect(x.Px(s.Mean.Value/factor)-1.5, y-8, 3, 16, "area "+class(variant))
		}
		g.WriteString(`</a>`)
	}
	return closed(&g)
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// overAxis shows a figure over the only axis, a line and a band for each variant.
func (o *Outcome) overAxis(key string, factor float64) template.HTML {
	e := o.Experiment
	a := &e.Design.Axes[0]
	n := len(e.Design.Text)
	at := make([]float64, n)
	for i := range at {
		at[i] = a.Of(e.Design.Text[i][0])
	}
	var all []float64
	for cell := range o.byCell {
		s := o.Statistic(cell, key)
		all = append(all, s.Mean.Value/factor, s.Mean.Low/factor, s.Mean.High/factor)
	}
	lo, hi := reach(all...)
	y := draw.Axis{From: lo, To: hi, At: height - bottom - 12, End: top}
	x := draw.Axis{From: slices.Min(at), To: slices.Max(at), At: left, End: width - right}
	var g draw.Canvas
	open(&g, width, height, key+" over "+a.Name)
	values, decimals := draw.Ticks(lo, hi, 5)
	for _, v := range values {
		g.Line(left, y.Px(v), width-right, y.Px(v), "grid")
		g.Text(left-8, y.Px(v)+4, "tick", "end", fmt.Sprintf("%.*f", decimals, v+0))
	}
	values, decimals = draw.Ticks(x.From, x.To, 6)
	for _, v := range values {
		g.Text(x.Px(v), height-22, "tick", "middle", fmt.Sprintf("%.*f", decimals, v+0))
	}
	g.Text(width-right, height-5, "tick", "end", strings.TrimSuffix(a.Name+", "+record.Symbol(strings.TrimSpace(a.Unit())), ", "))
	for v := range e.Variants {
		var line, up, down []string
		for i := range n {
			s := o.Statistic(v*n+i, key)
			if !finite(s.Mean.Value) {
				continue
			}
			line = append(line, draw.Num(x.Px(at[i]))+" "+draw.Num(y.Px(s.Mean.Value/factor)))
			if finite(s.Mean.Low) {
				up = append(up, draw.Num(x.Px(at[i]))+" "+draw.Num(y.Px(s.Mean.High/factor)))
				down = append(down, draw.Num(x.Px(at[i]))+" "+draw.Num(y.Px(s.Mean.Low/factor)))
			}
		}
		if len(line) == 0 {
			continue
		}
		if len(up) > 1 {
			slices.Reverse(down)
			g.Printf(`<path class="band %s" d="M%sL%sZ"/>`, class(v), strings.Join(up, "L"), strings.Join(down, "L"))
		}
		g.Printf(`<path class="line %s" d="M%s"/>`, class(v), strings.Join(line, "L"))
		for i, p := range line {
			cx, cy, _ := strings.Cut(p, " ")
			g.Printf(`<a href="#%s"><circle class="dot %s" cx="%s" cy="%s" r="3"><title>%s</title></circle></a>`, anchor(v*n+i), class(v), cx, cy, html.EscapeString(e.Label(v*n+i)))
		}
	}
	return closed(&g)
}

// heatMap shows a figure over two axes, darker where it is larger.
func (o *Outcome) heatMap(variant int, key string, factor float64) template.HTML {
	e := o.Experiment
	rows, columns := e.Design.Axes[0].Values, e.Design.Axes[1].Values
	n := len(e.Design.Text)
	lo, hi := math.Inf(1), math.Inf(-1)
	means := make([]float64, n)
	for i := range means {
		means[i] = Mean(o.sample(variant*n+i, key), 0.95).Value / factor
		if finite(means[i]) {
			lo, hi = min(lo, means[i]), max(hi, means[i])
		}
	}
	gutter := 84.0
	w, h := (width-gutter-right)/float64(len(columns)), max(20, min(34, 240/float64(len(rows))))
	total := top + h*float64(len(rows)) + bottom
	var g draw.Canvas
	open(&g, width, total, key)
	for i := range rows {
		y := top + h*float64(i)
		g.Text(gutter-8, y+h/2+4, "tick", "end", clip(rows[i], 13))
		for j := range columns {
			cell := variant*n + i*len(columns) + j
			v := means[i*len(columns)+j]
			x := gutter + w*float64(j)
			if !finite(v) {
				g.Printf(`<rect x="%s" y="%s" width="%s" height="%s" fill="none" class="grid" stroke-dasharray="3 3"/>`, draw.Num(x), draw.Num(y), draw.Num(w-2), draw.Num(h-2))
				continue
			}
			share := 0.5
			if hi > lo {
				share = (v - lo) / (hi - lo)
			}
			g.Printf(`<a href="#%s"><rect class="area c1" fill-opacity="%.2f" x="%s" y="%s" width="%s" height="%s"/>`, anchor(cell), 0.08+0.84*share, draw.Num(x), draw.Num(y), draw.Num(w-2), draw.Num(h-2))
			if w > 34 {
				g.Printf(`<text x="%s" y="%s" text-anchor="middle" style="fill:%s">%s</text>`, draw.Num(x+w/2-1), draw.Num(y+h/2+4), onShade(share), record.Digits(v, 4))
			}
			g.Printf(`<title>%s</title></a>`, html.EscapeString(e.Label(cell)))
		}
	}
	for j := range columns {
		if w > 34 || j%max(1, int(40/w)) == 0 {
			g.Text(gutter+w*(float64(j)+0.5), total-8, "tick", "middle", clip(columns[j], max(4, int(w/6))))
		}
	}
	return closed(&g)
}

func onShade(share float64) string {
	if share > 0.5 {
		return "var(--paper)"
	}
	return "var(--ink)"
}

// histogram shows how a figure is distributed over all runs of each variant.
func (o *Outcome) histogram(key string, factor float64) template.HTML {
	e := o.Experiment
	n := len(e.Design.Text)
	samples := make([][]float64, len(e.Variants))
	var all []float64
	for cell := range o.byCell {
		for _, v := range o.sample(cell, key) {
			if finite(v) {
				samples[cell/n] = append(samples[cell/n], v/factor)
				all = append(all, v/factor)
			}
		}
	}
	lo, hi := reach(all...)
	bins := max(8, min(40, int(math.Sqrt(float64(len(all))))))
	h := 64.0
	total := top + h*float64(len(e.Variants)) + bottom
	x := draw.Axis{From: lo, To: hi, At: left, End: width - right}
	var g draw.Canvas
	open(&g, width, total, key)
	across(&g, x, total)
	for v := range samples {
		counts, most := make([]int, bins), 1
		for _, s := range samples[v] {
			i := min(int((s-lo)/(hi-lo)*float64(bins)), bins-1)
			counts[i]++
			most = max(most, counts[i])
		}
		base := top + h*float64(v+1)
		for i, c := range counts {
			if c == 0 {
				continue
			}
			tall := float64(c) / float64(most) * (h - 16)
			x0 := x.Px(lo + (hi-lo)*float64(i)/float64(bins))
			g.Rect(x0+0.5, base-tall, (x.End-x.At)/float64(bins)-1, tall, "area "+class(v))
		}
		g.Line(left, base, width-right, base, "base")
		if len(e.Variants) > 1 {
			g.Text(left, base-h+12, "tick", "start", variantName(e.Variants[v]))
		}
	}
	return closed(&g)
}

// tornado shows what each axis does to a figure, the most first.
func (o *Outcome) tornado(variant, key string, effects []Effect) drawing {
	label, factor := o.scaled(key)
	f, _ := o.Figure(key)
	d := drawing{Title: capital(f.Label) + ", " + variantName(variant)}
	morris := o.Experiment.Design.Kind == "morris"
	value := func(e *Effect) Interval { return e.Total }
	d.Says = "share of the variance with all that an axis acts with; the darker part is its own"
	if morris {
		value = func(e *Effect) Interval { return e.Magnitude }
		_, d.Unit, _ = strings.Cut(label, ", ")
		d.Says = "mean magnitude of the effect of the whole length of an axis, with its interval"
	} else {
		factor = 1
	}
	effects = slices.Clone(effects)
	slices.SortStableFunc(effects, func(a, b Effect) int {
		switch x, y := value(&a).Value, value(&b).Value; {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	var ends []float64
	for i := range effects {
		ends = append(ends, 0, value(&effects[i]).Value/factor, value(&effects[i]).High/factor)
	}
	lo, hi := reach(ends...)
	const gutter = 170.0
	total := top + lane*float64(len(effects)) + bottom
	x := draw.Axis{From: min(lo, 0), To: hi, At: gutter, End: width - right}
	var g draw.Canvas
	open(&g, width, total, d.Title)
	across(&g, x, total)
	for i := range effects {
		y := top + lane*float64(i)
		v := value(&effects[i])
		g.Text(gutter-10, y+lane/2+4, "tick", "end", clip(effects[i].Axis, 27))
		if finite(v.Value) {
			g.Rect(gutter, y+6, max(0, x.Px(v.Value/factor)-gutter), lane-12, "area c3")
		}
		if !morris && effects[i].First.Value > 0 {
			g.Rect(gutter, y+6, x.Px(effects[i].First.Value)-gutter, lane-12, "area c1")
		}
		if finite(v.Low) {
			g.Line(x.Px(v.Low/factor), y+lane/2, x.Px(v.High/factor), y+lane/2, "cross")
		}
	}
	d.Drawing = closed(&g)
	return d
}

// front shows two figures against each other; the cells that no other beats in both, both to be made small, are filled.
func (o *Outcome) front(a, b string) drawing {
	fa, _ := o.Figure(a)
	fb, _ := o.Figure(b)
	la, ka := o.scaled(a)
	lb, kb := o.scaled(b)
	best := o.Pareto([]Aim{{Key: a, Greatest: larger[a]}, {Key: b, Greatest: larger[b]}})
	var xs, ys []float64
	for cell := range o.byCell {
		xs = append(xs, Mean(o.sample(cell, a), 0.95).Value/ka)
		ys = append(ys, Mean(o.sample(cell, b), 0.95).Value/kb)
	}
	x0, x1 := reach(xs...)
	y0, y1 := reach(ys...)
	x := draw.Axis{From: x0, To: x1, At: left + 8, End: width - right}
	y := draw.Axis{From: y0, To: y1, At: height - bottom - 12, End: top}
	d := drawing{Title: capital(fb.Label) + " against " + fa.Label, Says: "means; filled are the cells that no other beats in both, among those that keep what is expected"}
	var g draw.Canvas
	open(&g, width, height, d.Title)
	values, decimals := draw.Ticks(y0, y1, 5)
	for _, v := range values {
		g.Line(left+8, y.Px(v), width-right, y.Px(v), "grid")
		g.Text(left, y.Px(v)+4, "tick", "end", fmt.Sprintf("%.*f", decimals, v+0))
	}
	values, decimals = draw.Ticks(x0, x1, 5)
	for _, v := range values {
		g.Text(x.Px(v), height-22, "tick", "middle", fmt.Sprintf("%.*f", decimals, v+0))
	}
	g.Text(width-right, height-4, "tick", "end", la)
	g.Text(left+8, top-2, "tick", "start", lb)
	for cell := range o.byCell {
		if !finite(xs[cell]) || !finite(ys[cell]) {
			continue
		}
		fill := `fill="none" stroke="var(--c1)"`
		if slices.Contains(best, cell) {
			fill = `class="dot c1"`
		}
		g.Printf(`<a href="#%s"><circle %s cx="%s" cy="%s" r="4"><title>%s</title></circle></a>`, anchor(cell), fill, draw.Num(x.Px(xs[cell])), draw.Num(y.Px(ys[cell])), html.EscapeString(o.Experiment.Label(cell)))
	}
	d.Drawing = closed(&g)
	return d
}

// larger are the figures of which more is better; of the others less is.
var larger = map[string]bool{"compute.goodput": true, "sla.met": true, "availability": true, "jobs.done": true, "compute.occupancy": true, "compute.gpu_hours": true, "compute.ettr": true,
	"growth.served": true, "growth.useful": true, "growth.occupancy": true, "growth.per_mwh": true, "growth.per_mw": true, "growth.per_kusd": true, "growth.capacity": true}
