package validate

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// Reliability holds interrupted training and failing fleets against closed forms and a public log.
var Reliability = Benchmark{
	Name:  "reliability",
	About: "effective training time and checkpoints against their closed forms, losses of drives, crews, parts, spares and lemons, the interruptions of Llama 3, and a fleet fitted to a log of faults",
	Data:  hbdFolder + "/" + hbdFile + " (node, start_d, end_d), from github.com/stepfun-ai/InfiniteHBD-Trace; the other figures are in the benchmark",
	Run:   runReliability,
}

func runReliability(ctx context.Context, data string) (*Result, error) {
	r := &Result{}
	if err := trainingTime(ctx, r); err != nil {
		return nil, err
	}
	if err := checkpoints(ctx, r); err != nil {
		return nil, err
	}
	if err := interruptions(ctx, r); err != nil {
		return nil, err
	}
	if err := care(ctx, r); err != nil {
		return nil, err
	}
	err := hbdFleet(ctx, r, data)
	if m := (*MissingError)(nil); errors.As(err, &m) {
		r.Say("left out: %v", m)
		err = nil
	}
	return r, err
}

// Failures of a node a day.
const (
	rateRSC1  = 6.5e-3  // Kokolis et al., HPCA 2025
	rateRSC2  = 2.34e-3 //
	rateLlama = 3.79e-3 // Llama 3 Herd of Models, table 5: 419 in 54 days on 2,048 nodes
)

// trainingTime plays runs whose nodes fail, and compares the time that they take with ETTR's closed form (Kokolis et al.,
// appendix), itself compared with what was published.
func trainingTime(ctx context.Context, r *Result) error {
	const interruptions = 600 // of each run: its lost time is known to some 4 %
	worst, inside, formed := 0.0, 0, 0.0
	for i, c := range []struct {
		name      string
		nodes     int
		rate      float64 // 1/d
		u, dt, w  float64 // s; Young's interval where dt is 0
		published float64 // 0: nothing was
	}{
		{"12,000 GPUs, RSC-1, writes of 5 min", 1500, rateRSC1, 300, 0, 300, 0.740},
		{"12,000 GPUs, RSC-1, writes of 10 s", 1500, rateRSC1, 300, 0, 10, 0.921},
		{"2,048 GPUs, RSC-1, hourly", 256, rateRSC1, 300, 3600, 10, 0.957},
		{"4,096 GPUs, RSC-1, hourly", 512, rateRSC1, 300, 3600, 10, 0.917},
		{"100,000 GPUs, RSC-2, every 2 min", 12500, rateRSC2, 120, 120, 0, 0.94},
		{"16,384 GPUs, Llama 3, writes of 10 s", 2048, rateLlama, 300, 0, 10, 0.932},
		{"16,384 GPUs, Llama 3, writes of 1 min", 2048, rateLlama, 300, 0, 60, 0.876},
		{"16,384 GPUs, Llama 3, writes of 5 min", 2048, rateLlama, 300, 0, 300, 0.768},
		{"16,384 GPUs, RSC-1, hourly: outside", 2048, rateRSC1, 1200, 3600, 300, 0},
	} {
		lambda := float64(c.nodes) * c.rate / 86400
		if c.dt == 0 {
			c.dt = training.Young(c.w, 1/lambda)
		}
		closed, ok := training.ETTR(lambda, c.u, c.dt, c.w)
		renewal := training.ETTRRenewal(lambda, c.u, c.dt, c.w)
		work := interruptions / lambda
		log, err := relive(ctx, uint64(i+1), c.nodes, c.rate, work, c.dt, c.w, c.u, work/renewal*1.25)
		if err != nil {
			return err
		}
		if log.done == 0 {
			return fmt.Errorf("%s: the run did not end in its time", c.name)
		}
		played := work / log.done
		against, form := closed, "closed form"
		if !ok {
			against, form = renewal, "outside the envelope of the closed form: renewal form"
		}
		e := 100 * (played/against - 1)
		if ok {
			worst, inside = max(worst, math.Abs(e)), inside+1
		} else {
			r.Add("ETTR outside the envelope: error of the renewal form", math.Abs(e), "%", "<= 3", math.Abs(e) <= 3)
		}
		text := ""
		if c.published > 0 {
			formed = max(formed, math.Abs(closed-c.published))
			text = fmt.Sprintf(", published %.3f", c.published)
		}
		r.Say("%s: ETTR %.4f played with %d interruptions, %s %.4f (%+.2f %%)%s", c.name, played, log.requeues, form, against, e, text)
	}
	r.Add("ETTR inside the envelope: worst error of a run", worst, "%", "<= 1.5", worst <= 1.5 && inside > 0)
	r.Add("ETTR: closed form against the published table", formed, "", "<= 0.0015", formed <= 0.0015)
	for _, c := range []struct {
		name        string
		nodes       int
		rate, hours float64
	}{{"131,072 GPUs, RSC-1", 16384, rateRSC1, 0.2254}, {"16,384 GPUs, RSC-1", 2048, rateRSC1, 1.803}, {"16,384 GPUs, Llama 3", 2048, rateLlama, 3.09}} {
		h := training.MTTF(c.nodes, c.rate/86400) / 3600
		r.Add("MTTF of "+c.name, h, "h", fmt.Sprintf("%g ± 0.1 %%", c.hours), math.Abs(h/c.hours-1) <= 1.1e-3)
	}
	return nil
}

