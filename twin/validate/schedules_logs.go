package validate

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// heliosPolicies are the policies of Helios' simulator in our words. Under SRTF it counts GPUs over all jobs, whether they find
// a place or not, lets a waiting job win a tie, sees an end one second late, and adds work to a job that it preempts.
var heliosPolicies = map[string]string{
	"fifo": "policy: fcfs",
	"sjf":  "policy: sjf",
	"srtf": "policy: srtf, hold_extra: 1 s, preemption: {by: count, ties: waiting, cost: [{gpus: 1, time: 7 s}, {gpus: 8, time: 30 s}, {time: 60 s}]}",
}

// tiresiasPolicies are the policies of Tiresias' simulator in our words: count pools all GPUs, yarn consolidates. Its jobs keep
// their place among equals, and preemption is free.
var tiresiasPolicies = map[string]string{
	"fifo_count":         "policy: fcfs, placement: first-fit",
	"fjf_count":          "policy: first-fit, placement: first-fit",
	"sjf_count":          "policy: smallest-first, backfill: first-fit, placement: first-fit, preemption: {by: count, ties: submitted}",
	"shortest_count":     "policy: srtf, placement: first-fit, preemption: {by: count, ties: submitted}",
	"shortest-gpu_count": "policy: srsf, placement: first-fit, preemption: {by: count, ties: submitted}",
	"dlas_count":         "policy: las, placement: first-fit, preemption: {by: count, las: {service: time, thresholds: [3250 s, 7200 s, 18000 s]}}",
	"dlas-gpu_count":     "policy: las, placement: first-fit, preemption: {by: count, las: {thresholds: [3250 s, 7200 s, 18000 s]}}",
	"fifo_yarn":          "policy: fcfs, placement: consolidate-first",
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
	want, err := readNumbers(filepath.Join(dir, "expected_helios_code.csv"), "nodes", "avg_jct_s", "avg_queue_s", "max_end_s", "preemptions")
	if err != nil {
		return err
	}
	for i, policy := range names[0] {
		ours, ok := heliosPolicies[policy]
		if !ok {
			continue
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
			ours+", placement: consolidate-by-node", 2*want[3][i])
		if err != nil {
			return err
		}
		n := float64(len(jobs[0]))
		completion, queued := 0.0, 0.0
		for _, id := range slices.Sorted(maps.Keys(log.end)) {
			completion += log.end[id]
			queued += log.end[id] - log.ran[id]
		}
		for k := range jobs[0] {
			completion -= jobs[0][k]
			queued -= jobs[0][k]
		}
		key := "helios." + policy + "_" + names[1][i]
		all := len(log.end) == len(jobs[0])
		for _, f := range []struct {
			name        string
			value, want float64
		}{{"completion", completion / n, want[1][i]}, {"queueing", queued / n, want[2][i]}} {
			r.Add(key+"."+f.name, f.value, "s", fmt.Sprintf("%.2f ± 0.01", f.want), all && math.Abs(f.value-f.want) <= 0.01+1e-9)
		}
		if policy == "srtf" {
			r.Add(key+".preemptions", float64(log.preemptions), "", fmt.Sprintf("%g", want[4][i]), float64(log.preemptions) == want[4][i])
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
	for _, theirs := range slices.Sorted(maps.Keys(tiresiasPolicies)) {
		paths, err := filepath.Glob(filepath.Join(dir, "expected_n*g*_"+theirs+".job.csv"))
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
			want, err := readNumbers(path, "start_time", "end_time", "preempt")
			if err != nil {
				return err
			}
			last := 0.0
			for _, end := range want[1] {
				last = max(last, end)
			}
			log, err := schedulesOf(ctx, dir, "tiresias", fmt.Sprintf("{gpus: %d, gpu: {spread: 0}}", gpus), nodes,
				"60_job.csv, format: csv, gpus_per_node: 1, columns: {id: job_id, submit: submit_time, run: duration, gpus: num_gpu}",
				tiresiasPolicies[theirs], 2*last)
			if err != nil {
				return err
			}
			exact := 0
			for i, id := range ids[0] {
				if log.start[id] == want[0][i] && log.end[id] == want[1][i] && float64(log.stops[id]) == want[2][i] {
					exact++
				}
			}
			r.Add(fmt.Sprintf("tiresias.n%dg%d_%s", nodes, gpus, theirs), float64(exact), "jobs", fmt.Sprintf(">= %d", len(ids[0])), exact == len(ids[0]))
		}
	}
	r.Say("tiresias: jobs whose first start, end and number of preemptions are exact")
	return nil
}
