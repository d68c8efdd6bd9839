package term

import (
	"bytes"
	"flag"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/recordtest"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *rewrite {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is now (run with -rewrite to accept)\n%s", name, got)
	}
}

func TestSummary(t *testing.T) {
	var b bytes.Buffer
	s := recordtest.Summary(recordtest.Header(recordtest.Site(1, 1)))
	s.Failed = []record.SinkFailure{{Sink: "runs/hot-noon", Error: "cannot write metrics/rack.parquet: no space left on device", From: 43200, Lost: 812}}
	if err := (Screen{Out: &b, Width: 100}).Summary(s); err != nil {
		t.Fatal(err)
	}
	golden(t, "summary.txt", b.String())
	if strings.Contains(b.String(), "\x1b") {
		t.Error("colour where none was asked for")
	}
	for line := range strings.Lines(b.String()) {
		if width(strings.TrimRight(line, "\n")) > 100 {
			t.Errorf("a line is wider than the screen: %s", line)
		}
		if strings.HasSuffix(line, " \n") {
			t.Errorf("a line ends in a space: %q", line)
		}
	}
}

func TestColour(t *testing.T) {
	var b bytes.Buffer
	if err := (Screen{Out: &b, Width: 100, Colour: true}).Summary(recordtest.Summary(recordtest.Header(recordtest.Site(1, 1)))); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\x1b[32m✓\x1b[0m") || !strings.Contains(b.String(), "\x1b[31m✗\x1b[0m") {
		t.Error("signs without colour")
	}
}

func TestVerdicts(t *testing.T) {
	var b bytes.Buffer
	for _, v := range []record.Verdict{record.Passed, record.Missed, record.Unjudged, record.Interrupted, record.Broken} {
		s := &record.Summary{Scenario: "x", Variant: "y", Verdict: v, Reached: 3600, Expectations: []record.Expectation{{OK: v == record.Passed}}}
		if v == record.Broken {
			s.Reason = "the energy ledger does not close"
		}
		p := printer{screen: Screen{Width: 80}}
		p.verdict(s)
		b.WriteString(p.String())
	}
	golden(t, "verdicts.txt", b.String())
}

func status(t float64) Status {
	return Status{Time: t, Duration: 86400, IT: 9.1e5, Site: 1.1e6, PUE: 1.21, HottestGPU: math.NaN(), Running: 61, Queued: 14, Faults: 1}
}

func TestQuietProgress(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(0, 0)
	p := NewProgress(Screen{Out: &b, Width: 100}, now)
	for i := range 1441 {
		p.Update(now.Add(time.Duration(i)*time.Millisecond), status(60*float64(i)))
	}
	for _, e := range recordtest.Events() {
		p.Event(now, &e)
	}
	p.Close()
	golden(t, "progress.txt", b.String())
	if n := strings.Count(b.String(), " %"); n != 11 { // ten lines, and one event that speaks of a share
		t.Logf("%d percent signs", n)
	}
}

func TestLiveProgress(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(0, 0)
	p := NewProgress(Screen{Out: &b, Live: true, Width: 80}, now)
	for i := range 40 {
		p.Update(now.Add(time.Duration(i)*50*time.Millisecond), status(2000*float64(i)))
	}
	e := recordtest.Events()[3]
	p.Event(now.Add(2*time.Second), &e)
	p.Close()
	out := b.String()
	if n := strings.Count(out, "\x1b[3A\x1b[J"); n != 21 { // 20 drawings and the event's; each is wiped
		t.Errorf("wiped %d times", n)
	}
	if !strings.HasSuffix(out, "\x1b[J") || !strings.Contains(out, "ETA") || !strings.Contains(out, "hall-0/crah-0  CRAH failed") {
		t.Errorf("live lines: %q", out[max(0, len(out)-400):])
	}
	if strings.Contains(out, "hottest") {
		t.Error("an unknown value is shown")
	}
}
