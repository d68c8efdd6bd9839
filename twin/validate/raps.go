package validate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

const rapsFrom = "it holds one folder for each run of ExaDigiT RAPS (github.com/ExaDigiT/RAPS): jobs.csv (id, name, account, submit_s, nodes, run_s, " +
	"limit_s, priority, cpu_util, gpu_util, const, trace_quanta_s, start_s, node_ids), power.csv (t_s, total_kw), optionally " +
	"cdu_power.csv (t_s, CDU, Rack 1 …, in kW) and, for jobs that vary in time, traces.csv (id, k, cpu_util, gpu_util)"

// RAPSFrontier replays runs of RAPS on Frontier and compares the power of the site and of each rack.
var RAPSFrontier = Benchmark{
	Name:  "raps-frontier",
	About: "days of jobs on Frontier, placed as ExaDigiT RAPS placed them, against the power that it computes",
	Data:  "raps-frontier: " + rapsFrom,
	Run:   frontier.run,
}

// RAPSMarconi100 is the same on Marconi100.
var RAPSMarconi100 = Benchmark{
	Name:  "raps-marconi100",
	About: "a day of jobs on Marconi100, placed as ExaDigiT RAPS placed them, against the power that it computes",
	Data:  "raps-marconi100: " + rapsFrom,
	Run:   marconi.run,
}

// rapsSite is a system as RAPS configures it.
type rapsSite struct {
	name, site string
	trace      string // what the trace reader has to know of its nodes
	nodes      int
	cpus, gpus float64 // of a node
	levels     []rapsLevel
	energies   map[string][2]float64 // MWh of published runs by name of their folder: exact, and as the sum over samples
}

// rapsLevel is a steady state of the whole system.
type rapsLevel struct {
	name     string
	cpu, gpu float64 // busy devices a node
	kW       float64
}

var frontier = rapsSite{
	name: "raps-frontier", site: "sites/frontier", trace: "gpus_per_node: 4, cpus_per_node: 1, absent: 5248-5375",
	nodes: 9472, cpus: 1, gpus: 4,
	levels: []rapsLevel{{"idle", 0, 0, 7306.5238}, {"hpl", 0.33, 3.16, 22954.4531}, {"openmxp", 0, 4, 26314.9592}, {"peak", 1, 4, 28227.8844}},
	energies: map[string][2]float64{
		"synthetic-dt15": {369.127, 369.088},
	},
}

var marconi = rapsSite{
	name: "raps-marconi100", site: "sites/marconi100", trace: "gpus_per_node: 4, cpus_per_node: 2",
	nodes: 980, cpus: 2, gpus: 4,
	levels: []rapsLevel{{"idle", 0, 0, 605.8948}, {"peak", 2, 4, 1889.2048}},
	energies: map[string][2]float64{
		"synthetic-dt20": {26.730, 26.728},
	},
}

// rapsTolerance is the largest relative deviation of power.
const rapsTolerance = 1e-6

func (s *rapsSite) run(ctx context.Context, data string) (*Result, error) {
	folders, err := s.folders(data)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	for i := range s.levels {
		l := &s.levels[i]
		kW, err := s.level(ctx, l)
		if err != nil {
			return nil, err
		}
		r.Add("level_"+l.name, kW, "kW", fmt.Sprintf("%.4f ± 0.001", l.kW), math.Abs(kW-l.kW) <= 0.001)
	}
	for _, dir := range folders {
		if err := s.replay(ctx, r, dir); err != nil {
			return nil, err
		}
	}
	r.Say("Each job starts when and where RAPS started it. RAPS keeps a job on its nodes for one second more than it runs: scheduler.hold_extra: 1 s, which is off by default.")
	r.Say("power: the largest relative deviation over all samples; rack_power: in kW, of files with four decimals; energy: exact between events; energy_sampled: the sum of samples that RAPS reports.")
	return r, nil
}

