package validate

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
)

// MLPerfPower reproduces the power of nodes in MLPerf training runs from their event logs.
var MLPerfPower = Benchmark{
	Name:  "mlperf-power",
	About: "node power of MLPerf training from its events: levels fitted on every other run, the runs between predicted",
	Data: "real/mlperf-training-power: pairs of *_events.csv.gz (run, t_s from run_start, key, value, step) and *_power.csv.gz (run, t_s, node_N_w); " +
		"MLLOG and node power of the power submissions in github.com/mlcommons/training_results_v4.0 and later",
	Run: runMLPerfPower,
}

const powerError = 5 // %

func runMLPerfPower(_ context.Context, data string) (*Result, error) {
	const below = "real/mlperf-training-power"
	var logs []string
	for _, dir := range []string{data, filepath.Join(data, filepath.FromSlash(below))} {
		found, err := filepath.Glob(filepath.Join(dir, "*_power.csv.gz"))
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if !strings.HasSuffix(f, "_switch_power.csv.gz") {
				logs = append(logs, f)
			}
		}
	}
	if len(logs) == 0 {
		return nil, &MissingError{Path: filepath.Join(data, filepath.FromSlash(below), "*_power.csv.gz"), From: "power logs are in github.com/mlcommons/training_results_v4.0"}
	}
	r := &Result{}
	var all []*nodeLog
	for _, file := range logs {
		log, err := readNodeLog(file, strings.TrimSuffix(file, "_power.csv.gz")+"_events.csv.gz")
		if err != nil {
			return nil, err
		}
		if len(log.runs) == 0 {
			r.Say("left out: %s: no run has both power and events", log.name)
			continue
		}
		log.fit()
		log.report(r)
		all = append(all, log)
	}
	scaled(r, all)
	r.Say("levels: waiting, training and evaluation; when each holds is read from the events, and how long the first block waits from its throughput.")
	return r, nil
}

// report compares the runs that were not fitted with their logs.
func (l *nodeLog) report(r *Result) {
	held := l.held()
	var mean, p95, energy float64
	var dips, modelled, n, low float64
	ramp, ours := 0.0, 0.0
	coincidence := 1.0
	for _, run := range held {
		got := l.model.simulate(run)
		a, b := statistics(run.time, run.power, run), statistics(run.time, got, run)
		mean = math.Max(mean, math.Abs(b.mean/a.mean-1))
		p95 = math.Max(p95, math.Abs(b.p95/a.p95-1))
		energy = math.Max(energy, math.Abs(b.energy/a.energy-1))
		low += (b.p5/a.p5 - 1) / float64(len(held))
		for i := range a.dips {
			dips, modelled, n = dips+a.dips[i], modelled+b.dips[i], n+1
		}
		ramp, ours = ramp+a.ramp/float64(len(held)), ours+b.ramp/float64(len(held))
		coincidence = math.Min(coincidence, run.coincidence())
	}
	within := func(name string, e float64) {
		r.Add(l.name+": "+name, 100*e, "%", fmt.Sprintf("<= %d", powerError), 100*e <= powerError)
	}
	within("mean power, worst run", mean)
	within("95th percentile, worst run", p95)
	within("energy, worst run", energy)
	if n > 0 {
		within(fmt.Sprintf("power in %.0f dips, mean", n), math.Abs(modelled/dips-1))
	}
	r.Add(l.name+": 5th percentile, mean", 100*low, "%", "", true)
	ratio := ours / ramp
	r.Add(l.name+": ramp over that measured", ratio, "", "0.5 to 2", ratio >= 0.5 && ratio <= 2)
	if l.nodes > 1 {
		r.Add(l.name+": coincidence measured", coincidence, "", "> 0.95", coincidence > 0.95)
		model := l.model.together(l.nodes, held[0])
		r.Add(l.name+": coincidence modelled", model, "", "> 0.95", model > 0.95)
	}
	m := &l.model
	r.Say("%s: %d runs fitted, %d predicted; waiting %.2f kW, training %.2f kW, evaluation %.2f kW after %.1f s of waiting; steepest change %.2f kW/s, measured %.2f, a node",
		l.name, len(l.runs)-len(held), len(held), m.wait/1e3, m.train/1e3, m.eval/1e3, m.width, ours/1e3, ramp/1e3)
}

// summary of one trace.
type powerSummary struct {
	mean, p95, energy, ramp float64
	p5                      float64
	dips                    []float64 // mean power of each, from 2 s before an evaluation to 4 s after
}

// statistics describes a trace of power between the start and the stop of its run.
func statistics(time, power []float64, run *powerRun) powerSummary {
	var s powerSummary
	var inside []float64
	for i, t := range time {
		if t < 0 || t > run.stop {
			continue
		}
		inside = append(inside, power[i])
		s.mean += power[i]
		if i > 0 && time[i-1] >= 0 {
			dt := time[i] - time[i-1]
			if dt > 0 {
				s.energy += dt * (power[i] + power[i-1]) / 2
				s.ramp = math.Max(s.ramp, math.Abs(power[i]-power[i-1])/dt)
			}
		}
	}
	s.mean /= float64(len(inside))
	slices.Sort(inside)
	s.p95 = inside[min(len(inside)-1, len(inside)*95/100)]
	s.p5 = inside[len(inside)*5/100]
	for _, e := range run.evals {
		sum, n := 0.0, 0.0
		for i, t := range time {
			if t >= e.from-2 && t <= e.to+4 && t <= run.stop {
				sum += power[i]
				n++
			}
		}
		if n > 0 {
			s.dips = append(s.dips, sum/n)
		}
	}
	return s
}

// scaled predicts the training power of many nodes from one node of the same system and benchmark: the share of matrix work falls
// with the throughput of a node, and what takes its place draws what communication draws.
func scaled(r *Result, logs []*nodeLog) {
	for _, one := range logs {
		if one.nodes != 1 || one.rate == 0 {
			continue
		}
		for _, many := range logs {
			if many.nodes == 1 || many.rate == 0 || many.system != one.system || !strings.HasPrefix(one.benchmark, many.benchmark) {
				continue
			}
			share := many.rate / float64(many.nodes) / one.rate
			got := one.model.wait + (one.model.train-one.model.wait)*(share+(1-share)*communication)
			e := 100 * (got/many.model.train - 1)
			r.Add(fmt.Sprintf("%s from %s: training power", many.name, one.name), e, "%", fmt.Sprintf("within %d", powerError), math.Abs(e) <= powerError)
			r.Say("%s: a node does %.0f %% of what it does alone and is predicted at %.2f kW, measured %.2f kW", many.name, 100*share, got/1e3, many.model.train/1e3)
		}
	}
}

// communication is the power of a GPU in communication above waiting, over that in matrix work: as the phases of a training plan
// have it, 0.40 - 0.20 over 0.95 - 0.20.
const communication = (0.40 - 0.20) / (0.95 - 0.20)
