package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/rundir"
	"github.com/halltwin/halltwin/twin/session"
	"github.com/halltwin/halltwin/viz"
	"github.com/halltwin/halltwin/viz/store"
)

// forkLimit is how long in real time a fork may run ahead.
const forkLimit = 10 * time.Minute

// driver lets viewers drive a run.
type driver struct{ *session.Run }

var _ viz.Controller = driver{}

// Status says where the run stands.
func (d driver) Status() viz.Status { return viz.Status(d.Run.Status()) }

// Check says why an action cannot be done.
func (d driver) Check(a *action.Action) error { return session.Check(a, d.Plan()) }

// Fork leaves the run, now or at an earlier time.
func (d driver) Fork(ctx context.Context, b viz.Branch) (viz.Controller, error) {
	if b.At == nil {
		return driven(d.Run.Fork(ctx, b.Acts, forkOptions(b)))
	}
	base, err := d.Base(ctx)
	if err != nil {
		return nil, err
	}
	return driven(session.Repeat(ctx, base, *b.At, b.Acts, forkOptions(b)))
}

func forkOptions(b viz.Branch) session.Options {
	return session.Options{Options: twin.Options{View: b.View, Version: versionText(), Until: b.Until}, Limit: forkLimit}
}

func driven(r *session.Run, err error) (viz.Controller, error) {
	if err != nil {
		return nil, err
	}
	return driver{r}, nil
}

// recorded lets forks leave a run directory, by living it again.
type recorded struct {
	base *session.Base
	plan func() (*scenarios.Plan, error) // of the base, compiled once
}

var _ viz.Forker = (*recorded)(nil)

func forkable(r *rundir.Run) *recorded {
	b := &session.Base{Path: filepath.Join(r.Path, rundir.ResolvedFile), Resolved: r.Header().Resolved, Seed: r.Header().Seed}
	if log, err := fs.ReadFile(r.FS(), rundir.ActionsFile); err == nil {
		b.ByHand = session.ByHand(string(log))
	}
	return &recorded{base: b, plan: sync.OnceValues(b.Plan)}
}

// Check says why an action cannot be done.
func (f *recorded) Check(a *action.Action) error {
	plan, err := f.plan()
	if err != nil {
		return err
	}
	return session.Check(a, plan)
}

// Fork lives the run again and leaves it.
func (f *recorded) Fork(ctx context.Context, b viz.Branch) (viz.Controller, error) {
	var at float64
	if b.At != nil {
		at = *b.At
	} else if plan, err := f.plan(); err != nil {
		return nil, err
	} else {
		at = plan.Duration
	}
	return driven(session.Repeat(ctx, f.base, at, b.Acts, forkOptions(b)))
}

// specOf describes the run of a plan to viewers.
func specOf(id string, plan *scenarios.Plan, seed uint64) (viz.Spec, error) {
	jobs, err := session.Jobs(plan, seed)
	if err != nil {
		return viz.Spec{}, err
	}
	spec := viz.Spec{ID: id, Plant: session.Describe(plan), Jobs: make([]store.Job, len(jobs))}
	for i, j := range jobs {
		spec.Jobs[i] = store.Job{Name: j.Name, Class: j.Class, User: j.User, Queue: j.Queue, GPUs: j.GPUs, Submit: j.Submit}
	}
	return spec, nil
}

// specOfRecorded describes a run directory to viewers: by compiling its scenario again, where this version can.
func specOfRecorded(r *rundir.Run) viz.Spec {
	id := filepath.Base(filepath.Clean(r.Path))
	f := forkable(r)
	plan, err := f.plan()
	if err == nil {
		var spec viz.Spec
		if spec, err = specOf(id, plan, r.Header().Seed); err == nil {
			spec.Forker = f
			return spec
		}
	}
	return viz.Spec{ID: id, Why: fmt.Sprintf("its scenario cannot be compiled any more: %v", err)}
}

// view is a run that is shown while it goes, and afterwards. A nil one shows nothing.
type view struct {
	*served
	run  *viz.Run
	done <-chan error
}

// show begins to serve a run that is about to be lived, if that was asked for and somebody can look.
func (f *runFlags) show(ctx context.Context, p *process, plan *scenarios.Plan, seed uint64, dir string) (*view, error) {
	if !f.view || !p.stdout.Live && f.serve.listen == "" {
		return nil, nil
	}
	spec, err := specOf(filepath.Base(filepath.Clean(dir)), plan, seed)
	if err != nil {
		return nil, err
	}
	served, err := f.serve.begin(p)
	if err != nil {
		return nil, err
	}
	v := &view{served: served, run: served.server.Live(spec)}
	v.done = served.background(ctx)
	fmt.Fprintf(p.stderr.Out, "shown at %s\n", v.address)
	if p.stdout.Live {
		browse(p, v.address)
	}
	return v, nil
}

// live lives a plan, driven by those who look.
func (v *view) live(ctx context.Context, plan *scenarios.Plan, o session.Options) (*record.Summary, error) {
	o.View = v.run
	r, err := session.Start(ctx, plan, o)
	if err != nil {
		return nil, err
	}
	v.run.Drive(driver{r})
	return r.Wait()
}

// wait goes on to serve the run, now with its files, until somebody interrupts.
func (v *view) wait(ctx context.Context, p *process, dir string) error {
	if v == nil || ctx.Err() != nil {
		return nil
	}
	r, err := rundir.Open(dir)
	if err != nil {
		return err
	}
	defer r.Close()
	v.run.Recorded(r)
	fmt.Fprintf(p.stderr.Out, "it is still shown at %s (Ctrl-C ends this)\n", v.address)
	return <-v.done
}

func (v *view) close() {
	if v != nil {
		v.served.close()
	}
}
