package queue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/ensemble"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Worker makes runs that coordinators have queued.
type Worker struct {
	Program string        // see [Program]
	Slots   int           // runs at a time; 0: as many as there are processors
	Idle    time.Duration // without work after which it ends; 0: never
	Note    func(string)  // what a person should know; nil for none

	// Make makes a run; [ensemble.Make] if nil.
	Make func(ctx context.Context, plan *scenarios.Plan, seed uint64, version string) (ensemble.Made, error)

	js    jetstream.JetStream
	at    *stores
	cache cache
	alone sync.RWMutex // held for writing by a run that was lost before
	made  atomic.Int64
	busy  atomic.Int64
	ended atomic.Int64 // when the last run was, in nanoseconds of the wall clock
	beat  time.Duration
}

// Work takes runs until the context ends or there is nothing to do for [Worker.Idle]. Runs that are not done go to others. It
// returns how many were made.
func (w *Worker) Work(ctx context.Context, nc *nats.Conn) (made int, err error) {
	if w.Slots <= 0 {
		w.Slots = runtime.GOMAXPROCS(0)
	}
	if w.Note == nil {
		w.Note = func(string) {}
	}
	if w.Make == nil {
		w.Make = ensemble.Make
	}
	if w.js, err = jetstream.New(nc); err != nil {
		return 0, err
	}
	if w.cache.dir, err = os.MkdirTemp("", "halltwin-worker-"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(w.cache.dir)
	var side sync.WaitGroup
	defer side.Wait()
	here, leave := context.WithCancel(ctx)
	defer leave()
	side.Go(func() { w.present(here) })
	w.ended.Store(time.Now().UnixNano())
	for ctx.Err() == nil && !nc.IsClosed() && !w.idle() {
		if c := w.find(ctx); c != nil {
			w.serve(ctx, nc, c)
		}
		pause(ctx, 500*time.Millisecond)
	}
	if nc.IsClosed() && ctx.Err() == nil {
		err = errors.Join(nats.ErrConnectionClosed, nc.LastError())
	}
	return int(w.made.Load()), err
}

func (w *Worker) idle() bool {
	return w.Idle > 0 && w.busy.Load() == 0 && time.Since(time.Unix(0, w.ended.Load())) > w.Idle
}

// find returns where runs for this program are queued, or nil where no coordinator has been.
func (w *Worker) find(ctx context.Context) jetstream.Consumer {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var err error
	if w.at, err = open(ctx, w.js); err != nil {
		return nil
	}
	c, err := w.js.Consumer(ctx, workStream, consumerName(w.Program))
	if err != nil {
		return nil
	}
	w.beat = c.CachedInfo().Config.AckWait / 3
	return c
}

// serve makes runs until the context ends, the worker has been idle, or the queue is gone.
func (w *Worker) serve(ctx context.Context, nc *nats.Conn, c jetstream.Consumer) {
	ctx, cancel := context.WithCancel(ctx)
	var slots sync.WaitGroup
	for range w.Slots {
		slots.Go(func() {
			for ctx.Err() == nil && !nc.IsClosed() && !w.idle() {
				if err := w.next(ctx, c); errors.Is(err, jetstream.ErrConsumerDeleted) || errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, nats.ErrNoResponders) {
					cancel() // the servers have begun anew
				} else if err != nil {
					pause(ctx, 250*time.Millisecond)
				}
			}
		})
	}
	slots.Wait()
	cancel()
}

// next takes a run from the queue, if there is one soon, and makes it.
func (w *Worker) next(ctx context.Context, c jetstream.Consumer) error {
	call, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	batch, err := c.Fetch(1, jetstream.FetchContext(call))
	if err != nil {
		return err
	}
	for m := range batch.Messages() {
		w.busy.Add(1)
		w.handle(ctx, m)
		w.ended.Store(time.Now().UnixNano())
		w.busy.Add(-1)
	}
	if err := batch.Error(); err != nil && call.Err() == nil {
		return err
	}
	return nil
}

