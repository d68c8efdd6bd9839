package validate

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// microCase is one case as cases.json writes it.
type microCase struct {
	Name     string
	Input    microInput
	Expected microExpected
}

type microInput struct {
	Hosts    []microHost
	Tasks    []microTask
	Failures microFailures
	Carbon   []float64 `json:"carbon_gCO2_per_kWh_15min"`
	Topology string    // file with the hosts, a battery and the carbon trace

	battery *microBattery
	grid    []carbonStep
}

type microHost struct {
	Cores int
	Clock float64 `json:"core_MHz"`
	Power microPower
	GPUs  []microHost
}

type microPower struct {
	Model string
	Idle  float64 `json:"idle_W"`
	Max   float64 `json:"max_W"`
}

type microTask struct {
	Submit    float64 `json:"submit_s"`
	Fragments []microFragment
	Every     float64 `json:"checkpoint_interval_s"`
	Cost      float64 `json:"checkpoint_cost_s"`
}

type microFragment struct {
	Duration float64 `json:"duration_s"`
	CPU      float64 `json:"cpu_MHz"`
	GPU      float64 `json:"gpu_MHz"`
}

type microFailure struct {
	At       float64 `json:"at_s"`
	Duration float64 `json:"duration_s"`
}

// microFailures are failures as objects, or as the lines of one of OpenDC's failure traces.
type microFailures []microFailure

// UnmarshalJSON reads either form. The intervals of a trace, in ms, count from the end of the failure before.
func (f *microFailures) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, (*[]microFailure)(f)); err == nil {
		return nil
	}
	var lines []string
	if err := json.Unmarshal(b, &lines); err != nil {
		return errors.New("failures: neither objects nor lines of a trace")
	}
	if len(lines) == 0 {
		return nil
	}
	*f = (*f)[:0]
	t := 0.0
	for _, line := range lines[1:] {
		var interval, duration, intensity float64
		if _, err := fmt.Sscanf(strings.ReplaceAll(line, ",", " "), "%g %g %g", &interval, &duration, &intensity); err != nil || intensity != 1 {
			return fmt.Errorf("failures: %q is no interval and duration in ms of all hosts (intensity 1)", line)
		}
		t += interval / 1000
		*f = append(*f, microFailure{At: t, Duration: duration / 1000})
		t += duration / 1000
	}
	return nil
}

// microExpected is what a case expects; its keys name quantity and unit.
type microExpected struct {
	values          []expectation
	CarbonTolerance float64
}

type expectation struct {
	key   string
	value float64
}

// UnmarshalJSON keeps the order of the file.
func (e *microExpected) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var v float64
		if err := d.Decode(&v); err != nil {
			return err
		}
		if key == "carbon_tol_g" {
			e.CarbonTolerance = v
			continue
		}
		e.values = append(e.values, expectation{key.(string), v})
	}
	return nil
}

func (e *microExpected) list() []expectation { return e.values }

type microBattery struct {
	Capacity float64 // kWh
	Charging float64 `json:"chargingSpeed"` // W
	Policy   struct {
		Type      string
		Threshold float64 `json:"carbonThreshold"` // g/kWh
	} `json:"batteryPolicy"`
}

// carbonStep is an intensity that holds from a time on.
type carbonStep struct{ at, grams float64 } // s, g/kWh

