package validate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/hil/fit"
	"github.com/halltwin/halltwin/hil/telemetry"
)

const h100From = "it is the telemetry of 8-GPU H100 nodes at 10 Hz (github.com/atharvanihalani/gpu-telemetry-exploration, data/): one file a run, " +
	"timestamp, gpu, power_w, temp_c, gpu_util_pct, sm_active, tensor_active, dram_active, nvlink_tx_bytes_s, nvlink_rx_bytes_s, throttle_reasons"

const h100Data = "real/h100-node-telemetry: *_telemetry.csv[.gz] with timestamp, gpu, power_w, temp_c, gpu_util_pct, sm_active, tensor_active, dram_active, " +
	"nvlink_*_bytes_s, throttle_reasons (github.com/atharvanihalani/gpu-telemetry-exploration, data/)"

// GPUPower fits power over activity.
var GPUPower = Benchmark{
	Name:  "gpu-power",
	About: "power of H100s from their activity, on GPUs and on runs that the fit did not see",
	Data:  h100Data,
	Run:   runGPUPower,
}

// h100s reads the recordings of a folder: runs in order, and what was wrong with them.
func h100s(data string, r *Result) (runs []string, of map[string][]*telemetry.Series, err error) {
	files, err := folder(data, "h100-node-telemetry", "*_telemetry.csv*", h100From)
	if err != nil {
		return nil, nil, err
	}
	of = map[string][]*telemetry.Series{}
	for _, path := range files {
		l, err := telemetry.Open(path)
		if err != nil {
			return nil, nil, err
		}
		for _, f := range l.Findings {
			r.Say("%s: %s", stem(path), f)
		}
		name := strings.TrimSuffix(stem(path), "_telemetry")
		for _, s := range l.Series {
			s.Run = name
			if s.Has(telemetry.Power) && len(s.Time) >= 100 {
				of[name] = append(of[name], s)
			}
		}
		if len(of[name]) > 0 {
			runs = append(runs, name)
		}
	}
	if len(runs) < 2 {
		return nil, nil, fmt.Errorf("%d runs with power in %s; two or more are needed", len(runs), data)
	}
	return runs, of, nil
}

// halves splits the devices of a run into those of the fit and the last quarter, which is left out: GPUs 6 and 7 of eight.
func halves(all []*telemetry.Series) (fitted, left []*telemetry.Series) {
	sorted := slices.SortedFunc(slices.Values(all), func(a, b *telemetry.Series) int {
		x, errX := strconv.Atoi(a.Device)
		y, errY := strconv.Atoi(b.Device)
		if errX != nil || errY != nil {
			return strings.Compare(a.Device, b.Device)
		}
		return x - y
	})
	n := len(sorted) - max(1, len(sorted)/4)
	return sorted[:n], sorted[n:]
}

func runGPUPower(ctx context.Context, data string) (*Result, error) {
	r := &Result{}
	runs, of, err := h100s(data, r)
	if err != nil {
		return nil, err
	}
	var train []*telemetry.Series
	for _, run := range runs {
		fitted, _ := halves(of[run])
		train = append(train, fitted...)
	}
	f, err := fit.Power(train, fit.PowerOptions{Search: true})
	if err != nil {
		return nil, err
	}
	var measured, predicted []float64
	for _, run := range runs {
		_, left := halves(of[run])
		m, p := both(f, left)
		r.Most("gpus_left_out_"+run, fit.RMSE(p, m), "W", 30)
		measured, predicted = append(measured, m...), append(predicted, p...)
		r.Plots = append(r.Plots, overTime("GPU "+left[0].Device+" of "+run+", left out", "power in W", left[0].Time, named{"measured", left[0].Get(telemetry.Power)}, named{"predicted", f.Predict(left[0])}))
	}
	r.Plots = append([]Plot{against("GPUs left out", "measured in W", "predicted in W", measured, predicted)}, r.Plots...)
	r.Tables = append(r.Tables, parameters("Parameters of the fit on the other GPUs of all runs", f.Solution))
	r.Say("meter: mean over %.1f s, lag %.1f s; %s", f.Window, f.Lag, f.Verdict())
	// The nodes of one run share its load: they are left out together.
	together := map[string][]*telemetry.Series{}
	var groups []string
	for _, run := range runs {
		group, _, _ := strings.Cut(run, "_node")
		if together[group] == nil {
			groups = append(groups, group)
		}
		together[group] = append(together[group], of[run]...)
	}
	if len(groups) < 2 {
		r.Say("one run: none can be left out")
		return r, nil
	}
	for _, run := range groups {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err := r.leaveOut(run, groups, together, f); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// leaveOut fits on all runs but one and scores on that one.
func (r *Result) leaveOut(run string, runs []string, of map[string][]*telemetry.Series, full *fit.PowerFit) error {
	var train []*telemetry.Series
	tensorHeavy, parallel := false, false
	for _, other := range runs {
		if other == run {
			continue
		}
		train = append(train, of[other]...)
		for _, s := range of[other] {
			capped, tensor := full.Heaviest(s)
			tensorHeavy = tensorHeavy || capped > 0.1 || tensor > 0.4
			if link := s.Filled(telemetry.NVLink); link != nil {
				sum := 0.0
				for _, v := range link {
					sum += v
				}
				parallel = parallel || sum/float64(len(link)) > 5e10
			}
		}
	}
	f, err := fit.Power(train, fit.PowerOptions{Window: full.Window, Lag: full.Lag})
	if errors.Is(err, fit.ErrNoData) {
		return nil
	}
	if err != nil {
		return err
	}
	m, p := both(f, of[run])
	rmse := fit.RMSE(p, m)
	var lacks []string
	if !tensorHeavy {
		lacks = append(lacks, "a tensor-heavy run")
	}
	if !parallel {
		lacks = append(lacks, "a tensor-parallel run")
	}
	// The requirement is on t13; of the others what it is, and whether it could be known.
	if run == "t13" {
		r.Most("run_left_out_"+run, rmse, "W", 30)
	} else {
		r.Tell("run_left_out_"+run, rmse, "W")
	}
	verdict := "not identifiable from the rest, priors hold it: they lack " + strings.Join(lacks, " and ")
	if len(lacks) == 0 {
		verdict = "the rest has a tensor-heavy and a tensor-parallel run"
	}
	if open := f.Open(); len(open) > 0 {
		verdict += "; by priors rather than by data: " + strings.Join(open, ", ")
	}
	r.Say("without %s: RMSE %.1f W, bias %+.1f W; %s", run, rmse, fit.Bias(p, m), verdict)
	return nil
}

// both returns what was measured and what a fit says, of some series, one after the other.
func both(f *fit.PowerFit, series []*telemetry.Series) (measured, predicted []float64) {
	for _, s := range series {
		p := f.Predict(s)
		for i, m := range s.Get(telemetry.Power) {
			if !math.IsNaN(m) {
				measured, predicted = append(measured, m), append(predicted, p[i])
			}
		}
	}
	return
}

// parameters lists what a fit found.
func parameters(title string, s *fit.Solution) Table {
	t := Table{Title: title, Head: []string{"parameter", "value", "95 % interval", "unit", "determined"}}
	for _, p := range s.Parameters {
		word := "yes"
		if !p.Determined {
			word = "no: " + p.Why
			if p.Advice != "" {
				word += " — " + p.Advice
			}
		}
		t.Rows = append(t.Rows, []string{p.Name, fmt.Sprintf("%.4g", p.Value), fmt.Sprintf("%.4g … %.4g", p.Low, p.High), p.Unit, word})
	}
	return t
}
