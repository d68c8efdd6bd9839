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

// Of the job on 16,384 GPUs that checkpoints are held against: Llama 3's rate of failures, and 5 min from one until it goes on. A
// node of the job that is played stands for 16, and fails as often as they do together.
const (
	llamaNodes   = 2048
	llamaRestart = 300
	standsFor    = 16
)

// checkpoints plays runs whose checkpoints go through storage, and compares what they lose, the interval that is best and the one
// that the rule finds with closed forms.
func checkpoints(ctx context.Context, r *Result) error {
	lambda := llamaNodes * rateLlama / 86400
	if err := optimum(ctx, r, 1/lambda); err != nil {
		return err
	}
	worst := 0.0
	for i, c := range []struct {
		name, save string
		every, w   float64 // s
		arrives    float64 // s after it was taken
		hits       float64 // interruptions to be played
	}{
		{"blocking writes of 60 s", "write: sync, cost: 2 s, size: 580 GB, tiers: [{in: scratch}]", 0, 60, 0, 600},
		{"copies of 2 s, written in 58 s meanwhile", "write: async, cost: 2 s, size: 580 GB, tiers: [{in: scratch}]", 600, 2, 58, 600},
		{"a copy in another node's memory each minute", "write: async, cost: 1 s, size: 8 TB, tiers: [{in: memory}, {in: scratch, nth: 60}]", 60, 1, 0.01, 150},
	} {
		if c.every == 0 {
			c.every = training.Daly(c.w, 1/lambda)
		}
		// What arrives late is lost as if the interval began earlier.
		closed, _ := training.ETTR(lambda, llamaRestart+c.arrives, c.every, c.w)
		work := c.hits / lambda
		log, _, err := saves(ctx, uint64(i+1), fmt.Sprintf("every: %.9g s, restart: %d s, %s", c.every, llamaRestart, c.save), work, work/closed*1.3)
		if err != nil {
			return err
		}
		played := work / log.done
		e := 100 * (played/closed - 1)
		worst = max(worst, math.Abs(e))
		r.Say("16,384 GPUs, Llama 3, %s, every %.0f s: ETTR %.4f played with %d interruptions, closed form %.4f (%+.2f %%)", c.name, c.every, played, log.requeues, closed, e)
		if i == 0 {
			r.Add("ETTR with blocking writes of 60 s at Llama 3's scale", played, "", "< 0.9", played < 0.9)
		}
	}
	r.Add("ETTR through tiers of storage: worst error of a run", worst, "%", "<= 1.5", worst <= 1.5)
	return drivesThatFail(ctx, r)
}

// optimum finds the best interval by playing, with the same failures for each, and the one that the rule optimal comes to.
func optimum(ctx context.Context, r *Result, m float64) error {
	const w = 60
	daly := training.Daly(w, m)
	// The share of time lost is least at the vertex of a parabola over the logarithm of the interval.
	var n, sx, sxx, sxxx, sxxxx, sy, sxy, sxxy float64
	text := ""
	for _, factor := range []float64{0.5, 0.65, 0.8, 1, 1.25, 1.55, 2} {
		work := 800 * m
		log, _, err := saves(ctx, 7, fmt.Sprintf("every: %.9g s, restart: %d s, cost: 2 s, size: 580 GB, tiers: [{in: scratch}]", factor*daly, llamaRestart), work, 1.6*work)
		if err != nil {
			return err
		}
		x, y := math.Log(factor), 1-work/log.done
		text += fmt.Sprintf(" %.2f: %.4f", factor, y)
		n, sx, sxx, sxxx, sxxxx = n+1, sx+x, sxx+x*x, sxxx+x*x*x, sxxxx+x*x*x*x
		sy, sxy, sxxy = sy+y, sxy+x*y, sxxy+x*x*y
	}
	// Normal equations of y = a + b x + c x², by Cramer's rule.
	det := func(a, b, c, d, e, f, g, h, i float64) float64 { return a*(e*i-f*h) - b*(d*i-f*g) + c*(d*h-e*g) }
	b := det(n, sy, sxx, sx, sxy, sxxx, sxx, sxxy, sxxxx)
	c := det(n, sx, sy, sx, sxx, sxy, sxx, sxxx, sxxy)
	best := math.Exp(-b / (2 * c))
	r.Say("share of time lost over the interval, in Daly's (%.0f s):%s; least at %.3f", daly, text, best)
	r.Add("best interval played over Daly's", best, "", "1 ± 0.1", math.Abs(best-1) <= 0.1)
	_, s, err := saves(ctx, 8, fmt.Sprintf("every: optimal, restart: %d s, cost: 2 s, size: 580 GB, tiers: [{in: scratch}]", llamaRestart), 200*m, 200*m)
	if err != nil {
		return err
	}
	found := kpi(s, "checkpoint.every") / daly
	r.Add("interval that the rule optimal comes to over Daly's", found, "", "1 ± 0.1", math.Abs(found-1) <= 0.1)
	return nil
}