// resolve reads what the case names: a topology, and the carbon trace in it.
func (in *microInput) resolve(dir string) error {
	for i, g := range in.Carbon {
		in.grid = append(in.grid, carbonStep{900 * float64(i), g})
	}
	if in.Topology == "" {
		return in.check()
	}
	b, err := os.ReadFile(filepath.Join(dir, path.Base(in.Topology)))
	if err != nil {
		return err
	}
	var t struct {
		Clusters []struct {
			Hosts []struct {
				CPU   struct{ CoreCount, CoreSpeed float64 }
				Power struct {
					ModelType           string
					IdlePower, MaxPower float64
				} `json:"cpuPowerModel"`
			}
			Source  struct{ CarbonTracePath string } `json:"powerSource"`
			Battery *microBattery
		}
	}
	if err := json.Unmarshal(b, &t); err != nil {
		return fmt.Errorf("%s: %w", in.Topology, err)
	}
	if len(t.Clusters) != 1 {
		return fmt.Errorf("%s has %d clusters, one is due", in.Topology, len(t.Clusters))
	}
	c := &t.Clusters[0]
	for _, h := range c.Hosts {
		in.Hosts = append(in.Hosts, microHost{Cores: int(h.CPU.CoreCount), Clock: h.CPU.CoreSpeed,
			Power: microPower{Model: h.Power.ModelType, Idle: h.Power.IdlePower, Max: h.Power.MaxPower}})
	}
	in.battery = c.Battery
	if c.Source.CarbonTracePath != "" {
		name := "carbon_" + strings.TrimSuffix(path.Base(c.Source.CarbonTracePath), ".parquet") + ".csv"
		if in.grid, err = readCarbon(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return in.check()
}

// check refuses what the benchmark cannot turn into a scenario.
func (in *microInput) check() error {
	switch {
	case len(in.Hosts) == 0 || in.Hosts[0].Clock <= 0 || len(in.Tasks) == 0:
		return errors.New("a case needs hosts with a clock, and tasks")
	case in.battery != nil && in.battery.Policy.Type != "single":
		return fmt.Errorf("battery policy %q: only single is known", in.battery.Policy.Type)
	}
	for _, h := range in.Hosts[1:] {
		if h.Clock != in.Hosts[0].Clock || h.Power != in.Hosts[0].Power {
			return errors.New("the hosts differ; equal ones are due")
		}
	}
	if h := in.horizon(); !(h < longestCase) {
		return fmt.Errorf("the tasks and failures take %g s; at most %g s are run", h, longestCase)
	}
	return nil
}

// longestCase bounds a case, in s: it is sampled every second.
const longestCase = 1e6

// horizon returns a time in s by which everything must be over.
func (in *microInput) horizon() float64 {
	h := 600.0
	for i := range in.Tasks {
		h += in.Tasks[i].Submit + 2*in.Tasks[i].work()
	}
	for _, f := range in.Failures {
		h += 2 * (f.At + f.Duration)
	}
	return h
}

// readCarbon reads a carbon trace: timestamp in ms, carbon_intensity in g/kWh.
func readCarbon(path string) ([]carbonStep, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	in := csv.NewReader(file)
	in.FieldsPerRecord = 2
	rows, err := in.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(rows) < 2 {
		return nil, fmt.Errorf("%s holds no carbon trace: timestamp,carbon_intensity are due", path)
	}
	var out []carbonStep
	first := 0.0
	for i, row := range rows[1:] {
		ms, err1 := strconv.ParseFloat(row[0], 64)
		g, err2 := strconv.ParseFloat(row[1], 64)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, i+2, err)
		}
		if i == 0 {
			first = ms
		}
		out = append(out, carbonStep{(ms - first) / 1000, g})
	}
	return out, nil
}

// microStart is the begin of OpenDC's carbon traces.
var microStart = time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)

