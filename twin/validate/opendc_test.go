package validate

import (
	"encoding/json"
	"testing"
)

func TestOpenDCMicro(t *testing.T) { check(t, OpenDCMicro) }

// FuzzMicroCase: no case, however odd, breaks the benchmark; at worst it is refused.
func FuzzMicroCase(f *testing.F) {
	f.Add([]byte(`{"name": "a", "input": {"hosts": [{"cores": 1, "core_MHz": 2000, "power": {"model": "linear", "idle_W": 100, "max_W": 200}}],
		"tasks": [{"submit_s": 0, "fragments": [{"duration_s": 600, "cpu_MHz": 1000}]}]}, "expected": {"end_s": 600, "carbon_tol_g": 1}}`))
	f.Add([]byte(`{"input": {"failures": ["a,b,c", "300000,300000,1"]}}`))
	f.Add([]byte(`{"input": {"failures": []}, "expected": []}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c microCase
		if json.Unmarshal(b, &c) != nil || c.Input.Topology != "" || c.Input.resolve("") != nil {
			return
		}
		c.Name = "fuzz"
		if _, err := c.scenario(t.TempDir(), 0); err != nil {
			t.Fatal(err)
		}
	})
}