// interruptions plays the 54 days of Llama 3, from its rate and from the fleet of the library.
func interruptions(ctx context.Context, r *Result) error {
	const days, seeds = 54, 6
	rate, fleet := 0.0, 0.0
	for seed := uint64(1); seed <= seeds; seed++ {
		log, err := relive(ctx, seed, 2048, rateLlama, 2*days*86400, 600, 2, 300, days*86400)
		if err != nil {
			return err
		}
		rate += float64(log.requeues) / seeds
		p, err := compile(".", "llama-3", fmt.Sprintf(fleetScenario, days, seed, 2*days))
		if err != nil {
			return err
		}
		log = &reliabilityLog{}
		if _, err := twin.Run(ctx, p, twin.Options{Seed: p.Seed, Sink: log}); err != nil {
			return err
		}
		fleet += float64(log.requeues) / seeds
	}
	r.Add("Llama 3: interruptions at its rate", rate, "", "419 ± 20", math.Abs(rate-419) <= 20)
	r.Add("Llama 3: interruptions of failures/fleet-2025", fleet, "", "419 ± 20", math.Abs(fleet-419) <= 20)
	r.Say("interruptions of one job on 16,384 GPUs in 54 days, mean of %d seeds; the fleet has lemons, common causes and repairs of days, and 8 %% spare nodes.", seeds)
	return nil
}

// relive runs one job over nodes that fail and are well again a second later, so that it waits for nothing but its restart.
func relive(ctx context.Context, seed uint64, nodes int, rate, work, every, cost, restart, duration float64) (*reliabilityLog, error) {
	save := fmt.Sprintf("every: %.9g s, cost: %.9g s, restart: %.9g s", every, cost, restart)
	p, err := compile(".", "reliability", fmt.Sprintf(reliveScenario, duration, seed, nodes/4+16, nodes, work, save, rate))
	if err != nil {
		return nil, err
	}
	log := &reliabilityLog{}
	_, err = twin.Run(ctx, p, twin.Options{Seed: p.Seed, Sink: log})
	return log, errors.Join(err, ctx.Err())
}

// reliabilityLog is a sink that keeps the interruptions and the end of a job, and how many nodes are down at each
// sample.
type reliabilityLog struct {
	requeues  int
	done      float64 // s
	disasters int
	down      []float64
}

var _ record.Sink = (*reliabilityLog)(nil)

func (l *reliabilityLog) Open(*record.Header) error { return nil }

func (l *reliabilityLog) Frame(f *record.Frame) error {
	if f.Channel.Name == "nodes.down" {
		l.down = append(l.down, f.Values[0])
	}
	return nil
}

func (l *reliabilityLog) Event(e *record.Event) error {
	switch e.Type {
	case "job.requeue":
		l.requeues++
	case "storage.lost":
		l.disasters++
	case "job.done":
		l.done = e.Time
	}
	return nil
}

func (l *reliabilityLog) Close(*record.Summary) error { return nil }

const reliveScenario = `halltwin: v1
name: reliability
start: 2024-01-01T00:00:00Z
duration: %.9g s
seed: %d
site:
  halls: [{rows: [{racks: %d, rack: {nodes: 4, node: {gpus: 0, cpus: 1}}}]}]
  plant: {kind: none}
  power: {use: plants/power-direct}
workload:
  - job: {name: train, nodes: %d, work: %.9g s, checkpoint: {%s}}
failures:
  processes:
    - {name: node, component: node, rate: %g 1/d, detect: 0 s, repair: {time: {distribution: fixed, mean: 1 s}}}
step: {calm: 1 h, disturbed: 1 h}
record: {every: 5 d, channels: [nodes.down]}
`

const fleetScenario = `halltwin: v1
name: llama-3
start: 2024-01-01T00:00:00Z
duration: %d d
seed: %d
site:
  halls: [{rows: [{racks: 64, rack: {nodes: 4, node: {gpus: 8, cpus: 2}}, count: 9}]}]
  plant: {kind: none}
  power: {use: plants/power-direct}
workload:
  - job: {name: llama, nodes: 2048, work: %d d, checkpoint: {every: 10 min, cost: 2 s, restart: 5 min}}
failures: {use: failures/fleet-2025}
step: {calm: 1 h, disturbed: 1 h}
record: {every: 5 d, channels: [nodes.down]}
`