// scenario writes the case as a scenario, and its carbon as a file beside it.
func (c *microCase) scenario(scratch string, failedDraw float64) (string, error) {
	in := &c.Input
	h := &in.Hosts[0]
	horizon := in.horizon()
	var b strings.Builder
	fmt.Fprintf(&b, "halltwin: v1\nname: %s\nstart: %s\nduration: %g s\n", c.Name, microStart.Format(time.RFC3339), horizon)
	fmt.Fprintf(&b, "site:\n  power: {use: plants/power-direct}\n  plant: {kind: none}\n  other: 0\n")
	fmt.Fprintf(&b, "  halls: [{rows: [{racks: 1, rack: {nodes: %d, flow: 0.1 m3/s, node: {cpus: 1, cpu: %s, failed_draw: %g, %s}}}]}]\n",
		len(in.Hosts), h.device("cores: "+strconv.Itoa(h.Cores)+fmt.Sprintf(", clock: %g MHz, ", h.Clock)), failedDraw, h.gpus())
	if len(in.grid) > 0 {
		if err := os.WriteFile(filepath.Join(scratch, c.Name+".csv"), carbonFile(in.grid, horizon), 0o600); err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "  grid: {carbon: {file: ./%s.csv}}\n", c.Name)
	}
	if s := in.battery; s != nil {
		fmt.Fprintf(&b, "  battery: {capacity: %g kWh, power: %g W, carbon_threshold: %g g/kWh, efficiency: 1}\n", s.Capacity, s.Charging, s.Policy.Threshold)
	}
	b.WriteString("scheduler: {policy: fcfs}\nworkload:\n")
	for i := range in.Tasks {
		in.Tasks[i].write(&b, i, h)
	}
	if len(in.Failures) > 0 {
		b.WriteString("timeline:\n")
		for _, f := range in.Failures {
			fmt.Fprintf(&b, "  - {at: %g s, fail: 'node[*]', for: %g s}\n", f.At, f.Duration)
		}
	}
	b.WriteString("record: {every: 1 s, channels: [site.power, site.it_energy, site.energy, site.carbon]}\n")
	return b.String(), nil
}

// device writes a device's power.
func (h *microHost) device(more string) string {
	return fmt.Sprintf("{%sidle: %g W, max: %g W, power: {model: %s}}", more, h.Power.Idle, h.Power.Max, h.Power.Model)
}

func (h *microHost) gpus() string {
	if len(h.GPUs) == 0 {
		return "gpus: 0"
	}
	return fmt.Sprintf("gpus: %d, gpu: %s", len(h.GPUs), h.GPUs[0].device(""))
}

func (t *microTask) work() float64 {
	sum := 0.0
	for _, f := range t.Fragments {
		sum += f.Duration
	}
	return sum
}

// write writes a task as a job that holds the whole host.
func (t *microTask) write(b *strings.Builder, i int, h *microHost) {
	fmt.Fprintf(b, "  - job:\n      name: task-%d\n      submit: %g s\n      cpus: %d\n      work: %g s\n", i, t.Submit, h.Cores, t.work())
	if n := len(h.GPUs); n > 0 {
		fmt.Fprintf(b, "      gpus: %d\n", n)
	}
	if t.Every > 0 {
		fmt.Fprintf(b, "      checkpoint: {every: %g s, cost: %g s}\n", t.Every, t.Cost)
	}
	b.WriteString("      phases:\n")
	for _, f := range t.Fragments {
		gpu := 0.0
		if len(h.GPUs) > 0 {
			gpu = f.GPU / h.GPUs[0].Clock
		}
		fmt.Fprintf(b, "        - {for: %g s, cpu: %.17g, gpu: %.17g}\n", f.Duration, f.CPU/h.Clock/float64(h.Cores), gpu)
	}
}

// carbonFile writes the steps of an intensity as a series that covers the run.
func carbonFile(grid []carbonStep, horizon float64) []byte {
	var b bytes.Buffer
	b.WriteString("time_utc,gco2_per_kwh\n")
	row := func(at, grams float64) {
		fmt.Fprintf(&b, "%s,%g\n", microStart.Add(time.Duration(at*float64(time.Second))).Format(time.RFC3339), grams)
	}
	const often = 900 // s: a stamp at least this often leaves no gap
	for i, s := range grid {
		until := horizon + often
		if i+1 < len(grid) {
			until = grid[i+1].at
		}
		for at := s.at; at < until; at += often {
			row(at, s.grams)
		}
	}
	return b.Bytes()
}
