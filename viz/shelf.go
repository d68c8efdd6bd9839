package viz

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/halltwin/halltwin/twin/record/rundir"
	"github.com/halltwin/halltwin/viz/store"
	"github.com/halltwin/halltwin/viz/wire"
)

// shelf is a recorded run of which only what the catalogue says is known until somebody asks for it: a folder may hold
// hundreds of runs, and each takes memory and files once it is read.
type shelf struct {
	open func() (Spec, *rundir.Run, error)
	info atomic.Pointer[wire.RunInfo] // what the catalogue says; nil until it has its id

	mu   sync.Mutex // is held while it is read, which may take a while
	done bool
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
	r.shelf = &shelf{open: open}
	s.add(r)
	info := cover.info(false)
	info.CanFork = true // until it is known better
	s.mu.Lock()
	info.ID = r.spec.ID // which nobody else has
	s.mu.Unlock()
	r.shelf.info.Store(info)
	s.changed()
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
		s.mu.Lock()
		spec.ID = r.spec.ID
		r.spec = spec
		s.mu.Unlock()
		if err = r.read(dir); err != nil {
			err = errors.Join(err, dir.Close())
		}
	}
	if err != nil {
		if known := h.info.Load(); known != nil {
			info := *known
			info.State, info.CanFork, info.Reason = wire.Failed, false, clip(err.Error())
			h.info.Store(&info)
		}
		return false
	}
	return true
}

// missing says that there is no such run, or why one that is there cannot be read.
func (s *Server) missing(id string) *wire.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.runs {
		if r.spec.ID != id || r.shelf == nil {
			continue
		}
		if info := r.shelf.info.Load(); info != nil {
			return &wire.Error{Code: wire.CodeUnknownRun, Text: "the run " + clip(id) + " cannot be read: " + info.Reason}
		}
	}
	return &wire.Error{Code: wire.CodeUnknownRun, Text: "there is no run " + clip(id)}
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
