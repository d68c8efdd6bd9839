package influx

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/lineproto"
)

// The defaults of [Options].
const (
	DefaultBatch      = 5000
	DefaultSpoolBytes = 1 << 30
	DefaultPatience   = 5 * time.Second
	DefaultLinger     = 2 * time.Minute
	firstPause        = 250 * time.Millisecond
	longestPause      = 30 * time.Second
)

// Options says where points go and how. Only Target and Spool are required; zero values mean the defaults.
type Options struct {
	Target     Target
	Token      string
	Version    string
	Levels     []facility.Kind         // the levels that are sent; nil means all
	Things     func(facility.Kind) int // how many of a kind are recorded, for the guard; nil means all of the site
	MaxSeries  int
	Spool      string        // the folder in which points wait
	SpoolBytes int64         // what all that waits there may take
	Batch      int           // points a batch
	Patience   time.Duration // after the run, how long to go on without success
	Linger     time.Duration // after the run, how long to go on at most
	Pause      time.Duration // before a batch is tried again for the first time
	LongPause  time.Duration // before it is tried again at the latest
}

func (o *Options) complete() {
	o.Batch = or(o.Batch, DefaultBatch)
	o.SpoolBytes = or(o.SpoolBytes, DefaultSpoolBytes)
	o.Patience = or(o.Patience, DefaultPatience)
	o.Linger = or(o.Linger, DefaultLinger)
	o.Pause = or(o.Pause, firstPause)
	o.LongPause = or(o.LongPause, longestPause)
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Status is how the sending stands.
type Status struct {
	Target  Target `json:"target"`
	Run     string `json:"run"`     // the tag `run`
	Points  int64  `json:"points"`  // made by this run
	Sent    int64  `json:"sent"`    // of this run, that have arrived
	Waiting int64  `json:"waiting"` // of this run, in the spool
	Refused int64  `json:"refused"` // of this run or earlier ones, by the server, for good; kept in the spool
	Lost    int64  `json:"lost"`    // of this run: the spool took no more
	Earlier int64  `json:"earlier"` // of earlier runs, sent along
	Retries int64  `json:"retries"`
	Spool   string `json:"spool"`
	Error   string `json:"error,omitempty"` // the last: why points wait
}

// Sink sends a recording.
type Sink struct {
	options Options
	run     string
	queue   *queue
	sender  *sender
	encoder *lineproto.Encoder
	packer  packer
	encoded sync.WaitGroup
	points  atomic.Int64
	failed  atomic.Pointer[error] // the first of what the encoder met
	sends   [facility.NumKinds]bool
	closed  bool
}

var _ record.Sink = (*Sink)(nil)

// New returns a sink. Nothing is sent before it is opened.
func New(o Options) *Sink {
	o.complete()
	return &Sink{options: o}
}

// Name says where the points go.
func (s *Sink) Name() string { return "InfluxDB at " + s.options.Target.String() }

// Open guards the number of series and begins to send what an earlier run has left. A server that does not answer is no
// error: the points wait for it.
func (s *Sink) Open(h *record.Header) error {
	o := &s.options
	things := o.Things
	if things == nil && h.Site != nil {
		things = h.Site.Count
	}
	if things != nil {
		if err := Guard(Count(h.Channels, things, o.Levels), o.MaxSeries); err != nil {
			return err
		}
	}
	s.run = h.ID()
	spool, err := openSpool(o.Spool, o.Target, s.run, o.SpoolBytes)
	if err != nil {
		return err
	}
	only := *h
	only.Channels = nil
	for _, c := range h.Channels {
		if sends(o.Levels, c.Kind) {
			s.sends[c.Kind] = true
			only.Channels = append(only.Channels, c)
		}
	}
	s.encoder = lineproto.NewEncoder(&only, s.full)
	s.sender = newSender(o, s.run, spool)
	s.queue = newQueue()
	s.encoded.Go(s.encode)
	return nil
}

// Frame queues a column.
func (s *Sink) Frame(f *record.Frame) error {
	if s.sends[f.Channel.Kind] {
		s.queue.frame(f)
	}
	return s.broken()
}

// Event queues a line of the log.
func (s *Sink) Event(e *record.Event) error {
	s.queue.event(e)
	return s.broken()
}

// broken returns what stopped the encoder.
func (s *Sink) broken() error {
	if e := s.failed.Load(); e != nil {
		return *e
	}
	return nil
}

// encode turns what is queued into batches, until the queue is closed.
func (s *Sink) encode() {
	err := s.queue.each(func(i *item) error {
		if i.log != nil {
			return s.encoder.Event(i.log)
		}
		return s.encoder.Frame(&i.column)
	})
	if err == nil {
		err = s.encoder.Commit()
	}
	if err == nil {
		err = s.ship()
	}
	if err != nil {
		s.failed.Store(&err)
		s.queue.drop()
	}
	s.sender.close()
}

// full sends a batch on when it is one.
func (s *Sink) full() error {
	if s.encoder.Lines() < s.options.Batch {
		return nil
	}
	return s.ship()
}

func (s *Sink) ship() error {
	n := int64(s.encoder.Lines())
	if n == 0 {
		return nil
	}
	lines := s.encoder.Take()
	body, err := s.packer.pack(lines)
	if err != nil {
		return err
	}
	s.points.Add(n)
	s.sender.give(&Segment{Head: Head{Target: s.options.Target, Run: s.run, Points: n, Plain: int64(len(lines))}, Body: body})
	return nil
}

// Close sends what is left, as long as that gets on. Points that wait are no error; points that are lost are one.
func (s *Sink) Close(*record.Summary) error {
	if s.queue == nil || s.closed {
		return nil
	}
	s.closed = true
	s.queue.close()
	s.encoded.Wait()
	s.sender.wait()
	st := s.Status()
	var errs []error
	if err := s.broken(); err != nil {
		errs = append(errs, err)
	}
	if st.Lost > 0 {
		errs = append(errs, fmt.Errorf("%s of %s points are not in InfluxDB and do not wait for it: %s; the run directory has "+
			"them, `halltwin influx send RUN` sends them", record.Digits(float64(st.Lost), 9), record.Digits(float64(st.Points), 9), st.Error))
	}
	if st.Refused > 0 {
		errs = append(errs, fmt.Errorf("the server refused %s points for good: %s; they are kept in %s",
			record.Digits(float64(st.Refused), 9), st.Error, st.Spool))
	}
	return errors.Join(errs...)
}

// Status says how the sending stands.
func (s *Sink) Status() Status {
	st := Status{Target: s.options.Target, Run: s.run, Points: s.points.Load(), Spool: s.options.Spool}
	if s.sender != nil {
		s.sender.status(&st)
	}
	return st
}
