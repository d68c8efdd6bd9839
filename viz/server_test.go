package viz

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/twin/record/recordtest"
	"github.com/halltwin/halltwin/twin/record/rundir"
)

var _ Recording = (*rundir.Run)(nil)

func recording(t *testing.T) *rundir.Run {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	w, err := rundir.Create(dir, rundir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := recordtest.Play(w, recordtest.Header(recordtest.Site(2, 8)), 600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(dir), "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "own-notes.txt"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := rundir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// answer is what a viewer got.
type answer struct {
	code   int
	header http.Header
	body   string
}

func ask(s http.Handler, method, target string, header ...string) answer {
	r := httptest.NewRequest(method, "/", nil)
	r.Host = "127.0.0.1:7433"
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		} else {
			r.Header.Set(header[i], header[i+1])
		}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

func TestPages(t *testing.T) {
	s := New(recording(t))
	for path, want := range map[string]string{
		"/": "1 of 2 expectations missed", "/events": "25 % of the hall", "/data": "metrics/rack.parquet",
		"/events?severity=detail": "49 events", "/events?severity=critical&search=CRAH+failed": "1 events",
		"/files/summary.json": `"verdict": "missed"`, "/files/metrics/site.parquet": "PAR1", "/files/events.jsonl": `"severity":"critical"`,
		"/files/manifest.json": `"state": "finished"`, "/files/engine.json": "engine.wall",
	} {
		r := ask(s, "GET", path)
		if r.code != http.StatusOK || !strings.Contains(r.body, want) {
			t.Errorf("%s: %d, without %q", path, r.code, want)
		}
	}
	if r := ask(s, "HEAD", "/files/metrics/rack.parquet"); r.code != http.StatusOK || len(r.header.Get("Content-Length")) < 4 {
		t.Errorf("HEAD: %d, %s bytes", r.code, r.header.Get("Content-Length"))
	}
	if r := ask(s, "GET", "/files/metrics/rack.parquet", "Range", "bytes=0-3"); r.code != http.StatusPartialContent || r.body != "PAR1" {
		t.Errorf("range: %d", r.code)
	}
	if r := ask(s, "POST", "/events"); r.code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", r.code)
	}
}

// Every style of a page is allowed by its policy, and nothing else is.
func TestPolicy(t *testing.T) {
	s := New(recording(t))
	for _, path := range []string{"/", "/events", "/data"} {
		r := ask(s, "GET", path)
		csp, page := r.header.Get("Content-Security-Policy"), r.body
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "script") {
			t.Errorf("%s: %s", path, csp)
		}
		list := styles([]byte(page))
		if len(list) != 2 {
			t.Errorf("%s: %d styles", path, len(list))
		}
		for _, style := range list {
			sum := sha256.Sum256([]byte(style))
			if !strings.Contains(csp, base64.StdEncoding.EncodeToString(sum[:])) {
				t.Errorf("%s: a style is not allowed", path)
			}
		}
		if strings.Contains(page, "style=\"") || strings.Contains(page, "<script") || strings.Contains(page, "http://") || strings.Contains(page, "https://") {
			t.Errorf("%s holds a script, an inline style or an address", path)
		}
	}
}

func TestRefuses(t *testing.T) {
	s := New(recording(t), "twin.local")
	for _, c := range []struct {
		header []string
		want   int
	}{
		{nil, 200}, {[]string{"Host", "localhost"}, 200}, {[]string{"Host", "[::1]:7433"}, 200}, {[]string{"Host", "twin.local:80"}, 200},
		{[]string{"Host", "evil.example"}, 403}, {[]string{"Host", "127.0.0.1.evil.example:7433"}, 403}, {[]string{"Host", ""}, 403},
		{[]string{"Origin", "http://127.0.0.1:7433"}, 200}, {[]string{"Origin", "http://evil.example"}, 403}, {[]string{"Origin", "null"}, 403},
		{[]string{"Origin", "http://127.0.0.1:9999"}, 403},
		{[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403},
		{[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 200},
	} {
		r := ask(s, "GET", "/data", c.header...)
		if r.code != c.want {
			t.Errorf("%v: %d, want %d", c.header, r.code, c.want)
		}
		if r.header.Get("X-Content-Type-Options") != "nosniff" || r.header.Get("Content-Security-Policy") == "" {
			t.Errorf("%v: headers are missing", c.header)
		}
	}
}

func TestStaysInside(t *testing.T) {
	s := New(recording(t))
	for _, path := range []string{"/files/../secret", "/files/..%2fsecret", "/files/%2e%2e/secret", "/files//etc/passwd", "/files/metrics/../../secret",
		"/files/own-notes.txt", "/files/", "/files/metrics", "/files/.", `/files/..\secret`, "/secret"} {
		r := ask(s, "GET", path)
		if r.code == http.StatusOK || r.body == "secret" {
			t.Errorf("%s: %d %q", path, r.code, r.body)
		}
	}
}

// A run that was killed has no report; one is made of what there is.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	w, err := rundir.Create(dir, rundir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := recordtest.Header(recordtest.Site(1, 4))
	if err := w.Open(h); err != nil {
		t.Fatal(err)
	}
	if err := recordtest.Samples(w, h, 600); err != nil {
		t.Fatal(err)
	}
	r, err := rundir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if page := ask(New(r), "GET", "/").body; !strings.Contains(page, "The run did not finish") || !strings.Contains(page, `<figure id="power"`) {
		t.Error("no report of a killed run")
	}
}

func TestListen(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":7433", "192.168.1.1:80", "example.com:80", "nonsense", "127.0.0.1:x", "127.0.0.1:99999"} {
		if l, err := Listen(address); err == nil {
			_ = l.Close()
			t.Errorf("%s: listens", address)
		}
	}
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, New(recording(t))) }()
	r, err := http.Get("http://" + l.Addr().String() + "/data")
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != http.StatusOK {
		t.Errorf("%s", r.Status)
	}
	_ = r.Body.Close()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func FuzzPath(f *testing.F) {
	f.Add("/files/summary.json", "severity=info")
	f.Add("/files/../x", "from=-1&search=%00")
	dir := f.TempDir()
	w, err := rundir.Create(dir, rundir.Options{})
	if err != nil {
		f.Fatal(err)
	}
	if err := recordtest.Play(w, recordtest.Header(recordtest.Site(1, 2)), 21600); err != nil {
		f.Fatal(err)
	}
	run, err := rundir.Open(dir)
	if err != nil {
		f.Fatal(err)
	}
	s := New(run)
	f.Fuzz(func(t *testing.T, path, query string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host, r.URL.Path, r.URL.RawQuery = "localhost", path, query
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code == http.StatusInternalServerError {
			t.Errorf("%q?%q: %s", path, query, w.Body)
		}
	})
}
