package influx

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	api "github.com/influxdata/influxdb-client-go/v2/api/http"

	"github.com/halltwin/halltwin/twin/record/lineproto"
)

// readyBatches is how many batches wait in memory for a server that keeps up.
const readyBatches = 8

// sender sends batches, and what the spool holds for the same target.
type sender struct {
	options *Options
	run     string
	client  influxdb2.Client
	spool   *spool
	ready   chan *Segment
	done    chan struct{}
	over    context.Context // done when sending shall end, whatever is left
	stop    context.CancelFunc
	ending  chan struct{} // closed when the run is over

	mu       sync.Mutex
	away     bool      // the server did not take the last batch
	attempts int       // since the last success
	grace    time.Time // since when there was no success after the run's end
	st       Status
}

func newSender(o *Options, run string, sp *spool) *sender {
	s := &sender{
		options: o, run: run, client: o.Target.Client(o.Token, o.Version), spool: sp,
		ready: make(chan *Segment, readyBatches), done: make(chan struct{}), ending: make(chan struct{}),
	}
	s.over, s.stop = context.WithCancel(context.Background())
	go s.send()
	return s
}

// give takes a batch, and never waits for the server: what the sender cannot take at once goes to the spool.
func (s *sender) give(seg *Segment) {
	if !s.isAway() && s.take(seg) {
		return
	}
	if _, err := s.spool.put(seg); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.st.Waiting += seg.Points
	} else if !s.take(seg) { // memory is the last resort
		s.lose(seg, err)
	}
}

// take puts a batch where the sender looks first, if there is room.
func (s *sender) take(seg *Segment) bool {
	select {
	case s.ready <- seg:
		return true
	default:
		return false
	}
}

