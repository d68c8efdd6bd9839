package viz

import (
	"errors"
	"io"
	"sync"

	"github.com/halltwin/halltwin/twin/record/rundir"
	"github.com/halltwin/halltwin/viz/store"
	"github.com/halltwin/halltwin/viz/wire"
)

// shelf is a recorded run of which only what the catalogue says is known until somebody asks for it: a folder may hold
// hundreds of runs, and each takes memory and files once it is read.
type shelf struct {
	open func() (Spec, *rundir.Run, error)

	mu   sync.Mutex
	done bool
	info *wire.RunInfo
}

// Shelve adds a recorded run, which is opened when somebody first asks for it, and closed with the server. The directory given is
// only looked at now.
func (s *Server) Shelve(id string, dir *rundir.Run, open func() (Spec, *rundir.Run, error)) error {
	summary, err := dir.Summary()
	if err != nil {
		return err
	}
	cover := newRun(Spec{ID: id})
	cover.header, cover.closed, cover.summary = dir.Header(), true, summary
	memory := store.NewMemory(cover.header.Site, 1)
	if summary != nil {
		memory.Reach(summary.Reached)
	}
	cover.samples = memory
	r := newRun(Spec{ID: id})
	r.shelf = &shelf{open: open, info: cover.info(false)}
	r.shelf.info.CanFork = true // until it is known better
	r.shelf.mu.Lock()
	defer r.shelf.mu.Unlock()
	s.add(r)
	r.shelf.info.ID = r.spec.ID // which nobody else has
	return nil
}

// take reads a run that is on the shelf, once, and reports whether it can be had.
func (s *Server) take(r *Run) bool {
	h := r.shelf
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.done {
		return r.begun()
	}
	h.done = true
	spec, dir, err := h.open()
	if err == nil {
		spec.ID = h.info.ID
		s.mu.Lock()
		r.spec = spec
		s.mu.Unlock()
		if err = r.read(dir); err != nil {
			err = errors.Join(err, dir.Close())
		}
	}
	if err != nil {
		info := *h.info
		info.State, info.CanFork, info.Reason = wire.Failed, false, clip(err.Error())
		h.info = &info
		return false
	}
	return true
}

// said returns what the catalogue says of a run that nobody has asked for.
func (h *shelf) said() *wire.RunInfo {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.info
}

// put closes what was read from the shelf.
func (r *Run) put() {
	if r.shelf == nil || !r.begun() {
		return
	}
	if c, ok := r.samples.(io.Closer); ok {
		_ = c.Close() // it was only read
	}
	if dir := r.directory(); dir != nil {
		_ = dir.Close()
	}
}
