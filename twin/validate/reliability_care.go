package validate

import (
	"context"
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/failure"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// careScenario is a bare hall of racks of four nodes for some days, with failures and work.
const careScenario = `halltwin: v1
name: care
start: 2025-01-01T00:00:00Z
duration: %d d
seed: %d
site:
  halls: [{rows: [{racks: %d, rack: {use: hardware/rack-dgx-h100-4}}]}]
  plant: {kind: none}
  power: {use: plants/power-direct}
scheduler: {policy: fcfs, placement: first-fit}
record: {every: 30 d}
step: {calm: 1 h}
failures: %s
%s`

// care plays what is done about failures against the closed forms of queues and stocks, and against published figures.
func care(ctx context.Context, r *Result) error {
	play := func(days, seed, racks int, failures, work string) (map[string]float64, error) {
		p, err := compile(".", "care", fmt.Sprintf(careScenario, days, seed, racks, failures, work))
		if err != nil {
			return nil, err
		}
		s, err := twin.Run(ctx, p, twin.Options{Seed: p.Seed, Sink: &reliabilityLog{}})
		if err != nil {
			return nil, err
		}
		return values(s), nil
	}
	const machines, rate, hours, crew, days = 48, 60 / 8760.0, 6.0, 2, 2920
	got, err := play(days, 1, machines/4, `{processes: [{name: broken, component: node, rate: 60 1/year, detect: 0 s,
    repair: {crew: site, time: {distribution: exponential, mean: 6 h}}}], crews: [{name: site, size: 2}]}`, "")
	if err != nil {
		return err
	}
	down, busy := repairman(machines, crew, rate, 1/hours)
	r.Add("crews: nodes down, 48 nodes and a crew of 2", (1-got["availability"])*machines, "", fmt.Sprintf("%.3f ± 5 %%, M/M/2//48", down), math.Abs((1-got["availability"])*machines/down-1) <= 0.05)
	wait := down/(busy/hours) - hours
	r.Add("crews: mean wait for it", got["repairs.wait"]/3600, "h", fmt.Sprintf("%.2f ± 8 %%", wait), math.Abs(got["repairs.wait"]/3600/wait-1) <= 0.08)

	if got, err = play(1460, 2, 100, `{processes: [{name: broken, component: node, rate: 0.5 1/year, detect: 0 s,
    repair: {part: board, time: {distribution: fixed, mean: 1 min}}}], parts: [{name: board, stock: 7, lead_time: 10 d}]}`, ""); err != nil {
		return err
	}
	short := shortage(400*0.5/365*10, 7)
	r.Add("parts: share of repairs that wait, stock of 7", got["repairs.short"]/got["repairs"], "", fmt.Sprintf("%.3f ± 0.05, Palm", short), math.Abs(got["repairs.short"]/got["repairs"]-short) <= 0.05)

	// Nodes of four, one failure in 1.9 h of all 152 of them.
	const month = 30 * 86400.0
	at := func(recovery float64) float64 {
		return 4 * float64(failure.Spares(152, 1/(1.9*3600*152), recovery, month, 0.99))
	}
	r.Add("spares: GPUs for 608 at recoveries of 2.2 h", at(2.2*3600), "", "31 ± 4 (a node), Delta", math.Abs(at(2.2*3600)-31) <= 4)
	r.Add("spares: GPUs for 608 at recoveries of 5 min", at(300), "", "12 ± 4, Delta", math.Abs(at(300)-12) <= 4)

	const job = "workload: [{job: {name: large, nodes: 64, work: 800 d, gpu_utilisation: 95 %, checkpoint: {every: 1 h, cost: 0 s, restart: 10 min}}}]"
	fleet := `{processes: [{name: host, component: node, rate: 0.01 1/d, frailty: 0.25, detect: 2 min, repair: {auto: 80 %, time: {distribution: lognormal, median: 6 h, sigma: 1.2, max: 14 d}}}]`
	before, err := play(365, 3, 20, fleet+"}", job)
	if err != nil {
		return err
	}
	after, err := play(365, 3, 20, fleet+", quarantine: {failures: 3, within: 30 d, for: 7 d, replaced: true}}", job)
	if err != nil {
		return err
	}
	share := 100 * (1 - math.Pow(1-0.14, after["jobs.requeued"]/before["jobs.requeued"]))
	r.Add("lemons: failures of large jobs of which 14 % failed", share, "%", "2 to 8, published 4", share >= 2 && share <= 8)
	r.Say("quarantine of nodes with 3 failures in 30 days: %.0f interruptions of a job on 512 GPUs in a year for %.0f without, %.0f lemons of 80 nodes", after["jobs.requeued"], before["jobs.requeued"], after["lemons"])
	return nil
}

// values lists the figures of a summary by their keys.
func values(s *record.Summary) map[string]float64 {
	all := map[string]float64{}
	for _, g := range s.Groups {
		for _, k := range g.KPIs {
			all[k.Key] = k.Value
		}
	}
	return all
}

// repairman returns how many of some machines are down, and how many of a crew are busy, in the queue M/M/c//K.
func repairman(machines, crew int, fails, mends float64) (down, busy float64) {
	p, sum := 1.0, 1.0
	for n := 1; n <= machines; n++ {
		p *= float64(machines-n+1) * fails / (float64(min(n, crew)) * mends)
		sum += p
		down += float64(n) * p
		busy += float64(min(n, crew)) * p
	}
	return down / sum, busy / sum
}

// shortage returns the probability that a Poisson variate of a mean is at least n.
func shortage(mean float64, n int) float64 {
	p, sum := math.Exp(-mean), 0.0
	for k := range n {
		sum += p
		p *= mean / float64(k+1)
	}
	return 1 - sum
}
