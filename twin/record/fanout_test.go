package record_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/recordtest"
)

// fragile is a sink that fails when it is asked to.
type fragile struct {
	name           string
	failAt         int // the call that fails, or -1
	calls, closed  int
	opened, failed bool
}

func (f *fragile) Name() string { return f.name }

func (f *fragile) Open(*record.Header) error {
	if f.failAt == 0 {
		return errors.New("cannot open")
	}
	f.opened = true
	return nil
}

func (f *fragile) call() error {
	if f.failed {
		panic("called after it failed")
	}
	if f.calls++; f.calls == f.failAt {
		f.failed = true
		return errors.New("broken pipe")
	}
	return nil
}

func (f *fragile) Frame(*record.Frame) error   { return f.call() }
func (f *fragile) Event(*record.Event) error   { return f.call() }
func (f *fragile) Close(*record.Summary) error { f.closed++; return nil }

// A sink that fails is cut off and told about; the other gets everything.
func TestFanoutIsolates(t *testing.T) {
	bad, good := &fragile{name: "bad", failAt: 5}, &fragile{name: "good", failAt: -1}
	f := record.NewFanout(record.NewFanout(bad), good) // nested, as a run directory beside others is
	h := recordtest.Header(recordtest.Site(1, 2))
	if err := f.Open(h); err != nil {
		t.Fatal(err)
	}
	if err := recordtest.Samples(f, h, 7200); err != nil {
		t.Fatalf("the run is stopped though a sink is left: %v", err)
	}
	s := recordtest.Summary(h)
	err := f.Close(s)
	var sink *record.SinkError
	if !errors.As(err, &sink) || sink.Sink != "bad" || !strings.Contains(err.Error(), "broken pipe") {
		t.Errorf("error %v", err)
	}
	if len(s.Failed) != 1 || s.Failed[0].Sink != "bad" || s.Failed[0].Lost == 0 {
		t.Errorf("summary says %+v", s.Failed)
	}
	if bad.closed != 1 || good.closed != 1 || good.calls != 13*16+49 {
		t.Errorf("bad closed %d times, good closed %d times after %d calls", bad.closed, good.closed, good.calls)
	}
}

// When no sink is left, the run is told.
func TestFanoutAllGone(t *testing.T) {
	f := record.NewFanout(&fragile{name: "a", failAt: 1}, &fragile{name: "b", failAt: 2})
	if err := f.Open(recordtest.Header(recordtest.Site(1, 1))); err != nil {
		t.Fatal(err)
	}
	if err := f.Frame(&record.Frame{}); err != nil {
		t.Errorf("stopped while b works: %v", err)
	}
	if err := f.Frame(&record.Frame{Time: 60}); err == nil || !strings.Contains(err.Error(), "a: broken pipe") || !strings.Contains(err.Error(), "b: broken pipe") {
		t.Errorf("error %v", err)
	}
	if list := f.Failures(); len(list) != 2 || list[0].Lost != 2 || list[1].Lost != 1 || list[1].From != 60 {
		t.Errorf("failures %+v", list)
	}
}

// A run that cannot be recorded as asked does not start, and what was opened is closed.
func TestFanoutOpen(t *testing.T) {
	good := &fragile{name: "good", failAt: -1}
	f := record.NewFanout(good, &fragile{name: "bad"})
	if err := f.Open(recordtest.Header(recordtest.Site(1, 1))); err == nil || err.Error() != "bad: cannot open" {
		t.Errorf("error %v", err)
	}
	if good.closed != 1 {
		t.Error("the sink that was opened is not closed")
	}
}
