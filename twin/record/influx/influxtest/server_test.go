package influxtest

import "testing"

// The server is built here the first time, before the tests that need one; `make test` gives that its time.
func TestServer(t *testing.T) {
	s := New(t)
	t.Logf("InfluxDB %d: %s", s.Version, s.binary)
	s.Kill()
	s.Start() // what was set up is still there
	s.Need2()
	if n := s.Count("nothing"); len(n) != 0 {
		t.Errorf("an empty bucket counts %v", n)
	}
}
