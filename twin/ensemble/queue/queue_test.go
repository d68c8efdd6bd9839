package queue

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/ensemble"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/journal"
	"github.com/nats-io/nats.go"
)

const cabinet = `halltwin: v1
name: cabinet
start: 2025-07-15T00:00:00Z
duration: 30 min
seed: 1
replicas: 6
site: {use: sites/edge-cabinet}
workload:
  - generate: {use: workloads/edge-inference, load: 60 %}
record: {every: 5 min}
variants:
  hot: {site: {air: {supply: 30 degC}}}
expect:
  - {name: cool, that: "max(rack.inlet_temperature) < degC(29)"}
`

// load returns an experiment whose file has a name, so that data stand beside it.
func load(t testing.TB, path string) *ensemble.Experiment {
	t.Helper()
	f, ds := scenarios.Load(path)
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	e, err := ensemble.New(f, ensemble.Request{}, "test")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func written(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cabinet.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// leaves returns all numbers that an outcome leaves.
func leaves(t testing.TB, o *ensemble.Outcome) string {
	t.Helper()
	var b bytes.Buffer
	dir := t.TempDir()
	if err := o.JSON(&b); err != nil {
		t.Fatal(err)
	}
	if err := o.Table(journal.Dir(dir)); err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile(filepath.Join(dir, ensemble.TableFile))
	if err != nil {
		t.Fatal(err)
	}
	return b.String() + string(table)
}

// alone is what comes of an experiment in this process.
func alone(t testing.TB, path string) string {
	t.Helper()
	o, err := load(t, path).Run(t.Context(), ensemble.NewStore(), ensemble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return leaves(t, o)
}

// hub is a server of the test, with connections to it.
type hub struct {
	t testing.TB
	*Server
	access Access
}

func newHub(t testing.TB, address string) *hub {
	t.Helper()
	s, err := Serve(address, t.TempDir(), Access{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &hub{t, s, Access{URL: s.URL, TokenFile: s.TokenFile}}
}

func connect(t testing.TB, a Access) *nats.Conn {
	t.Helper()
	nc, err := Connect(t.Context(), a, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// notes collects what a person is told.
type notes struct {
	sync.Mutex
	list []string
}

func (n *notes) add(text string) { n.Lock(); n.list = append(n.list, text); n.Unlock() }

func (n *notes) has(text string) bool {
	n.Lock()
	defer n.Unlock()
	return strings.Contains(strings.Join(n.list, "\n"), text)
}

// work runs a worker in this process until the test ends; done returns how many runs it has made.
func (h *hub) work(w *Worker) (done func() int) {
	ctx, cancel := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	made := 0
	nc := connect(h.t, h.access)
	ended.Go(func() {
		var err error
		if made, err = w.Work(ctx, nc); err != nil {
			h.t.Error(err)
		}
	})
	stop := sync.OnceValue(func() int { cancel(); ended.Wait(); return made })
	h.t.Cleanup(func() { stop() })
	return stop
}

// sweep carries an experiment out with the workers that there are.
func sweep(t testing.TB, a Access, path string, s *ensemble.Store, o Options) *ensemble.Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	e := load(t, path)
	c, err := Coordinate(ctx, connect(t, a), e, o)
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.Run(ctx, s, ensemble.Options{Executor: c})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var program = Program("test")

// What comes of an experiment is the same to the byte on workers that share no disk with it, with its data files shipped.
func TestSameOnWorkers(t *testing.T) {
	t.Parallel()
	text := strings.Replace(cabinet, "replicas: 6", "replicas: 6\nexperiment: {until: {figure: energy.site, half_width: 1 %, at_least: 4}}", 1)
	path := written(t, text)
	want := alone(t, path)
	h := newHub(t, "127.0.0.1:0")
	one, two := h.work(&Worker{Program: program, Slots: 2}), h.work(&Worker{Program: program, Slots: 1})
	if diff := cmp.Diff(want, leaves(t, sweep(t, h.access, path, ensemble.NewStore(), Options{}))); diff != "" {
		t.Error("workers come to something else", diff)
	}
	first := one() + two()
	if first < 8 || first > 12 {
		t.Errorf("%d runs were made", first)
	}
	h.work(&Worker{Program: program}) // its results are there
	if got := leaves(t, sweep(t, h.access, path, ensemble.NewStore(), Options{})); got != want {
		t.Error("what is kept on the server is something else")
	}
}

// Every scenario of the library runs the same from its resolved text.
func TestResolvedTextIsTheScenario(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"first-run", "heat-wave-and-caps", "power-feed-loss"} {
		f, ds := scenarios.Load(name)
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		for _, v := range append([]string{""}, f.Variants()...) {
			plan, ds := f.Plan(v)
			if len(ds) > 0 {
				t.Fatal(ds)
			}
			plan.Duration = 1800
			again, err := ensemble.Open(plan.Resolved, noData)
			if err != nil {
				t.Errorf("%s %s: %v", name, v, err)
				continue
			}
			again.Duration = 1800
			a, err := ensemble.Make(t.Context(), plan, 7, "test")
			b, e := ensemble.Make(t.Context(), again, 7, "test")
			x, _ := encode(a)
			y, _ := encode(b)
			if err != nil || e != nil || !bytes.Equal(x, y) {
				t.Errorf("%s %s runs differently from its resolved text: %v %v", name, v, err, e)
			}
		}
	}
}

// A worker of another version takes no part, and both sides say so.
func TestOtherProgram(t *testing.T) {
	t.Parallel()
	path := written(t, cabinet)
	h := newHub(t, "127.0.0.1:0")
	var theirs, ours notes
	other := h.work(&Worker{Program: Program("v9"), Note: theirs.add})
	mine := make(chan struct{})
	h.work(&Worker{Program: program, Make: func(ctx context.Context, p *scenarios.Plan, seed uint64, v string) (ensemble.Made, error) {
		<-mine
		return ensemble.Make(ctx, p, seed, v)
	}})
	go func() {
		for t.Context().Err() == nil && !(theirs.has("it takes no part") && ours.has("take no part: this is test")) {
			pause(t.Context(), 10*time.Millisecond)
		}
		close(mine)
	}()
	sweep(t, h.access, path, ensemble.NewStore(), Options{Note: ours.add})
	if n := other(); n != 0 {
		t.Errorf("a worker of another version made %d runs", n)
	}
}

// A run that does not end is given up at its limit, and the others go on.
func TestLimit(t *testing.T) {
	t.Parallel()
	h := newHub(t, "127.0.0.1:0")
	h.work(&Worker{Program: program, Slots: 2, Make: func(ctx context.Context, p *scenarios.Plan, seed uint64, v string) (ensemble.Made, error) {
		if seed == 3 {
			<-ctx.Done()
			return ensemble.Made{}, ctx.Err()
		}
		return ensemble.Make(ctx, p, seed, v)
	}})
	o := sweep(t, h.access, written(t, cabinet), ensemble.NewStore(), Options{Limit: 300 * time.Millisecond})
	if len(o.Failed) != 2 || o.Failed[0].Verdict != record.Broken || !strings.Contains(o.Failed[0].Reason, "longer than 0.3 s") {
		t.Errorf("%+v", o.Failed)
	}
}

func TestSecretsStayOutOfSight(t *testing.T) {
	t.Parallel()
	if err := CheckURL("nats://u:p@host:4222"); err == nil || strings.Contains(err.Error(), "u:p") {
		t.Error(err)
	}
	for _, bad := range []string{"", "host:4222", "http://host:4222", "nats://"} {
		if CheckURL(bad) == nil {
			t.Errorf("%q is taken for a server", bad)
		}
	}
	h := newHub(t, "127.0.0.1:0")
	_, err := Connect(t.Context(), Access{URL: strings.Replace(h.URL, "//", "//secret@", 1)}, func(s string) {
		if strings.Contains(s, "secret") {
			t.Error(s)
		}
	})
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(strings.ToLower(err.Error()), "authorization") {
		t.Error(err)
	}
	if s, err := os.Stat(h.TokenFile); err != nil || s.Mode().Perm() != 0o600 {
		t.Error(s.Mode(), err)
	}
}

func FuzzMessages(f *testing.F) {
	m, err := encode(ensemble.Broken(3, "x"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m)
	f.Add([]byte(`{"sweep":"a","key":"b","scenario":"c","attempts":3}`))
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = decode(b)
		_, _ = decodeWork(b)
	})
}

func noData(string) (io.ReadCloser, bool, error) { return nil, false, nil }
