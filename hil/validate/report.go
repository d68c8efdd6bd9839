package validate

import (
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"

	"github.com/halltwin/halltwin/twin/record/draw"
)

//go:embed report.html
var pageSource string

var page = template.Must(template.New("report").Parse(pageSource + draw.Signs))

type pagePlot struct {
	ID      int
	Title   string
	Y       string
	Legend  [][2]string
	Drawing template.HTML
}

// Report writes a result as one HTML file that needs nothing else.
func (r *Result) Report(w io.Writer, name, about string) error {
	d := struct {
		Style       template.CSS
		Name, About string
		OK          bool
		Missed      int
		Targets     int
		Figures     []Figure
		Lines       []string
		Tables      []Table
		Plots       []pagePlot
	}{Style: template.CSS(draw.Style), Name: name, About: about, OK: r.OK(), Figures: r.Figures, Lines: r.Lines, Tables: r.Tables} //nolint:gosec // our own
	for _, f := range r.Figures {
		if f.Target != "" {
			d.Targets++
		}
		if !f.OK {
			d.Missed++
		}
	}
	for i := range r.Plots {
		p := &r.Plots[i]
		d.Plots = append(d.Plots, pagePlot{i, p.Title, p.Y, p.legend(), template.HTML(p.svg(i))}) //nolint:gosec // the canvas escapes every text
	}
	return page.Execute(w, d)
}

// Text prints the value of a figure as the report shows it.
func (f Figure) Text() string { return fmt.Sprintf("%.4g", f.Value) }
