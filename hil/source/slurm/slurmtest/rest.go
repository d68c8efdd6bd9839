package slurmtest

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// HasREST reports why no slurmrestd with tokens can be had here.
func HasREST() error {
	if _, err := exec.LookPath("slurmrestd"); err != nil {
		return errors.New("slurmrestd is not on PATH: apt-get install --no-install-recommends slurmrestd slurm-wlm-jwt-plugin")
	}
	for _, pattern := range []string{"/usr/lib/*/slurm-wlm/auth_jwt.so", "/usr/lib*/slurm*/auth_jwt.so"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 { // the pattern is good
			return nil
		}
	}
	return errors.New("plugin auth_jwt of Slurm is not there: apt-get install --no-install-recommends slurm-wlm-jwt-plugin")
}

// REST starts slurmrestd and returns its address, and a token for root that is good for an hour. It skips the test where there is none.
func (c *Cluster) REST() (url, token string) {
	c.t.Helper()
	if err := HasREST(); err != nil {
		c.t.Skipf("NO SLURMRESTD: %v", err)
	}
	out, err := c.command("scontrol", "token", "username=root", "lifespan=3600").Output()
	token, ok := strings.CutPrefix(strings.TrimSpace(string(out)), "SLURM_JWT=")
	if err != nil || !ok {
		c.t.Fatalf("scontrol token: %v, %q", err, out)
	}
	address := fmt.Sprintf("127.0.0.1:%d", freePorts(c.t, 1)[0])
	if err := os.Chmod(c.Conf, 0o644); err != nil { // the server refuses to be root
		c.t.Fatal(err)
	}
	c.rest = c.command("slurmrestd", "-s", "openapi/v0.0.38,openapi/v0.0.37", "-a", "rest_auth/jwt", address) // without those that want a database
	c.rest.Env = append(c.rest.Env, "SLURM_JWT=daemon")
	c.rest.Stdout, c.rest.Stderr = c.log, c.log
	dieWithUs(c.rest)
	asNobody(c.rest)
	if err := c.rest.Start(); err != nil {
		c.t.Fatal(err)
	}
	url = "http://" + address
	c.await("slurmrestd", func() bool {
		a, err := http.Get(url + "/openapi/v3")
		if err != nil {
			return false
		}
		return a.Body.Close() == nil
	})
	return url, token
}

// KillREST ends slurmrestd as a crash would.
func (c *Cluster) KillREST() {
	end(c.rest)
	c.rest = nil
}
