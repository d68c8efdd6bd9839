package main

import (
	"bytes"
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/halltwin/halltwin/hil/agent"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/source/prometheus"
	"github.com/halltwin/halltwin/hil/source/prometheus/promtest"
	"github.com/halltwin/halltwin/hil/source/slurm"
	"github.com/halltwin/halltwin/hil/source/slurm/slurmtest"
	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/live"
	"github.com/halltwin/halltwin/twin/record"
)

// eightNodes is the site that the cluster of the tests is: two racks of four DGX H100.
const eightNodes = `halltwin: v1
name: eight
duration: 1 d
site: {use: sites/h100-hall-1k, halls: [{rows: [{racks: 2, rack: {use: hardware/rack-dgx-h100-4}}]}]}
`

// gpusOf is an exporter of the GPUs of the cluster, as busy as a test says.
type gpusOf struct {
	mu   sync.Mutex
	busy map[int]float64 // by node
	e    agent.Exporter
}

func (g *gpusOf) set(node int, busy float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.busy[node] = busy
}

func (g *gpusOf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for n := range slurmtest.Nodes {
		for i := range 8 {
			var x device.Reading
			x.Clear()
			x.At = time.Now()
			x.Values[device.Utilisation] = g.busy[n]
			x.Values[device.Power] = 80 + 540*g.busy[n]
			x.Values[device.Temperature] = 30 + 30*g.busy[n]
			g.e.Put(device.Identity{Kind: device.GPU, Index: i, Key: "GPU-" + strconv.Itoa(8*n+i), Host: slurmtest.Node(n), Model: "NVIDIA H100"}, &x)
		}
	}
	g.e.ServeHTTP(w, r)
}

// heard counts events.
type heard struct {
	mu  sync.Mutex
	all []record.Event
}

func (h *heard) Open(*record.Header) error   { return nil }
func (h *heard) Frame(*record.Frame) error   { return nil }
func (h *heard) Close(*record.Summary) error { return nil }
func (h *heard) Event(e *record.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, *e)
	return nil
}

func (h *heard) count(kind, subject string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.all {
		if h.all[i].Type == kind && (subject == "" || h.all[i].Subject == subject) {
			n++
		}
	}
	return n
}

