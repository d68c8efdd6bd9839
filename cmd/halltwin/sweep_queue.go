package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/halltwin/halltwin/twin/ensemble"
	"github.com/halltwin/halltwin/twin/ensemble/queue"
	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"
)

// queueFlags say how a sweep is made on other machines.
type queueFlags struct {
	access  queue.Access
	serve   string
	options queue.Options
}

func (q *queueFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&q.serve, "serve", "", "start a NATS server at HOST:PORT in this process, for workers to join")
	c.Flags().Lookup("serve").NoOptDefVal = "127.0.0.1:4222"
	accessFlags(c, &q.access, "NATS servers whose workers make the runs, as nats://HOST:4222, with commas between them")
	c.Flags().DurationVar(&q.options.Patience, "patience", 30*time.Second, "with --serve or --url: a run whose worker is silent this long goes to another")
	c.Flags().IntVar(&q.options.Attempts, "attempts", 3, "with --serve or --url: times that a run may lose its worker before it is quarantined")
	c.Flags().DurationVar(&q.options.Limit, "run-limit", 0, "with --serve or --url: time that a run may take; no limit by default")
}

// crew is whoever makes the runs of a sweep.
type crew struct {
	ensemble.Executor
	close func()
	done  func() error // once the sweep is complete
	word  func() string
}

// gather finds who makes the runs: this process, or workers elsewhere, with this process among them where --workers says so.
func (f *sweepFlags) gather(ctx context.Context, p *process, e *ensemble.Experiment, dir string) (*crew, error) {
	q := &f.queue
	if q.serve == "" && q.access.URL == "" {
		return &crew{Executor: ensemble.Local{Workers: f.workers}, close: func() {}, done: func() error { return nil }, word: func() string { return "" }}, nil
	}
	if q.options.Patience < time.Second || q.options.Attempts < 1 || q.options.Limit < 0 {
		return nil, usage("--patience is at least 1s, --attempts at least 1, --run-limit no less than 0")
	}
	access, err := admit(p, q.access)
	if err != nil {
		return nil, err
	}
	c := &crew{done: func() error { return nil }}
	var closers []func()
	c.close = sync.OnceFunc(func() {
		for i := len(closers) - 1; i >= 0; i-- {
			closers[i]()
		}
	})
	fail := func(err error) (*crew, error) {
		c.close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &exitError{exitIO, errors.New(queue.Redact(err.Error()))}
	}
	var more []nats.Option
	if q.serve != "" {
		s, err := queue.Serve(q.serve, filepath.Join(dir, "queue"), access)
		if err != nil {
			return fail(err)
		}
		closers = append(closers, s.Close)
		c.done = func() error { c.close(); return s.Remove() }
		more = append(more, s.InProcess())
		access = queue.Access{URL: s.URL, TokenFile: s.TokenFile, Token: access.Token, CA: access.CA}
		args := []string{"halltwin", "worker", "--url", s.URL}
		if s.TokenFile != "" {
			args = append(args, "--token-file", s.TokenFile)
		}
		if access.CA != "" {
			args = append(args, "--ca", access.CA)
		}
		p.note("workers join with: " + quote(args))
	}
	nc, err := queue.Connect(ctx, access, p.note, more...)
	if err != nil {
		return fail(err)
	}
	closers = append(closers, nc.Close)
	if q.options.Program, err = programName(); err != nil {
		return fail(err)
	}
	q.options.Note = p.note
	co, err := queue.Coordinate(ctx, nc, e, q.options)
	if err != nil {
		return fail(err)
	}
	if f.workers > 0 {
		help, err := queue.Connect(ctx, access, func(string) {}, more...)
		if err != nil {
			return fail(err)
		}
		working, stop := context.WithCancel(ctx)
		var ended sync.WaitGroup
		w := queue.Worker{Program: q.options.Program, Slots: f.workers, Note: p.note}
		ended.Go(func() {
			if _, err := w.Work(working, help); err != nil {
				p.note("this process makes no more runs: " + queue.Redact(err.Error()))
			}
		})
		closers = append(closers, func() { stop(); ended.Wait(); help.Close() })
	}
	c.Executor = co
	c.word = func() string {
		n := co.Census()
		return fmt.Sprintf(" · %d workers, %d runs at a time", n.Workers, n.Slots)
	}
	return c, nil
}
