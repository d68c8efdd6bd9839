package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/halltwin/halltwin/models/reading"
	"github.com/halltwin/halltwin/twin/live"
	"github.com/halltwin/halltwin/viz"
)

const twoNodes = `halltwin: v1
name: two
duration: 1 d
site: {use: sites/h100-hall-1k, halls: [{rows: [{racks: 1, rack: {use: hardware/rack-dgx-h100-4}}]}]}
`

// child is a process of this program that a test starts and kills.
type child struct {
	t   *testing.T
	cmd *exec.Cmd
	err lockedBuffer
	out bytes.Buffer
}

// lockedBuffer is read while a process writes it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func spawn(t *testing.T, dir string, env []string, args ...string) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.Command("halltwin", args...)}
	c.cmd.Dir, c.cmd.Env = dir, append(append(os.Environ(), "GORACE=atexit_sleep_ms=10"), env...)
	c.cmd.Stdout, c.cmd.Stderr = &c.out, &c.err
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.kill)
	return c
}

// kill ends it as a crash would.
func (c *child) kill() {
	if c.cmd.ProcessState == nil {
		_ = c.cmd.Process.Kill() // it may have ended
		_ = c.cmd.Wait()         // it was killed
	}
}

// end asks it to end, and returns what it printed.
func (c *child) end() string {
	c.t.Helper()
	if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
		c.t.Fatal(err)
	}
	if err := c.cmd.Wait(); err != nil {
		c.t.Fatalf("%v\n%s", err, c.err.String())
	}
	return c.out.String()
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); !is(); <-time.After(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("not %s after 30 s", what)
		}
	}
}

// certificate writes a certificate for this machine and its key.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	made, _, err := viz.SelfSigned([]string{"127.0.0.1", "localhost"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(made.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: made.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// logged reads the times of the readings of a quantity in a log, in µs, in the order in which they are there.
func logged(t *testing.T, path, quantity string) (at []int64) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	for line := range bytes.Lines(text) {
		var e struct{ Batches []reading.Batch }
		if json.Unmarshal(line, &e) != nil {
			continue // it is being written, or was cut off
		}
		for _, b := range e.Batches {
			for _, v := range b.Values {
				if v.Quantity == quantity {
					at = append(at, int64(math.Round(1e6*float64(v.At))))
				}
			}
		}
	}
	return at
}

// influxTimes is an InfluxDB that keeps the times of the points of the processors, in µs.
type influxTimes struct {
	mu sync.Mutex
	at map[int64]bool
}

