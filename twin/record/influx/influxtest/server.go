package influxtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api/query"
)

// What a server is set up with.
const (
	Org      = "lab"
	Bucket   = "twin"
	User     = "admin"
	Password = "a-password-for-tests"
	Token    = "a-token-for-tests"
)

// Server is a server on the loopback interface with a folder of its own.
type Server struct {
	URL     string
	Version int // 1 or 2

	t      testing.TB
	binary string
	dir    string
	port   string
	cmd    *exec.Cmd
	log    *bytes.Buffer
}

// New starts a server, sets it up, and stops it when the test ends. It skips the test where no server can be had.
func New(t testing.TB) *Server {
	t.Helper()
	s := Fresh(t)
	s.Start()
	s.Setup()
	return s
}

// Need2 skips a test that needs what InfluxDB 1 does not have.
func (s *Server) Need2() {
	s.t.Helper()
	if s.Version == 1 {
		s.t.Skip("INFLUXDB 1.8 IS ALL THERE IS HERE: buckets, tokens and today's Flux are not tested. Install InfluxDB 2, or Rust to build it.")
	}
}

// Fresh returns a server that is not started yet, on a port that is kept for it.
func Fresh(t testing.TB) *Server {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: needs an InfluxDB server")
	}
	path, err := Find()
	if err != nil {
		t.Skipf("NO INFLUXDB SERVER: %v", err)
	}
	s := &Server{t: t, binary: path, dir: t.TempDir(), Version: 2}
	if out, _ := exec.Command(path, "version").CombinedOutput(); strings.Contains(string(out), "InfluxDB v1.") || strings.Contains(string(out), "InfluxDB 1.") {
		s.Version = 1
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.URL = "http://" + l.Addr().String()
	_, s.port, _ = net.SplitHostPort(l.Addr().String())
	l.Close()
	t.Cleanup(s.Kill)
	return s
}

// Start starts the server, again if it was killed, and returns when it answers.
func (s *Server) Start() {
	s.t.Helper()
	s.log = &bytes.Buffer{}
	if s.Version == 1 {
		s.cmd = exec.Command(s.binary, "-config", s.config1())
	} else {
		s.cmd = exec.Command(s.binary, "run", "--http-bind-address", "127.0.0.1:"+s.port, "--bolt-path", filepath.Join(s.dir, "bolt"),
			"--sqlite-path", filepath.Join(s.dir, "sqlite"), "--engine-path", filepath.Join(s.dir, "engine"), "--reporting-disabled", "--log-level", "error")
	}
	s.cmd.Env = append(os.Environ(), "INFLUXD_CONFIG_PATH="+s.dir, "HOME="+s.dir)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	dieWithUs(s.cmd)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(60 * time.Second); ; {
		r, err := http.Get(s.URL + "/health")
		if err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(end) {
			s.Kill()
			s.t.Fatalf("the server does not answer: %v\n%s", err, s.log)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func (s *Server) config1() string {
	path := filepath.Join(s.dir, "influxdb.conf")
	text := fmt.Sprintf("reporting-disabled = true\nbind-address = \"127.0.0.1:0\"\n[meta]\ndir = %[1]q\n[data]\ndir = %[2]q\nwal-dir = %[3]q\n"+
		"[http]\nbind-address = \"127.0.0.1:%[4]s\"\nauth-enabled = true\nflux-enabled = true\nlog-enabled = false\n",
		filepath.Join(s.dir, "meta"), filepath.Join(s.dir, "data"), filepath.Join(s.dir, "wal"), s.port)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// Kill ends the server at once, as a power cut would.
func (s *Server) Kill() {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Kill() // it may have ended by itself
	_ = s.cmd.Wait()         // with the signal as its error
	s.cmd = nil
}

// Setup makes the user, the organisation, the bucket and the token.
func (s *Server) Setup() {
	s.t.Helper()
	if s.Version == 1 {
		for _, q := range []string{fmt.Sprintf("CREATE USER %s WITH PASSWORD '%s' WITH ALL PRIVILEGES", User, Password), "CREATE DATABASE " + Bucket} {
			s.query1(q)
		}
		return
	}
	c := influxdb2.NewClient(s.URL, "")
	defer c.Close()
	if _, err := c.SetupWithToken(context.Background(), User, Password, Org, Bucket, 0, Token); err != nil {
		s.t.Fatalf("setup: %v\n%s", err, s.log)
	}
}

// Token is what writes and reads.
func (s *Server) Token() string {
	if s.Version == 1 {
		return User + ":" + Password
	}
	return Token
}

func (s *Server) query1(q string) string {
	s.t.Helper()
	r, err := http.Post(s.URL+"/query?"+url.Values{"q": {q}, "db": {Bucket}, "u": {User}, "p": {Password}}.Encode(), "text/plain", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s %v", q, b, err)
	}
	return string(b)
}

// Flux runs a query and returns its rows.
func (s *Server) Flux(q string) ([]*query.FluxRecord, error) {
	c := influxdb2.NewClientWithOptions(s.URL, s.Token(), influxdb2.DefaultOptions().SetLogLevel(0).SetHTTPRequestTimeout(60))
	defer c.Close()
	result, err := c.QueryAPI(Org).Query(context.Background(), q)
	if err != nil {
		return nil, err
	}
	defer result.Close()
	var rows []*query.FluxRecord
	for result.Next() {
		rows = append(rows, result.Record())
	}
	return rows, result.Err()
}

// Count returns how many values each field of a run has, by "measurement.field".
func (s *Server) Count(run string) map[string]int64 {
	s.t.Helper()
	list, err := s.Flux(fmt.Sprintf(`from(bucket: %q) |> range(start: 1970-01-01T00:00:00Z, stop: 2100-01-01T00:00:00Z)
  |> filter(fn: (r) => r.run == %q) |> group(columns: ["_measurement", "_field"]) |> count()`, Bucket, run))
	if err != nil {
		s.t.Fatal(err)
	}
	count := map[string]int64{}
	for _, r := range list {
		count[r.Measurement()+"."+r.Field()] = r.Value().(int64)
	}
	return count
}
