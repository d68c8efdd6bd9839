package rundir

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/csv"
	"github.com/halltwin/halltwin/twin/record/journal"
	"github.com/halltwin/halltwin/twin/record/jsonl"
	"github.com/halltwin/halltwin/twin/record/lineproto"
	"github.com/halltwin/halltwin/twin/record/parquet"
	"github.com/halltwin/halltwin/twin/record/report"
	"github.com/halltwin/halltwin/twin/record/series"
)

// Kinds of metrics files.
const (
	Parquet          = "parquet"
	CSV              = "csv"
	LineProtocol     = "lp"
	LineProtocolGzip = "lp.gz"
)

// Options says what a directory shall hold.
type Options struct {
	Metrics []string       // kinds of metrics files; nil means Parquet, an empty list none
	Replace bool           // an earlier run in the same directory is removed
	Folder  journal.Folder // where to write; nil means the directory itself. Tests fail it.
}

// Writer records a run into a directory. It is a sink; the directory is made when it is opened.
type Writer struct {
	path    string
	options Options
	folder  journal.Folder
	header  *record.Header
	fan     *record.Fanout
	files   []interface{ Logs() []*journal.Log }
	actions *journal.Log
	store   *series.Store
	done    []File
	lost    []record.SinkFailure // what failed beside the sinks
}

// The reserve is room that is kept free while a run is recorded, so that on a disk that fills up there is still
// place for what matters most: the verdict, the report and the manifest.
const (
	reserveFile = ".reserve"
	reserveSize = 512 << 10 // bytes
)

var _ record.Sink = (*Writer)(nil)

// Create checks that a run can be recorded at path, so that a mistake shows before the run and not after it. A
// directory that holds an earlier run is refused unless it may be replaced, and one that holds anything else
// always.
func Create(path string, o Options) (*Writer, error) {
	w := &Writer{path: path, options: o, folder: o.Folder}
	if w.folder == nil {
		w.folder = journal.Dir(path)
	}
	if o.Metrics == nil {
		w.options.Metrics = []string{Parquet}
	}
	for _, m := range w.options.Metrics {
		if !slices.Contains([]string{Parquet, CSV, LineProtocol, LineProtocolGzip}, m) {
			return nil, fmt.Errorf("unknown kind of metrics file %q: choose from %s, %s, %s, %s", m, Parquet, CSV, LineProtocol, LineProtocolGzip)
		}
	}
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return w, nil
	case err != nil:
		return nil, &record.SinkError{Sink: path, Err: err}
	case len(entries) == 0:
		return w, nil
	}
	if _, err := os.Stat(filepath.Join(path, ManifestFile)); err != nil {
		return nil, fmt.Errorf("%s is not empty and holds no run: choose another directory", path)
	}
	if !o.Replace {
		return nil, fmt.Errorf("%s already holds a run: choose another directory, or allow to replace it", path)
	}
	return w, nil
}

// Name says where the run is recorded.
func (w *Writer) Name() string { return w.path }

// Open makes the directory and its files.
func (w *Writer) Open(h *record.Header) error {
	w.header = h
	if err := w.clear(); err != nil {
		return w.failed(err)
	}
	if _, err := journal.WriteFile(w.folder, reserveFile, make([]byte, reserveSize)); err != nil {
		return w.failed(fmt.Errorf("a run needs at least %d kB: %w", reserveSize>>10, err))
	}
	if err := w.document(ResolvedFile, h.Resolved); err != nil {
		return w.failed(err)
	}
	if err := w.manifest(Running); err != nil {
		return w.failed(err)
	}
	var err error
	if w.actions, err = journal.Create(w.folder, ActionsFile); err != nil {
		return w.failed(err)
	}
	events := jsonl.New(w.folder, EventsFile)
	w.store = series.New(report.Needs)
	sinks := []record.Sink{w.store, events}
	w.files = append(w.files, events)
	for _, m := range w.options.Metrics {
		var s interface {
			record.Sink
			Logs() []*journal.Log
		}
		switch m {
		case Parquet:
			s = parquet.New(w.folder, MetricsDir)
		case CSV:
			s = csv.New(w.folder, MetricsDir)
		default:
			s = lineproto.New(w.folder, "metrics."+m)
		}
		sinks, w.files = append(sinks, s), append(w.files, s)
	}
	w.fan = record.NewFanout(sinks...)
	return w.fan.Open(h)
}

