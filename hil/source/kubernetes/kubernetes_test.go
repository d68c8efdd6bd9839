package kubernetes

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/halltwin/halltwin/hil/source/daemontest"
	"github.com/halltwin/halltwin/models/reading"
)

// api is an API server in the shapes that a real one answers: lists in pages, watches, versions that grow too old.
type api struct {
	*httptest.Server
	mu      sync.Mutex
	version int
	oldest  int // version from which a watch can go on
	things  map[string]map[string]any
	log     []event
	wake    chan struct{}
	lists   int
	token   string
}

type event struct {
	version    int
	what, kind string
	object     any
}

func newAPI(t *testing.T) *api {
	a := &api{things: map[string]map[string]any{"pods": {}, "nodes": {}}, wake: make(chan struct{}), token: "secret"}
	a.Server = httptest.NewTLSServer(a)
	t.Cleanup(func() { a.CloseClientConnections(); a.Close() })
	return a
}

// put changes an object and tells those who watch.
func (a *api) put(what, kind, name string, object map[string]any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version++
	object["metadata"].(map[string]any)["resourceVersion"] = strconv.Itoa(a.version)
	if _, known := a.things[what][name]; known && kind == "ADDED" {
		kind = "MODIFIED"
	}
	if a.things[what][name] = object; kind == "DELETED" {
		delete(a.things[what], name)
	}
	a.log = append(a.log, event{a.version, what, kind, object})
	close(a.wake)
	a.wake = make(chan struct{})
}

// forget makes all versions so far too old.
func (a *api) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version++
	a.oldest = a.version
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	what := strings.TrimPrefix(r.URL.Path, "/api/v1/")
	q := r.URL.Query()
	if r.Header.Get("Authorization") != "Bearer "+a.token {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	a.mu.Lock()
	if q.Get("watch") == "" {
		a.lists++
		var names []string
		for name := range a.things[what] {
			names = append(names, name)
		}
		slices.Sort(names)
		from, _ := strconv.Atoi(q.Get("continue"))
		meta := map[string]any{"resourceVersion": strconv.Itoa(a.version)}
		items := []any{}
		for i := from; i < len(names); i++ {
			if len(items) == 2 { // small pages
				meta["continue"] = strconv.Itoa(i)
				break
			}
			items = append(items, a.things[what][names[i]])
		}
		a.mu.Unlock()
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": "List", "metadata": meta, "items": items})
		return
	}
	version, _ := strconv.Atoi(q.Get("resourceVersion"))
	old := version < a.oldest
	a.mu.Unlock()
	if old {
		_ = json.NewEncoder(w).Encode(map[string]any{"type": "ERROR", "object": map[string]any{"kind": "Status", "code": 410, "message": "too old resource version"}})
		return
	}
	out := json.NewEncoder(w)
	w.(http.Flusher).Flush()
	for {
		a.mu.Lock()
		var fresh []event
		for _, e := range a.log {
			if e.version > version && e.what == what {
				fresh = append(fresh, e)
			}
		}
		wake := a.wake
		a.mu.Unlock()
		for _, e := range fresh {
			_ = out.Encode(map[string]any{"type": e.kind, "object": e.object})
			version = e.version
		}
		w.(http.Flusher).Flush()
		select {
		case <-wake:
		case <-r.Context().Done():
			return
		}
	}
}

// podNamed is a pod as the API server writes it.
func podNamed(name, node, phase string, gpus int) map[string]any {
	p := map[string]any{
		"metadata": map[string]any{"name": name, "namespace": "research", "uid": "uid-" + name, "creationTimestamp": "2026-01-02T03:04:05Z",
			"labels": map[string]any{"kueue.x-k8s.io/queue-name": "big"}},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "main", "resources": map[string]any{
			"limits": map[string]any{"nvidia.com/gpu": strconv.Itoa(gpus)}, "requests": map[string]any{"cpu": "7500m", "memory": "4Gi"}}}}},
		"status": map[string]any{"phase": phase},
	}
	if gpus == 0 {
		p["spec"].(map[string]any)["containers"] = []any{map[string]any{"name": "main"}}
	}
	if node != "" {
		p["spec"].(map[string]any)["nodeName"] = node
		p["status"].(map[string]any)["startTime"] = "2026-01-02T03:05:00Z"
	}
	return p
}

func nodeNamed(name, ready string, cordoned bool) map[string]any {
	return map[string]any{"metadata": map[string]any{"name": name, "uid": name}, "spec": map[string]any{"unschedulable": cordoned},
		"status": map[string]any{"allocatable": map[string]any{"cpu": "191500m", "nvidia.com/gpu": "8"}, "conditions": []any{
			map[string]any{"type": "Ready", "status": ready, "message": "kubelet says so"}}}}
}