// folders returns the runs found in the data folder.
func (s *rapsSite) folders(data string) ([]string, error) {
	for _, root := range []string{data, filepath.Join(data, s.name)} {
		var found []string
		for _, pattern := range []string{"*/jobs.csv", "jobs.csv"} {
			paths, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
			if err != nil {
				return nil, err
			}
			for _, p := range paths {
				if _, err := os.Stat(filepath.Join(filepath.Dir(p), "power.csv")); err == nil {
					found = append(found, filepath.Dir(p))
				}
			}
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	return nil, &MissingError{Path: filepath.Join(data, s.name), From: rapsFrom}
}

// level returns what the site draws in a steady state, in kW.
func (s *rapsSite) level(ctx context.Context, l *rapsLevel) (float64, error) {
	p, err := compile(".", s.name+"-"+l.name, fmt.Sprintf(rapsLevelScenario, s.name, s.site, s.nodes, l.gpu/s.gpus, l.cpu/s.cpus))
	if err != nil {
		return 0, err
	}
	run, err := live(ctx, p)
	if err != nil {
		return 0, err
	}
	return run.last("site.power") / 1000, nil
}

// replay runs the jobs of one folder on the nodes where they ran and compares.
func (s *rapsSite) replay(ctx context.Context, r *Result, dir string) error {
	name := filepath.Base(dir)
	key := strings.ReplaceAll(name, "-", "_")
	theirs, err := readNumbers(filepath.Join(dir, "power.csv"), "t_s", "total_kw")
	if err != nil {
		return err
	}
	times, power := theirs[0], theirs[1]
	if len(times) < 2 || times[0] != 0 {
		return fmt.Errorf("%s: two samples or more from 0 s are needed", filepath.Join(dir, "power.csv"))
	}
	every := times[1]
	racks, err := readRackPower(filepath.Join(dir, "cdu_power.csv"))
	if err != nil {
		return err
	}
	began := time.Now()
	p, err := compile(dir, name, s.scenario(every, float64(len(times))*every, "replay: true, ", "fcfs"))
	if err != nil {
		return err
	}
	run := &rapsRun{racks: racks}
	if run.row, err = rowsAsUnits(p.Tree, racks); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, "cdu_power.csv"), err)
	}
	if _, err := twin.Run(ctx, p, twin.Options{Seed: p.Seed, Sink: run}); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	wall := time.Since(began).Seconds()

	worst, ours, sum := 0.0, 0.0, 0.0
	for i, t := range times {
		k := int(math.Round(t / every))
		if k >= len(run.power) || math.Abs(run.time[k]-t) > 1e-6 {
			return fmt.Errorf("%s: no sample of ours at %g s", filepath.Join(dir, "power.csv"), t)
		}
		worst = max(worst, math.Abs(run.power[k]/1000/power[i]-1))
		ours += run.power[k] * every
		sum += power[i] * 1000 * every
	}
	const MWh = 3.6e9
	exact := run.energy / MWh
	r.Add(key+".power", worst, "", "<= 1e-6", worst <= rapsTolerance)
	if len(racks) > 0 {
		r.Add(key+".rack_power", run.worst, "kW", "<= 0.001", run.worst <= 0.001)
	}
	if want, ok := s.energies[name]; ok && math.Abs(sum/MWh-want[1]) < 0.001 { // the published run, not another of that name
		r.Add(key+".energy", exact, "MWh", fmt.Sprintf("%.3f ± 0.0005", want[0]), math.Abs(exact-want[0]) <= 0.0005)
	} else {
		r.Add(key+".energy", exact, "MWh", "", true)
	}
	r.Add(key+".energy_sampled", ours/MWh, "MWh", fmt.Sprintf("%.3f ± 0.0005", sum/MWh), math.Abs(ours-sum) <= 0.0005*MWh)
	r.Add(key+".samples", float64(len(times)), "", "", true)
	r.Add(key+".wall", wall, "s", "", true)
	return s.schedule(ctx, r, dir, every, float64(len(times))*every)
}

// schedule lets our own scheduler place the jobs, for information: RAPS also starts them first come, first served, with
// first-fit backfill.
func (s *rapsSite) schedule(ctx context.Context, r *Result, dir string, every, duration float64) error {
	p, err := compile(dir, filepath.Base(dir), s.scenario(every, duration, "", "first-fit"))
	if err != nil {
		return err
	}
	run := &rapsRun{starts: map[string]float64{}}
	if _, err := twin.Run(ctx, p, twin.Options{Seed: p.Seed, Sink: run}); err != nil {
		return err
	}
	jobs, err := readStrings(filepath.Join(dir, "jobs.csv"), "id", "start_s")
	if err != nil {
		return err
	}
	started, same := 0, 0
	for i, id := range jobs[0] {
		if jobs[1][i] == "" {
			continue
		}
		started++
		if at, ok := run.starts[id]; ok && fmt.Sprint(at) == jobs[1][i] {
			same++
		}
	}
	r.Say("%s: our own FCFS with first-fit backfill starts %d of %d jobs at the second at which RAPS started them, and draws %.3f MWh",
		filepath.Base(dir), same, started, run.energy/3.6e9)
	return nil
}

