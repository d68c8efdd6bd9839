package validate

import (
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/models/transformer"
	"github.com/halltwin/halltwin/scenarios"
)

// bridgeRows predicts the dense models of Megatron-Bridge's performance summaries, whose divisions are stated, with the
// efficiencies of the library. They span a year of releases of the program, which differ by up to a sixth on the same hardware.
func bridgeRows(r *Result, data string) error {
	const file = "megatron_bridge_perf.csv"
	dir, err := folder(data, "perf", "see docs/performance-summary.md of github.com/NVIDIA-NeMo/Megatron-Bridge", file)
	if err != nil {
		return err
	}
	v, err := readStrings(filepath.Join(dir, file), "_rel", "_ctx", "System", "Model", "#-GPUs", "Precision", "GBS", "MBS", "Sequence Length",
		"TP", "FSDP", "CP", "PP", "VP", "Tokens / sec / GPU")
	if err != nil {
		return err
	}
	type sums struct {
		n         int
		mean, off float64
	}
	of := map[string]*sums{}
	var names []string
	for i := range v[0] {
		row := make([]string, len(v))
		for c := range v {
			row[c] = v[c][i]
		}
		x, ok := readBridge(row)
		if !ok {
			continue
		}
		spec, err := scenarios.LanguageModel(x.model)
		if err != nil {
			return err
		}
		m := transformer.New(spec)
		d, err := scenarios.Accelerator(x.rack)
		if err != nil {
			return err
		}
		step := training.Time(&m, &x.layout, &d, x.precision, rankJitter).Total
		got := x.layout.Batch() * float64(x.layout.Sequence) / step / float64(x.layout.GPUs())
		e := 100 * (got/x.rate - 1)
		name := fmt.Sprintf("Megatron-Bridge, %s", strings.TrimPrefix(x.rack, "hardware/rack-"))
		if of[name] == nil {
			of[name] = &sums{}
			names = append(names, name)
		}
		s := of[name]
		s.n++
		s.mean += math.Abs(e)
		s.off += e
	}
	for _, name := range names {
		s := of[name]
		r.Add(fmt.Sprintf("%s: mean error of %d dense runs", name, s.n), s.mean/float64(s.n), "%", "", true)
		r.Say("%s: bias %+.1f %%", name, s.off/float64(s.n))
	}
	return nil
}

type bridgeRow struct {
	model, rack, precision string
	layout                 training.Layout
	rate                   float64 // tokens/s of a GPU
}

// readBridge reads one row, and is false where it is of another model or leaves something open.
func readBridge(f []string) (bridgeRow, bool) {
	var x bridgeRow
	text := f[1] + " " + f[2] + " " + f[3] // title, system and model swap columns between releases
	for _, w := range []struct{ word, model string }{{"LLAMA3.1_405B", "models/llama-3.1-405b"}, {"LLAMA3_70B", "models/llama-3.1-70b"}, {"LLAMA3_8B", "models/llama-3.1-8b"}} {
		if strings.Contains(text, w.word) {
			x.model = w.model
		}
	}
	for _, w := range []struct{ word, rack string }{{"DGX-GB300", "hardware/rack-gb300-nvl72"}, {"DGX-GB200", "hardware/rack-nvl72"}, {"DGX-B300", "hardware/rack-dgx-b300-2"}, {"DGX-B200", "hardware/rack-dgx-b200-2"}, {"DGX-H100", "hardware/rack-dgx-h100-4"}} {
		if x.rack == "" && strings.Contains(text, w.word) {
			x.rack = w.rack
		}
	}
	switch {
	case strings.HasPrefix(f[5], "NVFP4"):
		x.precision = "fp4"
	case strings.HasPrefix(f[5], "FP8"), strings.HasPrefix(f[5], "MXFP8"):
		x.precision = "fp8"
	case strings.HasPrefix(f[5], "BF16"):
		x.precision = "bf16"
	}
	whole := func(s string, otherwise int) int {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil {
			return otherwise
		}
		return n
	}
	first, _, _ := strings.Cut(f[14], " ")
	rate, err := strconv.ParseFloat(first, 64)
	gpus, batch, micro := whole(f[4], 0), whole(f[6], 0), whole(f[7], 0)
	tensor, context, pipeline := whole(f[9], 0), whole(f[11], 0), whole(f[12], 0)
	used := tensor * context * pipeline
	if err != nil || x.model == "" || x.rack == "" || x.precision == "" || used == 0 || gpus%max(1, used) != 0 || micro == 0 {
		return x, false
	}
	x.rate = rate
	data := gpus / used
	x.layout = training.Layout{Tensor: tensor, Pipeline: pipeline, Context: context, Expert: 1, Data: data, MicroBatch: micro, MicroBatches: batch / (data * micro),
		Sharding: 1, Gradient: 2, Interleave: max(1, whole(f[13], 1)), Sequence: whole(f[8], 0), Recompute: "none", SequenceParallel: tensor > 1, Overlap: 0.6}
	if whole(f[10], 0) > 1 {
		x.layout.Sharding = 3
	}
	return x, x.layout.MicroBatches > 0 && x.layout.Sequence > 0
}
