package validate

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/halltwin/halltwin/models/serving"
	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/models/transformer"
	"github.com/halltwin/halltwin/scenarios"
)

// Serving predicts the times of prompts and of tokens that Splitwise measured.
var Serving = Benchmark{
	Name:  "serving",
	About: "times to first token and per token of Splitwise's measured rows, from eight physical figures for each type of GPU",
	Data: "real/splitwise-perf/perf_model.csv.gz (model, hardware, prompt_size, batch_size, prompt_time, token_time, tensor_parallel), from data/perf_model.csv of " +
		"github.com/Mutinifni/splitwise-sim",
	Run: runServing,
}

// splitwiseRow is the median of the rows of one model, type of GPU, division, prompt and batch.
type splitwiseRow struct {
	model, hardware       string
	tensor, prompt, batch int
	ttft, tpot            float64 // s
	split                 bool    // its parts do not add up to its end
}

// splitwiseModels are those of the paper: Llama 2 70B is the 70B of Llama 3 with a smaller vocabulary, BLOOM 176B as of arXiv
// 2211.05100.
func splitwiseModels() (map[string]transformer.Spec, error) {
	llama, err := scenarios.LanguageModel("models/llama-3.1-70b")
	if err != nil {
		return nil, err
	}
	llama2 := *llama
	llama2.Vocab = 32000
	bloom := transformer.Spec{Layers: 70, Hidden: 14336, Heads: 112, FFN: 57344, Vocab: 250880, Tied: true, Context: 2048}
	return map[string]transformer.Spec{"llama2-70b": llama2, "bloom-176b": bloom}, nil
}

var splitwiseGPUs = map[string]string{"a100-80gb": "hardware/rack-dgx-a100-4", "h100-80gb": "hardware/rack-dgx-h100-4"}

func runServing(_ context.Context, data string) (*Result, error) {
	rows, err := splitwiseRows(filepath.Join(data, "real/splitwise-perf/perf_model.csv.gz"))
	if err != nil {
		return nil, err
	}
	models, err := splitwiseModels()
	if err != nil {
		return nil, err
	}
	r := &Result{}
	r.Say("Long prompts: from 2,048 to 4,096 tokens the time of a prompt rises 2.4 to 2.9 times over 4 and 8 GPUs, 2.1 times over 2. It is not attention (7 %% of the " +
		"arithmetic at 8,192 tokens, and prompts of 512 in batches of as many tokens bend alike), nor chunks or queues (one request, alone): " +
		"all-reduces of more than 32 MiB among more than two GPUs take longer for each byte")
	for _, gpu := range []string{"a100-80gb", "h100-80gb"} {
		d, err := scenarios.Accelerator(splitwiseGPUs[gpu])
		if err != nil {
			return nil, err
		}
		if err := splitwiseGPU(r, gpu, d, rows, models); err != nil {
			return nil, err
		}
	}
	return r, splitwiseCapped(r, rows)
}

