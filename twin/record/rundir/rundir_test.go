package rundir

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/journal"
	"github.com/halltwin/halltwin/twin/record/lineproto"
	"github.com/halltwin/halltwin/twin/record/recordtest"
)

func write(t *testing.T, dir string, every float64, o Options) error {
	t.Helper()
	w, err := Create(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	h := recordtest.Header(recordtest.Site(2, 8))
	if err := w.Open(h); err != nil {
		return err
	}
	if err := w.Action(`{at: 43200 s, fail: "crah[0]", for: 7200 s}`, "timeline"); err != nil {
		return err
	}
	err = recordtest.Samples(w, h, every)
	return errors.Join(err, w.Close(recordtest.Summary(h)))
}

func open(t *testing.T, dir string) *Run {
	t.Helper()
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func TestDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs", "first")
	if err := write(t, dir, 600, Options{Metrics: []string{Parquet, CSV, LineProtocolGzip}}); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir)
	if r.Manifest.State != Finished || r.Manifest.Seed != 7 || len(r.Manifest.Resolved) != 64 {
		t.Errorf("manifest %+v", r.Manifest)
	}
	var names []string
	for _, f := range r.Manifest.Files {
		names = append(names, f.Name)
	}
	want := "actions.log events.jsonl metrics.lp.gz metrics/job.csv metrics/job.parquet metrics/rack.csv metrics/rack.parquet " +
		"metrics/site.csv metrics/site.parquet report.html resolved.yaml summary.json"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("files %s\nwant  %s", got, want)
	}
	if wrong, err := r.Check(); err != nil || len(wrong) > 0 {
		t.Errorf("check: %v %v", wrong, err)
	}
	s, err := r.Summary()
	if err != nil {
		t.Fatal(err)
	}
	w := recordtest.Summary(r.Header())
	w.Events = map[string]int{"detail": 40, "info": 5, "warning": 2, "critical": 2}
	if d := cmp.Diff(w, s); d != "" {
		t.Errorf("summary differs:\n%s", d)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, ActionsFile)); string(b) != "- {at: 43200 s, fail: \"crah[0]\", for: 7200 s}  # timeline\n" {
		t.Errorf("actions: %s", b)
	}
	if err := os.WriteFile(filepath.Join(dir, EventsFile), []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if wrong, _ := r.Check(); len(wrong) != 1 {
		t.Errorf("a changed file is not noticed: %v", wrong)
	}
}

// Two runs of the same scenario, seed and version leave the same bytes, but for how the run itself went.
func TestSameBytes(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	for _, dir := range []string{a, b} {
		if err := write(t, dir, 1200, Options{Metrics: []string{Parquet, CSV, LineProtocol}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range append(open(t, a).Manifest.Files, File{Name: ManifestFile}) {
		x, _ := os.ReadFile(filepath.Join(a, f.Name))
		y, _ := os.ReadFile(filepath.Join(b, f.Name))
		if len(x) == 0 || !bytes.Equal(x, y) {
			t.Errorf("%s differs", f.Name)
		}
	}
}

// What is read back is what was recorded: the same points come out of a replay.
func TestReplay(t *testing.T) {
	dir := t.TempDir()
	if err := write(t, dir, 1200, Options{Metrics: []string{Parquet, LineProtocol}}); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir)
	again := t.TempDir()
	if err := r.Replay(lineproto.New(journal.Dir(again), "metrics.lp")); err != nil {
		t.Fatal(err)
	}
	want, got := lines(t, filepath.Join(dir, "metrics.lp")), lines(t, filepath.Join(again, "metrics.lp"))
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("replay differs:\n%.2000s", d)
	}
}

// lines reads points, in no order: levels of one instant are written in the order in which they are complete.
func lines(t *testing.T, name string) map[string]int {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]int{}
	for line := range strings.Lines(string(b)) {
		set[line]++
	}
	return set
}

func TestRefusesForeignDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := write(t, dir, 7200, Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, Options{}); err == nil || !strings.Contains(err.Error(), "already holds a run") {
		t.Errorf("error %v", err)
	}
	own := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(own, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(t, dir, 7200, Options{Replace: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(own); err != nil {
		t.Error("replacing a run removed a file that is not the run's")
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(other, Options{Replace: true}); err == nil || !strings.Contains(err.Error(), "holds no run") {
		t.Errorf("error %v", err)
	}
}

// However early a disk fills up, the run goes on, the error says what and why, the command line can tell it
// from others, everything written before is read back, and the verdict is there.
func TestFullDisk(t *testing.T) {
	for room := int64(20_000); room < 110_000; room += 11_000 {
		dir := t.TempDir()
		err := write(t, dir, 600, Options{Folder: &journal.Full{Folder: journal.Dir(dir), Room: reserveSize + room}})
		var sink *record.SinkError
		if !errors.As(err, &sink) || !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "no space left") {
			t.Fatalf("%d bytes of room: error %v", room, err)
		}
		r := open(t, dir)
		if r.Manifest.State != Finished {
			t.Errorf("%d bytes of room: state %s", room, r.Manifest.State)
		}
		s, err := r.Summary()
		if err != nil || s == nil || len(s.Failed) == 0 || s.Verdict != record.Missed {
			t.Errorf("%d bytes of room: summary %+v, %v", room, s, err)
		}
		if err := r.Replay(record.NewFanout()); err != nil {
			t.Errorf("%d bytes of room: replay: %v", room, err)
		}
		if _, err := os.Stat(filepath.Join(dir, ReportFile)); err != nil {
			t.Errorf("%d bytes of room: %v", room, err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*.new")); len(left) > 0 {
			t.Errorf("%d bytes of room: left %v", room, left)
		}
	}
	dir := t.TempDir()
	err := write(t, dir, 600, Options{Folder: &journal.Full{Folder: journal.Dir(dir), Room: 1000}})
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "a run needs at least 512 kB") {
		t.Errorf("a disk that is full from the start: %v", err)
	}
}

// A run that was killed is read up to its last checkpoint.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := recordtest.Header(recordtest.Site(2, 8))
	if err := w.Open(h); err != nil {
		t.Fatal(err)
	}
	if err := recordtest.Samples(w, h, 600); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir) // and no Close of the writer
	if r.Manifest.State != Running {
		t.Errorf("state %s", r.Manifest.State)
	}
	if s, err := r.Summary(); s != nil || err != nil {
		t.Errorf("summary %v, %v", s, err)
	}
	var last counter
	if err := r.Replay(&last); err != nil {
		t.Fatal(err)
	}
	if last.frames < 13*130 || last.time < 0.89*h.Duration {
		t.Errorf("%d frames up to %g s survive", last.frames, last.time)
	}
}

type counter struct {
	frames, events int
	time           float64
}

func (c *counter) Open(*record.Header) error { return nil }
func (c *counter) Frame(f *record.Frame) error {
	c.frames++
	if f.Time < c.time {
		return errors.New("frames out of order")
	}
	c.time = f.Time
	return nil
}
func (c *counter) Event(*record.Event) error   { c.events++; return nil }
func (c *counter) Close(*record.Summary) error { return nil }

func TestSiteRoundTrip(t *testing.T) {
	tree := recordtest.Site(3, 5)
	tree.Levels[facility.GPU].Models = []string{"h100", "b200"}
	tree.Levels[facility.GPU].Model = make([]int16, tree.Count(facility.GPU))
	tree.Levels[facility.GPU].Model[7] = 1
	tree.Levels[facility.CRAH].Names = []string{"north", "", "", ""}
	b, err := json.Marshal(encodeSite(tree))
	if err != nil {
		t.Fatal(err)
	}
	var s Site
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	back, err := s.decode()
	if err != nil {
		t.Fatal(err)
	}
	for k := range facility.NumKinds {
		if d := cmp.Diff(tree.Levels[k].Up, back.Levels[k].Up); d != "" {
			t.Errorf("%s: %s", k, d)
		}
		for i := range tree.Count(k) {
			r := facility.Ref{Kind: k, Index: int32(i)}
			if tree.NameOf(r) != back.NameOf(r) {
				t.Errorf("%s is called %s", tree.NameOf(r), back.NameOf(r))
			}
		}
	}
	if d := cmp.Diff(tree.Levels[facility.GPU].Model, back.Levels[facility.GPU].Model); d != "" {
		t.Error(d)
	}
}

func TestStaysInside(t *testing.T) {
	dir := t.TempDir()
	if err := write(t, dir, 7200, Options{}); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(filepath.Dir(dir), "secret")
	if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir)
	for _, name := range []string{"../secret", "metrics/../../secret", secret, "link"} {
		if b, err := r.read(name); err == nil {
			t.Errorf("%s: read %q", name, b)
		}
	}
}

// Whatever the documents of a run directory hold, reading them ends, without a crash and without leaving it.
func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	w, err := Create(dir, Options{})
	if err != nil {
		f.Fatal(err)
	}
	if err := recordtest.Play(w, recordtest.Header(recordtest.Site(1, 2)), 21600); err != nil {
		f.Fatal(err)
	}
	var seeds [4][]byte
	for i, name := range []string{ManifestFile, SummaryFile, EventsFile, MetricsDir + "rack.parquet"} {
		seeds[i], _ = os.ReadFile(filepath.Join(dir, name))
	}
	f.Add(seeds[0], seeds[1], seeds[2], seeds[3])
	f.Add([]byte(`{"format":1,"files":[{"name":"../../etc/passwd"}],"site":{"levels":[{"kind":"rack","parent":"site","counts":[[1,999999999]]}]}}`),
		[]byte(`{"expectations":[{"actual":null}]}`), []byte("{}\n{\n"), seeds[3])
	f.Fuzz(func(t *testing.T, manifest, summary, events, table []byte) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "metrics"), 0o700); err != nil {
			t.Fatal(err)
		}
		for name, b := range map[string][]byte{ManifestFile: manifest, SummaryFile: summary, EventsFile: events,
			"metrics/rack.parquet": table} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r, err := Open(dir)
		if err != nil {
			return
		}
		_, _ = r.Check()
		_ = r.Replay(&counter{}) // an error is fine
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}
