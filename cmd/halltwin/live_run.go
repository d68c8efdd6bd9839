package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/live"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/session"
	"github.com/halltwin/halltwin/viz"
)

// beside runs a twin beside its site until the context is done. history, if there is one, brings it to the present first.
func (f *liveFlags) beside(ctx context.Context, p *process, plan *scenarios.Plan, feeds []live.Feed, o live.Options, acts []action.Action, history func(*live.Twin) error) error {
	if !f.quiet {
		o.Sink = &eventLines{out: p.stderr.Out, start: plan.Start}
	}
	if f.hide != "" {
		names, err := pseudonyms(f.hide)
		if err != nil {
			return err
		}
		for i := range feeds {
			feeds[i].Source = nameless{feeds[i].Source, names}
		}
	}
	var shown, measured *viz.Run
	if f.serve.listen != "" || p.stdout.Live {
		served, err := f.serve.begin(p)
		if err != nil {
			return err
		}
		defer served.close()
		bare, err := specOf(plan.Name, plan.Idle(), plan.Seed)
		if err != nil {
			return err
		}
		shown = served.server.Live(bare)
		bare.ID, bare.Why = bare.ID+"-measured", "what is measured cannot be forked: fork its twin"
		measured = served.server.Live(bare)
		o.View, o.Measured = shown, measured
		served.background(ctx)
		fmt.Fprintf(p.stderr.Out, "shown at %s (Ctrl-C ends this)\n", served.address)
	}
	t, err := live.Begin(plan, o)
	if err != nil {
		return err
	}
	defer t.Close()
	if history != nil {
		if err := history(t); err != nil {
			return err
		}
	}
	f.open(t)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := live.Start(ctx, t, feeds)
	if shown != nil {
		d := &liveDriver{run: r, plan: t.Plan(), seed: plan.Seed, end: cancel}
		shown.Drive(d)
		shown.Beside(measured, d)
	}
	if err := f.watch(ctx, p, r); err != nil {
		return err
	}
	if err := r.Err(); err != nil {
		return err
	}
	report := t.Report()
	if err := f.conclude(ctx, p.stdout.Out, t, acts); err != nil {
		return err
	}
	if err := answersNobody(report); err != nil {
		return &exitError{exitSource, err}
	}
	return nil
}

// watch shows how it stands until the end.
func (f *liveFlags) watch(ctx context.Context, p *process, r *live.Run) error {
	every := 10 * time.Second
	if p.stderr.Live {
		every = time.Second
	}
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		select {
		case <-r.Done():
			return nil
		case <-ticks.C:
		}
		if f.quiet {
			continue
		}
		var x *live.Report
		if err := r.Do(ctx, func(t *live.Twin) error { x = t.Report(); return nil }); err != nil {
			<-r.Done()
			return nil // it ends: its own error says why
		}
		line := statusLine(x)
		if p.stderr.Live {
			fmt.Fprintf(p.stderr.Out, "\r\x1b[K%s", line)
		} else {
			fmt.Fprintln(p.stderr.Out, line)
		}
	}
}

// eventLines prints the events that matter.
type eventLines struct {
	out   io.Writer
	start time.Time
}

func (e *eventLines) Open(*record.Header) error   { return nil }
func (e *eventLines) Frame(*record.Frame) error   { return nil }
func (e *eventLines) Close(*record.Summary) error { return nil }

// Event prints one; starts and ends of jobs as well, which are what one looks for here.
func (e *eventLines) Event(x *record.Event) error {
	if x.Severity == record.Detail && !strings.HasPrefix(x.Type, "job.") {
		return nil
	}
	at := e.start.Add(time.Duration(x.Time * float64(time.Second))).Local()
	_, err := fmt.Fprintf(e.out, "%s  %-8s %-14s %s: %s\n", at.Format("15:04:05.0"), x.Severity, x.Type, x.Subject, x.Text)
	return err
}

// liveDriver lets viewers leave a live twin, and tell it what no source does.
type liveDriver struct {
	run  *live.Run
	plan *scenarios.Plan
	seed uint64
	end  context.CancelFunc
}

var _ viz.Controller = (*liveDriver)(nil)

var errPace = errors.New("a live twin keeps pace with reality: leave it by a fork to go faster")

// shortestShown is the shortest time that is shown of a twin, in s.
const shortestShown = 600

// Status says where the twin stands.
func (d *liveDriver) Status() viz.Status {
	s := viz.Status{Speed: 1}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := d.run.Do(ctx, func(t *live.Twin) error { _, s.Now = t.Now(); return nil }); err != nil {
		s.Ended = errors.Is(err, live.ErrEnded)
	}
	s.End = max(s.Now, shortestShown) // it has no end: the present is where it is looked at from
	return s
}

