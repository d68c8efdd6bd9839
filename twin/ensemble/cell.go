package ensemble

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/scenarios/library"
)

// cell is a scenario of the experiment: a variant at a point. Its plan is compiled when the first of its replicas is run, is
// shared by all of them, and goes when the last is done.
type cell struct {
	sync.Mutex
	plan  *scenarios.Plan
	hash  string            // of the resolved scenario and its data, once it was compiled
	files map[string]string // digests of data files that do not come with the program, by name
	err   error             // why it cannot be built
	left  int               // replicas that are still to be run
	past  past              // that its replicas have in common, under experiment.warm_up
}

// plan returns the compiled scenario of a cell, or why it cannot be built.
func (e *Experiment) plan(i int) (*scenarios.Plan, error) {
	c := &e.cells[i]
	c.Lock()
	defer c.Unlock()
	if c.plan != nil || c.err != nil {
		return c.plan, c.err
	}
	variant, point := e.Of(i)
	files := map[string]string{}
	f := *e.File
	f.Data = func(name string) (io.ReadCloser, error) {
		r, digest, err := e.data.open(e.File, name)
		if digest != "" {
			files[name] = digest
		}
		return r, err
	}
	plan, ds := f.PlanAt(variant, e.Design.Axes, e.Design.Text[point])
	if len(ds) > 0 {
		c.err = errors.New(ds[0].String())
		return nil, c.err
	}
	c.plan, c.files, c.hash = plan, files, identity(plan.Hash, files)
	return plan, nil
}

// release lets the plan of a cell go once nothing more of it is to be run.
func (e *Experiment) release(i int) {
	c := &e.cells[i]
	c.Lock()
	defer c.Unlock()
	if c.left--; c.left <= 0 {
		c.plan = nil
		c.past.close()
	}
}

// identity is the hash of a resolved scenario together with its data files.
func identity(scenario string, files map[string]string) string {
	if len(files) == 0 {
		return scenario
	}
	h := sha256.New()
	fmt.Fprintln(h, scenario)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%q %s\n", name, files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// key identifies a result: what was run, by which program, from which seed. Equal keys have equal results.
func key(hash, version string, seed uint64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d", hash, version, seed))
	return hex.EncodeToString(sum[:16])
}

// digests are SHA-256 sums of data files, which stay as they are while an experiment runs.
type digests struct {
	sync.Mutex
	of map[string]string
}

// open opens a data file, and returns its digest unless it comes with the program.
func (d *digests) open(f *scenarios.File, name string) (io.ReadCloser, string, error) {
	r, err := f.Open(name)
	if err != nil {
		return nil, "", err
	}
	local, ok := r.(*os.File)
	if !ok {
		return r, "", nil
	}
	d.Lock()
	defer d.Unlock()
	if sum := d.of[name]; sum != "" {
		return r, sum, nil
	}
	h := sha256.New()
	_, err = io.Copy(h, local)
	if err == nil {
		_, err = local.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, "", errors.Join(err, r.Close())
	}
	if d.of == nil {
		d.of = map[string]string{}
	}
	sum := hex.EncodeToString(h.Sum(nil))
	d.of[name] = sum
	return r, sum, nil
}

// Open compiles a resolved scenario as a plan has it, on whatever machine. Data files come from open, or with the program
// where it has none of that name.
func Open(resolved []byte, open func(name string) (r io.ReadCloser, ok bool, err error)) (*scenarios.Plan, error) {
	f, ds := scenarios.LoadBytes("scenario.yaml", resolved)
	if len(ds) > 0 {
		return nil, errors.New(ds[0].String())
	}
	f.Data = func(name string) (io.ReadCloser, error) {
		if r, ok, err := open(name); ok || err != nil {
			return r, err
		}
		r, err := library.FS.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			r, err = library.FS.Open(name + ".gz")
		}
		return r, err
	}
	plan, ds := f.Plan("")
	if len(ds) > 0 {
		return nil, errors.New(ds[0].String())
	}
	return plan, nil
}