// clear removes the files of an earlier run, and no others.
func (w *Writer) clear() error {
	if w.options.Folder != nil {
		return nil
	}
	var list []string
	for _, pattern := range []string{ManifestFile, ResolvedFile, ActionsFile, EventsFile, SummaryFile, EngineFile, ReportFile, MeasuredFile,
		reserveFile, "*.new", "metrics.lp", "metrics.lp.gz", MetricsDir + "*.parquet", MetricsDir + "*.csv"} {
		found, err := filepath.Glob(filepath.Join(escape(w.path), filepath.FromSlash(pattern)))
		if err != nil {
			return err
		}
		list = append(list, found...)
	}
	for _, name := range list {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// escape quotes what a pattern would take for a wildcard.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// Frame records a column.
func (w *Writer) Frame(f *record.Frame) error { return w.fan.Frame(f) }

// Event records a line of the log.
func (w *Writer) Event(e *record.Event) error { return w.fan.Event(e) }

// Action records an action that the run got, as the entry of a timeline that repeats it:
// `{at: 43200 s, fail: "crah[0]", for: 7200 s}`. Its origin (timeline, process, ui, live, hardware) stands
// beside it as a comment.
func (w *Writer) Action(entry, origin string) error {
	line := "- " + entry
	if origin != "" {
		line += "  # " + origin
	}
	return w.note(ActionsFile, w.actions.Append([]byte(line+"\n")))
}

// Failures lists what could not be written so far.
func (w *Writer) Failures() []record.SinkFailure {
	if w.fan == nil {
		return nil
	}
	return append(w.fan.Failures(), w.lost...)
}

// Close finishes the files, and writes the summary, the report and the final manifest. It does as much of this
// as it can, and returns all errors.
func (w *Writer) Close(s *record.Summary) error {
	if w.fan == nil {
		return nil
	}
	if s != nil && s.Events == nil {
		s.Events = w.store.Count
	}
	errs := []error{w.note(reserveFile, w.folder.Remove(reserveFile)), w.fan.Close(s), w.note(ActionsFile, w.actions.Close())}
	w.add(w.actions)
	for _, f := range w.files {
		for _, l := range f.Logs() {
			w.add(l)
		}
	}
	errs = append(errs, w.note(MeasuredFile, w.beside(MeasuredFile)))
	state := Stopped
	if s != nil {
		state = Finished
		errs = append(errs, w.note(SummaryFile, w.summary(s)))
	}
	errs = append(errs, w.note(ReportFile, w.report()), w.note(ManifestFile, w.manifest(state)))
	return errors.Join(errs...)
}

// summary writes summary.json, and apart from it what two equal runs do not share.
func (w *Writer) summary(s *record.Summary) error {
	main, engine := *s, record.Group{Name: record.Engine, KPIs: []record.KPI{}}
	main.Groups = nil
	for _, g := range s.Groups {
		if g.Name == record.Engine {
			engine = g
		} else {
			main.Groups = append(main.Groups, g)
		}
	}
	b, err := encode(&main)
	if err != nil {
		return err
	}
	if err := w.document(SummaryFile, b); err != nil {
		return err
	}
	b, err = encode(&engine)
	if err != nil {
		return err
	}
	_, err = journal.WriteFile(w.folder, EngineFile, b)
	return err
}

func (w *Writer) report() error {
	var b bytes.Buffer
	if err := report.Write(&b, w.store); err != nil {
		return err
	}
	return w.document(ReportFile, b.Bytes())
}

func (w *Writer) manifest(state string) error {
	m := newManifest(w.header)
	m.State = state
	m.Files = append(m.Files, w.done...)
	sort.Slice(m.Files, func(i, j int) bool { return m.Files[i].Name < m.Files[j].Name })
	b, err := encode(m)
	if err != nil {
		return err
	}
	_, err = journal.WriteFile(w.folder, ManifestFile, b)
	return err
}

// document writes a small file and notes it for the manifest.
func (w *Writer) document(name string, content []byte) error {
	sum, err := journal.WriteFile(w.folder, name, content)
	if err == nil {
		w.done = append(w.done, File{name, int64(len(content)), sum})
	}
	return err
}

// beside notes a file for the manifest that was written beside the recording, where there is one.
func (w *Writer) beside(name string) error {
	if w.options.Folder != nil {
		return nil
	}
	f, err := os.Open(filepath.Join(w.path, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err == nil {
		w.done = append(w.done, File{name, n, hex.EncodeToString(sum.Sum(nil))})
	}
	return err
}

func (w *Writer) add(l *journal.Log) {
	if l != nil {
		w.done = append(w.done, File{l.Name(), l.Size(), l.Sum()})
	}
}

func (w *Writer) failed(err error) error { return &record.SinkError{Sink: w.path, Err: err} }

// note keeps an error that leaves a file out.
func (w *Writer) note(file string, err error) error {
	if err != nil {
		w.lost = append(w.lost, record.SinkFailure{Sink: file, Error: err.Error()})
		return &record.SinkError{Sink: file, Err: err}
	}
	return nil
}
