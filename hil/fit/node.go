package fit

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat"
)

// Overhead fits what a node draws beside its GPUs: node = fixed + share·(sum of the GPUs). The fixed part is processors, memory,
// cards and fans at rest; the share is what supplies lose and fans add with load. Samples of both are paired; block is the length
// in samples over which residuals have a memory.
func Overhead(gpus, node []float64, block int) (*Solution, error) {
	if len(gpus) != len(node) || len(gpus) < 10 {
		return nil, fmt.Errorf("%w: %d paired samples of a node and its GPUs", ErrNoData, len(gpus))
	}
	noise := max(1, 0.01*median(slices.Clone(node)))
	p := &Problem{N: len(gpus), Huber: 2, Variables: []Variable{
		{Name: "fixed", Unit: "W", Start: 1500, Upper: 20000, Scale: 500, Prior: Prior{1500, 1000, "typical of eight-GPU nodes"}, Advice: "record the node at idle"},
		{Name: "share", Start: 1.1, Lower: 1, Upper: 2, Scale: 0.1, Prior: Prior{1.1, 0.08, "supplies of 94–96 % and fans"}, Advice: "record the node at idle and at full load"},
	}}
	for i := range gpus {
		p.Block = append(p.Block, i/max(1, block))
	}
	p.Residuals = func(x, out []float64) {
		for i := range out {
			out[i] = (x[0] + x[1]*gpus[i] - node[i]) / noise
		}
	}
	return p.Solve()
}

// Phase is what a training run does from a time on.
type Phase struct {
	At   float64 // s
	Name string  // "init", "first" (until the first evaluation), "train", "eval", "done"
}

// PhaseRun is a node's power through the phases of a run.
type PhaseRun struct {
	Time, Power []float64 // s from the start of the run, W
	Phases      []Phase   // ascending
}

// PhasesFit is the power of a node by the phase of a run: a level, what is different in the first seconds of a phase, and in the
// last. All are medians over runs, so that a run that stumbles bends nothing.
type PhasesFit struct {
	Parameters []Parameter // the levels
	level      map[string]float64
	first      map[string][]float64 // by bin of the seconds since the phase began
	last       map[string][]float64 // by bin of the seconds until it ends
}

var (
	sinceBins = []float64{0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64}
	untilBins = []float64{0, 1, 2, 3, 4, 6, 8, 12, 16}
)

// bin returns the index of the bin that a value lies in, -1 beyond the last.
func bin(edges []float64, v float64) int {
	i := sort.SearchFloat64s(edges, v)
	if i < len(edges) && edges[i] == v {
		i++
	}
	if i == len(edges) {
		return -1
	}
	return i - 1
}

// where is a sample within its phase.
type where struct {
	phase        string
	since, until float64
}

func (r *PhaseRun) where(t float64) where {
	i := sort.Search(len(r.Phases), func(i int) bool { return r.Phases[i].At > t }) - 1
	if i < 0 {
		return where{phase: "init", since: math.Inf(1), until: math.Inf(1)}
	}
	w := where{phase: r.Phases[i].Name, since: t - r.Phases[i].At, until: math.Inf(1)}
	if i+1 < len(r.Phases) {
		w.until = r.Phases[i+1].At - t
	}
	return w
}

// Phases fits runs of one load on nodes of one type.
func Phases(runs []PhaseRun) (*PhasesFit, error) {
	f := &PhasesFit{level: map[string]float64{}, first: map[string][]float64{}, last: map[string][]float64{}}
	steady := map[string][]float64{} // samples
	perRun := map[string][]float64{} // medians
	all := map[string][]float64{}    // where a phase is too short to be steady
	var names []string
	for i := range runs {
		own := map[string][]float64{}
		for k, t := range runs[i].Time {
			w := runs[i].where(t)
			if math.IsNaN(runs[i].Power[k]) {
				continue
			}
			if _, ok := all[w.phase]; !ok {
				names = append(names, w.phase)
			}
			all[w.phase] = append(all[w.phase], runs[i].Power[k])
			if bin(sinceBins, w.since) < 0 && bin(untilBins, w.until) < 0 {
				steady[w.phase] = append(steady[w.phase], runs[i].Power[k])
			}
			own[w.phase] = append(own[w.phase], runs[i].Power[k])
		}
		for name, v := range own {
			perRun[name] = append(perRun[name], median(v))
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: no run with power", ErrNoData)
	}
	slices.Sort(names)
	for _, name := range names {
		v := steady[name]
		if len(v) < 10 {
			v = all[name]
		}
		f.level[name] = median(slices.Clone(v))
		n := len(perRun[name])
		half := 0.0
		p := Parameter{Name: name, Unit: "W", Value: f.level[name], Determined: n > 1}
		if n > 1 {
			half = studentT(n-1) * stat.StdDev(perRun[name], nil) / math.Sqrt(float64(n))
		} else {
			p.Why, p.Advice = "one run only", "measure two runs or more"
		}
		p.Low, p.High = p.Value-half, p.Value+half
		f.Parameters = append(f.Parameters, p)
	}
	f.edges(runs)
	return f, nil
}

// edges finds what is different at the ends of phases.
func (f *PhasesFit) edges(runs []PhaseRun) {
	collect := func(edges []float64, of func(where) float64, less func(where) float64) map[string][]float64 {
		samples := map[string][][]float64{}
		for i := range runs {
			for k, t := range runs[i].Time {
				w := runs[i].where(t)
				b := bin(edges, of(w))
				if b < 0 || math.IsNaN(runs[i].Power[k]) {
					continue
				}
				if samples[w.phase] == nil {
					samples[w.phase] = make([][]float64, len(edges))
				}
				samples[w.phase][b] = append(samples[w.phase][b], runs[i].Power[k]-f.level[w.phase]-less(w))
			}
		}
		out := map[string][]float64{}
		for phase, bins := range samples {
			out[phase] = make([]float64, len(edges))
			for b, v := range bins {
				if len(v) > 0 {
					out[phase][b] = median(v)
				}
			}
		}
		return out
	}
	f.first = collect(sinceBins, func(w where) float64 { return w.since }, func(where) float64 { return 0 })
	f.last = collect(untilBins, func(w where) float64 { return w.until }, func(w where) float64 { return f.edge(f.first, sinceBins, w.phase, w.since) })
}

func (f *PhasesFit) edge(of map[string][]float64, edges []float64, phase string, v float64) float64 {
	if b := bin(edges, v); b >= 0 && of[phase] != nil {
		return of[phase][b]
	}
	return 0
}

// Predict returns the power in W at the times of a run, from its phases alone.
func (f *PhasesFit) Predict(r PhaseRun) []float64 {
	out := make([]float64, len(r.Time))
	for i, t := range r.Time {
		w := r.where(t)
		level, ok := f.level[w.phase]
		if !ok {
			level = f.level["train"]
		}
		out[i] = max(0, level+f.edge(f.first, sinceBins, w.phase, w.since)+f.edge(f.last, untilBins, w.phase, w.until))
	}
	return out
}
