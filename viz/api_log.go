package viz

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/report"
	"github.com/halltwin/halltwin/twin/record/rundir"
	"github.com/halltwin/halltwin/twin/record/series"
	"github.com/halltwin/halltwin/viz/store"
	"github.com/halltwin/halltwin/viz/wire"
)

// Bounds of lists.
const (
	usualEvents = 200
	mostListed  = 5000
	usualJobs   = 500
	usualTicks  = 240
	mostTicks   = 4000
	mostMarked  = 1000 // faults on the time line
)

func getEvents(_ http.ResponseWriter, q *http.Request, r *Run) (any, error) {
	from, to, err := span(q, math.Inf(-1), math.Inf(1))
	if err != nil {
		return nil, err
	}
	limit, err := count(q, "limit", usualEvents, mostListed)
	if err != nil {
		return nil, err
	}
	after, err := number(q, "after", 0)
	if err != nil {
		return nil, err
	}
	p := q.URL.Query()
	least, ok := record.ParseSeverity(p.Get("severity"))
	if !ok && p.Get("severity") != "" {
		return nil, &wire.Error{Code: wire.CodeBadValue, Text: "severities are detail, info, warning and critical"}
	}
	if !ok {
		least = record.Info
	}
	found, total := r.log.Find(store.Query{From: from, To: to, Least: least, Subject: p.Get("subject"), Search: p.Get("search"), After: int64(after), Limit: limit})
	return r.events(found, total), nil
}

func (r *Run) events(found []record.Event, total int) *wire.Events {
	out := &wire.Events{Events: []json.RawMessage{}, Total: total, More: total > len(found)}
	for i := range found {
		out.Events = append(out.Events, store.Encode(r.header, &found[i]))
	}
	return out
}

func getTree(_ http.ResponseWriter, q *http.Request, r *Run) (any, error) {
	id, err := number(q, "event", 0)
	if err != nil {
		return nil, err
	}
	tree := r.log.Tree(int64(id))
	if tree == nil {
		return nil, &wire.Error{Code: wire.CodeUnknownSubject, Text: fmt.Sprintf("there is no event %g", id)}
	}
	return r.events(tree, len(tree)), nil
}

func getTicks(_ http.ResponseWriter, q *http.Request, r *Run) (any, error) {
	n, err := count(q, "buckets", usualTicks, mostTicks)
	if err != nil {
		return nil, err
	}
	t := &wire.Ticks{Faults: []wire.Tick{}}
	t.Bucket, t.Counts = r.log.Count(r.header.Duration, n)
	least := record.Warning
	for severity, counts := range t.Counts {
		sum := 0
		for _, c := range counts {
			sum += c
		}
		if severity == record.Warning.String() && sum > mostMarked {
			least = record.Critical
		}
	}
	r.log.Each(least, func(e *record.Event) {
		if len(t.Faults) < mostMarked {
			t.Faults = append(t.Faults, wire.Tick{T: e.Time, ID: e.ID, Severity: e.Severity.String(), Type: e.Type, Subject: e.Subject, Text: e.Text})
		}
	})
	return t, nil
}

func getJobs(_ http.ResponseWriter, q *http.Request, r *Run) (any, error) {
	head := r.standing().head
	from, to, err := span(q, 0, head)
	if err != nil {
		return nil, err
	}
	to = min(to, max(head, from))
	limit, err := count(q, "limit", usualJobs, mostListed)
	if err != nil {
		return nil, err
	}
	buckets, err := count(q, "buckets", usualTicks, mostTicks)
	if err != nil {
		return nil, err
	}
	at, err := number(q, "at", to)
	if err != nil {
		return nil, err
	}
	only, err := number(q, "index", -1)
	if err != nil {
		return nil, err
	}
	search := strings.ToLower(q.URL.Query().Get("search"))
	speeds, err := r.jobSpeeds(at)
	if err != nil {
		return nil, err
	}
	out := &wire.Jobs{From: from, To: to, Rows: []wire.Job{}}
	var waiting []int
	r.jobs.Overlapping(from, to, func(i int, j *store.Job) bool {
		if search != "" && !strings.Contains(strings.ToLower(j.Name+" "+j.Class+" "+j.User+" "+j.Queue), search) {
			return true
		}
		if only >= 0 && float64(i) != only {
			return true
		}
		if out.Total++; len(out.Rows) < limit {
			row := jobRow(i, j, at)
			if v, ok := speeds[int32(i)]; ok && row.State == "running" {
				row.Speed = wire.Number(v)
			}
			if row.State == "queued" {
				waiting = append(waiting, len(out.Rows))
			}
			out.Rows = append(out.Rows, row)
		}
		return true
	})
	r.explain(out, waiting, at)
	width := (to - from) / float64(buckets)
	out.Density.Bucket = width
	if width > 0 {
		running, queued, busy := r.jobs.Density(from, to, buckets)
		out.Density.Running, out.Density.Queued, out.Density.Busy = numbers(running), numbers(queued), numbers(busy)
	}
	return out, nil
}

func numbers(v []float64) []wire.Number {
	out := make([]wire.Number, len(v))
	for i := range v {
		out[i] = wire.Number(v[i])
	}
	return out
}

func jobRow(i int, j *store.Job, t float64) wire.Job {
	row := wire.Job{Index: int32(i), Name: strings.TrimPrefix(j.Name, "job "), Class: j.Class, User: j.User, Queue: j.Queue, GPUs: j.GPUs,
		Submit: wire.Number(j.Submit), Start: wire.Number(j.Start()), End: wire.Number(j.End), State: j.State(t), Restarts: j.Restarts,
		Segments: [][2]wire.Number{}, Speed: wire.Number(math.NaN()), Nodes: slices.Clone(j.Held(t))}
	for _, s := range j.Runs {
		row.Segments = append(row.Segments, [2]wire.Number{wire.Number(s[0]), wire.Number(s[1])})
	}
	return row
}

