package validate

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/schedule/share"
)

// openbSeeds is the number of draws of pods over which a mean is taken.
const openbSeeds = 5

// openbPolicies are the policies of FGD's evaluation in our words.
var openbPolicies = []struct {
	theirs string
	ours   share.Policy
}{{"01-Random", share.Random}, {"05-BestFit", share.BestFit}, {"06-FGD", share.FGD}}

// openb compares how much of a cluster of shared GPUs can be given away with the published experiment of FGD: pods are drawn
// from a trace until they ask for 130 % of all GPUs, come one by one and stay; who finds no place is turned away.
func openb(ctx context.Context, r *Result, data string) error {
	dir, err := folder(data, "sched/fgd_openb", "it is Alibaba's cluster-trace-gpu-v2023 and the results of hkust-adsl/kubernetes-scheduler-simulator",
		"openb_node_list_gpu_node.csv", "expected_alloc_at_130_summary.csv")
	if err != nil {
		return err
	}
	models := map[string]int{}
	hosts, err := openbHosts(filepath.Join(dir, "openb_node_list_gpu_node.csv"), models)
	if err != nil {
		return err
	}
	names, err := readStrings(filepath.Join(dir, "expected_alloc_at_130_summary.csv"), "workload", "sc_policy")
	if err != nil {
		return err
	}
	want, err := readNumbers(filepath.Join(dir, "expected_alloc_at_130_summary.csv"), "mean")
	if err != nil {
		return err
	}
	for i, workload := range names[0] {
		k := slices.IndexFunc(openbPolicies, func(p struct {
			theirs string
			ours   share.Policy
		}) bool {
			return p.theirs == names[1][i]
		})
		if k < 0 {
			continue
		}
		path := filepath.Join(dir, workload+".csv")
		if _, err := os.Stat(path); err != nil {
			continue
		}
		pods, err := openbPods(path, models)
		if err != nil {
			return err
		}
		sum := 0.0
		for seed := range uint64(openbSeeds) {
			if err := ctx.Err(); err != nil {
				return err
			}
			v, err := allocate(hosts, pods, openbPolicies[k].ours, seed)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			sum += v
		}
		_, policy, _ := strings.Cut(names[1][i], "-")
		mean := 100 * sum / openbSeeds
		r.Add("openb."+strings.TrimPrefix(workload, "openb_pod_list_")+"_"+policy, mean, "%", fmt.Sprintf("%.2f ± 0.5", want[0][i]), math.Abs(mean-want[0][i]) <= 0.5)
	}
	r.Say("openb: share of 6,212 GPUs given away when pods ask for 130 %% of them, mean of %d draws", openbSeeds)
	return nil
}

// openbHosts reads hosts in the order of their names.
func openbHosts(path string, models map[string]int) ([]share.Host, error) {
	model, err := readStrings(path, "model", "sn")
	if err != nil {
		return nil, err
	}
	n, err := readNumbers(path, "cpu_milli", "memory_mib", "gpu")
	if err != nil {
		return nil, err
	}
	var hosts []share.Host
	for i := range model[0] {
		if _, known := models[model[0][i]]; !known {
			models[model[0][i]] = len(models)
		}
		hosts = append(hosts, share.Host{CPU: int64(n[0][i]), Memory: int64(n[1][i]), Devices: int(n[2][i]), Model: models[model[0][i]]})
	}
	return hosts, nil
}

// openbPods reads pods; not every list says which models a pod runs on.
func openbPods(path string, models map[string]int) ([]share.Pod, error) {
	head, err := readHead(path)
	if err != nil {
		return nil, err
	}
	n, err := readNumbers(path, "cpu_milli", "memory_mib", "num_gpu", "gpu_milli")
	if err != nil {
		return nil, err
	}
	var specs []string
	if slices.Contains(head, "gpu_spec") {
		all, err := readStrings(path, "gpu_spec")
		if err != nil {
			return nil, err
		}
		specs = all[0]
	}
	var pods []share.Pod
	for i := range n[0] {
		p := share.Pod{CPU: int64(n[0][i]), Memory: int64(n[1][i]), Devices: int(n[2][i]), Share: int(n[3][i])}
		if specs != nil && specs[i] != "" {
			for name := range strings.SplitSeq(specs[i], "|") {
				k, known := models[name]
				if !known {
					k = len(models)
					models[name] = k
				}
				if k >= 64 {
					return nil, fmt.Errorf("%s: more than 64 models of GPU", path)
				}
				p.Models |= 1 << k
			}
		}
		if err := p.Check(); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, i+2, err)
		}
		pods = append(pods, p)
	}
	if len(pods) == 0 {
		return nil, fmt.Errorf("%s: no pods", path)
	}
	return pods, nil
}

// allocate offers pods of 130 % of the devices and returns the share of the devices that is given away.
func allocate(hosts []share.Host, pods []share.Pod, policy share.Policy, seed uint64) (float64, error) {
	draw := random.Seed(seed).Stream("openb." + strconv.Itoa(int(seed)))
	order := make([]int32, len(hosts))
	for i := range order {
		order[i] = int32(i)
		j := draw.IntN(i + 1)
		order[i], order[j] = order[j], order[i]
	}
	c, err := share.New(hosts, policy, order, pods)
	if err != nil {
		return 0, err
	}
	devices := 0
	for _, h := range hosts {
		devices += h.Devices
	}
	s, placer := c.NewCluster(), c.Placer(random.Seed(seed).Stream("openb.place"))
	given := 0
	for offered := 0; offered < 1300*devices; {
		p := &pods[draw.IntN(len(pods))]
		offered += p.Devices * p.Share
		if _, ok := placer.Place(s, p); ok {
			given += p.Devices * p.Share
		}
	}
	return float64(given) / float64(share.Whole*devices), nil
}
