package viz

import (
	"bytes"
	_ "embed" // the pages
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/twin/record"
)

//go:embed pages.html
var pagesSource string

var pages = template.Must(template.New("viz").Parse(pagesSource))

// navigation is the bar above every page, with a style of its own.
func navigation(h *record.Header, here string) ([]byte, error) {
	var b bytes.Buffer
	err := pages.ExecuteTemplate(&b, "bar", struct {
		Run, Here string
	}{h.Run, here})
	return b.Bytes(), err
}

func (s *Server) show(w http.ResponseWriter, r *http.Request, name string, data any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		s.fail(w, err)
		return
	}
	w.Header().Set("Content-Security-Policy", policy(styles(b.Bytes())...))
	s.html(w, r, b.Bytes())
}

// pageRows is how many events stand on a page.
const pageRows = 500

type eventsPage struct {
	Run, Here string
	Severity  string
	Search    string
	Choices   []choice
	Rows      []eventRow
	Total     int
	From      int
	Next      string
}

type choice struct {
	Name   string
	Chosen bool
}

type eventRow struct {
	At, Clock, Class, Severity, Indent, Text, Subject, Type, Fields string
}

// showEvents lists the log, each event under its cause, filtered by severity and words.
func (s *Server) showEvents(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	h := s.run.Header()
	p := eventsPage{Run: h.Run, Here: "events", Severity: q.Get("severity"), Search: q.Get("search")}
	least, ok := record.ParseSeverity(p.Severity)
	if !ok {
		least, p.Severity = record.Info, record.Info.String()
	}
	for v := record.Detail; v <= record.Critical; v++ {
		p.Choices = append(p.Choices, choice{v.String(), v == least})
	}
	p.From, _ = strconv.Atoi(q.Get("from"))
	p.From = max(p.From, 0)
	depth := map[int64]int{}
	err := s.run.Events(func(e *record.Event) error {
		d := 0
		if up, ok := depth[e.Parent]; ok && e.Parent != 0 {
			d = up + 1
		}
		if e.Severity > record.Detail { // details are leaves, and too many to keep
			depth[e.ID] = d
		}
		if e.Severity < least || !matches(e, p.Search) {
			return nil
		}
		p.Total++
		if p.Total > p.From && len(p.Rows) < pageRows {
			p.Rows = append(p.Rows, rowOf(h, e, d))
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.fail(w, err)
		return
	}
	if next := p.From + pageRows; next < p.Total {
		p.Next = "/events?" + url.Values{"severity": {p.Severity}, "search": {p.Search}, "from": {strconv.Itoa(next)}}.Encode()
	}
	s.show(w, r, "events", p)
}

func matches(e *record.Event, search string) bool {
	for _, word := range strings.Fields(strings.ToLower(search)) {
		if !strings.Contains(strings.ToLower(e.Text+" "+e.Subject+" "+e.Type), word) {
			return false
		}
	}
	return true
}

func rowOf(h *record.Header, e *record.Event, depth int) eventRow {
	row := eventRow{At: h.At(e.Time).Format("2 Jan 15:04:05"), Clock: record.Clock(e.Time), Severity: e.Severity.String(),
		Text: e.Text, Subject: e.Subject, Type: e.Type, Class: "soft"}
	if depth > 0 {
		row.Indent = strings.Repeat("   ", min(depth, 6)-1) + "└ "
	}
	switch e.Severity {
	case record.Critical:
		row.Class = "bad"
	case record.Warning:
		row.Class = "warn"
	}
	var fields []string
	for _, f := range e.Fields {
		v := f.Text
		if v == "" {
			v = record.Show(f.Number, f.Unit)
		}
		fields = append(fields, f.Key+" "+v)
	}
	row.Fields = strings.Join(fields, " · ")
	return row
}

type dataPage struct {
	Run, Here string
	Files     []fileRow
	Channels  []channelRow
	Example   string // a table to read in the example
	Column    string
}

type (
	fileRow    struct{ Name, Size, Says string }
	channelRow struct{ Name, Unit, File, Column, Doc string }
)

// showData lists the files, and what the columns of the tables mean.
func (s *Server) showData(w http.ResponseWriter, r *http.Request) {
	h := s.run.Header()
	p := dataPage{Run: h.Run, Here: "data"}
	for _, name := range s.run.Files() {
		info, err := fs.Stat(s.run.FS(), name)
		if err != nil {
			continue // gone since it was listed
		}
		p.Files = append(p.Files, fileRow{name, record.Show(float64(info.Size()), "B"), says(name)})
	}
	for _, c := range h.Channels {
		file := "metrics/" + record.LevelName(c.Kind) + ".parquet"
		p.Channels = append(p.Channels, channelRow{c.Name, record.Symbol(c.Unit), file, record.FieldName(c), c.Doc})
		if p.Example == "" || c.Name == "rack.inlet_temperature" {
			p.Example, p.Column = file, record.FieldName(c)
		}
	}
	s.show(w, r, "data", p)
}

func says(name string) string {
	known := map[string]string{
		"manifest.json": "what was run, and every file with its hash", "resolved.yaml": "the scenario with every default written out",
		"actions.log": "the actions that the run got, as a timeline", "events.jsonl": "the log, one event a line, with causes",
		"summary.json": "the verdict, expectations and figures", "engine.json": "how the run itself went",
		"report.html": "the report, in one file that works offline", "metrics.lp": "samples and events for InfluxDB",
		"metrics.lp.gz": "samples and events for InfluxDB",
	}
	if t, ok := known[name]; ok {
		return t
	}
	if level, ok := strings.CutPrefix(name, "metrics/"); ok {
		level, _, _ = strings.Cut(level, ".")
		return fmt.Sprintf("samples of every %s", strings.ReplaceAll(level, "_", " "))
	}
	return ""
}
