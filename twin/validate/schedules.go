package validate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// Schedules runs job logs whose schedules others have computed and compares start times.
var Schedules = Benchmark{
	Name:  "schedules",
	About: "start times of job logs against an independent reference, Helios' and Tiresias' own simulators",
	Data: "peers/easy-hpc2n240: start_times.csv (job_id, submit_s, runtime_s, procs, walltime_s, ref_fcfs, ref_easy_walltime, ref_easy_exact, " +
		"ref_conservative_walltime, ref_conservative_exact) and *.machines (processors in the third column); " +
		"sched/helios_philly: expected_helios_code.csv (policy, vc, nodes, avg_jct_s, avg_queue_s, max_end_s) and vc_*.csv (submit_s, duration_s, num_gpus); " +
		"sched/tiresias: 60_job.csv (job_id, num_gpu, submit_time, duration) and expected_n*g*_{fifo,fjf}_count.job.csv (job_id, start_time, end_time)",
	Run: runSchedules,
}

func runSchedules(ctx context.Context, data string) (*Result, error) {
	r := &Result{}
	var missing error
	found := 0
	for _, part := range []func(context.Context, *Result, string) error{easyHPC2N, helios, tiresias} {
		err := part(ctx, r, data)
		if m := (*MissingError)(nil); errors.As(err, &m) {
			missing = m
			r.Say("left out: %v", m)
			continue
		}
		if err != nil {
			return nil, err
		}
		found++
	}
	if found == 0 {
		return nil, missing
	}
	return r, nil
}

// schedulesOf runs a job log on a cluster under a scheduler and returns when jobs started and ended.
func schedulesOf(ctx context.Context, dir, name, node string, nodes int, trace, scheduler string, duration float64) (*jobLog, error) {
	p, err := compile(dir, name, fmt.Sprintf(scheduleScenario, name, duration, nodes, node, trace, scheduler, duration))
	if err != nil {
		return nil, err
	}
	log := &jobLog{start: map[string]float64{}, end: map[string]float64{}}
	if _, err := twin.Run(ctx, p, twin.Options{Seed: p.Seed, Sink: log}); err != nil {
		return nil, err
	}
	return log, ctx.Err()
}

// jobLog is a sink that keeps when jobs started and ended.
type jobLog struct{ start, end map[string]float64 }

var _ record.Sink = (*jobLog)(nil)

func (l *jobLog) Open(*record.Header) error   { return nil }
func (l *jobLog) Frame(*record.Frame) error   { return nil }
func (l *jobLog) Close(*record.Summary) error { return nil }

func (l *jobLog) Event(e *record.Event) error {
	id, _, _ := strings.Cut(strings.TrimPrefix(e.Subject, "job "), " ")
	switch e.Type {
	case "job.start":
		l.start[id] = e.Time
	case "job.done":
		l.end[id] = e.Time
	}
	return nil
}

// easyHPC2N compares the start of every job of a part of the HPC2N log.
func easyHPC2N(ctx context.Context, r *Result, data string) error {
	dir, err := folder(data, "peers/easy-hpc2n240", "it is 1,000 jobs of the HPC2N log of the Parallel Workloads Archive with the start times of an independent scheduler",
		"start_times.csv")
	if err != nil {
		return err
	}
	machines, err := filepath.Glob(filepath.Join(dir, "*.machines"))
	if err != nil || len(machines) == 0 {
		return &MissingError{Path: filepath.Join(dir, "*.machines")}
	}
	text, err := os.ReadFile(machines[0])
	if err != nil {
		return err
	}
	fields := strings.Fields(string(text))
	if len(fields) < 3 {
		return fmt.Errorf("%s: no number of processors in the third column", machines[0])
	}
	processors, err := strconv.Atoi(fields[2])
	if err != nil {
		return fmt.Errorf("%s: %w", machines[0], err)
	}
	path := filepath.Join(dir, "start_times.csv")
	ids, err := readStrings(path, "job_id")
	if err != nil {
		return err
	}
	for _, c := range []struct{ policy, reference, limit, target string }{
		{"fcfs", "ref_fcfs", "walltime_s", "all"},
		{"easy-backfill", "ref_easy_walltime", "walltime_s", "99.9 %"},
		{"easy-backfill", "ref_easy_exact", "runtime_s", "99.9 %"},
		{"conservative-backfill", "ref_conservative_walltime", "walltime_s", "all"},
		{"conservative-backfill", "ref_conservative_exact", "runtime_s", "all"},
	} {
		t, err := readNumbers(path, c.reference, "submit_s", "runtime_s")
		if err != nil {
			return err
		}
		last := 0.0
		for i, start := range t[0] {
			last = max(last, start+t[2][i])
		}
		log, err := schedulesOf(ctx, dir, "easy-hpc2n240", fmt.Sprintf("{gpus: 0, cpus: 1, cpu: {cores: %d}}", processors), 1,
			"start_times.csv, format: csv, columns: {id: job_id, submit: submit_s, run: runtime_s, cores: procs, limit: "+c.limit+"}, cores_per_node: 1",
			"policy: "+c.policy+", placement: first-fit", 2*last)
		if err != nil {
			return err
		}
		equal := 0
		for i, id := range ids[0] {
			if at, ok := log.start[id]; ok && at == t[0][i] {
				equal++
			}
		}
		need := len(ids[0])
		if c.target != "all" {
			need = int(math.Ceil(0.999 * float64(need)))
		}
		r.Add("hpc2n."+strings.TrimPrefix(c.reference, "ref_"), float64(equal), "jobs", fmt.Sprintf(">= %d", need), equal >= need)
	}
	r.Say("hpc2n: jobs of %d that start at the second of the reference, on %d processors; _walltime plans with the limits that users gave, _exact with the run times", len(ids[0]), processors)
	return nil
}