// park puts a batch that was not taken into the spool.
func (s *sender) park(seg *Segment) {
	if _, err := s.spool.put(seg); err != nil {
		s.lose(seg, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.st.Waiting += seg.Points
}

// lose counts what cannot be kept.
func (s *sender) lose(seg *Segment, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.st.Lost += seg.Points
	s.st.Error = err.Error()
}

// close says that the run is over.
func (s *sender) close() {
	close(s.ready)
	close(s.ending)
}

// wait returns when all is sent, or when going on is of no use.
func (s *sender) wait() {
	limit := time.AfterFunc(s.options.Linger, s.stop)
	<-s.done
	limit.Stop()
	s.stop()
	s.client.Close()
	if err := s.spool.settle(); err != nil {
		s.note(err)
	}
}

func (s *sender) isAway() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away
}

func (s *sender) status(into *Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	into.Sent, into.Waiting, into.Refused, into.Lost = s.st.Sent, s.st.Waiting, s.st.Refused, s.st.Lost
	into.Earlier, into.Retries, into.Error = s.st.Earlier, s.st.Retries, s.st.Error
}

// send is the sender's goroutine. Batches in memory come first, so that the spool is used for what it is for.
func (s *sender) send() {
	defer close(s.done)
	for {
		seg, name, err := s.next()
		switch {
		case errors.Is(err, ErrTorn): // it is put aside
			s.note(err)
			continue
		case err == nil && seg == nil:
			return
		case err == nil:
			if err = s.deliver(seg, name); err != nil && name == "" {
				s.park(seg)
			}
		default:
			s.note(err)
		}
		if err != nil && !s.pause(err) {
			s.rest()
			return
		}
	}
}

// next returns the batch to send, with the name of its file if it has one. It returns none when the run is over and
// nothing waits.
func (s *sender) next() (seg *Segment, name string, err error) {
	for {
		select {
		case seg, ok := <-s.ready:
			if ok {
				return seg, "", nil
			}
			name, seg, err = s.spool.oldest()
			return seg, name, err
		default:
		}
		if name, seg, err = s.spool.oldest(); seg != nil || err != nil {
			return seg, name, err
		}
		if seg, ok := <-s.ready; ok { // nothing waits: the next batch will be one in memory
			return seg, "", nil
		}
		if s.spool.empty() {
			return nil, "", nil
		}
	}
}

// deliver sends a batch. It returns an error if that is to be tried again.
func (s *sender) deliver(seg *Segment, name string) error {
	parked := name != ""
	err := s.post(seg)
	if err != nil && retryable(err) {
		s.note(err)
		return err
	}
	var kept error
	switch {
	case err == nil && parked:
		kept = s.spool.sent(name)
	case err != nil && !parked:
		name, kept = s.spool.put(seg) // what is refused is kept as well
	}
	if err != nil {
		s.note(err)
		if kept == nil {
			kept = s.spool.refuse(name, err)
		}
	}
	if kept != nil {
		s.note(kept)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away, s.attempts, s.grace = false, 0, time.Time{}
	mine := seg.Run == s.run
	if mine && parked {
		s.st.Waiting = max(s.st.Waiting-seg.Points, 0)
	}
	switch {
	case err != nil:
		s.st.Refused += seg.Points
	case mine:
		s.st.Sent += seg.Points
	default:
		s.st.Earlier += seg.Points
	}
	return nil
}

// note keeps what went wrong last.
func (s *sender) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.st.Error = err.Error()
}

// rest puts what is left in memory into the spool. The run is over then.
func (s *sender) rest() {
	for seg := range s.ready {
		s.park(seg)
	}
}

// pause waits before the next attempt, and says whether there shall be one. While the run goes on there always is; once
// it is over, only within its patience.
func (s *sender) pause(err error) bool {
	least := retryAfter(err, time.Now())
	ending := s.ending
	for {
		wait := max(s.backoff(), least)
		if closed(s.ending) {
			ending = nil
			if !s.patient(wait) || refusesUs(err) {
				return false
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
			return true
		case <-s.over.Done():
			timer.Stop()
			return false
		case <-ending: // short pauses again, and not many
			timer.Stop()
			s.mu.Lock()
			s.attempts = 0
			s.mu.Unlock()
		}
	}
}

// backoff is how long to wait after one more failure: a pause that doubles, less up to half of it at random, so that
// many senders do not come back at once.
func (s *sender) backoff() time.Duration {
	s.mu.Lock()
	s.away = true
	n := s.attempts
	s.attempts++
	s.st.Retries++
	s.mu.Unlock()
	d := s.options.LongPause
	if n < 20 {
		d = min(s.options.Pause<<n, d)
	}
	var b [8]byte
	rand.Read(b[:])
	return d - time.Duration(float64(d)/2*float64(binary.LittleEndian.Uint64(b[:])>>11)/(1<<53))
}

// patient says whether another attempt after a pause lies within the patience, which counts from the run's end or the
// last success after it.
func (s *sender) patient(wait time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.grace.IsZero() {
		s.grace = time.Now()
	}
	return time.Since(s.grace)+wait <= s.options.Patience
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// post sends the points of a segment, in halves if the server finds them too many.
func (s *sender) post(seg *Segment) error { return post(s.over, s.client, seg) }

func post(ctx context.Context, client influxdb2.Client, seg *Segment) error {
	err := client.HTTPService().DoPostRequest(ctx, seg.Target.writeURL(), bytes.NewReader(seg.Body),
		func(r *http.Request) {
			r.Header.Set("Content-Encoding", "gzip")
			r.Header.Set("Content-Type", "text/plain; charset=utf-8")
		},
		func(r *http.Response) error {
			_, err := io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20)) // so that the connection is used again
			return errors.Join(err, r.Body.Close())
		})
	switch {
	case err == nil:
		return nil
	case err.StatusCode != http.StatusRequestEntityTooLarge:
		return &refusal{err}
	}
	lines, e := seg.lines()
	if e != nil {
		return e
	}
	a, b, ok := lineproto.Split(lines)
	if !ok {
		return &refusal{err}
	}
	for _, half := range [][]byte{a, b} {
		var p packer
		body, e := p.pack(half)
		if e != nil {
			return e
		}
		head := seg.Head
		head.Plain = int64(len(half))
		if e := post(ctx, client, &Segment{Head: head, Body: body}); e != nil {
			return e
		}
	}
	return nil
}

// refusal is an answer of the server, or none, in words for people.
type refusal struct{ answer *api.Error }

func (r *refusal) Unwrap() error { return r.answer }

func (r *refusal) Error() string {
	text := strings.Join(strings.Fields(r.answer.Error()), " ")
	if n := 300; len(text) > n {
		text = text[:n] + "…"
	}
	hint := ""
	switch r.answer.StatusCode {
	case 0:
		return "no answer: " + text
	case http.StatusUnauthorized, http.StatusForbidden:
		hint = "; is the token in HALLTWIN_INFLUX_TOKEN one that may write there?"
	case http.StatusNotFound:
		hint = "; `halltwin influx setup` makes the organisation and the bucket"
	}
	return fmt.Sprintf("%d %s%s", r.answer.StatusCode, text, hint)
}

// retryable says whether the same batch may be taken later.
func retryable(err error) bool {
	var r *refusal
	if !errors.As(err, &r) {
		return false
	}
	switch c := r.answer.StatusCode; c {
	case 0, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	default:
		return refusesUs(err) || c >= 500
	}
}

// refusesUs says whether the server refuses the sender rather than the points: time alone does not help, a person may.
func refusesUs(err error) bool {
	var r *refusal
	if !errors.As(err, &r) {
		return false
	}
	c := r.answer.StatusCode
	return c == http.StatusUnauthorized || c == http.StatusForbidden || c == http.StatusNotFound
}

// retryAfter is how long the server asks to wait: seconds, or until a date (RFC 9110, section 10.2.3).
func retryAfter(err error, now time.Time) time.Duration {
	var r *refusal
	if !errors.As(err, &r) {
		return 0
	}
	text := r.answer.Header.Get("Retry-After")
	var d time.Duration
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		d = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), longestRetryAfter)
}

const longestRetryAfter = 10 * time.Minute