// Check says why an action cannot be done.
func (d *liveDriver) Check(a *action.Action) error { return session.Check(a, d.plan) }

// Pause is refused.
func (d *liveDriver) Pause(context.Context) error { return errPace }

// Resume does nothing: it goes on.
func (d *liveDriver) Resume(context.Context) error { return nil }

// Step is refused.
func (d *liveDriver) Step(context.Context) error { return errPace }

// SetSpeed is refused.
func (d *liveDriver) SetSpeed(context.Context, float64) error { return errPace }

// Stop ends the twin.
func (d *liveDriver) Stop(context.Context) error { d.end(); return nil }

// Done is closed when the twin has ended.
func (d *liveDriver) Done() <-chan struct{} { return d.run.Done() }

// Act tells the twin what no source does.
func (d *liveDriver) Act(ctx context.Context, a action.Action, _ string) (done action.Action, err error) {
	if err := d.Check(&a); err != nil {
		return a, err
	}
	err = d.run.Do(ctx, func(t *live.Twin) error { done, err = t.Act(ctx, d.run.Clock(), a); return err })
	return done, err
}

// Submit is refused: jobs are reality's.
func (d *liveDriver) Submit(context.Context, string, string) (string, float64, error) {
	return "", 0, errors.New("jobs of a live twin are those of its scheduler: submit it there, or leave by a fork")
}

// Fork leaves the twin at its present.
func (d *liveDriver) Fork(ctx context.Context, b viz.Branch) (viz.Controller, error) {
	if b.At != nil {
		return nil, errors.New("a live twin is left at its present; live its log again to leave it earlier")
	}
	var f *twin.Driven
	err := d.run.Do(ctx, func(t *live.Twin) (err error) { f, err = t.Fork(twin.Options{}); return err })
	if err != nil {
		return nil, err
	}
	if err := f.Advance(ctx, f.Soon()); err != nil { // jobs go their own way from here
		f.Close()
		return nil, err
	}
	return driven(session.Leave(ctx, d.plan, f, b.Acts, forkOptions(b)))
}

// types are the GPUs of the library by what their product names contain.
var types = []struct{ name, part string }{
	{"B300", "gpu-b300-sxm"}, {"B200", "gpu-b200-sxm"}, {"GB200", "gpu-gb200"}, {"H200", "gpu-h200-sxm"}, {"H100", "gpu-h100-sxm"}, {"A100", "gpu-a100-sxm"},
	{"V100", "gpu-v100-sxm"}, {"L40S", "gpu-l40s"},
}

// machine writes the site that this machine is.
func (f *liveFlags) machine(ctx context.Context, p *process) (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", err
	}
	gpus, model, cpu := 0, "", "processors of this machine"
	limit := 0.0
	for _, s := range f.hardware.sources(p) {
		devices, err := s.Open(ctx)
		if err != nil {
			continue // `halltwin probe` tells why; the site is what can be seen
		}
		for _, d := range devices {
			switch id := d.Identity(); id.Kind {
			case device.GPU:
				gpus, model = gpus+1, id.Model
				if l, ok := d.(device.Limiter); ok {
					if range_, err := l.Limits(); err == nil {
						limit = range_.Max
					}
				}
			case device.CPU:
				if id.Model != "" {
					cpu = id.Model
				}
			}
		}
		if err := s.Close(); err != nil {
			return "", &exitError{exitIO, err}
		}
	}
	gpu := ""
	if gpus > 0 {
		gpu = fmt.Sprintf(", gpu: {use: hardware/%s, title: %q", partOf(model), model)
		if limit > 0 {
			gpu += fmt.Sprintf(", max: %g W", limit)
		}
		gpu += "}"
	}
	cores := runtime.NumCPU()
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, host)
	fmt.Fprintf(p.stderr.Out, "the site is this machine: %d cores (%s), %s\n", cores, cpu, strings.TrimSpace(fmt.Sprintf("%d GPUs %s", gpus, model)))
	// Idle and full power of processors are typical: 10 W and 1 W a core, 15 W and 6 W a core.
	return fmt.Sprintf("name: %q\nabout: this machine\nsite:\n  halls: [{rows: [{racks: 1, rack: {nodes: 1, flow: 0.05 m3/s, node: {model: %q, gpus: %d%s, cpus: 1, "+
		"cpu: {title: %q, cores: %d, idle: %d W, max: %d W, power: {model: linear}}, memory: 64 GB, storage: 1 TB, network: 1.25 GB/s}}}]}]\n"+
		"  plant: {kind: none}\n  power: {use: plants/power-direct}\n  other: 0\nrecord: {every: 5 s}\n",
		name, name, gpus, gpu, cpu, cores, 10+cores, 15+6*cores), nil
}
