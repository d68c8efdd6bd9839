package main

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/halltwin/halltwin/twin/record/influx/influxtest"
)

// TestInflux runs the scripts that need an InfluxDB server; each gets the server's address in SERVER.
func TestInflux(t *testing.T) {
	server := influxtest.Fresh(t)
	server.Need2()
	server.Start()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "influx"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", "atexit_sleep_ms=10")
			env.Setenv("SERVER", server.URL)
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}
