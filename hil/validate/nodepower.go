package validate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/hil/fit"
	"github.com/halltwin/halltwin/hil/telemetry"
)

const mlperfFrom = "it is node power of MLPerf Training (github.com/mlcommons/training_results_v4.0, v4.1, v5.0) as *_power.csv: run, t_s (0 = run_start), node_N_w, and " +
	"*_events.csv: run, t_s, key, value, step, status (the marks of the training log)"

// NodePower fits the power of nodes.
var NodePower = Benchmark{
	Name:  "node-power",
	About: "wall power of nodes through MLPerf Training runs that the fit did not see",
	Data: "real/mlperf-training-power: SYSTEM_Nn_LOAD_power.csv[.gz] (run, t_s, node_N_w) and _events.csv[.gz] (run, t_s, key: run_start, block_start, eval_start, eval_stop, run_stop …) " +
		"(github.com/mlcommons/training_results_v4.0 …); optionally real/h100-node-telemetry: *_bmc.csv.gz (sys_power_w) beside *_telemetry.csv.gz, for the node's overhead",
	Run: runNodePower,
}

var systemName = regexp.MustCompile(`^(.+_\d+n)_(.+)$`)

func runNodePower(ctx context.Context, data string) (*Result, error) {
	files, err := folder(data, "mlperf-training-power", "*_power.csv*", mlperfFrom)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	type load struct {
		system, name string
		level        float64 // W while it trains
	}
	var loads []load
	for _, path := range files {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		name := strings.TrimSuffix(stem(path), "_power")
		if strings.HasSuffix(name, "_switch") {
			continue
		}
		runs, err := r.phaseRuns(path, strings.Replace(path, "_power.csv", "_events.csv", 1))
		if errors.Is(err, os.ErrNotExist) {
			r.Say("%s: no events beside it; left out", name)
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(runs) < 2 {
			r.Say("%s: %d run with power and events; two or more are needed", name, len(runs))
			continue
		}
		var seen, unseen []fit.PhaseRun
		for i, nodes := range runs {
			if i%2 == 0 {
				seen = append(seen, nodes...)
			} else {
				unseen = append(unseen, nodes...)
			}
		}
		f, err := fit.Phases(seen)
		if err != nil {
			return nil, err
		}
		sum, n, energy, truth := 0.0, 0.0, 0.0, 0.0
		for _, u := range unseen {
			p := f.Predict(u)
			stop := u.Phases[len(u.Phases)-1].At
			for i, m := range u.Power {
				if u.Time[i] >= 0 && u.Time[i] <= stop && m > 0 {
					sum += math.Abs(p[i]-m) / m
					energy, truth = energy+p[i], truth+m
					n++
				}
			}
		}
		mape := 100 * sum / n
		r.Most("runs_left_out_"+name, mape, "%", 5)
		r.Say("%s: mean |error| of single readings %.2f %%, of the energy %+.2f %%; fitted on %d runs, scored on %d", name, mape, 100*(energy/truth-1), (len(runs)+1)/2, len(runs)/2)
		u := unseen[0]
		r.Plots = append(r.Plots, Plot{Title: name + ", a run left out", X: "time in s", Y: "node power in W", Series: []Points{thin("measured", u.Time, u.Power, 0), thin("predicted", u.Time, f.Predict(u), 0)}})
		r.Tables = append(r.Tables, parameters("Levels of "+name, &fit.Solution{Parameters: f.Parameters}))
		if m := systemName.FindStringSubmatch(name); m != nil {
			for _, p := range f.Parameters {
				if p.Name == "train" || (p.Name == "first" && !slices.ContainsFunc(f.Parameters, func(q fit.Parameter) bool { return q.Name == "train" })) {
					loads = append(loads, load{m[1], m[2], p.Value})
				}
			}
		}
	}
	for _, l := range loads {
		var others []float64
		for _, o := range loads {
			if o.system == l.system && o.name != l.name {
				others = append(others, o.level)
			}
		}
		if len(others) > 0 {
			sum := 0.0
			for _, v := range others {
				sum += v
			}
			r.Tell("load_left_out_"+l.system+"_"+l.name, 100*math.Abs(sum/float64(len(others))/l.level-1), "%")
		}
	}
	r.Say("a load left out: the level while it trains against the mean of the other loads of that system; training that fills the GPUs draws alike")
	return r, r.overhead(data)
}

// phaseRuns reads the power and the marks of the runs of a load; each run has one PhaseRun a node.
func (r *Result) phaseRuns(path, events string) ([][]fit.PhaseRun, error) {
	l, err := telemetry.Open(path)
	if err != nil {
		return nil, err
	}
	for _, f := range l.Findings {
		r.Say("%s: %s", stem(path), f)
	}
	marks, err := phases(events)
	if err != nil {
		return nil, err
	}
	var order []string
	of := map[string][]fit.PhaseRun{}
	for _, s := range l.Series {
		if len(marks[s.Run]) == 0 || !s.Has(telemetry.Power) || len(s.Time) < 10 {
			continue
		}
		if _, ok := of[s.Run]; !ok {
			order = append(order, s.Run)
		}
		of[s.Run] = append(of[s.Run], fit.PhaseRun{Time: s.Time, Power: s.Get(telemetry.Power), Phases: marks[s.Run]})
	}
	slices.Sort(order)
	var out [][]fit.PhaseRun
	for _, run := range order {
		out = append(out, of[run])
	}
	return out, nil
}

// phases reads the marks of runs: training begins with run_start, evaluations interrupt it, run_stop ends it.
func phases(path string) (map[string][]fit.Phase, error) {
	head, rows, err := table(path)
	if err != nil {
		return nil, err
	}
	run, at, key := slices.Index(head, "run"), slices.Index(head, "t_s"), slices.Index(head, "key")
	if run < 0 || at < 0 || key < 0 {
		return nil, fmt.Errorf("%s has the columns %s; run, t_s and key are needed", path, join(head))
	}
	type mark struct {
		t   float64
		key string
	}
	of := map[string][]mark{}
	for _, row := range rows {
		t, err := strconv.ParseFloat(row[at], 64)
		if err != nil || math.IsNaN(t) || math.Abs(t) > 1e9 {
			continue
		}
		of[row[run]] = append(of[row[run]], mark{t, row[key]})
	}
	out := map[string][]fit.Phase{}
	for name, marks := range of {
		sort.SliceStable(marks, func(i, k int) bool { return marks[i].t < marks[k].t })
		var list []fit.Phase
		for _, m := range marks {
			switch {
			case m.key == "run_start" && list == nil:
				list = append(list, fit.Phase{At: m.t, Name: "first"})
			case list == nil:
			case m.key == "eval_start":
				list = append(list, fit.Phase{At: m.t, Name: "eval"})
			case (m.key == "eval_stop" || m.key == "epoch_start" || m.key == "block_start") && list[len(list)-1].Name == "eval":
				list = append(list, fit.Phase{At: m.t, Name: "train"})
			case m.key == "run_stop":
				list = append(list, fit.Phase{At: m.t, Name: "done"})
			}
		}
		if len(list) > 1 && list[len(list)-1].Name == "done" {
			out[name] = list
		}
	}
	return out, nil
}

// overhead fits what a node draws beside its GPUs, where a baseboard log lies beside a telemetry log.
func (r *Result) overhead(data string) error {
	files, err := folder(data, "h100-node-telemetry", "*_bmc.csv*", h100From)
	if err != nil {
		return nil //nolint:nilerr // it is optional
	}
	for _, path := range files {
		name := strings.TrimSuffix(stem(path), "_bmc")
		gpus, err := folder(data, "h100-node-telemetry", name+"_telemetry.csv*", h100From)
		if err != nil {
			continue
		}
		board, err := telemetry.Open(path)
		if err != nil {
			return err
		}
		l, err := telemetry.Open(gpus[0])
		if err != nil {
			return err
		}
		at := slices.IndexFunc(board.Series, func(s *telemetry.Series) bool { return s.Device == "" && s.Has(telemetry.Power) })
		if at < 0 {
			continue
		}
		node := board.Series[at]
		var x, y, held, truth []float64
		for i, t := range node.Time {
			sum, n := 0.0, 0
			for _, s := range l.Series {
				if p := s.Filled(telemetry.Power); p != nil && t-2 >= s.Time[0] && t <= s.Time[len(s.Time)-1] {
					k := sort.SearchFloat64s(s.Time, t-1)
					sum += p[min(k, len(p)-1)]
					n++
				}
			}
			if n != len(l.Series) || math.IsNaN(node.Get(telemetry.Power)[i]) {
				continue
			}
			if i%2 == 0 {
				x, y = append(x, sum), append(y, node.Get(telemetry.Power)[i])
			} else {
				held, truth = append(held, sum), append(truth, node.Get(telemetry.Power)[i])
			}
		}
		f, err := fit.Overhead(x, y, 5)
		if err != nil {
			r.Say("%s: %v", name, err)
			continue
		}
		predicted := make([]float64, len(held))
		for i, g := range held {
			predicted[i] = f.X[0] + f.X[1]*g
		}
		measuredMean, predictedMean := means(truth), means(predicted)
		sum := 0.0
		for i, m := range measuredMean {
			sum += math.Abs(predictedMean[i]-m) / m
		}
		r.Tell("overhead_"+name, 100*sum/float64(len(measuredMean)), "%")
		r.Say("%s: a baseboard reads instants of a node that swings by a half within each step of its job, its GPUs means of a second: single readings are not comparable, so the figure is of means over %d readings left out", name, swing)
		r.Say("%s: node = %.0f W [%.0f, %.0f] + %.3f [%.3f, %.3f] of its GPUs; %s", name, f.X[0], f.Parameters[0].Low, f.Parameters[0].High, f.X[1], f.Parameters[1].Low, f.Parameters[1].High, short(f))
		r.Plots = append(r.Plots, against("Node of "+name+", readings left out", "measured in W", "predicted in W", truth, predicted))
	}
	return nil
}

// swing is the number of readings whose mean is compared where a node's power swings within a job's steps.
const swing = 15

// means returns the means of stretches of a series.
func means(v []float64) []float64 {
	var out []float64
	for i := 0; i+swing <= len(v); i += swing {
		sum := 0.0
		for _, x := range v[i : i+swing] {
			sum += x
		}
		out = append(out, sum/swing)
	}
	return out
}