// handle makes the run of a message and publishes what came of it.
func (w *Worker) handle(ctx context.Context, m jetstream.Msg) {
	meta, err := m.Metadata()
	if err != nil {
		return
	}
	job, err := decodeWork(m.Data())
	if err != nil {
		w.Note("a message in the queue is no run: " + err.Error())
		_ = m.Term()
		return
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	var side sync.WaitGroup
	defer side.Wait()
	defer end()
	side.Go(func() {
		for pause(ctx, w.beat); ctx.Err() == nil; pause(ctx, w.beat) {
			_ = m.InProgress() // the next one follows
		}
	})
	made, err := w.attempt(ctx, &job, meta.NumDelivered)
	switch {
	case errors.Is(err, errThere):
	case err != nil && ctx.Err() != nil:
		_ = m.Nak() // else it is given to another after a while
		return
	case err != nil:
		w.Note(fmt.Sprintf("%s: %v; it is tried again", job.Label, err))
		_ = m.NakWithDelay(time.Second)
		return
	default:
		if err := w.publish(ctx, &job, made); err != nil {
			return
		}
		w.made.Add(1)
	}
	_ = m.Ack() // without it another finds the result there
}

// errThere says that a run was made already.
var errThere = errors.New("its result is there")

// attempt makes a run. One that was given to a worker before and lost is made alone, and only so many times.
func (w *Worker) attempt(ctx context.Context, job *work, delivered uint64) (ensemble.Made, error) {
	if delivered <= 1 {
		w.alone.RLock()
		defer w.alone.RUnlock()
		return w.run(ctx, job)
	}
	w.alone.Lock()
	defer w.alone.Unlock()
	results, err := w.js.Stream(ctx, resultStream)
	if err != nil {
		return ensemble.Made{}, err
	}
	if _, err := results.GetLastMsgForSubject(ctx, resultSubject(w.Program, job.Sweep, job.Key)); err == nil {
		return ensemble.Made{}, errThere
	} else if !errors.Is(err, jetstream.ErrMsgNotFound) {
		return ensemble.Made{}, err
	}
	begun, err := w.begin(ctx, job)
	if err != nil {
		return ensemble.Made{}, err
	}
	if begun > job.Attempts {
		return ensemble.Broken(job.Seed, fmt.Sprintf("quarantined: it was begun %d times, and each time its worker was lost", job.Attempts)), nil
	}
	made, err := w.run(ctx, job)
	if err != nil { // the worker was told to go, or lacks something: the run is not to blame
		call, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_, _ = w.at.attempts.Put(call, job.Sweep+"."+job.Key, fmt.Append(nil, begun-1))
	}
	return made, err
}

// begin counts the attempts of a run that was lost; the first is not written down.
func (w *Worker) begin(ctx context.Context, job *work) (begun int, err error) {
	key := job.Sweep + "." + job.Key
	e, err := w.at.attempts.Get(ctx, key)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		begun = 1
	case err != nil:
		return 0, err
	default:
		if _, err := fmt.Sscan(strings.TrimSpace(string(e.Value())), &begun); err != nil {
			return 0, err
		}
	}
	begun++
	_, err = w.at.attempts.Put(ctx, key, fmt.Append(nil, begun))
	return begun, err
}

// run makes a run within the time that it may take.
func (w *Worker) run(ctx context.Context, job *work) (ensemble.Made, error) {
	plan, bad, err := w.cache.plan(ctx, w.at.files, job)
	if err != nil {
		return ensemble.Made{}, err
	}
	if bad != nil {
		return ensemble.Broken(job.Seed, "cannot be built: "+bad.Error()), nil
	}
	within, cancel := ctx, context.CancelFunc(func() {})
	if job.Limit > 0 {
		within, cancel = context.WithTimeout(ctx, time.Duration(job.Limit*float64(time.Second)))
	}
	defer cancel()
	made, err := w.Make(within, plan, job.Seed, job.Version)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		return ensemble.Broken(job.Seed, fmt.Sprintf("it took longer than %g s", job.Limit)), nil
	}
	return made, err
}

// publish gives the result to whoever asked, also when the worker has been told to go. The first that comes counts.
func (w *Worker) publish(told context.Context, job *work, made ensemble.Made) error {
	made.Result.Key, made.Result.Seed = job.Key, job.Seed
	data, err := encode(made)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(told))
	defer cancel()
	defer context.AfterFunc(told, func() { time.AfterFunc(3*time.Second, cancel) })()
	return again(ctx, w.Note, "publishing a result", func(ctx context.Context) error {
		_, err := w.js.Publish(ctx, resultSubject(w.Program, job.Sweep, job.Key), data, jetstream.WithExpectLastSequencePerSubject(0))
		if present(err) {
			return nil
		}
		return err
	})
}