// state writes what is known of the cluster in one line.
func state(b *reading.Batch) string {
	var words []string
	for _, j := range b.Jobs {
		words = append(words, fmt.Sprintf("%s:%s:%g:%v", j.Name, j.Phase, j.GPUs, j.Nodes))
	}
	for _, n := range b.Nodes {
		words = append(words, fmt.Sprintf("%s:%v:%v", n.Name, n.Down, n.Drain))
	}
	return strings.Join(words, " ")
}

// TestFollows follows a cluster through changes, old versions, a cut line and a server that comes back.
func TestFollows(t *testing.T) {
	a := newAPI(t)
	line := daemontest.NewLine(t, a.Listener.Addr().String())
	for i := range 3 { // more than a page
		a.put("nodes", "ADDED", fmt.Sprint("n", i), nodeNamed(fmt.Sprint("n", i), "True", false))
	}
	a.put("pods", "ADDED", "a", podNamed("a", "", "Pending", 8))
	a.put("pods", "ADDED", "web", podNamed("web", "n0", "Running", 0))
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate().Raw})
	s, err := New(Config{Server: "https://" + line.Address, Authority: cert, Token: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	ask := func() (*reading.Batch, error) {
		b := &reading.Batch{}
		return b, s.Read(t.Context(), b)
	}
	wait := func(want string) *reading.Batch {
		t.Helper()
		for end := time.Now().Add(15 * time.Second); ; <-time.After(2 * time.Millisecond) {
			b, err := ask()
			if err == nil && state(b) == want {
				if !b.Whole {
					t.Error("the jobs are not all")
				}
				return b
			}
			if time.Now().After(end) {
				t.Fatalf("%s, %v\nnot %s", state(b), err, want)
			}
		}
	}
	const up = "n0:false:false n1:false:false n2:false:false"
	b := wait("research/a:waiting:8:[] " + up)
	if j := b.Jobs[0]; j.Queue != "big" || j.User != "research" || j.Cores != 7.5 || j.Submit != 1767323045 || j.ID != "uid-a" || b.Nodes[0].GPUs != 8 || b.Nodes[0].Cores != 191.5 {
		t.Errorf("%+v", b)
	}
	began := time.Now()
	a.put("pods", "MODIFIED", "a", podNamed("a", "n1", "Running", 8))
	b = wait("research/a:running:8:[n1] " + up)
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("a pod that starts is known after %s", d)
	}
	if b.Jobs[0].Start != 1767323100 {
		t.Errorf("%+v", b.Jobs[0])
	}
	a.put("nodes", "MODIFIED", "n2", nodeNamed("n2", "Unknown", true))
	wait("research/a:running:8:[n1] n0:false:false n1:false:false n2:true:true")

	lists := a.lists
	// The line is cut: it is told, and what happens meanwhile is known afterwards, without a new list.
	line.Cut()
	for end := time.Now().Add(10 * time.Second); ; <-time.After(2 * time.Millisecond) {
		if _, err := ask(); err != nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal("a cut line is not told")
		}
	}
	a.put("pods", "MODIFIED", "a", podNamed("a", "n1", "Succeeded", 8))
	a.put("pods", "ADDED", "b", podNamed("b", "n0", "Running", 4))
	a.put("nodes", "MODIFIED", "n2", nodeNamed("n2", "True", false))
	line.Mend()
	b = wait("research/a:done:8:[n1] research/b:running:4:[n0] " + up)
	if a.lists != lists {
		t.Errorf("%d lists instead of %d", a.lists, lists)
	}
	if e := b.Jobs[0].End; float64(e) < float64(began.Unix()) {
		t.Errorf("%+v", b.Jobs[0])
	}

	// It comes back without its history: a list tells, also of what is gone.
	line.Cut()
	a.put("pods", "DELETED", "b", podNamed("b", "n0", "Running", 4))
	a.put("pods", "ADDED", "c", podNamed("c", "", "Pending", 1))
	a.forget()
	line.Mend()
	wait("research/a:done:8:[n1] research/b:cancelled:4:[n0] research/c:waiting:1:[] " + up)
	a.put("pods", "DELETED", "c", podNamed("c", "", "Pending", 1))
	wait("research/a:done:8:[n1] research/b:cancelled:4:[n0] research/c:cancelled:1:[] " + up)
	a.put("nodes", "DELETED", "n0", nodeNamed("n0", "True", false))
	wait("research/a:done:8:[n1] research/b:cancelled:4:[n0] research/c:cancelled:1:[] n0:true:false n1:false:false n2:false:false")

	bad, err := New(Config{Server: a.URL, Authority: cert, Token: "stolen"})
	if err != nil {
		t.Fatal(err)
	}
	if err := bad.Read(t.Context(), &reading.Batch{}); err == nil || !strings.Contains(err.Error(), "needs the verbs list and watch on pods") {
		t.Error(err)
	}
}

