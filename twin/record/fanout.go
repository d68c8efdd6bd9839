package record

import (
	"errors"
	"fmt"
	"slices"
)

// Fanout feeds several sinks. A sink that fails is cut off: it gets nothing more but Close, its first error is
// kept and what it misses is counted. Frame and Event return an error only when no sink is left, since then
// nobody would see the rest of the run.
type Fanout struct {
	outs []out
	now  float64
}

type out struct {
	sink   Sink
	opened bool
	err    *SinkError
}

// SinkError is the failure of one sink. The command line maps it to exit code 5.
type SinkError struct {
	Sink string  // where it writes
	From float64 // s from the start: nothing later was written
	Lost int64   // frames and events that it missed
	Err  error
}

func (e *SinkError) Error() string {
	var part *SinkError
	if e.Lost == 0 || errors.As(e.Err, &part) { // its parts say what they miss
		return fmt.Sprintf("%s: %v", e.Sink, e.Err)
	}
	return fmt.Sprintf("%s: %v; it holds the run up to %s, and misses %d later frames and events",
		e.Sink, e.Err, Clock(e.From), e.Lost)
}

func (e *SinkError) Unwrap() error { return e.Err }

var _ Sink = (*Fanout)(nil)

// Name is only heard of when several sinks of a nested fan-out fail at once.
func (f *Fanout) Name() string { return "recording" }

// NewFanout returns a fan-out to sinks, which it opens and closes.
func NewFanout(sinks ...Sink) *Fanout {
	f := &Fanout{}
	for _, s := range sinks {
		f.outs = append(f.outs, out{sink: s})
	}
	return f
}

// Open opens every sink. It fails if any does, because a run that cannot be recorded as asked should not start;
// those already open are closed again.
func (f *Fanout) Open(h *Header) error {
	for i := range f.outs {
		o := &f.outs[i]
		if err := o.sink.Open(h); err != nil {
			o.fail(err, 0)
			for j := range i {
				_ = f.outs[j].sink.Close(nil) // the error of opening is the one to tell
			}
			return o.err
		}
		o.opened = true
	}
	return nil
}

// Frame passes a frame on.
func (f *Fanout) Frame(fr *Frame) error {
	f.now = fr.Time
	return f.each(func(s Sink) error { return s.Frame(fr) })
}

// Event passes an event on.
func (f *Fanout) Event(e *Event) error {
	f.now = e.Time
	return f.each(func(s Sink) error { return s.Event(e) })
}

func (f *Fanout) each(call func(Sink) error) error {
	alive := len(f.outs) == 0
	for i := range f.outs {
		o := &f.outs[i]
		if o.err != nil {
			o.err.Lost++
			continue
		}
		if err := call(o.sink); err != nil {
			o.fail(err, f.now)
			o.err.Lost = 1
			continue
		}
		alive = true
	}
	if !alive {
		return f.Err()
	}
	return nil
}

// Close closes every sink and returns all their errors, joined. The failures so far are added to the summary
// first, so that the sinks that still work record what the others miss.
func (f *Fanout) Close(s *Summary) error {
	for i := range f.outs {
		s.failed(f.outs[i].failures())
	}
	for i := range f.outs {
		o := &f.outs[i]
		if !o.opened {
			continue
		}
		o.opened = false
		if err := o.sink.Close(s); err != nil && o.err == nil {
			o.fail(err, f.now)
		}
		s.failed(o.failures())
	}
	return f.Err()
}

// Failing is implemented by sinks that write several things, and know which of them failed.
type Failing interface{ Failures() []SinkFailure }

// failures lists what has failed in a sink: its parts, if it knows them, or all of it.
func (o *out) failures() []SinkFailure {
	if parts, ok := o.sink.(Failing); ok {
		if list := parts.Failures(); len(list) > 0 {
			return list
		}
	}
	if o.err == nil {
		return nil
	}
	return []SinkFailure{{Sink: o.err.Sink, Error: o.err.Err.Error(), From: o.err.From, Lost: o.err.Lost}}
}

// Err returns the errors of all failed sinks, joined, or nil.
func (f *Fanout) Err() error {
	var errs []error
	for i := range f.outs {
		if e := f.outs[i].err; e != nil {
			errs = append(errs, e)
		}
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}

// Failures lists what has failed so far.
func (f *Fanout) Failures() []SinkFailure {
	var list []SinkFailure
	for i := range f.outs {
		list = append(list, f.outs[i].failures()...)
	}
	return list
}

// failed notes failures once each, though fan-outs may be nested.
func (s *Summary) failed(list []SinkFailure) {
	if s == nil {
		return
	}
	for _, x := range list {
		same := func(y SinkFailure) bool { return y.Sink == x.Sink && y.Error == x.Error }
		if i := slices.IndexFunc(s.Failed, same); i >= 0 {
			s.Failed[i] = x // it may have missed more since
		} else {
			s.Failed = append(s.Failed, x)
		}
	}
}

func (o *out) fail(err error, now float64) {
	if inner, ok := err.(*SinkError); ok { //nolint:errorlint // one that is wrapped does not tell the whole
		o.err = inner
		return
	}
	o.err = &SinkError{Sink: sinkName(o.sink), From: now, Err: err}
}

func sinkName(s Sink) string {
	if n, ok := s.(Namer); ok {
		return n.Name()
	}
	return fmt.Sprintf("%T", s)
}
