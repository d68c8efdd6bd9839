package daemontest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Daemon is a server program.
type Daemon struct {
	t    testing.TB
	path string
	args []string
	cmd  *exec.Cmd
	log  *bytes.Buffer
}

// Find returns the path of a program: the one that an environment variable names, or one on PATH or where daemons lie.
func Find(program, variable string) (string, error) {
	if path := os.Getenv(variable); path != "" {
		return path, nil
	}
	for _, name := range []string{program, filepath.Join("/usr/sbin", program), filepath.Join("/usr/local/sbin", program)} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not on PATH: install it (.tools/servers.sh does on a Debian), or name it in %s", program, variable)
}

// New returns a daemon that is not started, and ends it with the test. It skips the test where the program cannot be had.
func New(t testing.TB, program, variable string, args ...string) *Daemon {
	t.Helper()
	if testing.Short() {
		t.Skipf("-short: needs %s", program)
	}
	path, err := Find(program, variable)
	if err != nil {
		t.Skipf("skipped: %v", err)
	}
	d := &Daemon{t: t, path: path, args: args}
	t.Cleanup(d.Kill)
	return d
}

// Start starts it, again if it was killed, and returns once it is ready.
func (d *Daemon) Start(ready func() bool) {
	d.t.Helper()
	d.log = &bytes.Buffer{}
	d.cmd = exec.Command(d.path, d.args...)
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	dieWithUs(d.cmd)
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	for limit := time.Now().Add(20 * time.Second); !ready(); <-time.After(20 * time.Millisecond) {
		if time.Now().After(limit) {
			d.Kill()
			d.t.Fatalf("%s is not ready\n%s", d.path, d.log)
		}
	}
}

// Kill ends it at once, as a power cut would.
func (d *Daemon) Kill() {
	if d.cmd == nil || d.cmd.Process == nil {
		return
	}
	_ = d.cmd.Process.Kill() // it may have ended
	_ = d.cmd.Wait()         // it was killed
	d.cmd = nil
}

// Listens returns whether somebody accepts connections at an address.
func Listens(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

// Port returns one that nobody uses, of tcp or udp.
func Port(t testing.TB, network string) int {
	t.Helper()
	if network == "udp" {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.LocalAddr().(*net.UDPAddr).Port
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
