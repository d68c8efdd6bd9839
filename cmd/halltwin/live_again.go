package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/live"
)

// openLog opens a log of readings: the plan of its scenario, what its twin was made with, and its entries.
func openLog(path string, file io.Reader) (*scenarios.Plan, live.Options, *live.Tape, error) {
	h, tape, err := live.ReadLog(file)
	if err != nil {
		return nil, live.Options{}, nil, &exitError{exitIO, fmt.Errorf("%s: %w", path, err)}
	}
	scenario, ds := scenarios.LoadBytes(filepath.Join(filepath.Dir(path), "resolved.yaml"), []byte(h.Resolved))
	if len(ds) > 0 {
		return nil, live.Options{}, nil, ds
	}
	plan, err := compile(scenario, path, "", "was not lived again")
	return plan, live.Options{Options: twin.Options{Seed: h.Seed, Version: versionText()}, Pins: h.Pins, Scheduled: h.Scheduled}, tape, err
}

// again lives a log again.
func (f *liveFlags) again(p *process, acts []action.Action) error {
	file, err := os.Open(f.replay)
	if err != nil {
		return &exitError{exitIO, err}
	}
	defer file.Close() // it was only read
	plan, o, tape, err := openLog(f.replay, file)
	if err != nil {
		return err
	}
	if !f.quiet {
		o.Sink = &eventLines{out: p.stderr.Out, start: plan.Start}
	}
	t, err := live.Begin(plan, o)
	if err != nil {
		return err
	}
	defer t.Close()
	ctx, stop := p.interruptible("ending")
	defer stop()
	if _, err := tape.Play(ctx, t); err != nil {
		return err
	}
	return f.conclude(ctx, p.stdout.Out, t, acts)
}

// goOn lives a log again, quietly, and then goes on beside the site. The log gets what comes.
func (f *liveFlags) goOn(ctx context.Context, p *process, acts []action.Action) error {
	file, err := os.OpenFile(f.resume, os.O_RDWR, 0)
	if err != nil {
		return &exitError{exitIO, err}
	}
	defer file.Close() // each entry has been written by itself
	plan, o, tape, err := openLog(f.resume, file)
	if err != nil {
		return err
	}
	history := func(t *live.Twin) error {
		n, err := tape.Play(ctx, t)
		if err != nil {
			return err
		}
		at, _ := t.Now()
		now := float64(p.now().UnixNano()) / 1e9
		fmt.Fprintf(p.stderr.Out, "%s: %d entries, up to %.0f s ago\n", f.resume, n, max(0, now-at))
		// What a crash has cut off goes, so that the next entry begins a line.
		if err := file.Truncate(tape.Size()); err != nil {
			return &exitError{exitIO, err}
		}
		if _, err := file.Seek(0, io.SeekEnd); err != nil {
			return &exitError{exitIO, err}
		}
		return t.Continue(ctx, now, file)
	}
	feeds, scheduled, err := f.feeds(ctx, p)
	if err != nil {
		return err
	}
	if scheduled != o.Scheduled {
		return usage("the log was made %s a scheduler: give the same sources", map[bool]string{true: "with", false: "without"}[o.Scheduled])
	}
	return f.beside(ctx, p, plan, feeds, o, acts, history)
}
