package schedule

import (
	"math"
	"strings"
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

// TestHelios compares average completion and queueing times with Helios' own simulator on virtual clusters of
// 8-GPU nodes. Helios puts a job of up to 8 GPUs on one node and larger ones on whole nodes.
func TestHelios(t *testing.T) {
	for _, want := range table(t, "sched/helios_philly/expected_helios_code.csv") {
		if want["policy"] == "srtf" {
			continue // preempts
		}
		t.Run(want["policy"]+"-"+want["vc"], func(t *testing.T) {
			var tasks []task
			for _, r := range table(t, "sched/helios_philly/vc_"+want["vc"]+".csv") {
				k := task{run: num(t, r["duration_s"])}
				k.Submit, k.Estimate = num(t, r["submit_s"]), k.run
				k.Parts, k.Part[workload.GPU] = int32(num(t, r["num_gpus"])), 1
				tasks = append(tasks, k)
			}
			policy := map[string]string{"fifo": "fcfs", "sjf": "sjf"}[want["policy"]]
			nodes := cluster(int(num(t, want["nodes"])), workload.Vector{workload.GPU: 8})
			out := replay(t, compile(t, Spec{Policy: policy, Placement: "consolidate-by-node"}, nodes), tasks)
			jct, queued := 0.0, 0.0
			for i, o := range out {
				jct += o.end - tasks[i].Submit
				queued += o.start - tasks[i].Submit
			}
			n := float64(len(out))
			t.Logf("average completion %.2f s, queueing %.2f s; Helios %s, %s", jct/n, queued/n, want["avg_jct_s"], want["avg_queue_s"])
			if math.Abs(jct/n-num(t, want["avg_jct_s"])) > 0.01 || math.Abs(queued/n-num(t, want["avg_queue_s"])) > 0.01 {
				t.Errorf("average completion %.2f s, queueing %.2f s; Helios %s, %s", jct/n, queued/n, want["avg_jct_s"], want["avg_queue_s"])
			}
		})
	}
}

// TestTiresias compares the start and end of every job with Tiresias' simulator: on pooled GPUs, a part each (count),
// and with a part a node (yarn).
func TestTiresias(t *testing.T) {
	for _, k := range []struct {
		policy, placement string
		nodes             int
		gpus              float64
		file              string
	}{
		{"fcfs", "first-fit", 4, 4, "n4g4_fifo_count"},
		{"first-fit", "first-fit", 4, 4, "n4g4_fjf_count"},
		{"fcfs", "first-fit", 4, 4, "n4g4_fifo_yarn"},
		{"fcfs", "first-fit", 2, 8, "n2g8_fifo_yarn"},
	} {
		want := table(t, "sched/tiresias/expected_"+k.file+".job.csv")
		rows := table(t, "sched/tiresias/60_job.csv")
		tasks := make([]task, len(rows))
		for i, r := range rows {
			x := &tasks[i]
			x.run = num(t, r["duration"])
			x.Submit, x.Estimate = num(t, r["submit_time"]), x.run
			x.Parts, x.Part[workload.GPU] = int32(num(t, r["num_gpu"])), 1
			if strings.HasSuffix(k.file, "yarn") {
				per := min(float64(x.Parts), k.gpus)
				x.Parts, x.Part[workload.GPU] = int32(float64(x.Parts)/per), per
			}
		}
		spec := Spec{Policy: k.policy, Placement: k.placement}
		out := replay(t, compile(t, spec, cluster(k.nodes, workload.Vector{workload.GPU: k.gpus})), tasks)
		for _, w := range want {
			i := int(num(t, w["job_id"]))
			if o := out[i]; o.start != num(t, w["start_time"]) || o.end != num(t, w["end_time"]) {
				t.Errorf("%s: job %d runs from %g to %g, Tiresias from %s to %s", k.file, i, o.start, o.end, w["start_time"], w["end_time"])
			}
		}
	}
}