func (s *rapsSite) scenario(every, duration float64, trace, policy string) string {
	return fmt.Sprintf(rapsScenario, s.name, duration, s.site, trace, s.trace, policy, every)
}

// rapsRun is a sink that keeps the power of the site and compares that of the racks.
type rapsRun struct {
	time, power []float64 // s, W
	energy      float64   // J at the last sample
	racks       []rackPower
	row         []int32 // first rack of each unit
	next        int
	worst       float64 // kW
	starts      map[string]float64
}

var _ record.Sink = (*rapsRun)(nil)

func (s *rapsRun) Open(*record.Header) error { return nil }

func (s *rapsRun) Frame(f *record.Frame) error {
	switch f.Channel.Name {
	case "site.power":
		s.time, s.power = append(s.time, f.Time), append(s.power, f.Values[0])
	case "site.energy":
		s.energy = f.Values[0]
	case "rack.power":
		for s.next < len(s.racks) && s.racks[s.next].time <= f.Time {
			if at := &s.racks[s.next]; at.time == f.Time {
				for k, kW := range at.kW {
					s.worst = max(s.worst, math.Abs(f.Values[int(s.row[at.unit])+k]/1000-kW))
				}
			} else {
				return fmt.Errorf("cdu_power.csv has rows at %g s, which is no sample", at.time)
			}
			s.next++
		}
	}
	return nil
}

func (s *rapsRun) Event(e *record.Event) error {
	if e.Type == "job.start" && s.starts != nil {
		id, _, _ := strings.Cut(strings.TrimPrefix(e.Subject, "job "), " ")
		s.starts[id] = e.Time
	}
	return nil
}

func (s *rapsRun) Close(*record.Summary) error { return nil }

// rackPower is one row of cdu_power.csv: the racks behind one unit.
type rackPower struct {
	time float64
	unit int
	kW   []float64
}

// readRackPower reads cdu_power.csv; a missing file is no data. A rack that draws nothing does not exist.
func readRackPower(path string) ([]rackPower, error) {
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return nil, nil
	}
	head, err := readHead(path)
	if err != nil {
		return nil, err
	}
	columns := []string{"t_s", "CDU"}
	for k := 1; slices.Contains(head, fmt.Sprintf("Rack %d", k)); k++ {
		columns = append(columns, fmt.Sprintf("Rack %d", k))
	}
	t, err := readNumbers(path, columns...)
	if err != nil {
		return nil, err
	}
	rows := make([]rackPower, len(t[0]))
	for i := range rows {
		rows[i] = rackPower{time: t[0][i], unit: int(t[1][i]) - 1}
		for _, c := range t[2:] {
			if c[i] > 0 {
				rows[i].kW = append(rows[i].kW, c[i])
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b rackPower) int { return cmp.Compare(a.time, b.time) })
	return rows, nil
}

// rowsAsUnits returns the first rack behind each unit: a unit is a row of the site, or a rack where it has one rack.
func rowsAsUnits(t *facility.Tree, rows []rackPower) ([]int32, error) {
	var first []int32
	next := int32(0)
	for _, r := range rows {
		if r.time != rows[0].time {
			break
		}
		if r.unit != len(first) {
			return nil, fmt.Errorf("CDU %d follows CDU %d", r.unit+1, len(first))
		}
		first = append(first, next)
		next += int32(len(r.kW))
	}
	if len(rows) > 0 && int(next) != t.Count(facility.Rack) {
		return nil, fmt.Errorf("%d racks; the site has %d", next, t.Count(facility.Rack))
	}
	return first, nil
}

const rapsLevelScenario = `halltwin: v1
name: %s
start: 2024-01-01T00:00:00Z
duration: 60 s
site: {use: %s}
workload:
  - job: {name: all, nodes: %d, work: 1 h, gpu_utilisation: %g, cpu_utilisation: %g}
record: {every: 60 s, channels: [site.power]}
`

const rapsScenario = `halltwin: v1
name: %s
start: 2024-01-01T00:00:00Z
duration: %g s
site: {use: %s}
workload:
  - trace: {file: jobs.csv, format: raps, %s%s}
scheduler: {policy: %s, placement: first-fit, hold_extra: 1 s}
step: {calm: %[7]g s, disturbed: %[7]g s}
record: {every: %[7]g s, channels: [site.power, site.energy, rack.power]}
`