// helios compares the mean times of virtual clusters of 8-GPU nodes with Helios' own simulator. Helios puts a job of up to
// 8 GPUs on the fullest node that takes it, and larger ones on whole nodes.
func helios(ctx context.Context, r *Result, data string) error {
	dir, err := folder(data, "sched/helios_philly", "they are virtual clusters of the Philly trace (siasosp23/artifacts) and what the simulator of S-Lab-System-Group/HeliosArtifact makes of them",
		"expected_helios_code.csv")
	if err != nil {
		return err
	}
	names, err := readStrings(filepath.Join(dir, "expected_helios_code.csv"), "policy", "vc")
	if err != nil {
		return err
	}
	want, err := readNumbers(filepath.Join(dir, "expected_helios_code.csv"), "nodes", "avg_jct_s", "avg_queue_s", "max_end_s")
	if err != nil {
		return err
	}
	for i, policy := range names[0] {
		ours, ok := map[string]string{"fifo": "fcfs", "sjf": "sjf"}[policy]
		if !ok {
			continue // srtf preempts
		}
		file := "vc_" + names[1][i] + ".csv"
		jobs, err := readNumbers(filepath.Join(dir, file), "submit_s", "duration_s")
		if os.IsNotExist(err) {
			continue
		} else if err != nil {
			return err
		}
		log, err := schedulesOf(ctx, dir, "helios", "{gpus: 8, gpu: {spread: 0}}", int(want[0][i]),
			file+", format: csv, gpus_per_node: 1, columns: {submit: submit_s, run: duration_s, gpus: num_gpus}",
			"policy: "+ours+", placement: consolidate-by-node", 2*want[3][i])
		if err != nil {
			return err
		}
		n := float64(len(jobs[0]))
		queued, run := 0.0, 0.0
		for _, id := range slices.Sorted(maps.Keys(log.start)) {
			queued += log.start[id]
		}
		for k := range jobs[0] {
			queued -= jobs[0][k]
			run += jobs[1][k]
		}
		key := "helios." + policy + "_" + names[1][i]
		all := len(log.start) == len(jobs[0])
		for _, f := range []struct {
			name        string
			value, want float64
		}{{"completion", (queued + run) / n, want[1][i]}, {"queueing", queued / n, want[2][i]}} {
			r.Add(key+"."+f.name, f.value, "s", fmt.Sprintf("%.2f ± 0.01", f.want), all && math.Abs(f.value-f.want) <= 0.01+1e-9)
		}
	}
	r.Say("helios: mean time from submission to the end of a job, and to its start")
	return nil
}

// tiresias compares the start and end of every job with Tiresias' simulator, on pooled GPUs.
func tiresias(ctx context.Context, r *Result, data string) error {
	dir, err := folder(data, "sched/tiresias", "it is the 60-job trace of SymbioticLab/Tiresias and what its simulator makes of it", "60_job.csv")
	if err != nil {
		return err
	}
	for _, scheme := range []struct{ theirs, ours string }{{"fifo", "fcfs"}, {"fjf", "first-fit"}} {
		paths, err := filepath.Glob(filepath.Join(dir, "expected_n*g*_"+scheme.theirs+"_count.job.csv"))
		if err != nil {
			return err
		}
		for _, path := range paths {
			var nodes, gpus int
			if _, err := fmt.Sscanf(filepath.Base(path), "expected_n%dg%d_", &nodes, &gpus); err != nil {
				return fmt.Errorf("%s: no numbers of nodes and GPUs in the name", path)
			}
			ids, err := readStrings(path, "job_id")
			if err != nil {
				return err
			}
			want, err := readNumbers(path, "start_time", "end_time")
			if err != nil {
				return err
			}
			last := 0.0
			for _, end := range want[1] {
				last = max(last, end)
			}
			log, err := schedulesOf(ctx, dir, "tiresias", fmt.Sprintf("{gpus: %d, gpu: {spread: 0}}", gpus), nodes,
				"60_job.csv, format: csv, gpus_per_node: 1, columns: {id: job_id, submit: submit_time, run: duration, gpus: num_gpu}",
				"policy: "+scheme.ours+", placement: first-fit", 2*last)
			if err != nil {
				return err
			}
			exact := 0
			for i, id := range ids[0] {
				if log.start[id] == want[0][i] && log.end[id] == want[1][i] {
					exact++
				}
			}
			r.Add(fmt.Sprintf("tiresias.n%dg%d_%s", nodes, gpus, scheme.theirs), float64(exact), "jobs", fmt.Sprintf(">= %d", len(ids[0])), exact == len(ids[0]))
		}
	}
	r.Say("tiresias: jobs whose start and end are both exact")
	return nil
}

const scheduleScenario = `halltwin: v1
name: %s
start: 2024-01-01T00:00:00Z
duration: %g s
site:
  halls: [{rows: [{racks: %d, rack: {nodes: 1, node: %s}}]}]
  plant: {kind: none}
  power: {use: plants/power-direct}
workload:
  - trace: {file: %s}
scheduler: {%s}
step: {calm: 3600 s, disturbed: 3600 s}
record: {every: %g s}
`
