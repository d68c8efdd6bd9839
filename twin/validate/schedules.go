package validate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// Schedules runs job logs whose schedules others have computed and compares start times.
var Schedules = Benchmark{
	Name:  "schedulers",
	Also:  []string{"schedules"},
	About: "job logs and GPU shares under many policies against an independent reference, the simulators of Helios, Tiresias, Muri and FGD, and a testbed",
	Data: "peers/easy-hpc2n240: start_times.csv (job_id, submit_s, runtime_s, procs, walltime_s, ref_fcfs, ref_easy_walltime, ref_easy_exact, " +
		"ref_conservative_walltime, ref_conservative_exact) and *.machines (processors in the third column); " +
		"sched/helios_philly: expected_helios_code.csv (policy, vc, nodes, avg_jct_s, avg_queue_s, max_end_s, preemptions) and vc_*.csv (submit_s, duration_s, num_gpus); " +
		"sched/tiresias: 60_job.csv (job_id, num_gpu, submit_time, duration) and expected_n*g*_POLICY_{count,yarn}.job.csv (job_id, start_time, end_time, pending_time, preempt); " +
		"sched/muri: published_sim_results.csv (metric, policy, a column a trace), sim_TRACE.csv and cluster_trace.csv (job_id, num_gpu, submit_time, duration), testbed_POLICY.job.csv (JCT); " +
		"sched/fgd_openb: openb_node_list_gpu_node.csv (sn, cpu_milli, memory_mib, gpu, model), openb_pod_list_MIX.csv (cpu_milli, memory_mib, num_gpu, gpu_milli, gpu_spec), expected_alloc_at_130_summary.csv (workload, sc_policy, mean)",
	Run: runSchedules,
}

// scheduleParts are the comparisons, one a data set.
var scheduleParts = []func(context.Context, *Result, string) error{easyHPC2N, helios, tiresias, muri, openb}

func runSchedules(ctx context.Context, data string) (*Result, error) {
	r := &Result{}
	var missing error
	found := 0
	for _, part := range scheduleParts {
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
	log := newJobLog()
	if _, err := twin.Run(ctx, p, twin.Options{Seed: p.Seed, Sink: log}); err != nil {
		return nil, err
	}
	return log, ctx.Err()
}

// jobLog is a sink that keeps when jobs first started and ended, how often they were preempted, and how long they ran in all.
type jobLog struct {
	start, end, ran, from map[string]float64
	stops                 map[string]int
	preemptions           int
}

func newJobLog() *jobLog {
	return &jobLog{start: map[string]float64{}, end: map[string]float64{}, ran: map[string]float64{}, from: map[string]float64{}, stops: map[string]int{}}
}

var _ record.Sink = (*jobLog)(nil)

func (l *jobLog) Open(*record.Header) error   { return nil }
func (l *jobLog) Frame(*record.Frame) error   { return nil }
func (l *jobLog) Close(*record.Summary) error { return nil }

func (l *jobLog) Event(e *record.Event) error {
	id, _, _ := strings.Cut(strings.TrimPrefix(e.Subject, "job "), " ")
	switch e.Type {
	case "job.start":
		if _, again := l.start[id]; !again {
			l.start[id] = e.Time
		}
		l.from[id] = e.Time
	case "job.preempt":
		l.ran[id] += e.Time - l.from[id]
		l.stops[id]++
		l.preemptions++
	case "job.done":
		l.ran[id] += e.Time - l.from[id]
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
