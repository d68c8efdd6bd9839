package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/halltwin/halltwin/twin/record/term"
)

// process is what a command shares with the machine.
type process struct {
	getenv  func(string) string
	stdout  term.Screen // results
	stderr  term.Screen // the way there: progress, warnings, errors
	signals chan os.Signal
	abort   func(code int) // ends the process at once
	now     func() time.Time
	self    func(args ...string) *exec.Cmd // this program again
}

// newProcess returns the process that the operating system started.
func newProcess() *process {
	p := &process{
		getenv:  os.Getenv,
		stdout:  term.Detect(os.Stdout, os.Getenv),
		stderr:  term.Detect(os.Stderr, os.Getenv),
		signals: make(chan os.Signal, 2),
		abort:   os.Exit,
		now:     time.Now,
		self: func(args ...string) *exec.Cmd {
			path, err := os.Executable()
			if err != nil {
				path = os.Args[0]
			}
			return exec.Command(path, args...)
		},
	}
	signal.Notify(p.signals, os.Interrupt, syscall.SIGTERM)
	return p
}

// run carries out a command line, without the program's name, and returns the exit code.
func (p *process) run(args []string) int {
	root := newRoot(p)
	root.SetArgs(args)
	root.SetOut(p.stdout.Out)
	root.SetErr(p.stderr.Out)
	return p.report(root.Execute())
}

// interruptible returns a context that the first signal cancels, with a word about it; the second signal ends the
// process at once.
func (p *process) interruptible(word string) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		select {
		case <-p.signals:
		case <-done:
			return
		}
		fmt.Fprintf(p.stderr.Out, "\n%s; once more aborts\n", word)
		cancel()
		select {
		case <-p.signals:
			p.abort(exitInterrupted)
		case <-done:
		}
	}()
	return ctx, func() { close(done); cancel() }
}

// quote writes arguments as a shell would read them.
func quote(args []string) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = a
		if a == "" || strings.ContainsAny(a, " \t\n'\"\\$`*?[]{}()<>|&;#~!") {
			words[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}
