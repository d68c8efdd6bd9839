package promtest

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Find returns the path of a server, installing one where it may.
var Find = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("HALLTWIN_PROMETHEUS"); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("HALLTWIN_PROMETHEUS: %w", err)
		}
		return path, nil
	}
	if path, err := exec.LookPath("prometheus"); err == nil {
		return path, nil
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil || os.Getuid() != 0 {
		return "", fmt.Errorf("prometheus is not on PATH: install it, or name it in HALLTWIN_PROMETHEUS")
	}
	c := exec.Command(apt, "-o", "DPkg::Lock::Timeout=300", "install", "-y", "-q", "--no-install-recommends", "prometheus")
	c.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("prometheus is not on PATH, and apt-get cannot install it: %w\n%.400s", err, out)
	}
	return exec.LookPath("prometheus")
})

// Server is a server with a folder of its own.
type Server struct {
	URL string

	t      testing.TB
	binary string
	dir    string
	port   string
	cmd    *exec.Cmd
	log    *bytes.Buffer
}

// New starts a server that scrapes the targets (host:port) every 200 ms, and stops it when the test ends. It skips the test where
// no server can be had.
func New(t testing.TB, targets ...string) *Server {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: needs a Prometheus server")
	}
	path, err := Find()
	if err != nil {
		t.Skipf("NO PROMETHEUS: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, binary: path, dir: t.TempDir(), URL: "http://" + l.Addr().String()}
	_, s.port, _ = net.SplitHostPort(l.Addr().String())
	l.Close()
	t.Cleanup(s.Kill)
	config := "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs:\n- job_name: gpus\n  static_configs:\n  - targets: ['" + strings.Join(targets, "', '") + "']\n"
	if err := os.WriteFile(filepath.Join(s.dir, "prometheus.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Start()
	return s
}

// Start starts the server, again if it was killed, and returns when it answers.
func (s *Server) Start() {
	s.t.Helper()
	s.log = &bytes.Buffer{}
	s.cmd = exec.Command(s.binary, "--config.file="+filepath.Join(s.dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(s.dir, "data"),
		"--web.listen-address=127.0.0.1:"+s.port, "--log.level=warn")
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	dieWithUs(s.cmd)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for limit := time.Now().Add(30 * time.Second); ; <-time.After(20 * time.Millisecond) {
		if r, err := http.Get(s.URL + "/-/ready"); err == nil {
			r.Body.Close() // it was only asked
			if r.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(limit) {
			s.Kill()
			s.t.Fatalf("Prometheus does not answer\n%s", s.log)
		}
	}
}

// Kill ends the server at once, as a power cut would.
func (s *Server) Kill() {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Kill() // it may have ended
	_ = s.cmd.Wait()         // it was killed
	s.cmd = nil
}
