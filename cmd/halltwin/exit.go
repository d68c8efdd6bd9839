package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/halltwin/halltwin/scenarios/document"
	"github.com/halltwin/halltwin/twin/record"
)

// The exit codes. They are part of the interface: scripts and CI depend on them.
const (
	exitOK          = 0
	exitInternal    = 1
	exitUsage       = 2
	exitMissed      = 3
	exitInvalid     = 4
	exitIO          = 5
	exitSource      = 6
	exitUnequal     = 7
	exitInterrupted = 130
)

// exitCodes is the table as `halltwin help exit-codes` prints it.
var exitCodes = []struct {
	code    int
	meaning string
}{
	{exitOK, "done, and every expectation holds"},
	{exitInternal, "internal error: a ledger that does not close, or a bug; please report it"},
	{exitUsage, "the command line cannot be understood"},
	{exitMissed, "the run is valid and an expectation, or a benchmark's target, was missed"},
	{exitInvalid, "the scenario is invalid"},
	{exitIO, "a file or a sink could not be read or written"},
	{exitSource, "no source of a live twin answers"},
	{exitUnequal, "not deterministic: two runs that must be equal differ"},
	{exitInterrupted, "interrupted by Ctrl-C or SIGTERM; what was recorded until then is whole"},
}

// exitError is an error with its exit code. Without an error inside, what there is to say has been said.
type exitError struct {
	code int
	err  error
}

func (f *exitError) Error() string {
	if f.err == nil {
		return fmt.Sprintf("exit %d", f.code)
	}
	return f.err.Error()
}

func (f *exitError) Unwrap() error { return f.err }

// ends returns an error that has already been explained.
func ends(code int) error { return &exitError{code: code} }

// usage returns an error of the command line.
func usage(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// invalid is a scenario with diagnostics.
type invalid struct {
	path    string
	ds      document.Diagnostics
	sources document.Sources
	was     string // what was not done: "was not run"
}

func (e *invalid) Error() string { return e.ds.Error() }

// codeOf is the exit code of an error.
func codeOf(err error) int {
	var f *exitError
	var bad *invalid
	var sink *record.SinkError
	var path *fs.PathError
	var link *os.LinkError
	var call *os.SyscallError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &f):
		return f.code
	case errors.As(err, &bad):
		return exitInvalid
	case errors.As(err, &sink), errors.As(err, &path), errors.As(err, &link), errors.As(err, &call):
		return exitIO
	}
	return exitInternal
}

// report tells what went wrong and returns the exit code.
func (p *process) report(err error) int {
	code := codeOf(err)
	var f *exitError
	var bad *invalid
	switch {
	case err == nil, errors.As(err, &f) && f.err == nil:
	case errors.As(err, &bad):
		bad.ds.Render(p.stderr.Out, bad.sources, p.stderr.Colour)
		tail := bad.ds.Summary() + " · " + bad.path
		if bad.was != "" {
			tail += " " + bad.was
		}
		fmt.Fprintf(p.stderr.Out, "%s%sexit %d\n", tail, strings.Repeat(" ", max(2, 79-len([]rune(tail))-len("exit 4"))), code)
	default:
		label := "error:"
		if p.stderr.Colour {
			label = "\x1b[1;31m" + label + "\x1b[0m"
		}
		fmt.Fprintf(p.stderr.Out, "%s %s\n", label, strings.TrimSpace(err.Error()))
	}
	return code
}