// TestLiveCluster runs a twin beside a real Slurm and a real Prometheus: jobs that are submitted appear in it on their nodes (how
// soon, it logs), and killing either server loses nothing and is shown.
func TestLiveCluster(t *testing.T) {
	cluster := slurmtest.New(t)
	gpus := &gpusOf{busy: map[int]float64{}}
	exporter := httptest.NewServer(gpus)
	defer exporter.Close()
	metrics := promtest.New(t, exporter.Listener.Addr().String())

	file, ds := scenarios.LoadBytes("eight.yaml", []byte(eightNodes+"start: "+time.Now().UTC().Truncate(time.Second).Format(time.RFC3339)+"\n"))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	plan, ds := file.Plan("")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	var log bytes.Buffer
	var events heard
	x, err := live.Begin(plan, live.Options{Options: twin.Options{Sink: &events}, Scheduled: true, Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	prom, err := prometheus.New(metrics.URL)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const every = 500 * time.Millisecond
	run := live.Start(ctx, x, []live.Feed{{Source: &slurm.Command{}, Every: every}, {Source: prom, Every: every}})
	report := func() (r *live.Report) {
		t.Helper()
		if err := run.Do(ctx, func(x *live.Twin) error { r = x.Report(); return nil }); err != nil {
			t.Fatal(err, run.Err())
		}
		return r
	}
	until := func(what string, is func(*live.Report) bool) time.Duration {
		t.Helper()
		began := time.Now()
		for !is(report()) {
			if time.Since(began) > time.Minute { // it hangs: how fast it is, is logged
				t.Fatalf("not %s after a minute: %+v", what, report())
			}
			<-time.After(20 * time.Millisecond)
		}
		return time.Since(began)
	}
	gpu := func(r *live.Report, name string) live.ChannelReport {
		for _, c := range r.Channels {
			if c.Name == name {
				return c
			}
		}
		return live.ChannelReport{}
	}
	until("matched", func(r *live.Report) bool {
		return len(r.Matches) == 8 && r.Silent == 0 && gpu(r, "gpu.power").Subjects == 64
	})
	idle := report().Progress.IT

	// A job appears. The clock begins when Slurm has taken it: it starts jobs within a second.
	id := cluster.Submit(300, "--nodes=2", "--exclusive", "--gres=gpu:8", "--nodelist=gpu2,gpu5", "--job-name=train")
	took := until("the job in the twin", func(r *live.Report) bool { return r.Progress.Running == 1 })
	t.Logf("from sbatch to a job that runs in the twin: %s", took)
	if events.count("job.start", "job "+id+" (train)") != 1 {
		t.Error("the job's start is not told")
	}
	gpus.set(1, 1)
	gpus.set(4, 1)
	until("busy", func(r *live.Report) bool {
		c := gpu(r, "gpu.power")
		return r.Progress.IT > idle+16*350 && math.Abs(c.Measured-48*80-16*620) < 1
	})
	waits := cluster.Submit(1, "--nodes=7", "--exclusive", "--job-name=waits")
	until("a job waits", func(r *live.Report) bool { return r.Waiting == 1 && r.Progress.Queued == 1 })
	cluster.Do("scancel", waits)

	// Slurm's controller dies. What runs goes on; a job that ends meanwhile is seen to have ended.
	short := cluster.Submit(0.5, "--job-name=short", "--gres=gpu:1", "--nodelist=gpu8")
	until("the short job", func(r *live.Report) bool { return events.count("job.start", "job "+short+" (short)") == 1 })
	cluster.Kill()
	until("the loss of Slurm is shown", func(r *live.Report) bool { return r.Sources[source(r, "slurm")].Fault != "" })
	if r := report(); r.Running < 1 {
		t.Errorf("a dead controller ends jobs: %+v", r)
	}
	cluster.Start()
	until("Slurm is back", func(r *live.Report) bool {
		return r.Sources[source(r, "slurm")].Fault == "" && r.Running == 1 && r.Progress.Running == 1
	})

	// Prometheus dies and comes back.
	before := report().Sources
	metrics.Kill()
	until("the loss of Prometheus is shown", func(r *live.Report) bool { return r.Sources[source(r, "prometheus")].Fault != "" })
	metrics.Start()
	until("Prometheus is back", func(r *live.Report) bool {
		s := r.Sources[source(r, "prometheus")]
		return s.Fault == "" && s.Faults == before[source(r, "prometheus")].Faults+1 && s.Values > before[source(r, "prometheus")].Values+1000
	})
	for _, name := range []string{"slurm", "prometheus"} {
		if events.count("source.lost", name) != 1 || events.count("source.back", name) != 1 {
			t.Errorf("%s: lost %d times, back %d times", name, events.count("source.lost", name), events.count("source.back", name))
		}
	}

	// A question, and the end of the job. A controller that is back may take a node for dead, until that node answers it.
	until("the job in the twin again", func(r *live.Report) bool { return r.Progress.Running == 1 && r.Progress.Faults == 0 })
	err = run.Do(ctx, func(x *live.Twin) error {
		began := time.Now()
		o, err := x.Ask(ctx, []action.Action{{Verb: action.Fail, Selector: "rack[0]"}}, 3600)
		if err == nil && o.Interrupted != 1 {
			t.Errorf("%d jobs lose nodes", o.Interrupted)
		}
		t.Logf("an hour ahead answered in %s", time.Since(began))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	cluster.Do("scancel", id)
	until("the job's end", func(r *live.Report) bool { return r.Progress.Running == 0 })
	if r := report(); len(r.Held) != 0 || len(r.Conflicts) != 0 || r.Adrift != 0 {
		t.Errorf("%+v", r)
	}
	cancel()
	if err := run.Err(); err != nil {
		t.Fatal(err)
	}

	// The log makes the same twin, up to what was taken last.
	_, tape, err := live.ReadLog(bytes.NewReader(log.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	again, err := live.Begin(plan, live.Options{Scheduled: true})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	n, err := tape.Play(context.Background(), again)
	if err != nil {
		t.Fatal(err)
	}
	at, _ := x.Now()
	if err := again.Advance(context.Background(), at); err != nil {
		t.Fatal(err)
	}
	if again.Digest() != x.Digest() {
		t.Error("the log makes another twin")
	}
	t.Logf("%d entries, %d bytes of log, %d readings; residual of gpu.power %.1f W", n, log.Len(), x.Report().Sources[source(x.Report(), "prometheus")].Values, gpu(x.Report(), "gpu.power").Residual)
}

// source finds a source in a report; 0 until it has been heard.
func source(r *live.Report, name string) int {
	for i := range r.Sources {
		if r.Sources[i].Name == name {
			return i
		}
	}
	return 0
}
