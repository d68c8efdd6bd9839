package live

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/halltwin/halltwin/models/reading"
)

// tick is how often the twin is brought to the present when nothing comes.
const tick = 250 * time.Millisecond

// ErrEnded is what a run answers that has ended.
var ErrEnded = errors.New("the twin is not running any more")

// Run keeps a twin at the present: its goroutine owns the twin, asks the feeds and does what it is asked to.
type Run struct {
	twin  *Twin
	asked chan func()
	done  chan struct{}
	begun time.Time
	err   error
}

// Start runs a twin until the context is done. The feeds are asked side by side; their first answers are taken together, so
// that hosts find their places whoever answers first.
func Start(ctx context.Context, t *Twin, feeds []Feed) *Run {
	r := &Run{twin: t, asked: make(chan func()), done: make(chan struct{}), begun: time.Now()}
	go r.live(ctx, feeds)
	return r
}

// Done is closed when the run has ended.
func (r *Run) Done() <-chan struct{} { return r.done }

// Err returns why it ended, once it has: nil if it was told to.
func (r *Run) Err() error {
	<-r.done
	return r.err
}

// Do lets the owner do something with the twin, and waits for it.
func (r *Run) Do(ctx context.Context, f func(*Twin) error) error {
	answer := make(chan error, 1)
	select {
	case r.asked <- func() { answer <- f(r.twin) }:
		return <-answer
	case <-r.done:
		return ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Clock returns the present, in s since 1970. It never goes back, whatever is done to the machine's clock.
func (r *Run) Clock() float64 {
	return float64(r.begun.Add(time.Since(r.begun)).UnixNano()) / 1e9
}

// first is how long the feeds have for their first answers.
const first = 5 * time.Second

func (r *Run) live(ctx context.Context, feeds []Feed) {
	defer close(r.done)
	ctx, cancel := context.WithCancel(ctx)
	batches := make(chan told)
	var wait sync.WaitGroup
	for _, f := range feeds {
		wait.Go(func() { r.follow(ctx, f, batches) })
	}
	defer wait.Wait()
	defer cancel()
	r.err = r.own(ctx, len(feeds), batches)
	if ctx.Err() != nil {
		r.err = nil
	}
}

// told is a batch, and what is closed when it has been taken.
type told struct {
	reading.Batch
	taken chan struct{}
}

// take hands batches to the twin, and lets their feeds go on.
func (r *Run) take(ctx context.Context, all []told) error {
	batches := make([]reading.Batch, len(all))
	for i := range all {
		batches[i] = all[i].Batch
	}
	if err := r.twin.Take(ctx, r.Clock(), batches); err != nil {
		return err
	}
	for i := range all {
		close(all[i].taken)
	}
	return nil
}

// own is the owner's loop.
func (r *Run) own(ctx context.Context, feeds int, batches <-chan told) error {
	began := time.After(first)
	var held []told
	for waiting := feeds; waiting > 0; {
		select {
		case b := <-batches:
			held = append(held, b)
			waiting--
		case <-began:
			waiting = 0
		case <-ctx.Done():
			return nil
		}
	}
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	for {
		if len(held) > 0 {
			if err := r.take(ctx, held); err != nil {
				return err
			}
			held = held[:0]
		}
		select {
		case b := <-batches:
			held = append(held, b)
		case <-ticks.C:
			if err := r.twin.Advance(ctx, r.Clock()); err != nil {
				return err
			}
		case f := <-r.asked:
			f()
		case <-ctx.Done():
			return nil
		}
	}
}

// follow asks one feed, again and again.
func (r *Run) follow(ctx context.Context, f Feed, batches chan<- told) {
	waits, isWaiting := f.Source.(Acknowledger)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for next := time.Now(); ; {
		b := reading.Batch{Source: f.Name()}
		if err := f.Read(ctx, &b); err != nil {
			b = reading.Batch{Source: f.Name(), Fault: err.Error()}
		}
		b.At = reading.Number(r.Clock())
		answer := told{b, make(chan struct{})}
		select {
		case batches <- answer:
		case <-ctx.Done():
			return
		}
		select {
		case <-answer.taken:
		case <-ctx.Done():
			return
		}
		if isWaiting {
			waits.Taken()
		}
		if next = next.Add(f.Every); next.Before(time.Now()) { // it is slow: keep a distance all the same
			next = time.Now().Add(f.Every / 4)
		}
		timer.Reset(time.Until(next))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}
