package external

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halltwin/halltwin/models/schedule"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// TestMain lets the test binary be the process that is asked.
func TestMain(m *testing.M) {
	if how := os.Getenv("HALLTWIN_TEST_SCHEDULER"); how != "" {
		behave(how)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// behave is a scheduler of some kind.
func behave(how string) {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, mostAnswer)
	if how == "deaf" {
		select {}
	}
	for in.Scan() {
		if strings.Contains(in.Text(), `"hello"`) {
			if how == "version" {
				fmt.Println(`{"protocol":9}`)
				continue
			}
			fmt.Println(`{"protocol":1}`)
			continue
		}
		switch how {
		case "garbage":
			fmt.Println("I feel like starting job 3")
		case "hang":
			select {}
		case "die":
			fmt.Fprintln(os.Stderr, "KeyError: 'gpus'")
			os.Exit(1)
		case "flood":
			text := strings.Repeat("x", 1<<20)
			for {
				fmt.Print(text)
			}
		case "field":
			fmt.Println(`{"begin":[]}`)
		case "two":
			fmt.Println(`{} {}`)
		case "nobody":
			fmt.Println(`{"start":[{"job":99}]}`)
		case "nowhere":
			fmt.Println(`{"start":[{"job":0,"nodes":[77]}]}`)
		case "crowd":
			fmt.Println(`{"start":[{"job":0,"nodes":[0]},{"job":1,"nodes":[0]},{"job":2,"nodes":[0]}]}`)
		case "dither":
			var q decide
			if json.Unmarshal(in.Bytes(), &q) != nil {
				return
			}
			if len(q.Running) == 0 {
				fmt.Printf("{\"start\":[{\"job\":%d}]}\n", q.Waiting[0].Job)
			} else {
				fmt.Printf("{\"stop\":[%d],\"start\":[{\"job\":%d}]}\n", q.Running[0].Job, q.Waiting[0].Job)
			}
		case "first-fit":
			var q decide
			if json.Unmarshal(in.Bytes(), &q) != nil {
				return
			}
			free := 0.0
			for _, n := range q.Free {
				free += n.GPUs
			}
			a := answer{}
			for _, j := range q.Waiting {
				if need := float64(j.Parts) * j.GPUs; need <= free {
					free -= need
					a.Start = append(a.Start, start{Job: j.Job})
				}
			}
			out, _ := json.Marshal(&a)
			fmt.Println(string(out))
		}
	}
}

func process(t *testing.T, how string) *Process {
	t.Helper()
	t.Setenv("HALLTWIN_TEST_SCHEDULER", how)
	limit := 20 * time.Second
	if how == "hang" || how == "deaf" {
		limit = 100 * time.Millisecond
	}
	p, err := Start([]string{os.Args[0]}, limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// TestHostile asks processes that misbehave: each ends in an error that says how, and does not hang.
func TestHostile(t *testing.T) {
	for how, want := range map[string]string{
		"garbage": "which is no answer",
		"hang":    "has given no answer within 100ms",
		"deaf":    "has given no answer within 100ms",
		"die":     "has ended without an answer; it said: KeyError: 'gpus'",
		"flood":   "a line of more than 16 MiB",
		"field":   `unknown field "begin"`,
		"two":     "more than one JSON object",
		"version": "speaks protocol 9",
		"nobody":  "job 99 neither waits nor runs",
		"nowhere": "job 0 is to start on node 77, there are 0 to 1",
		"crowd":   "job 2 is to start on node 0, which has no room for it",
		"dither":  "comes to no end",
	} {
		t.Run(how, func(t *testing.T) {
			_, err := run(t, "external", process(t, how))
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the error is %v, want one with %q", err, want)
			}
		})
	}
}

func TestDoesNotStart(t *testing.T) {
	if _, err := Start([]string{"/there/is/no/such/scheduler"}, time.Second); err == nil || !strings.Contains(err.Error(), "does not start") {
		t.Errorf("the error is %v", err)
	}
	if _, err := Start(nil, time.Second); err == nil {
		t.Error("no command is a command")
	}
}

// TestSameAsOurs compares a process that does first fit on pooled GPUs with our own policy, and the example likewise.
func TestSameAsOurs(t *testing.T) {
	want, err := run(t, "first-fit", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) == 0 {
		t.Fatal("nothing started")
	}
	got, err := run(t, "external", process(t, "first-fit"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("starts\n%v, want\n%v", got, want)
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to run the example with")
	}
	p, err := Start([]string{python, "testdata/first_fit.py"}, 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got, err = run(t, "external", p); err != nil || !slices.Equal(got, want) {
		t.Errorf("the example starts\n%v, want\n%v; %v", got, want, err)
	}
}

// TestNobodyDecides runs an external scenario without a process.
func TestNobodyDecides(t *testing.T) {
	if _, err := run(t, "external", nil); err == nil || !strings.Contains(err.Error(), "--scheduler") {
		t.Errorf("the error is %v", err)
	}
}

// run runs a little site and returns when which job started.
func run(t *testing.T, policy string, p *Process) ([]string, error) {
	t.Helper()
	var jobs strings.Builder
	for i, gpus := range []int{4, 4, 8, 2, 16, 1, 4, 8, 2, 2} {
		fmt.Fprintf(&jobs, "  - job: {name: j%d, gpus: %d, per_node: %d, work: %d s, submit: %d s}\n", i, gpus, min(gpus, 8), 100+70*(i%4), 30*max(0, i-3))
	}
	f, ds := scenarios.LoadBytes("t.yaml", []byte(fmt.Sprintf(siteText, policy)+"workload:\n"+jobs.String()))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	plan, ds := f.Plan("")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	log := &starts{}
	o := twin.Options{Sink: log}
	if p != nil {
		o.Decider = p
	}
	_, err := twin.Run(context.Background(), plan, o)
	return log.all, err
}

const siteText = `halltwin: v1
name: external
start: 2024-01-01T00:00:00Z
duration: 2 h
site:
  halls: [{rows: [{racks: 2, rack: {nodes: 1, node: {gpus: 8}}}]}]
  plant: {kind: none}
  power: {use: plants/power-direct}
scheduler: {policy: %s, placement: first-fit}
`

type starts struct{ all []string }

func (s *starts) Open(*record.Header) error   { return nil }
func (s *starts) Frame(*record.Frame) error   { return nil }
func (s *starts) Close(*record.Summary) error { return nil }
func (s *starts) Event(e *record.Event) error {
	if e.Type == "job.start" {
		s.all = append(s.all, fmt.Sprintf("%g %s", e.Time, e.Subject))
	}
	return nil
}

// FuzzAnswer lets any answer be carried out: it is refused or leaves a state that can be asked about.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"start":[{"job":0,"nodes":[0]},{"job":1}],"stop":[0]}`))
	f.Add([]byte(`{"start":[{"job":2,"nodes":[1,1]}]}`))
	f.Add([]byte(`{"stop":[0,0]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var a answer
		if json.Unmarshal(text, &a) != nil {
			return
		}
		c, err := schedule.Compile(&schedule.Spec{Policy: "external"}, nil, []workload.Vector{{8, 8}, {4, 8}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s := schedule.NewState(c)
		for j := range int32(6) {
			c.Submit(s, 0, schedule.Request{Job: j, Parts: 1 + j%3, Part: workload.Vector{float64(j), 1}, User: -1, Queue: -1, Whole: j == 5})
		}
		for range 3 {
			got, err := c.Apply(s, 1, a.decisions(), nil)
			for _, st := range got {
				if st.Stop {
					c.Submit(s, 1, s.Entry(st.Job).Request)
				}
			}
			if err != nil {
				break
			}
		}
		var q schedule.Question
		c.Ask(s, 2, &q)
		used := 0.0
		for _, slot := range q.Running {
			e := &s.Entries[slot]
			if !e.Whole {
				used += float64(e.Parts) * e.Part[workload.GPU]
			}
		}
		if used > 12 {
			t.Fatalf("%g of 12 GPUs are used", used)
		}
		if _, err := json.Marshal(question(s, &q)); err != nil {
			t.Fatal(err)
		}
	})
}
