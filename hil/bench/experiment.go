package bench

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Demand is what is asked of a workload.
type Demand struct {
	Level float64 `json:"level"` // share of what it can load, 0 to 1
	Mix   Mix     `json:"mix,omitempty"`
	Batch int     `json:"batch,omitempty"` // 0: its own
}

// Mix is what a load is bound by.
type Mix string

// The mixes.
const (
	Tensor Mix = "tensor" // matrix arithmetic
	Vector Mix = "vector" // other arithmetic
	Memory Mix = "memory" // device memory
	Mixed  Mix = "mixed"  // a training step: all of them in turn
)

// Step is one stretch of an experiment.
type Step struct {
	Name    string
	Seconds float64
	Demand  Demand
	Limit   float64 // share of the range of power limits; 0: not limited
	Clock   float64 // share of the highest clock; 0: not bounded
}

// Experiment is a list of steps with a purpose.
type Experiment struct {
	Name  string
	About string
	Rate  float64 // Hz of sampling; 0: that of the bench
	Steps []Step
}

// burst is the rate in Hz at which a power sensor is read to find its period and window. A device that takes longer to answer is
// read as fast as it answers.
const burst = 200

// limited and bounded tell what rights a step needs.
func (s *Step) limited() bool { return s.Limit > 0 }
func (s *Step) bounded() bool { return s.Clock > 0 }

// Seconds returns how long an experiment takes.
func (e *Experiment) Seconds() float64 {
	sum := 0.0
	for _, s := range e.Steps {
		sum += s.Seconds
	}
	return sum
}

// Experiments returns all experiments, each scaled to take scale times its full length.
func Experiments(scale float64) []Experiment {
	full := Demand{Level: 1, Mix: Mixed}
	at := func(name string, seconds float64, d Demand) Step {
		return Step{Name: name, Seconds: seconds * scale, Demand: d}
	}
	all := []Experiment{
		{Name: "idle", About: "nothing to do", Steps: []Step{at("idle", 60, Demand{})}},
		{Name: "load-step", About: "from idle to full load and back, long enough for the slow time constant", Steps: []Step{
			at("idle", 30, Demand{}), at("full", 240, full), at("idle", 240, Demand{}), at("half", 120, Demand{Level: 0.5, Mix: Mixed}), at("full", 60, full), at("idle", 60, Demand{}),
		}},
	}
	mixes := Experiment{Name: "mixes", About: "levels of each kind of load, in an order that the die's temperature does not follow"}
	for _, level := range []float64{1, 0.25, 0.75, 0.5} {
		for _, m := range []Mix{Tensor, Memory, Vector, Mixed} {
			mixes.Steps = append(mixes.Steps, at(fmt.Sprintf("%s %.0f %%", m, 100*level), 15, Demand{Level: level, Mix: m}))
		}
	}
	caps := Experiment{Name: "cap-sweep", About: "full load under power limits from the highest to the lowest the device accepts"}
	clocks := Experiment{Name: "clock-sweep", About: "full load at bounded clocks"}
	for _, share := range []float64{1, 0.8, 0.6, 0.4, 0.2, 0.001} {
		s := at(fmt.Sprintf("limit %.0f %% of its range", 100*share), 20, full)
		s.Limit = share
		caps.Steps = append(caps.Steps, s)
	}
	for _, share := range []float64{1, 0.85, 0.7, 0.55, 0.4} {
		s := at(fmt.Sprintf("clock %.0f %%", 100*share), 20, full)
		s.Clock = share
		clocks.Steps = append(clocks.Steps, s)
	}
	batches := Experiment{Name: "batch-sweep", About: "full load in batches of 16 to 512"}
	for _, b := range []int{16, 64, 256, 512} {
		batches.Steps = append(batches.Steps, at(fmt.Sprintf("batch %d", b), 15, Demand{Level: 1, Mix: Mixed, Batch: b}))
	}
	square := Experiment{Name: "square-wave", About: "full load and none, in stretches of random length about the sensor's period", Rate: burst}
	r := rand.New(rand.NewPCG(1, 0x737175617265)) // the same in every run
	for i := range 80 {
		d := Demand{}
		if i%2 == 0 {
			d = Demand{Level: 1, Mix: Tensor}
		}
		square.Steps = append(square.Steps, Step{Name: "square", Seconds: 0.1 + 0.65*r.Float64(), Demand: d}) // not scaled: its lengths are the sensor's
	}
	stalls := Experiment{Name: "checkpoint-stalls", About: "training that stops for 4 s to save, every 16 s"}
	for range 5 {
		stalls.Steps = append(stalls.Steps, at("train", 16, full), at("checkpoint", 4, Demand{}))
	}
	return append(all, mixes, caps, clocks, batches, square, stalls)
}

// Select returns experiments by name, "all" for all of them.
func Select(names []string, scale float64) ([]Experiment, error) {
	all := Experiments(scale)
	if slices.Contains(names, "all") {
		return all, nil
	}
	var chosen []Experiment
	for _, n := range names {
		i := slices.IndexFunc(all, func(e Experiment) bool { return e.Name == n })
		if i < 0 {
			var known []string
			for _, e := range all {
				known = append(known, e.Name)
			}
			return nil, fmt.Errorf("there is no experiment %q; there are %s and all", n, strings.Join(known, ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}
