package schedule

import (
	"testing"

	"github.com/halltwin/halltwin/models/workload"
)

// TestHPC2N compares start times with an independent reference on 1,000 jobs of the HPC2N log, 240 CPUs.
func TestHPC2N(t *testing.T) {
	rows := table(t, "peers/easy-hpc2n240/start_times.csv")
	for _, k := range []struct {
		policy, column string
		exact          bool // estimates are the run times
		equal          int
	}{
		{"fcfs", "ref_fcfs", false, 1000},
		{"easy-backfill", "ref_easy_walltime", false, 999},
		{"easy-backfill", "ref_easy_exact", true, 999},
		{"conservative-backfill", "ref_conservative_walltime", false, 1000},
		{"conservative-backfill", "ref_conservative_exact", true, 1000},
	} {
		for _, nodes := range [][]workload.Vector{
			cluster(240, workload.Vector{workload.CPU: 1}),
			cluster(1, workload.Vector{workload.CPU: 240}),
			cluster(15, workload.Vector{workload.CPU: 16}),
		} {
			var tasks []task
			for _, r := range rows {
				k1 := task{run: num(t, r["runtime_s"])}
				k1.Submit, k1.Estimate = num(t, r["submit_s"]), num(t, r["walltime_s"])
				if k.exact {
					k1.Estimate = k1.run
				}
				k1.Parts, k1.Part[workload.CPU] = int32(num(t, r["procs"])), 1
				tasks = append(tasks, k1)
			}
			out := replay(t, compile(t, Spec{Policy: k.policy, Placement: "first-fit"}, nodes), tasks)
			equal := 0
			for i, r := range rows {
				if out[i].start == num(t, r[k.column]) {
					equal++
				} else if equal > i-4 {
					t.Logf("%s, %d nodes: job %s starts at %g, reference %s", k.column, len(nodes), r["job_id"], out[i].start, r[k.column])
				}
			}
			t.Logf("%s, %d nodes: %d of %d equal", k.column, len(nodes), equal, len(rows))
			if equal < k.equal {
				t.Errorf("%s, %d nodes: only %d of %d start times equal", k.column, len(nodes), equal, len(rows))
			}
		}
	}
}