func (x *influxTimes) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	in := bufio.NewScanner(q.Body)
	for in.Scan() {
		f := strings.Fields(in.Text())
		ns, err := strconv.ParseInt(f[len(f)-1], 10, 64)
		if err != nil || q.Header.Get("Authorization") != "Token influx-token" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if strings.Contains(in.Text(), "utilisation=") {
			x.at[(ns+500)/1000] = true
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// TestAgentsAcrossCrashes lets an agent push to a live twin over TLS, and to InfluxDB, and kills both the agent and the twin: every
// reading is in the log once, in order.
func TestAgentsAcrossCrashes(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("needs a host whose processors can be read, and some seconds")
	}
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	const secret = "the-secret-of-gpu1"
	for name, text := range map[string]string{"site.yaml": twoNodes, "tokens": "gpu1 " + secret + "\ngpu2 another-long-secret\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	influx := &influxTimes{at: map[int64]bool{}}
	database := httptest.NewServer(influx)
	defer database.Close()
	address := freeAddress(t)
	log := filepath.Join(dir, "log.jsonl")
	serve := func(more ...string) *child {
		return spawn(t, dir, nil, append(more, "--source", "agents="+address, "--tls-cert", cert, "--tls-key", key, "--agent-tokens", "tokens")...)
	}
	agent := func(rate string) *child {
		return spawn(t, dir, []string{"HALLTWIN_AGENT_TOKEN=" + secret, "HALLTWIN_INFLUX_TOKEN=influx-token"}, "agent", "--as", "gpu1", "--rate", rate, "--ca", cert,
			"--push", "https://"+address+"/readings", "--influx", database.URL+"/api/v2/write?org=o&bucket=b&precision=ns", "--spool", "spool")
	}
	heard := func(n int) func() bool {
		before := len(logged(t, log, "utilisation"))
		return func() bool { return len(logged(t, log, "utilisation")) >= before+n }
	}
	kept := func(n int) func() bool { // readings that wait on the disk
		return func() bool {
			lines := 0
			files, _ := filepath.Glob(filepath.Join(dir, "spool/twin/*.jsonl")) // a good pattern
			for _, path := range files {
				text, _ := os.ReadFile(path) // it may have been sent meanwhile
				lines += bytes.Count(text, []byte{'\n'})
			}
			return lines >= n
		}
	}

	twin := serve("live", "site.yaml", "--log", log)
	a := agent("20")
	until(t, "heard", heard(10))
	a.kill()
	a = agent("20")
	until(t, "heard after a crash of the agent", heard(10))
	twin.kill()
	lines := len(logged(t, log, "utilisation"))
	until(t, "kept on the disk", kept(lines+30))
	a.kill()
	a = agent("20")
	until(t, "told of the cut", func() bool {
		return strings.Contains(a.err.String(), "readings wait in") && strings.Contains(a.err.String(), "readings wait until it answers")
	})
	twin = serve("live", "--resume", log)
	until(t, "heard after a crash of the twin", heard(40))
	until(t, "told of the end of the cut", func() bool { return strings.Contains(a.err.String(), "answers again after") })
	a.end()
	report := twin.end()

	if !strings.Contains(report, "another process went on with this twin 1 times") || !strings.Contains(report, "gpu1") || strings.Contains(report, "held back") {
		t.Error(report)
	}
	times := logged(t, log, "utilisation")
	seen := map[int64]bool{}
	for i, at := range times {
		seen[at] = true
		if i > 0 && at <= times[i-1] {
			t.Errorf("reading %d of %d came twice or out of order", i, len(times))
		}
	}
	missing := 0
	for at := range influx.at {
		if !seen[at] && !seen[at-1] && !seen[at+1] { // floats of seconds round
			missing++
		}
	}
	if missing > 0 || len(influx.at) < len(times)-2 {
		t.Errorf("%d readings of %d that InfluxDB has are lost; the log has %d", missing, len(influx.at), len(times))
	}
	t.Logf("%d readings, each once", len(times))

	// The log, with the crash in it, makes one twin.
	file, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plan, o, tape, err := openLog(log, file)
	if err != nil {
		t.Fatal(err)
	}
	again, err := live.Begin(plan, o)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := tape.Play(context.Background(), again); err != nil {
		t.Fatal(err)
	}
	if digest := fmt.Sprintf("twin %.16x", again.Digest()); !strings.Contains(report, digest[:20]) {
		t.Errorf("%s is made of the log\n%s", digest, report)
	}
}

// TestForeignAgents lets others post: without TLS, without a token, and for a host that is not theirs.
func TestForeignAgents(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "site.yaml"), []byte(twoNodes), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	twin := spawn(t, dir, []string{"HALLTWIN_AGENT_TOKENS=gpu1 the-secret-of-gpu1, gpu2 the-secret-of-gpu2"}, "live", "site.yaml", "--source", "agents="+address, "--tls-cert", cert, "--tls-key", key, "--json")
	pem, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	post := func(url, token, host string) int {
		q, err := http.NewRequest(http.MethodPost, url, strings.NewReader(fmt.Sprintf(
			`{"at":%q,"device":{"kind":"gpu","index":0,"key":"GPU-1","host":%q},"values":{"power":300}}`, time.Now().Format(time.RFC3339Nano), host)))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+token)
		a, err := client.Do(q)
		if err != nil {
			return 0
		}
		defer a.Body.Close()
		io.Copy(io.Discard, a.Body) //nolint:errcheck // only the code counts
		return a.StatusCode
	}
	until(t, "listening", func() bool { return strings.Contains(twin.err.String(), "agents push to https://") })
	for _, c := range []struct {
		url, token, host string
		want             int
	}{
		{"https://" + address + "/readings", "the-secret-of-gpu2", "gpu1", 204}, // taken, and held back
		{"https://" + address + "/readings", "a-guess-of-a-secret", "gpu1", 401},
		{"http://" + address + "/readings", "the-secret-of-gpu1", "gpu1", 400},
		{"https://" + address + "/readings", "the-secret-of-gpu1", "gpu1", 204}, // last: its answer comes when all before was told
	} {
		if got := post(c.url, c.token, c.host); got != c.want {
			t.Errorf("%s for %s: %d", c.url, c.host, got)
		}
	}
	report := twin.end()
	var r struct {
		Sources []live.SourceReport
		Held    []live.Held
	}
	if err := json.Unmarshal([]byte(report), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Sources) != 1 || r.Sources[0].Values != 1 || len(r.Held) != 2 || !strings.Contains(fmt.Sprint(r.Held), `not good for "gpu1"`) || !strings.Contains(fmt.Sprint(r.Held), "without a token") {
		t.Errorf("%+v", r)
	}
	if strings.Contains(report+twin.err.String(), "the-secret") {
		t.Error("a secret is told")
	}
}
