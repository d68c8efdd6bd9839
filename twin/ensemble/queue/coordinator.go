package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/ensemble"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Options say how a coordinator deals with its workers. None of them changes what comes of an experiment.
type Options struct {
	Patience time.Duration // a run whose worker is silent this long goes to another; 0: 30 s
	Attempts int           // that a run may be begun and not ended before it is quarantined; 0: 3
	Limit    time.Duration // that a run may take; 0: no limit
	Program  string        // that workers must be; that of the experiment's version if empty
	Note     func(string)  // what a person should know; nil for none
}

// outstanding is how many runs are queued ahead: enough for thousands of workers, few enough for the coordinator's memory.
const outstanding = 4096

// Coordinator has the runs of an experiment made by workers elsewhere.
type Coordinator struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	at      *stores
	o       Options
	program string
	version string
	name    string // of the experiment
	sweep   string // its token in subjects

	room chan struct{} // one for each run that is out

	mu      sync.Mutex
	round   *ensemble.Round
	out     map[string]*errand // by key
	early   map[string][]byte  // results of runs that nobody has asked for yet
	heard   int                // results that came
	last    uint64             // sequence of the last
	workers Census
}

var _ ensemble.Executor = (*Coordinator)(nil)

// errand is a run that is out, for one task or more: cells that resolve to the same scenario share their runs.
type errand struct {
	message []byte
	jobs    []ensemble.Job
}

