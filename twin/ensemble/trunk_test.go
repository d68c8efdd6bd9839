package ensemble

import (
	"context"
	"testing"

	"github.com/halltwin/halltwin/twin/record"
)

// branching has variants and a sweep that part at several times, some before others, one at the very beginning, one within
// an outage of another, at the same instant, and one that never does.
const branching = `halltwin: v1
name: branching
start: 2025-07-15T12:00:00-05:00
duration: 3 h
seed: 3
replicas: 2
site: {use: sites/h100-hall-1k}
workload:
  - generate: {use: workloads/llm-lab}
failures: {use: failures/fleet-2025}
record: {every: 10 min}
timeline:
  - {at: 1 h, fail: "crah[0]", for: 1 h}
  - {at: 90 min, set: {"gpu[*].power_limit": 650 W}}
variants:
  as-is:   {}
  cap:     {set: {"gpu[*].power_limit": 500 W}, at: 30 min}
  deeper:  {timeline: {add: [{at: 30 min, set: {"gpu[*].power_limit": 500 W}}, {at: 100 min, set: {"gpu[*].power_limit": 400 W}}]}}
  at-once: {set: {"gpu[*].power_limit": 600 W}}
  two:     {timeline: {add: [{at: 1 h, fail: "crah[1]", for: 1 h}]}}
  back:    {timeline: {add: [{at: 2 h, fail: "crah[1]", for: 30 min}, {at: 2 h, drain: "row[0]"}]}}
  job:     {timeline: {add: [{at: 1 h, submit: {name: x, gpus: 8, work: 1 h}}]}}
  warm:    {site: {air: {supply: 25 degC}}}
sweep:
  late: {set: "gpu[0..1].power_limit", at: 110 min, values: [700 W, 450 W]}
`

// alone makes each run from its beginning.
type alone struct{}

func (alone) Execute(ctx context.Context, r *Round) error {
	for _, t := range r.Tasks() {
		if j, todo := r.Prepare(t); todo {
			m, err := Make(ctx, j.Plan, j.Seed, r.Experiment().Version)
			if err != nil {
				return err
			}
			r.Release(j)
			if err := r.Done(j, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// A past that is lived once for several cells gives each of them the same to the last bit.
func TestSharedPastIsExact(t *testing.T) {
	want := files(t, outcome(t, experiment(t, branching), NewStore(), Options{Executor: alone{}}))
	if got := files(t, outcome(t, experiment(t, branching), NewStore(), Options{Executor: Local{1}})); got != want {
		t.Error("runs that share their past come to something else than runs from their beginning")
	}
	sizes := map[int]int{}
	e := experiment(t, branching)
	r := &Round{experiment: e}
	for cell := range e.Cells() {
		r.tasks = append(r.tasks, Task{Cell: cell, Seed: 3})
	}
	for _, b := range r.bundles() {
		sizes[len(b)]++
	}
	// 14 cells that differ in what happens, in two bundles; two of the job and two of the warm air.
	if sizes[8] != 1 || sizes[6] != 1 || sizes[2] != 2 {
		t.Errorf("bundles by size: %v", sizes)
	}
}

// A run that breaks in the past that it shares breaks alone, with its own reason.
func TestSharedPastBreaks(t *testing.T) {
	e := experiment(t, branching)
	broken, _ := guarded(3, func() (*record.Summary, error) { panic("by a bug") })
	if broken.Verdict != record.Broken || broken.Seed != 3 {
		t.Errorf("a panic gives %+v", broken)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Run(ctx, NewStore(), Options{}); err == nil {
		t.Error("a cancelled experiment has an outcome")
	}
}

// Replicas that have a warm-up in common are the same whether it is lived once or for each of them, and differ after it.
func TestWarmUpInCommon(t *testing.T) {
	const text = hall + "experiment: {warm_up: 80 min}\n"
	want := outcome(t, experiment(t, text), NewStore(), Options{Executor: alone{}})
	got := outcome(t, experiment(t, text), NewStore(), Options{Executor: Local{3}})
	if files(t, got) != files(t, want) {
		t.Error("a past that is lived once leads to something else")
	}
	free := outcome(t, experiment(t, hall), NewStore(), Options{})
	a, b := got.Statistic(0, "energy.site"), free.Statistic(0, "energy.site")
	if !(a.SD > 0) || !(a.SD < b.SD) {
		t.Errorf("site energy varies by %g with 80 of 120 minutes in common, and by %g with none", a.SD, b.SD)
	}
}
