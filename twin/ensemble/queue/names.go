package queue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	workStream    = "HALLTWIN_WORK"
	resultStream  = "HALLTWIN_RESULTS"
	fileStore     = "HALLTWIN_FILES"
	workerBucket  = "HALLTWIN_WORKERS"
	sweepBucket   = "HALLTWIN_SWEEPS"
	attemptBucket = "HALLTWIN_ATTEMPTS"

	kept   = 30 * 24 * time.Hour // results, files and attempts
	expiry = 30 * time.Second    // of presence
)

// Program names what computes a result: two machines with the same name come to the same bytes.
func Program(version string) string { return version + " " + runtime.GOARCH }

// token makes a subject's token of any text.
func token(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

func workSubject(program, sweep, key string) string {
	return "halltwin.work." + token(program) + "." + sweep + "." + key
}

func resultSubject(program, sweep, key string) string {
	return "halltwin.result." + token(program) + "." + sweep + "." + key
}

func consumerName(program string) string { return "workers-" + token(program) }

// stores are the buckets beside the two streams.
type stores struct {
	files    jetstream.ObjectStore
	workers  jetstream.KeyValue
	sweeps   jetstream.KeyValue
	attempts jetstream.KeyValue
}

// prepare makes all that a sweep needs on the servers, unless it is there.
func prepare(ctx context.Context, nc *nats.Conn, js jetstream.JetStream) error {
	copies := 1
	if nc.ConnectedClusterName() != "" && len(nc.Servers()) >= 3 {
		copies = 3
	}
	for _, c := range []jetstream.StreamConfig{
		{Name: workStream, Subjects: []string{"halltwin.work.>"}, Retention: jetstream.WorkQueuePolicy},
		{Name: resultStream, Subjects: []string{"halltwin.result.>"}, MaxAge: kept},
	} {
		c.MaxMsgsPerSubject, c.Replicas, c.Storage = 1, copies, jetstream.FileStorage
		if _, err := js.CreateStream(ctx, c); err != nil && !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return unavailable(err)
		}
	}
	for _, c := range []jetstream.KeyValueConfig{
		{Bucket: workerBucket, TTL: expiry}, {Bucket: sweepBucket, TTL: expiry}, {Bucket: attemptBucket, TTL: kept},
	} {
		c.Replicas, c.History = copies, 1
		if _, err := js.CreateKeyValue(ctx, c); err != nil && !errors.Is(err, jetstream.ErrBucketExists) {
			return unavailable(err)
		}
	}
	c := jetstream.ObjectStoreConfig{Bucket: fileStore, TTL: kept, Replicas: copies, Compression: true}
	if _, err := js.CreateObjectStore(ctx, c); err != nil && !errors.Is(err, jetstream.ErrBucketExists) {
		return unavailable(err)
	}
	return nil
}

func unavailable(err error) error {
	if errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) {
		return fmt.Errorf("the NATS server has no JetStream for this account: start it with `jetstream {}` in its configuration, or with -js")
	}
	return err
}

// open finds what a coordinator has made.
func open(ctx context.Context, js jetstream.JetStream) (*stores, error) {
	var s stores
	var err error
	if s.files, err = js.ObjectStore(ctx, fileStore); err != nil {
		return nil, err
	}
	if s.workers, err = js.KeyValue(ctx, workerBucket); err != nil {
		return nil, err
	}
	if s.sweeps, err = js.KeyValue(ctx, sweepBucket); err != nil {
		return nil, err
	}
	s.attempts, err = js.KeyValue(ctx, attemptBucket)
	return &s, err
}

// pause waits, or until the context ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// again repeats what a server could not do until it can: one may be gone and another about to take over.
func again(ctx context.Context, note func(string), what string, do func(context.Context) error) error {
	wait, said := 50*time.Millisecond, time.Time{}
	for begun := time.Now(); ; wait = min(2*wait, 2*time.Second) {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := do(attempt)
		cancel()
		if err == nil || ctx.Err() != nil || errors.Is(err, nats.ErrConnectionClosed) {
			return errors.Join(err, context.Cause(ctx))
		}
		if time.Since(begun) > 5*time.Second && time.Since(said) > 30*time.Second {
			said = time.Now()
			note(fmt.Sprintf("%s: %v; trying again", what, err))
		}
		pause(ctx, wait)
	}
}
