package validate

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// OpenDCMicro runs the cases whose outcome OpenDC's own tests assert.
var OpenDCMicro = Benchmark{
	Name:  "opendc-micro",
	About: "14 cases of one host whose end, energy and carbon follow by hand, as OpenDC's tests assert them",
	Data: "peers/opendc-micro: cases.json, and the topologies and carbon traces that it names (experiment*.json, carbon_*.csv); " +
		"from the tests of github.com/atlarge-research/opendc, opendc-experiments-base/src/test",
	Run: runOpenDCMicro,
}

const microFrom = "it holds the cases of OpenDC's tests (github.com/atlarge-research/opendc, opendc-experiments-base/src/test) as JSON: hosts, tasks, " +
	"failures, carbon and the expected end, energies and powers"

// microTolerance is relative: the cases are exact, and OpenDC's own tests allow more.
const microTolerance = 1e-6

func runOpenDCMicro(ctx context.Context, data string) (*Result, error) {
	dir, err := folder(data, "peers/opendc-micro", microFrom, "cases.json")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "cases.json")
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct{ Cases []microCase }
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(file.Cases) == 0 {
		return nil, fmt.Errorf("%s holds no cases", path)
	}
	// Carbon reaches a run as a file, like everything that is measured.
	scratch, err := os.MkdirTemp("", "halltwin-opendc-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	r := &Result{}
	for i := range file.Cases {
		c := &file.Cases[i]
		if err := c.Input.resolve(dir); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, c.Name, err)
		}
		if err := r.microCase(ctx, c, scratch); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, c.Name, err)
		}
	}
	r.Say("carbon: OpenDC's trace steps its intensity a minute before its emissions, hence the tolerance that the case states; ours counts each quarter of an hour as written")
	r.Say("batteries: OpenDC's lose nothing (here efficiency: 1; ours lose 12 %% a cycle by default), and discharge as fast as the host draws")
	r.Say("battery power is read at the end of the minute that the case names, as OpenDC samples: power_at_5min_W is its sample 5, at 6 min")
	return r, nil
}

// microCase runs one case and compares what it expects.
func (r *Result) microCase(ctx context.Context, c *microCase, scratch string) error {
	run, err := c.live(ctx, scratch, 1)
	if err != nil {
		return err
	}
	end := run.lastEnd()
	for _, e := range c.Expected.list() {
		got, ok := run.expected(e.key, end, &c.Input)
		if !ok {
			return fmt.Errorf("what is expected of %s is unknown to this benchmark", e.key)
		}
		name, unit := cutUnit(e.key)
		tolerance := microTolerance * max(math.Abs(e.value), 1e-3)
		if e.key == "carbon_g" && c.Expected.CarbonTolerance > 0 {
			tolerance = c.Expected.CarbonTolerance
		}
		r.Add(c.Name+"."+name, got, unit, strconv.FormatFloat(e.value, 'g', 10, 64), math.Abs(got-e.value) <= tolerance)
	}
	if len(c.Input.Failures) == 0 {
		return nil
	}
	ours, err := c.live(ctx, scratch, 0)
	if err != nil {
		return err
	}
	energy := ours.at("site.it_energy", ours.lastEnd())
	r.Add(c.Name+".host_energy_off", energy, "J", "", true)
	r.Say("%s: OpenDC's failed host keeps drawing its idle power (here node.failed_draw: 1); ours is off by default and takes %.6g J, %.6g J less",
		c.Name, energy, run.at("site.it_energy", end)-energy)
	return nil
}

// live runs the case with a failed host drawing the given share of its idle power.
func (c *microCase) live(ctx context.Context, scratch string, failedDraw float64) (*samples, error) {
	text, err := c.scenario(scratch, failedDraw)
	if err != nil {
		return nil, err
	}
	p, err := compile(scratch, c.Name, text)
	if err != nil {
		return nil, err
	}
	s, err := live(ctx, p)
	if err != nil {
		return nil, err
	}
	if got, want := len(s.ends), len(c.Input.Tasks); got != want {
		return nil, fmt.Errorf("%d of %d tasks were done after %g s", got, want, p.Duration)
	}
	return s, nil
}

// expected returns the figure of a run that a key of the case's expectation names, up to the end of its last task.
func (s *samples) expected(key string, end float64, in *microInput) (float64, bool) {
	h := &in.Hosts[0]
	switch key {
	case "end_s":
		return end, true
	case "host_energy_J":
		return s.at("site.it_energy", end), true
	case "energy_J":
		return s.at("site.energy", end), true
	case "first_minute_J":
		return s.at("site.it_energy", 60), true
	case "carbon_g":
		return 1000 * s.at("site.carbon", end), true
	case "cpu_active_s", "cpu_idle_s", "gpu_active_s", "gpu_idle_s":
		// OpenDC's active time is utilisation integrated; the device's energy above idle tells it, for the power is linear and
		// only one device works.
		idle, span := h.Power.Idle, h.Power.Max-h.Power.Idle
		for _, g := range h.GPUs {
			idle += g.Power.Idle
		}
		if strings.HasPrefix(key, "gpu") {
			if len(h.GPUs) == 0 {
				return 0, false
			}
			span = h.GPUs[0].Power.Max - h.GPUs[0].Power.Idle
		}
		active := (s.at("site.it_energy", end) - idle*end) / span
		if strings.HasSuffix(key, "_active_s") {
			return active, true
		}
		return end - active, true
	}
	// power_at_Nmin_W: OpenDC's sample N of one a minute, the first at the end of the first minute.
	minute, ok := strings.CutPrefix(key, "power_at_")
	if minute, ok2 := strings.CutSuffix(minute, "_W"); ok && ok2 {
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(minute, "t"), "min"))
		return s.at("site.power", 60*float64(n+1)), err == nil
	}
	return 0, false
}

// cutUnit splits host_energy_J into its name and its unit.
func cutUnit(key string) (name, unit string) {
	i := strings.LastIndexByte(key, '_')
	return key[:i], key[i+1:]
}