// Coordinate makes ready what an experiment needs on the servers.
func Coordinate(ctx context.Context, nc *nats.Conn, e *ensemble.Experiment, o Options) (*Coordinator, error) {
	if o.Patience <= 0 {
		o.Patience = 30 * time.Second
	}
	if o.Attempts <= 0 {
		o.Attempts = 3
	}
	if o.Note == nil {
		o.Note = func(string) {}
	}
	if o.Program == "" {
		o.Program = Program(e.Version)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	_, scenario := scenarios.Resolved(e.File.Whole)
	c := &Coordinator{nc: nc, js: js, o: o, program: o.Program, version: e.Version, name: e.Name, sweep: token(e.Name + "\n" + scenario),
		room: make(chan struct{}, outstanding), out: map[string]*errand{}, early: map[string][]byte{}}
	err = again(ctx, o.Note, "preparing the queue", func(ctx context.Context) error {
		if err := prepare(ctx, nc, js); err != nil {
			return err
		}
		if c.at, err = open(ctx, js); err != nil {
			return err
		}
		_, err := js.CreateOrUpdateConsumer(ctx, workStream, jetstream.ConsumerConfig{
			Durable: consumerName(c.program), AckPolicy: jetstream.AckExplicitPolicy, AckWait: o.Patience, MaxDeliver: -1, MaxAckPending: -1,
			FilterSubject: workSubject(c.program, "*", "*"),
		})
		return err
	})
	return c, err
}

// Execute implements [ensemble.Executor].
func (c *Coordinator) Execute(ctx context.Context, r *ensemble.Round) error {
	ctx, fail := context.WithCancelCause(ctx)
	c.mu.Lock()
	c.round = r
	c.mu.Unlock()
	read := make(chan struct{})
	var side sync.WaitGroup
	side.Go(func() { c.listen(ctx, read, fail) })
	side.Go(func() { c.remind(ctx) })
	side.Go(func() { c.watch(ctx) })
	defer side.Wait()
	defer fail(nil)
	err := c.execute(ctx, r, read)
	if errors.Is(context.Cause(ctx), context.Canceled) {
		c.withdraw()
	}
	return err
}

func (c *Coordinator) execute(ctx context.Context, r *ensemble.Round, read <-chan struct{}) error {
	select {
	case <-read:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	d := dispatch{Coordinator: c, round: r, shipped: -1}
	for _, t := range r.Tasks() {
		j, todo := r.Prepare(t)
		if !todo {
			continue
		}
		err := d.send(ctx, j)
		r.Release(j)
		if err != nil {
			return err
		}
	}
	for range cap(c.room) { // until all are back
		select {
		case c.room <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for range cap(c.room) {
		<-c.room
	}
	return context.Cause(ctx)
}

// dispatch queues the runs of a round.
type dispatch struct {
	*Coordinator
	round    *ensemble.Round
	shipped  int // the cell whose scenario was shipped last
	scenario string
}

// send queues a run, unless its result is there or it is out already.
func (d *dispatch) send(ctx context.Context, j ensemble.Job) error {
	select {
	case d.room <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if done, err := d.claim(j, nil); done {
		return err
	}
	if d.shipped != j.Cell {
		if err := d.ship(ctx, j); err != nil {
			return err
		}
		d.shipped, d.scenario = j.Cell, j.Plan.Hash
	}
	message, err := json.Marshal(work{Sweep: d.sweep, Key: j.Key, Label: fmt.Sprintf("%s, seed %d", d.round.Experiment().Label(j.Cell), j.Seed), Seed: j.Seed,
		Version: d.version, Scenario: d.scenario, Files: j.Files, Attempts: d.o.Attempts, Limit: d.o.Limit.Seconds()})
	if err != nil {
		return err
	}
	if done, err := d.claim(j, message); done { // while it was shipped, a worker of before may have answered
		return err
	}
	return d.queue(ctx, j.Key, message)
}

// claim tells whether nothing is to be done for a job: its result came early, or the same run is out. Else the job is out
// from now on, if there is a message.
func (d *dispatch) claim(j ensemble.Job, message []byte) (done bool, err error) {
	j.Plan = nil
	d.mu.Lock()
	early, there := d.early[j.Key]
	delete(d.early, j.Key)
	e := d.out[j.Key]
	switch {
	case there:
	case e != nil:
		e.jobs = append(e.jobs, j)
	case message != nil:
		d.out[j.Key] = &errand{message: message, jobs: []ensemble.Job{j}}
	}
	d.mu.Unlock()
	if there {
		return true, d.take(d.round, []ensemble.Job{j}, early)
	}
	return e != nil, nil
}

// ship stores the scenario and the data files of a job where workers find them.
func (d *dispatch) ship(ctx context.Context, j ensemble.Job) error {
	put := func(digest string, open func() (io.ReadCloser, error)) error {
		return again(ctx, d.o.Note, "shipping a scenario", func(ctx context.Context) error { return ship(ctx, d.at.files, digest, open) })
	}
	err := put(j.Plan.Hash, inMemory(j.Plan.Resolved))
	for _, name := range slices.Sorted(maps.Keys(j.Files)) {
		err = errors.Join(err, put(j.Files[name], func() (io.ReadCloser, error) { return d.round.Experiment().File.Open(name) }))
	}
	return err
}

// queue asks for a run. One that is queued already is not queued again.
func (c *Coordinator) queue(ctx context.Context, key string, message []byte) error {
	return again(ctx, c.o.Note, "queueing runs", func(ctx context.Context) error {
		_, err := c.js.Publish(ctx, workSubject(c.program, c.sweep, key), message, jetstream.WithExpectLastSequencePerSubject(0))
		if present(err) {
			return nil
		}
		return err
	})
}

// present tells whether a message was refused since its subject is taken.
func present(err error) bool {
	var e *jetstream.APIError
	return errors.As(err, &e) && (e.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || e.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// remind queues once more what is out when nothing has come for a while: a server may have lost its disk. What is still
// queued is refused, and of what was made meanwhile a worker finds the result.
func (c *Coordinator) remind(ctx context.Context) {
	seen := -1
	for {
		pause(ctx, 2*c.o.Patience)
		if ctx.Err() != nil {
			return
		}
		c.mu.Lock()
		var lost map[string]*errand
		if seen == c.heard {
			lost = maps.Clone(c.out)
		}
		seen = c.heard
		c.mu.Unlock()
		for _, key := range slices.Sorted(maps.Keys(lost)) {
			_ = c.queue(ctx, key, lost[key].message) // fails when the context ends
		}
	}
}

// unheard is how long the coordinator waits for word of a result before it looks for itself.
const unheard = 500 * time.Millisecond

// listen takes results as they come, and says when all that were there at the beginning are read. It asks for one after
// another: that has no state on the servers, which may die. It looks whenever one is published, which may be a moment before it
// can be read, and now and then.
func (c *Coordinator) listen(ctx context.Context, read chan<- struct{}, fail func(error)) {
	mine := resultSubject(c.program, c.sweep, "*")
	bell := make(chan struct{}, 1)
	sub, err := c.nc.Subscribe(mine, func(*nats.Msg) {
		select {
		case bell <- struct{}{}:
		default:
		}
	})
	if err != nil {
		fail(err)
		return
	}
	defer sub.Unsubscribe() //nolint:errcheck // the connection may have ended
	var results jetstream.Stream
	wait := unheard
	for {
		var m *jetstream.RawStreamMsg
		err := again(ctx, c.o.Note, "reading results", func(ctx context.Context) (err error) {
			if results == nil {
				if results, err = c.js.Stream(ctx, resultStream); err != nil {
					return err
				}
			}
			m, err = results.GetMsg(ctx, c.last+1, jetstream.WithGetMsgSubject(mine))
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				return nil
			}
			return err
		})
		switch {
		case err != nil:
		case m != nil:
			c.last = m.Sequence
			err = c.result(ctx, m.Subject[strings.LastIndexByte(m.Subject, '.')+1:], m.Data, m.Sequence, read == nil)
		default:
			if read != nil {
				close(read)
				read = nil
			}
			select {
			case <-bell:
				wait = 5 * time.Millisecond
			case <-time.After(wait):
				wait = min(2*wait, unheard)
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		if err != nil {
			fail(err)
			return
		}
	}
}

// result takes what came of a run. Of what was there before this sweep began, what broke is forgotten: it may be mended.
func (c *Coordinator) result(ctx context.Context, key string, data []byte, sequence uint64, begun bool) error {
	c.mu.Lock()
	c.heard++
	e := c.out[key]
	delete(c.out, key)
	r := c.round
	if e == nil && begun {
		c.early[key] = data
	}
	c.mu.Unlock()
	if e != nil {
		return c.take(r, e.jobs, data)
	}
	if begun {
		return nil
	}
	if m, err := decode(data); err == nil && m.Result.Verdict != record.Broken {
		c.mu.Lock()
		c.early[key] = data
		c.mu.Unlock()
		return nil
	}
	return again(ctx, c.o.Note, "forgetting what broke", func(ctx context.Context) error {
		s, err := c.js.Stream(ctx, resultStream)
		if err == nil {
			err = s.DeleteMsg(ctx, sequence)
		}
		if err == nil {
			err = c.at.attempts.Purge(ctx, c.sweep+"."+key)
		}
		if errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) || errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		return err
	})
}

// take hands a result over to all that wait for it.
func (c *Coordinator) take(r *ensemble.Round, jobs []ensemble.Job, data []byte) error {
	m, err := decode(data)
	if err != nil {
		m = ensemble.Broken(0, "its result cannot be read: "+err.Error())
	}
	for _, j := range jobs {
		if err := r.Done(j, m); err != nil {
			return err
		}
		<-c.room
	}
	return nil
}

// withdraw takes back what is queued and not yet begun, when a person stops the sweep.
func (c *Coordinator) withdraw() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	s, err := c.js.Stream(ctx, workStream)
	if err == nil {
		err = s.Purge(ctx, jetstream.WithPurgeSubject(workSubject(c.program, c.sweep, "*")))
	}
	if err != nil {
		c.o.Note("what is queued stays there, and workers go on with it: " + err.Error())
	}
}
