package validate

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/optimize"

	"github.com/halltwin/halltwin/models/serving"
	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/models/transformer"
	"github.com/halltwin/halltwin/models/unit"
)

// servingFit is what is fitted of a type of GPU, under the engine and the host of the rows.
type servingFit struct {
	attained, bandwidth                       float64
	overhead, launch, prompt, request, staged float64
	reduce                                    float64
}

// servingStart is where a fit begins; it lies within the limits that a person may write.
var servingStart = servingFit{attained: 0.6, bandwidth: 0.8, overhead: 5e-3, launch: 0.45e-3, prompt: 0.7e-3, request: 0.3e-3, reduce: 150e9, staged: 40e9}

func (f servingFit) String() string {
	return fmt.Sprintf("%.0f %% of the BF16 peak, %.0f %% of the memory bandwidth, all-reduces at %.0f GB/s, above 32 MiB staged at %.0f GB/s; "+
		"a layer launched in %.2f ms, with a prompt in %.2f ms, %.2f ms a request, %.1f ms a step",
		100*f.attained, 100*f.bandwidth, f.reduce/1e9, f.staged/1e9, 1e3*f.launch, 1e3*f.prompt, 1e3*f.request, 1e3*f.overhead)
}

func (f servingFit) spec(model transformer.Spec, gpus int) *serving.Spec {
	attained, reduce, staged := unit.Ratio(f.attained), unit.Bandwidth(f.reduce), unit.Bandwidth(f.staged)
	return &serving.Spec{Model: model, Precision: "bf16", KVBytes: 2, GPUs: gpus, MaxBatch: 256, Overhead: unit.Duration(f.overhead),
		Attained: &attained, Bandwidth: unit.Ratio(f.bandwidth),
		Engine: serving.EngineSpec{Launch: unit.Duration(f.launch), Prompt: unit.Duration(f.prompt), Request: unit.Duration(f.request),
			Reduce: &reduce, Hop: 3.5e-6, Staged: &staged, Above: 32 << 20}}
}

// mostBandwidth is the share of its memory bandwidth that a GPU reaches at best.
const mostBandwidth = 0.92

// vector is a fit as numbers without bounds: logarithms, and of shares logits.
func (f *servingFit) vector() []float64 {
	return []float64{logit(f.attained), logit(f.bandwidth / mostBandwidth), math.Log(f.overhead), math.Log(f.launch), math.Log(f.prompt), math.Log(f.request), math.Log(f.reduce), math.Log(f.staged)}
}

func figuresOf(v []float64) servingFit {
	return servingFit{attained: sigmoid(v[0]), bandwidth: mostBandwidth * sigmoid(v[1]), overhead: math.Exp(v[2]), launch: math.Exp(v[3]), prompt: math.Exp(v[4]),
		request: math.Exp(v[5]), reduce: math.Exp(v[6]), staged: math.Exp(v[7])}
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// fitServing fits the figures of a type of GPU on rows: the least sum of relative errors to the power of 1.5, between the mean
// and the median, by Nelder and Mead's simplex with new steps from where it came to.
func fitServing(rows []splitwiseRow, models map[string]transformer.Spec, d training.Device) (servingFit, error) {
	problem := optimize.Problem{Func: func(v []float64) float64 {
		f, sum := figuresOf(v), 0.0
		for _, x := range rows {
			p := servingFigures(f, models[x.model], d, x)
			sum += math.Pow(math.Abs(math.Log(p.ttft/x.ttft)), 1.5) + math.Pow(math.Abs(math.Log(p.tpot/x.tpot)), 1.5)
		}
		return sum
	}}
	at := servingStart.vector()
	for range 3 {
		found, err := optimize.Minimize(problem, at, &optimize.Settings{FuncEvaluations: 3000}, &optimize.NelderMead{SimplexSize: 0.3})
		if err != nil {
			return servingFit{}, fmt.Errorf("fit: %w", err)
		}
		at = found.X
	}
	return figuresOf(at), nil
}
