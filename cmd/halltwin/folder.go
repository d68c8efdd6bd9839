package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/halltwin/halltwin/twin/record/rundir"
	"github.com/halltwin/halltwin/viz"
)

const (
	mostServed = 500             // runs of a folder that are served
	lookEvery  = 2 * time.Second // for runs that have come
)

// folder is a directory of run directories that is served.
type folder struct {
	dir    string
	server *viz.Server
	tell   func(text string)
	known  map[string]bool // run directories that have been looked at
}

// watch adds runs that end, until the context does.
func (f *folder) watch(ctx context.Context) {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			f.look(false)
		case <-ctx.Done():
			return
		}
	}
}

// look adds the runs that are new, the oldest first, and returns how many. At first those are all; later a run is added once it
// has ended: before that there is nothing to read.
func (f *folder) look(all bool) (added int) {
	found, err := filepath.Glob(filepath.Join(globEscape(f.dir), "*", rundir.ManifestFile))
	if err != nil {
		return 0
	}
	type candidate struct {
		dir string
		at  time.Time
	}
	var list []candidate
	for _, manifest := range found {
		dir := filepath.Dir(manifest)
		if f.known[dir] {
			continue
		}
		if !all {
			if _, err := os.Stat(filepath.Join(dir, rundir.SummaryFile)); err != nil {
				continue
			}
		}
		if info, err := os.Stat(manifest); err == nil {
			list = append(list, candidate{dir, info.ModTime()})
		}
	}
	slices.SortFunc(list, func(a, b candidate) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.dir, b.dir)) })
	if n := len(list); n > mostServed {
		f.tell(fmt.Sprintf("%d runs are there: the newest %d are shown", n, mostServed))
		for _, c := range list[:n-mostServed] {
			f.known[c.dir] = true
		}
		list = list[n-mostServed:]
	}
	for _, c := range list {
		f.known[c.dir] = true
		if err := f.add(c.dir); err != nil {
			f.tell(fmt.Sprintf("%s is left out: %v", c.dir, err))
			continue
		}
		added++
		if all {
			f.server.First(filepath.Base(c.dir)) // the newest
		}
	}
	return added
}

func (f *folder) add(dir string) error {
	r, err := rundir.Open(dir)
	if err != nil {
		return err
	}
	defer r.Close()
	return f.server.Shelve(filepath.Base(dir), r, func() (viz.Spec, *rundir.Run, error) {
		r, err := rundir.Open(dir)
		if err != nil {
			return viz.Spec{}, nil, err
		}
		return specOfRecorded(r), r, nil
	})
}

// globEscape quotes what a pattern would take for a wildcard.
func globEscape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