const config = `apiVersion: v1
kind: Config
current-context: lab
contexts:
- {name: other, context: {cluster: x, user: y}}
- {name: lab, context: {cluster: c, user: u}}
clusters:
- {name: c, cluster: {server: "https://10.0.0.1:6443/", certificate-authority: ca.pem, tls-server-name: kubernetes}}
users:
- {name: u, user: {token: abc}}
`

func TestConfig(t *testing.T) {
	dir := t.TempDir()
	a := newAPI(t)
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate().Raw})
	for name, text := range map[string][]byte{"ca.pem": cert, "config": []byte(config)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load(filepath.Join(dir, "config"))
	if err != nil || c.Server != "https://10.0.0.1:6443/" || c.Token != "abc" || c.Name != "kubernetes" || len(c.Authority) != len(cert) {
		t.Fatalf("%+v, %v", c, err)
	}
	if s, err := New(c); err != nil || s.config.Server != "https://10.0.0.1:6443" {
		t.Error(err)
	}
	for _, x := range []struct{ old, new, want string }{
		{"current-context: lab", "current-context: none", "no context"}, {"token: abc", "exec: {command: aws}", "plugin"},
		{"tls-server-name: kubernetes", "insecure-skip-tls-verify: true", "whoever answered"}, {"certificate-authority: ca.pem", "certificate-authority: none.pem", "no such file"},
		{"certificate-authority: ca.pem", "certificate-authority-data: '!'", "base64"}, {"kind: Config", "kind: [", "yaml"},
	} {
		if err := os.WriteFile(filepath.Join(dir, "bad"), []byte(strings.Replace(config, x.old, x.new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(filepath.Join(dir, "bad")); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v", x.new, err)
		}
	}
	for _, x := range []struct {
		c    Config
		want string
	}{{Config{Server: "10.0.0.1"}, "no address"}, {Config{Server: "http://10.0.0.1", Token: "x"}, "https only"}, {Config{Server: "https://x", Authority: []byte("x")}, "no certificate"},
		{Config{Server: "https://x", Cert: []byte("x")}, "client certificate"}} {
		if _, err := New(x.c); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%+v: %v", x.c, err)
		}
	}
	if _, in, err := InPod(func(string) string { return "" }); in || err != nil {
		t.Error(in, err)
	}
	if c, in, err := InPod(func(k string) string {
		return map[string]string{"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}[k]
	}); !in || c.Server != "https://[fd00::1]:443" || err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Error(c, in, err)
	}
}

func TestQuantity(t *testing.T) {
	for text, want := range map[string]quantity{"8": 8, "7500m": 7.5, "1k": 1000, "4Gi": 4 << 30, "0.5": 0.5, "": 0, "x": 0, "-1": 0, "1e3": 1000, "9e999": 0, "5Q": 0} {
		if got := parseQuantity(text); got != want {
			t.Errorf("%q is %g, not %g", text, got, want)
		}
	}
}

func FuzzTake(f *testing.F) {
	for _, e := range []any{map[string]any{"type": "ADDED", "object": podNamed("a", "n", "Running", 8)}, map[string]any{"type": "ERROR", "object": map[string]any{"code": 410}},
		map[string]any{"type": "BOOKMARK", "object": map[string]any{"metadata": map[string]any{"resourceVersion": "7"}}}} {
		b, err := json.Marshal(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		s, err := New(Config{Server: "https://x"})
		if err != nil {
			t.Fatal(err)
		}
		pods := &resource[pod]{"pods", func(p *pod) *meta { return &p.Metadata }, s.listPods, s.changePod}
		if _, err := take(line, pods); err != nil && len(s.pods) > 0 {
			t.Fatal("what cannot be read is taken")
		}
		for _, p := range s.pods {
			if j := p.job(p.gone, 1); j.ID == "" || !(j.GPUs > 0) || !(j.Cores >= 0) || j.Phase == "" {
				t.Fatalf("%+v", j)
			}
		}
	})
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(config))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parse(text, "/", func(string) ([]byte, error) { return nil, os.ErrNotExist })
		if err == nil {
			_, _ = c.check() // it may be refused
		}
	})
}
