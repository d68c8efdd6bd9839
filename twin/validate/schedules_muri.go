package validate

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
)

// muriPolicies are the policies of Muri's evaluation that the twin knows, best first on the testbed: 64 GPUs as one pool, jobs
// start and stop at rounds of 6 minutes.
var muriPolicies = []struct{ theirs, ours string }{
	{"SRSF", "policy: srsf, placement: first-fit, interval: 360 s, preemption: {by: count}"},
	{"SRTF", "policy: srtf, placement: first-fit, interval: 360 s, preemption: {by: count}"},
	{"Tiresias-L", "policy: las, placement: first-fit, interval: 360 s, preemption: {by: count, ties: submitted, las: {thresholds: [3250 s, 7200 s, 18000 s]}}"},
}

// muri compares mean job completion times and makespans with Muri's simulator and with its testbed of 64 V100. The testbed paid
// for every restart, which the published policies leave out.
func muri(ctx context.Context, r *Result, data string) error {
	dir, err := folder(data, "sched/muri", "they are the traces of Rivendile/Muri (SIGCOMM 2022), what its simulator makes of them, and the log of its testbed", "published_sim_results.csv")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "published_sim_results.csv")
	head, err := readHead(path)
	if err != nil {
		return err
	}
	rows, err := readStrings(path, "metric", "policy")
	if err != nil {
		return err
	}
	for _, trace := range head[2:] {
		file := "sim_" + trace + ".csv"
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			continue
		}
		want, err := readNumbers(path, trace)
		if err != nil {
			return err
		}
		for _, p := range muriPolicies[:2] {
			completion, makespan, err := muriRun(ctx, dir, file, p.ours)
			if err != nil {
				return err
			}
			for i, metric := range rows[0] {
				if rows[1][i] != p.theirs {
					continue
				}
				ours, tolerance := completion, 0.06
				if metric == "makespan_s" {
					ours = makespan
				}
				r.Add("muri."+trace+"_"+p.theirs+"."+metric, ours, "s", fmt.Sprintf("%.0f ± 6 %%", want[0][i]), math.Abs(ours/want[0][i]-1) <= tolerance)
			}
		}
	}
	return muriTestbed(ctx, r, dir)
}

// muriTestbed compares with the testbed, and the order of the policies on it.
func muriTestbed(ctx context.Context, r *Result, dir string) error {
	var theirs, ours []float64
	for _, p := range muriPolicies {
		measured, err := readNumbers(filepath.Join(dir, "testbed_"+p.theirs+".job.csv"), "JCT")
		if os.IsNotExist(err) {
			continue
		} else if err != nil {
			return err
		}
		completion, _, err := muriRun(ctx, dir, "cluster_trace.csv", p.ours)
		if err != nil {
			return err
		}
		sum := 0.0
		for _, v := range measured[0] {
			sum += v
		}
		want := sum / float64(len(measured[0]))
		theirs, ours = append(theirs, want), append(ours, completion)
		r.Add("muri.testbed_"+p.theirs, completion, "s", fmt.Sprintf("%.0f ± 15 %%", want), math.Abs(completion/want-1) <= 0.15)
	}
	wrong := 0
	for i := range ours {
		for j := range i {
			if (ours[i] < ours[j]) != (theirs[i] < theirs[j]) {
				wrong++
			}
		}
	}
	if len(ours) > 1 {
		r.Add("muri.testbed_order", float64(wrong), "pairs in the wrong order", "<= 0", wrong == 0)
	}
	r.Say("muri: mean time from submission to end; the testbed's restarts cost what the simulated ones do not")
	return nil
}

// muriRun returns the mean time to completion and the makespan of a trace on 8 nodes of 8 GPUs.
func muriRun(ctx context.Context, dir, file, policy string) (completion, makespan float64, err error) {
	jobs, err := readNumbers(filepath.Join(dir, file), "submit_time", "duration", "num_gpu")
	if err != nil {
		return 0, 0, err
	}
	last, work := 0.0, 0.0
	for i := range jobs[0] {
		last = max(last, jobs[0][i]/1000)
		work += jobs[1][i] / 1000 * jobs[2][i]
	}
	log, err := schedulesOf(ctx, dir, "muri", "{gpus: 8, gpu: {spread: 0}}", 8,
		file+", format: csv, gpus_per_node: 1, columns: {id: job_id, submit: submit_time, run: duration, gpus: num_gpu}, units: {submit: ms, run: ms}", policy, 2*(last+work/32))
	if err != nil {
		return 0, 0, err
	}
	if len(log.end) != len(jobs[0]) {
		return math.NaN(), math.NaN(), nil
	}
	ids, err := readStrings(filepath.Join(dir, file), "job_id")
	if err != nil {
		return 0, 0, err
	}
	for i, id := range ids[0] {
		completion += (log.end[id] - jobs[0][i]/1000) / float64(len(ids[0]))
		makespan = max(makespan, log.end[id])
	}
	return completion, makespan, nil
}
