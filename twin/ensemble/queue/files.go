package queue

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/ensemble"
	"github.com/nats-io/nats.go/jetstream"
)

// ship stores content under its digest, unless it is there.
func ship(ctx context.Context, files jetstream.ObjectStore, digest string, open func() (io.ReadCloser, error)) error {
	if _, err := files.GetInfo(ctx, digest); !errors.Is(err, jetstream.ErrObjectNotFound) {
		return err
	}
	r, err := open()
	if err != nil {
		return err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := files.Put(ctx, jetstream.ObjectMeta{Name: digest}, io.TeeReader(r, h)); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != digest {
		return errors.Join(fmt.Errorf("a data file changed while the experiment runs: its SHA-256 is %.12s, and was %.12s", got, digest), files.Delete(ctx, digest))
	}
	return nil
}

// cache keeps what a worker has fetched: data files on disk, and the scenarios that were compiled last.
type cache struct {
	dir string // for data files, named by their digests

	mu    sync.Mutex
	plans []*compiled // the last used is the last
}

// compiled is a scenario with all that its runs share.
type compiled struct {
	key  string
	once sync.Mutex
	plan *scenarios.Plan
	bad  error // it cannot be built, by whomever
}

// plansKept is how many scenarios a worker keeps compiled: runs come scenario by scenario.
const plansKept = 3

func (c *cache) entry(key string) *compiled {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, p := range c.plans {
		if p.key == key {
			c.plans = append(append(c.plans[:i:i], c.plans[i+1:]...), p)
			return p
		}
	}
	p := &compiled{key: key}
	if c.plans = append(c.plans, p); len(c.plans) > plansKept {
		c.plans = c.plans[1:]
	}
	return p
}

// plan returns the compiled scenario of a run. bad says that it cannot be built; err that it could not be had now.
func (c *cache) plan(ctx context.Context, files jetstream.ObjectStore, w *work) (plan *scenarios.Plan, bad, err error) {
	p := c.entry(fmt.Sprint(w.Scenario, w.Files))
	p.once.Lock()
	defer p.once.Unlock()
	if p.plan != nil || p.bad != nil {
		return p.plan, p.bad, nil
	}
	text, err := fetch(ctx, files, w.Scenario)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(w.Files)) {
		if err := c.keep(ctx, files, w.Files[name]); err != nil {
			return nil, nil, err
		}
	}
	p.plan, p.bad = ensemble.Open(text, func(name string) (io.ReadCloser, bool, error) {
		digest, ok := w.Files[name]
		if !ok {
			return nil, false, nil
		}
		f, err := os.Open(filepath.Join(c.dir, digest))
		return f, true, err
	})
	return p.plan, p.bad, nil
}

// fetch returns content and checks that it is what its name says.
func fetch(ctx context.Context, files jetstream.ObjectStore, digest string) ([]byte, error) {
	b, err := files.GetBytes(ctx, digest)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != digest {
		return nil, fmt.Errorf("what is stored as %.12s has another SHA-256", digest)
	}
	return b, nil
}

// keep brings a data file to the disk of this machine.
func (c *cache) keep(ctx context.Context, files jetstream.ObjectStore, digest string) error {
	if sum, err := hex.DecodeString(digest); err != nil || len(sum) != sha256.Size {
		return fmt.Errorf("%q is no SHA-256", digest)
	}
	path := filepath.Join(c.dir, digest)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	r, err := files.Get(ctx, digest)
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := os.CreateTemp(c.dir, "part-*")
	if err != nil {
		return err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, h), r)
	err = errors.Join(err, f.Close())
	if err == nil && hex.EncodeToString(h.Sum(nil)) != digest {
		err = fmt.Errorf("what is stored as %.12s has another SHA-256", digest)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}

func inMemory(b []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
}