// explain says why jobs wait and why they are slow, from what is recorded: how many GPUs are free and who came before.
func (r *Run) explain(out *wire.Jobs, waiting []int, t float64) {
	free := math.NaN()
	if id, ok := r.ids["gpus.free"]; ok {
		if v, _, err := r.samples.At(r.channels[id], t); err == nil && len(v) == 1 {
			free = v[0]
		}
	}
	const explained = 200 // each looks at the whole queue
	for n, i := range waiting {
		row := &out.Rows[i]
		switch {
		case !math.IsNaN(free) && row.GPUs > free:
			row.Why = fmt.Sprintf("needs %g GPUs, %g are free", row.GPUs, free)
		case n < explained:
			if ahead := r.jobs.Ahead(int(row.Index), t); ahead > 0 {
				row.Why = fmt.Sprintf("%d jobs that came before it wait", ahead)
				break
			}
			row.Why = "enough GPUs are free, but not where the scheduler may place it"
		default:
			row.Why = "jobs that came before it wait"
		}
	}
	throttled := math.NaN()
	if id, ok := r.ids["gpus.throttled"]; ok {
		if v, _, err := r.samples.At(r.channels[id], t); err == nil && len(v) == 1 {
			throttled = v[0]
		}
	}
	for i := range out.Rows {
		row := &out.Rows[i]
		if row.State != "running" || !(float64(row.Speed) < 0.995) {
			continue
		}
		row.Slow = "GPUs are held back by a power limit"
		if throttled > 0 {
			row.Slow = fmt.Sprintf("GPUs are slowed down by heat or a power limit; %g of the site are by heat", throttled)
		}
	}
}

// jobSpeeds returns the speed of jobs at a time, of a run under way at its head, where that is known.
func (r *Run) jobSpeeds(t float64) (map[int32]float64, error) {
	id, ok := r.ids["job.speed"]
	if d, recorded := r.samples.(*store.Directory); recorded && ok {
		return d.Jobs(r.channels[id], t)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.speeds, nil
}

func getSummary(_ http.ResponseWriter, _ *http.Request, r *Run) (any, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.summary == nil {
		return nil, &wire.Error{Code: wire.CodeUnknownSubject, Text: "there is no verdict yet: the run goes on, or did not finish"}
	}
	return r.summary, nil
}

// getReport answers with the report in one page, under a policy that allows its own styles alone.
func getReport(w http.ResponseWriter, q *http.Request, r *Run) (any, error) {
	dir := r.directory()
	if dir == nil {
		return nil, &wire.Error{Code: wire.CodeUnknownSubject, Text: "this run has no report yet"}
	}
	page, err := fs.ReadFile(dir.FS(), rundir.ReportFile)
	if errors.Is(err, fs.ErrNotExist) { // it was killed
		var b bytes.Buffer
		data := series.New(report.Needs)
		if err = dir.Replay(data); err == nil {
			err = report.Write(&b, data)
		}
		page = b.Bytes()
	}
	if err != nil {
		return nil, err
	}
	policy := "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; img-src data:; style-src"
	for _, s := range styles(page) {
		sum := sha256.Sum256([]byte(s))
		policy += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	send(w, q, page)
	return nil, nil
}

// styles returns the contents of a page's style elements.
func styles(page []byte) (list []string) {
	for {
		_, rest, ok := bytes.Cut(page, []byte("<style>"))
		if !ok {
			return list
		}
		style, after, ok := bytes.Cut(rest, []byte("</style>"))
		if !ok {
			return list
		}
		list, page = append(list, string(style)), after
	}
}

func getFiles(_ http.ResponseWriter, _ *http.Request, r *Run) (any, error) {
	files := []wire.File{}
	if dir := r.directory(); dir != nil {
		for _, name := range dir.Files() {
			if info, err := fs.Stat(dir.FS(), name); err == nil {
				files = append(files, wire.File{Name: name, Bytes: info.Size(), About: aboutFile(name)})
			}
		}
	}
	return map[string]any{"files": files}, nil
}

func aboutFile(name string) string {
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
	if level, ok := strings.CutPrefix(name, rundir.MetricsDir); ok {
		level, _, _ = strings.Cut(level, ".")
		return "samples of every " + strings.ReplaceAll(level, "_", " ")
	}
	return ""
}

// getFile sends one file of the run, if it lists it.
func getFile(w http.ResponseWriter, q *http.Request, r *Run) (any, error) {
	name := q.PathValue("name")
	dir := r.directory()
	if dir == nil || !slices.Contains(dir.Files(), name) {
		return nil, &wire.Error{Code: wire.CodeUnknownSubject, Text: "this run has no file " + clip(name)}
	}
	f, err := dir.FS().Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	seeker, ok := f.(io.ReadSeeker)
	if !ok {
		return nil, errors.New("this file cannot be sent")
	}
	w.Header().Set("Content-Type", contentType(name))
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": path.Base(name)}))
	http.ServeContent(w, q, name, time.Time{}, seeker)
	return nil, nil
}

// contentType of a file. What could be taken for a page is sent to be saved, never to be run.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".json", ".jsonl", ".yaml", ".log", ".csv", ".lp":
		return "text/plain; charset=utf-8"
	case ".parquet":
		return "application/vnd.apache.parquet"
	}
	return "application/octet-stream"
}
