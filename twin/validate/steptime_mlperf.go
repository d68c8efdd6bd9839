package validate

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/models/transformer"
	"github.com/halltwin/halltwin/scenarios"
)

// mlperfRun is one row of MLPerf's results.
type mlperfRun struct {
	name, round, model, rack string
	gpus, batch, ga          int
	step                     float64 // s
}

// precision returns what NVIDIA's submissions computed in: FP8, and FP4 from round 5.1 on where the GPU has it.
func (x *mlperfRun) precision(d *training.Device) string {
	if x.round >= "v5.1" && d.FP4 > d.FP8 {
		return "fp4"
	}
	return "fp8"
}

// mlperfSteps calibrates each type of GPU on its row of 512 GPUs and predicts the others.
func mlperfSteps(r *Result, data string) error {
	const file = "mlperf_training_llm.csv"
	dir, err := folder(data, "perf", "results are in github.com/mlcommons/training_results_v5.0", file)
	if err != nil {
		return err
	}
	runs, err := readMLPerf(r, filepath.Join(dir, file))
	if err != nil {
		return err
	}
	type kind struct{ rack, model, precision string }
	calibrated := map[kind]training.Device{}
	models := map[string]transformer.Model{}
	for _, base := range []bool{true, false} { // the rows of 512 GPUs first
		for i := range runs {
			x := &runs[i]
			if (x.gpus == 512) != base {
				continue
			}
			spec, err := scenarios.LanguageModel(x.model)
			if err != nil {
				return err
			}
			models[x.model] = transformer.New(spec)
			m := models[x.model]
			d, err := scenarios.Accelerator(x.rack)
			if err != nil {
				return err
			}
			precision := x.precision(&d)
			k := kind{x.rack, x.model, precision}
			how := "library"
			if c, ok := calibrated[k]; ok {
				d, how = c, "calibrated"
			} else if c, ok := calibrated[kind{x.rack, x.model, "fp8"}]; ok && precision == "fp4" {
				d.FP4Share *= c.FP8Share / d.FP8Share // what the calibrated program reaches of the library's
				d.FP8Share, how = c.FP8Share, "calibrated in fp8"
			}
			l, err := division(&m, &d, x.gpus, x.batch, x.ga)
			if err != nil {
				r.Say("left out: %s: %v", x.name, err)
				continue
			}
			got := training.Time(&m, &l, &d, precision, rankJitter)
			e := 100 * (got.Total/x.step - 1)
			target := 5.0
			if x.gpus > 2560 || how == "library" {
				target = 10
			}
			// Without a calibrated row, only a model whose division is published is held to its target.
			held := x.model == "models/llama-3.1-405b" || how != "library"
			limit := ""
			if held {
				limit = fmt.Sprintf("within %g", target)
			}
			r.Add(fmt.Sprintf("%s (%s, %s)", x.name, precision, how), e, "%", limit, !held || math.Abs(e) <= target)
			r.Say("%s: %.3f s, measured %.3f s; tensor %d pipeline %d context %d data %d; bubble %.1f %%, exchange %.1f %%, jitter %.1f %%",
				x.name, got.Total, x.step, l.Tensor, l.Pipeline, l.Context, l.Data, 100*got.Bubble/got.Total, 100*got.Data/got.Total, 100*got.Jitter/got.Total)
			if base {
				c, err := training.Calibrate(&m, &l, d, precision, rankJitter, x.step)
				if err != nil {
					return err
				}
				if _, known := calibrated[k]; !known {
					calibrated[k] = c
				}
			}
		}
	}
	return nil
}

// readMLPerf reads the runs whose step time and GPUs are known.
func readMLPerf(r *Result, path string) ([]mlperfRun, error) {
	v, err := readStrings(path, "round", "org", "system", "benchmark", "throughput_median", "step_time_s_median", "gbs", "seq", "ga")
	if err != nil {
		return nil, err
	}
	number := func(s string) float64 {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return 0
		}
		return f
	}
	var out []mlperfRun
	for i := range v[0] {
		x := mlperfRun{round: v[0][i], batch: int(number(v[6][i])), ga: int(number(v[8][i])), step: number(v[5][i])}
		switch v[3][i] {
		case "llama31_405b":
			x.model = "models/llama-3.1-405b"
			if x.step == 0 && number(v[4][i]) > 0 {
				x.step = float64(x.batch) / number(v[4][i]) // samples/s
			}
		case "gpt3":
			x.model = "models/gpt3-175b"
			if x.step == 0 && number(v[4][i]) > 0 {
				x.step = float64(x.batch) * number(v[7][i]) / number(v[4][i]) // tokens/s
			}
		default:
			continue
		}
		if x.step == 0 || x.ga == 0 || x.batch == 0 {
			continue
		}
		rack, gpus, ok := mlperfSystem(v[2][i])
		if !ok {
			r.Say("left out: %s %s: its GPUs are not known", v[1][i], v[2][i])
			continue
		}
		x.rack, x.gpus = rack, gpus
		x.name = fmt.Sprintf("%s, %d %s, MLPerf %s %s", strings.TrimPrefix(x.model, "models/"), gpus, strings.TrimPrefix(rack, "hardware/rack-"), x.round, v[1][i])
		out = append(out, x)
	}
	slices.SortStableFunc(out, func(a, b mlperfRun) int {
		return cmp.Or(cmp.Compare(a.model, b.model), cmp.Compare(a.rack, b.rack), cmp.Compare(a.round, b.round), cmp.Compare(a.gpus, b.gpus))
	})
	return out, nil
}

var (
	gpusOf  = regexp.MustCompile(`_ngpu(\d+)`)
	nodesOf = regexp.MustCompile(`_n(\d+)(_|$)`)
	shapeOf = regexp.MustCompile(`^(\d+)xBM\.GPU\.([A-Z0-9]+)\.8`)
)

// mlperfSystem returns the rack and the number of GPUs of a system's name, as MLPerf's submitters give it.
func mlperfSystem(name string) (rack string, gpus int, ok bool) {
	low := strings.ToLower(name)
	for _, x := range []struct{ word, rack string }{
		{"eos", "hardware/rack-dgx-h100-4"}, {"carina", "hardware/rack-nvl72"}, {"tyche", "hardware/rack-nvl72"}, {"hsg", "hardware/rack-nvl72"},
		{"theia", "hardware/rack-gb300-nvl72"}, {"gb300", "hardware/rack-gb300-nvl72"}, {"gb200", "hardware/rack-nvl72"},
		{"b300", "hardware/rack-dgx-b300-2"}, {"b200", "hardware/rack-dgx-b200-2"}, {"h200", "hardware/rack-dgx-h200-4"}, {"h100", "hardware/rack-dgx-h100-4"},
	} {
		if strings.Contains(low, x.word) {
			rack = x.rack
			break
		}
	}
	count := func(s string, each int) {
		n, err := strconv.Atoi(s)
		gpus, ok = n*each, err == nil && rack != ""
	}
	switch {
	case gpusOf.MatchString(low):
		count(gpusOf.FindStringSubmatch(low)[1], 1)
	case shapeOf.MatchString(name): // Oracle counts GPUs
		count(shapeOf.FindStringSubmatch(name)[1], 1)
	case nodesOf.MatchString(low):
		count(nodesOf.FindStringSubmatch(low)[1], 8)
	}
	return rack, gpus, ok
}
