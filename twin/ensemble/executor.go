package ensemble

import (
	"context"
	"runtime"
	"sync"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
)

// Executor makes runs: in this process ([Local]), or on other machines.
type Executor interface {
	// Execute makes all runs of a round, in whatever order: it prepares each task once, and hands over what comes of each
	// job. It returns early, with an error, when the context ends or runs cannot be made at all.
	Execute(ctx context.Context, r *Round) error
}

// Task is one run of a round: a replica of a cell.
type Task struct {
	Cell int
	Seed uint64
}

// Job is a task whose result is not at hand.
type Job struct {
	Task
	Key   string            // of its result: equal keys have equal results
	Plan  *scenarios.Plan   // until [Round.Release]
	Files map[string]string // data files beside the scenario: SHA-256 in hexadecimal, by the name under which the scenario opens it
}

// Round is a number of runs that an experiment needs next. Its methods may be called at the same time.
type Round struct {
	experiment *Experiment
	store      *Store
	tasks      []Task
	done       func(r Result, taken bool)

	mu       sync.Mutex
	finished int
}

// Experiment returns what the round belongs to.
func (r *Round) Experiment() *Experiment { return r.experiment }

// Tasks returns the runs of the round, cell by cell.
func (r *Round) Tasks() []Task { return r.tasks }

// Prepare compiles the scenario of a task. There is nothing to do where its result is at hand, or it cannot be built.
func (r *Round) Prepare(t Task) (j Job, todo bool) {
	e := r.experiment
	plan, err := e.plan(t.Cell)
	if err != nil {
		e.release(t.Cell)
		r.finish(Result{Cell: t.Cell, Seed: t.Seed, Verdict: record.Broken, Reason: unbuilt + err.Error()}, false)
		return Job{}, false
	}
	c := &e.cells[t.Cell]
	j = Job{Task: t, Key: key(c.hash, e.Version, t.Seed), Plan: plan, Files: c.files}
	r.mu.Lock()
	have, taken := r.store.find(j.Key)
	r.mu.Unlock()
	if taken {
		e.release(t.Cell)
		have.Cell = t.Cell
		r.finish(have, true)
		return Job{}, false
	}
	return j, true
}

// Release says that the executor needs the plan of a job no longer. Each job is released once.
func (r *Round) Release(j Job) { r.experiment.release(j.Cell) }

// Done hands over what came of a job, and keeps it.
func (r *Round) Done(j Job, m Made) error {
	m.Result.Key, m.Result.Cell, m.Result.Seed = j.Key, j.Cell, j.Seed
	if m.Result.Verdict != record.Broken { // what broke may be mended
		r.mu.Lock()
		err := r.store.add(m)
		r.mu.Unlock()
		if err != nil {
			return err
		}
	}
	r.finish(m.Result, false)
	return nil
}

func (r *Round) finish(result Result, taken bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finished++
	r.done(result, taken)
}

// Local makes runs in this process.
type Local struct {
	Workers int // runs at a time; 0: as many as there are processors
}

var _ Executor = Local{}

// Execute implements [Executor].
func (l Local) Execute(ctx context.Context, r *Round) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	n := l.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	bundles := r.bundles()
	queue := make(chan []Task)
	var workers sync.WaitGroup
	for range min(n, len(bundles)) {
		workers.Go(func() {
			for tasks := range queue {
				if err := r.makeBundle(ctx, tasks); err != nil {
					fail(err)
				}
			}
		})
	}
feed:
	for _, tasks := range bundles {
		select {
		case queue <- tasks:
		case <-ctx.Done():
			break feed
		}
	}
	close(queue)
	workers.Wait()
	return context.Cause(ctx)
}