// kpi returns a figure of a summary, NaN where it has none.
func kpi(s *record.Summary, key string) float64 {
	for _, g := range s.Groups {
		for _, k := range g.KPIs {
			if k.Key == key {
				return k.Value
			}
		}
	}
	return math.NaN()
}

// saves runs one job of Llama 3's size, whose nodes fail and are well again a second later, beside a storage that takes 10 GB/s.
func saves(ctx context.Context, seed uint64, save string, work, duration float64) (*reliabilityLog, *record.Summary, error) {
	p, err := compile(".", "checkpoints", fmt.Sprintf(savesScenario, duration, seed, llamaNodes/standsFor/4, llamaNodes/standsFor, work, save, standsFor*rateLlama))
	if err != nil {
		return nil, nil, err
	}
	log := &reliabilityLog{}
	s, err := twin.Run(ctx, p, twin.Options{Seed: p.Seed, Sink: log})
	return log, s, errors.Join(err, ctx.Err())
}

// drivesThatFail plays a storage of two copies on 20 drives until it has lost data many times. Drives fail at rate f, a rebuild takes
// T: 50 GB read and written by 20 drives of 3 and 1.5 GB/s, the new one among them, of which it may take a tenth. Between losses of data pass, with rates
// a = 20 f and b = 19 f of a first and a second loss, (1/a + (1-exp(-bT))/b) / (1-exp(-bT)).
func drivesThatFail(ctx context.Context, r *Result) error {
	const losses = 360
	T := 50e9 / 0.1 * (1/(20*3e9) + 1/(20*1.5e9))
	f := 0.02 / T / 19
	gone := -math.Expm1(-19 * f * T)
	mean := (1/(20*f) + gone/(19*f)) / gone
	span := losses * mean
	p, err := compile(".", "drives", fmt.Sprintf(drivesScenario, span, f*86400))
	if err != nil {
		return err
	}
	log := &reliabilityLog{}
	s, err := twin.Run(ctx, p, twin.Options{Seed: p.Seed, Sink: log})
	if err = errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	played := span / float64(log.disasters)
	r.Say("20 drives in two copies: a rebuild takes %.1f s; data lost %d times, every %.2f h, closed form %.2f h", T, log.disasters, played/3600, mean/3600)
	e := played/mean - 1
	r.Add("time between losses of data: error", 100*math.Abs(e), "%", fmt.Sprintf("<= %.0f", 300/math.Sqrt(losses)), math.Abs(e) <= 3/math.Sqrt(losses))
	exposed := kpi(s, "storage.exposed") * 3600 / kpi(s, "storage.rebuilds") / T
	r.Add("time that a lost drive exposes data, over that of its rebuild", exposed, "", "1 ± 0.02", math.Abs(exposed-1) <= 0.02)
	return nil
}

const savesScenario = `halltwin: v1
name: checkpoints
start: 2024-01-01T00:00:00Z
duration: %.9g s
seed: %d
site:
  halls: [{rows: [{racks: %d, rack: {nodes: 4, node: {gpus: 0, cpus: 1}}}, {racks: 3, rack: {nodes: 4, node: {gpus: 0, cpus: 1}}}]}]
  plant: {kind: none}
  power: {use: plants/power-direct}
  storage: [{name: scratch, on: row-1, write: 10 GB/s, read: 10 TB/s, disks: {read: 1 TB/s, write: 1 TB/s}}]
workload:
  - job: {name: train, nodes: %d, work: %.9g s, checkpoint: {%s}}
failures:
  processes:
    - {name: node, component: node, rate: %g 1/d, detect: 0 s, repair: {time: {distribution: fixed, mean: 1 s}}}
step: {calm: 1 h, disturbed: 1 h}
record: {every: 5 d, channels: [nodes.down]}
`

const drivesScenario = `halltwin: v1
name: drives
start: 2024-01-01T00:00:00Z
duration: %.9g s
seed: 3
site:
  halls: [{rows: [{racks: 1, rack: {nodes: 1, node: {gpus: 0, cpus: 1}}}, {racks: 5, rack: {nodes: 4, node: {gpus: 0, cpus: 1}}}]}]
  plant: {kind: none}
  power: {use: plants/power-direct}
  storage: [{name: scratch, on: row-1, protection: {replicas: 2}, disks: {count: 1, capacity: 100 GB, read: 3 GB/s, write: 1.5 GB/s}, rebuild: {share: 10 %%}, fill: {used: 50 %%}}]
failures:
  processes:
    - {name: drive, component: disk, rate: %g 1/d, detect: 0 s, repair: {time: {distribution: fixed, mean: 1 s}}}
step: {calm: 1 h, disturbed: 1 h}
record: {every: 100 d, channels: [nodes.down]}
`
