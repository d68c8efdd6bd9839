package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/term"
)

// bench is a process whose streams are in memory; its standard error is a terminal.
func bench() (p *process, out, err *bytes.Buffer) {
	out, err = &bytes.Buffer{}, &bytes.Buffer{}
	return &process{
		getenv:  func(string) string { return "" },
		stdout:  term.Screen{Out: out, Width: 100},
		stderr:  term.Screen{Out: err, Live: true, Colour: true, Width: 100},
		signals: make(chan os.Signal, 2),
		now:     time.Now,
	}, out, err
}

func TestFirstSignalCancelsAndSecondAborts(t *testing.T) {
	p, _, _ := bench()
	aborted := make(chan int, 1)
	p.abort = func(code int) { aborted <- code }
	ctx, stop := p.interruptible("stopping")
	defer stop()
	p.signals <- os.Interrupt
	<-ctx.Done()
	p.signals <- os.Interrupt
	if code := <-aborted; code != exitInterrupted {
		t.Errorf("aborted with %d", code)
	}
}

func TestLiveRunInThisProcess(t *testing.T) {
	t.Chdir(t.TempDir())
	p, out, progress := bench()
	if code := p.run([]string{"run", "power-feed-loss", "-o", "x"}); code != exitOK {
		t.Fatalf("exit code %d: %s", code, progress)
	}
	if !strings.Contains(out.String(), "all 2 expectations hold") || strings.Contains(out.String(), "\x1b") {
		t.Errorf("standard output: %s", out)
	}
	if !strings.Contains(progress.String(), "utility-a") {
		t.Errorf("no event lines: %q", progress)
	}
}

func TestExitCodes(t *testing.T) {
	listed := map[int]bool{}
	for _, c := range exitCodes {
		if listed[c.code] {
			t.Errorf("%d is listed twice", c.code)
		}
		listed[c.code] = true
	}
	_, ds := scenarios.LoadBytes("x.yaml", []byte("a: ["))
	for _, x := range []struct {
		err  error
		want int
	}{
		{nil, exitOK},
		{errors.New("a ledger does not close"), exitInternal},
		{usage("no"), exitUsage},
		{ends(exitMissed), exitMissed},
		{&invalid{ds: ds}, exitInvalid},
		{errors.Join(&record.SinkError{Err: errors.New("full")}, nil), exitIO},
		{&os.PathError{Op: "open", Path: "x", Err: os.ErrNotExist}, exitIO},
	} {
		if got := codeOf(x.err); got != x.want || !listed[got] {
			t.Errorf("%v: exit code %d, not %d", x.err, got, x.want)
		}
	}
}

func TestDiagnosticsEndWithTheExitCode(t *testing.T) {
	p, _, stderr := bench()
	p.stderr.Colour = false
	_, ds := scenarios.LoadBytes("x.yaml", []byte("a: 1\na: 2\n"))
	if code := p.report(&invalid{path: "x.yaml", ds: ds, was: "was not run"}); code != exitInvalid {
		t.Errorf("exit code %d", code)
	}
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "1 error · x.yaml was not run") || !strings.HasSuffix(last, "exit 4") {
		t.Errorf("%q", last)
	}
}

func TestQuoteIsReadBackByAShell(t *testing.T) {
	if got, want := quote([]string{"run", "a b", "it's", "x=1"}), `run 'a b' 'it'\''s' x=1`; got != want {
		t.Errorf("%s, not %s", got, want)
	}
}