// splitwiseGPU fits a type of GPU on the rows of Llama 2, predicts the rows of each division over GPUs from a fit without them,
// and the rows of other models from the fit of all.
func splitwiseGPU(r *Result, gpu string, d training.Device, rows []splitwiseRow, models map[string]transformer.Spec) error {
	var all, others []splitwiseRow
	tensors := []int{}
	for _, x := range rows {
		_, known := models[x.model]
		if x.hardware != gpu || !known {
			continue
		}
		if x.split {
			r.Say("%s %s, %d GPUs, %d × %d tokens: left out, its end is far behind its prompt and tokens: it was not one batch", gpu, x.model, x.tensor, x.batch, x.prompt)
			continue
		}
		if x.model == "llama2-70b" {
			all = append(all, x)
			if !slices.Contains(tensors, x.tensor) {
				tensors = append(tensors, x.tensor)
			}
		} else {
			others = append(others, x)
		}
	}
	if len(all) == 0 {
		return fmt.Errorf("no rows of llama2-70b on %s", gpu)
	}
	fit, err := fitServing(all, models, d)
	if err != nil {
		return err
	}
	r.Say("%s: %s", gpu, fit)
	calibrated, held, foreign := servingErrors{}, servingErrors{}, servingErrors{}
	for _, n := range tensors {
		rest := slices.DeleteFunc(slices.Clone(all), func(x splitwiseRow) bool { return x.tensor == n })
		without, err := fitServing(rest, models, d)
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.tensor != n {
				continue
			}
			in, out := servingFigures(fit, models[x.model], d, x), servingFigures(without, models[x.model], d, x)
			calibrated.add(x, in)
			held.add(x, out)
			r.Say("%s %s, %d GPUs, %2d × %4d tokens: first token %4.0f ms measured, %4.0f fitted (%+.0f %%), %4.0f held out (%+.0f %%); token %.1f, %.1f (%+.0f %%), %.1f (%+.0f %%)",
				gpu, x.model, x.tensor, x.batch, x.prompt, 1e3*x.ttft, 1e3*in.ttft, 100*(in.ttft/x.ttft-1), 1e3*out.ttft, 100*(out.ttft/x.ttft-1),
				1e3*x.tpot, 1e3*in.tpot, 100*(in.tpot/x.tpot-1), 1e3*out.tpot, 100*(out.tpot/x.tpot-1))
		}
	}
	for _, x := range others {
		p := servingFigures(fit, models[x.model], d, x)
		foreign.add(x, p)
		r.Say("%s %s, %d GPUs, %2d × %4d tokens: first token %4.0f ms measured, %4.0f held out (%+.0f %%); token %.1f, %.1f (%+.0f %%)",
			gpu, x.model, x.tensor, x.batch, x.prompt, 1e3*x.ttft, 1e3*p.ttft, 100*(p.ttft/x.ttft-1), 1e3*x.tpot, 1e3*p.tpot, 100*(p.tpot/x.tpot-1))
	}
	calibrated.report(r, gpu+", calibrated")
	held.report(r, gpu+", each number of GPUs held out")
	foreign.report(r, gpu+", other models held out")
	return nil
}

// splitwiseCapped predicts the rows of H100 capped at half their power: prompts, which draw nearly all, take longer by what
// the limit leaves of the speed; tokens draw less than the limit.
func splitwiseCapped(r *Result, rows []splitwiseRow) error {
	gpu, err := scenarios.GPU("hardware/gpu-h100-sxm")
	if err != nil {
		return err
	}
	slow := gpu.Speed(gpu.Max/2, gpu.Idle+(gpu.Max-gpu.Idle)*0.9)
	e := servingErrors{}
	for _, x := range rows {
		i := slices.IndexFunc(rows, func(y splitwiseRow) bool {
			y.hardware += "-pcap"
			y.ttft, y.tpot, y.split = x.ttft, x.tpot, x.split
			return y == x
		})
		if i >= 0 {
			e.add(x, servingTimes{ttft: rows[i].ttft / slow, tpot: rows[i].tpot})
		}
	}
	e.report(r, "h100-80gb capped at half its power, from the uncapped rows")
	return nil
}

// servingErrors sums up the relative errors of predictions.
type servingErrors struct {
	n, ttft, tpot, worstTTFT, worstTPOT float64
}

func (e *servingErrors) add(x splitwiseRow, p servingTimes) {
	a, b := math.Abs(p.ttft/x.ttft-1), math.Abs(p.tpot/x.tpot-1)
	e.n, e.ttft, e.tpot = e.n+1, e.ttft+a, e.tpot+b
	e.worstTTFT, e.worstTPOT = max(e.worstTTFT, a), max(e.worstTPOT, b)
}

func (e *servingErrors) report(r *Result, of string) {
	if e.n == 0 {
		return
	}
	first, token := 100*e.ttft/e.n, 100*e.tpot/e.n
	r.Add(of+": mean error of the time to first token", first, "%", "<= 10", first <= 10)
	r.Add(of+": mean error of the time per token", token, "%", "<= 10", token <= 10)
	r.Say("%s: %.0f rows, worst first token %.0f %%, worst token %.0f %%", of, e.n, 100*e.worstTTFT, 100*e.worstTPOT)
}

// servingTimes is a prediction for a row.
type servingTimes struct{ ttft, tpot float64 }

// servingFigures predicts a row: its prompts in one step, and the mean of its tokens.
func servingFigures(f servingFit, model transformer.Spec, d training.Device, x splitwiseRow) servingTimes {
	replica := serving.NewReplica(f.spec(model, x.tensor), d)
	const output = 128
	return servingTimes{
		ttft: replica.PrefillBatch(float64(x.batch), float64(x.prompt)),
		tpot: replica.Step(float64(x.batch), float64(x.prompt)+output/2),
	}
}
