package slurm

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halltwin/halltwin/hil/source/slurm/slurmtest"
	"github.com/halltwin/halltwin/models/reading"
)

func read(t testing.TB, name string) []byte {
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCaptured reads what Slurm 22.05 printed.
func TestCaptured(t *testing.T) {
	jobs, err := Jobs(read(t, "squeue-22.05.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := []reading.Job{
		{ID: "1", Name: "big", User: "root", Queue: "train", Phase: reading.Running, Submit: 1795480386, Start: 1795480387, Limit: 600, Parts: 2, GPUs: 8, Cores: 112, Nodes: []string{"gpu1", "gpu2"}, Whole: true},
		{ID: "2", Name: "small", User: "root", Queue: "train", Phase: reading.Running, Submit: 1795480386, Start: 1795480387, Parts: 1, GPUs: 2, Cores: 1, Nodes: []string{"gpu3"}},
		{ID: "3", Name: "waits", User: "root", Queue: "train", Phase: reading.Waiting, Submit: 1795480386, Parts: 8, GPUs: 8, Cores: 1, Whole: true},
		{ID: "4", Name: "short", User: "root", Queue: "train", Phase: reading.Done, Submit: 1795480386, Start: 1795480387, End: 1795480387, Parts: 1, GPUs: 1, Cores: 1, Nodes: []string{"gpu3"}},
	}
	if !reflect.DeepEqual(jobs, want) {
		t.Errorf("%+v", jobs)
	}
	nodes, err := Nodes(read(t, "sinfo-22.05.json"))
	if err != nil || len(nodes) != 3 || !reflect.DeepEqual(nodes[0], reading.Node{Name: "gpu1", GPUs: 8, Cores: 112}) {
		t.Errorf("%+v, %v", nodes, err)
	}
}

// later is how Slurm 24.05 says things.
const later = `{"jobs": [{"job_id": 77, "name": "x", "user_name": "ada", "partition": "p", "job_state": ["RUNNING", "COMPLETING"],
 "submit_time": {"set": true, "infinite": false, "number": 100}, "start_time": {"set": true, "infinite": false, "number": 110},
 "end_time": {"set": false, "infinite": false, "number": 0}, "time_limit": {"set": false, "infinite": true, "number": 0},
 "nodes": "n[01-02,7],login", "node_count": {"set": true, "infinite": false, "number": 4}, "cpus": {"set": true, "infinite": false, "number": 32},
 "shared": ["none"], "gres_detail": ["gpu:h100:4(IDX:0-1,6,7)", "gpu:4", "gpu:4", "gpu:4"], "tres_per_node": "gres/gpu:4"}], "errors": []}`

func TestLater(t *testing.T) {
	jobs, err := Jobs([]byte(later))
	want := reading.Job{ID: "77", Name: "x", User: "ada", Queue: "p", Phase: reading.Running, Submit: 100, Start: 110, Parts: 4, GPUs: 4, Cores: 8,
		Nodes: []string{"n01", "n02", "n7", "login"}, Whole: true}
	if err != nil || len(jobs) != 1 || !reflect.DeepEqual(jobs[0], want) {
		t.Errorf("%+v, %v", jobs, err)
	}
	nodes, err := Nodes([]byte(`{"sinfo": [{"nodes": {"nodes": ["a", "b"]}, "node": {"state": ["IDLE", "DRAIN"]}, "gres": {"total": "gpu:h100:8(S:0-1),nic:2"}, "cpus": {"maximum": 64}},
 {"nodes": {"nodes": ["b"]}, "node": {"state": ["DOWN"]}}]}`))
	if err != nil || !reflect.DeepEqual(nodes, []reading.Node{{Name: "a", GPUs: 8, Cores: 64, Drain: true}, {Name: "b", GPUs: 8, Cores: 64, Drain: true}}) {
		t.Errorf("%+v, %v", nodes, err)
	}
	for text, want := range map[string]string{
		``: "JSON", `{}`: "no list of jobs", `{"jobs": [{"nodes": "n[1-"}]}`: "does not close", `{"errors": [{"error": "no controller"}], "jobs": []}`: "no controller",
	} {
		if _, err := Jobs([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestHosts(t *testing.T) {
	for list, want := range map[string]string{
		"a": "a", "a,b": "a b", "gpu[1-3]": "gpu1 gpu2 gpu3", "n[08-10,3]x": "n08x n09x n10x n3x", "r[1-2]n[1-2],z": "r1n1 r1n2 r2n1 r2n2 z",
	} {
		if got, err := Hosts(list); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v", list, got, err)
		}
	}
	for _, list := range []string{"a,", "a[", "a[3-1]", "a[x]", ",a", "a[1-99999999]", "a[1-1000]b[1-1000]"} {
		if got, err := Hosts(list); err == nil {
			t.Errorf("%s is %d nodes", list, len(got))
		}
	}
}

func TestREST(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("X-SLURM-USER-TOKEN") != "secret":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/slurm/v0.0.38/jobs":
			w.Write(read(t, "squeue-22.05.json")) //nolint:errcheck // a test's answer
		case r.URL.Path == "/slurm/v0.0.38/nodes":
			w.Write(read(t, "sinfo-22.05.json")) //nolint:errcheck // likewise
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer s.Close()
	r := &REST{URL: s.URL, Token: "secret"}
	var b reading.Batch
	if err := r.Read(context.Background(), &b); err != nil || len(b.Jobs) != 4 || len(b.Nodes) != 3 || !b.Whole || r.Version != "v0.0.38" {
		t.Errorf("%+v, %v", b, err)
	}
	r.Token = "wrong"
	if err := r.Read(context.Background(), &b); err == nil || !strings.Contains(err.Error(), "HALLTWIN_SLURM_TOKEN") {
		t.Error(err)
	}
}

// TestReal asks a real cluster, through a crash of its controller.
func TestReal(t *testing.T) {
	c := slurmtest.New(t)
	s := &Command{}
	if err := s.Probe(); err != nil {
		t.Fatal(err)
	}
	id := c.Submit(60, "--nodes=2", "--exclusive", "--gres=gpu:8", "--job-name=real")
	var b reading.Batch
	find := func(phase reading.Phase) *reading.Job {
		for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit); <-time.After(50 * time.Millisecond) {
			b = reading.Batch{}
			if err := s.Read(context.Background(), &b); err != nil {
				t.Fatal(err)
			}
			for i := range b.Jobs {
				if b.Jobs[i].ID == id && b.Jobs[i].Phase == phase {
					return &b.Jobs[i]
				}
			}
		}
		t.Fatalf("no job %s is %s: %+v", id, phase, b.Jobs)
		return nil
	}
	if j := find(reading.Running); j.GPUs != 8 || len(j.Nodes) != 2 || !j.Whole {
		t.Errorf("%+v", j)
	}
	c.Kill()
	if err := s.Read(context.Background(), &b); err == nil {
		t.Error("a dead controller answers")
	}
	c.Start()
	find(reading.Running)
	c.Do("scancel", id)
	find(reading.Cancelled)
}

// TestRealREST asks a real slurmrestd, with a token, and compares with what the clients say.
func TestRealREST(t *testing.T) {
	c := slurmtest.New(t)
	url, token := c.REST()
	id := c.Submit(60, "--nodes=2", "--exclusive", "--gres=gpu:8", "--job-name=rest")
	waits := c.Submit(60, "--nodes=8", "--exclusive", "--job-name=waits")
	r := &REST{URL: url, User: "root", Token: token}
	var b reading.Batch
	running := func() bool {
		b = reading.Batch{}
		r.cluster.asked = 0 // for the nodes as well
		if err := r.Read(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(b.Jobs, func(j reading.Job) bool { return j.ID == id && j.Phase == reading.Running })
	}
	for limit := time.Now().Add(20 * time.Second); !running(); <-time.After(50 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("job %s does not run: %+v", id, b.Jobs)
		}
	}
	var same reading.Batch
	if err := (&Command{}).Read(context.Background(), &same); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(b.Jobs, same.Jobs) || len(b.Nodes) != slurmtest.Nodes || !reflect.DeepEqual(b.Nodes, same.Nodes) {
		t.Errorf("slurmrestd says\n%+v\n%+v\nthe clients say\n%+v\n%+v", b.Jobs, b.Nodes, same.Jobs, same.Nodes)
	}
	t.Logf("data parser %s, %d jobs, %d nodes; job %s waits", r.Version, len(b.Jobs), len(b.Nodes), waits)
	wrong := &REST{URL: url, User: "root", Token: "wrong"}
	if err := wrong.Read(context.Background(), &b); err == nil || !strings.Contains(err.Error(), "HALLTWIN_SLURM_TOKEN") {
		t.Errorf("a wrong token: %v", err)
	}
	c.KillREST()
	if err := r.Read(context.Background(), &b); err == nil {
		t.Error("a dead slurmrestd answers")
	}
}

func FuzzJobs(f *testing.F) {
	f.Add(read(f, "squeue-22.05.json"))
	f.Add([]byte(later))
	f.Add([]byte(`{"jobs": [{"job_id": -1e300, "node_count": {"set": true, "number": 1e300}, "cpus": -4, "gres_detail": ["gpu:("], "nodes": "[[]]"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		jobs, err := Jobs(text)
		if err != nil {
			return
		}
		for _, j := range jobs {
			if j.Parts < 1 || !(j.GPUs >= 0) || !(j.Cores >= 0) || !(j.Limit >= 0) || len(j.Nodes) > mostHosts {
				t.Fatalf("%+v", j)
			}
		}
	})
}

func FuzzNodes(f *testing.F) {
	f.Add(read(f, "sinfo-22.05.json"))
	f.Add(bytes.ReplaceAll(read(f, "sinfo-22.05.json"), []byte("idle"), []byte("IDLE+DRAIN*")))
	f.Fuzz(func(t *testing.T, text []byte) {
		nodes, err := Nodes(text)
		for _, n := range nodes {
			if err != nil || n.GPUs < 0 || !(n.Cores >= 0) {
				t.Fatalf("%+v, %v", n, err)
			}
		}
	})
}
