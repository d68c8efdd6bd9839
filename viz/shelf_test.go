package viz

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/halltwin/halltwin/twin/record/recordtest"
	"github.com/halltwin/halltwin/twin/record/rundir"
)

// Runs of a folder are read when somebody asks for them, once, and a bad one is told of.
func TestShelvedRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	w, err := rundir.Create(path, rundir.Options{})
	if err == nil {
		err = recordtest.Play(w, recordtest.Header(recordtest.Site(2, 8)), 600)
	}
	if err != nil {
		t.Fatal(err)
	}
	dir, err := rundir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(Config{})
	defer s.Close()
	var opened atomic.Int32
	open := func() (Spec, *rundir.Run, error) {
		opened.Add(1)
		r, err := rundir.Open(path)
		return Spec{ID: "another", Why: "no reason"}, r, err
	}
	for range 3 {
		if err := s.Shelve("run", dir, open); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Shelve("gone", dir, func() (Spec, *rundir.Run, error) { return Spec{}, nil, errors.New("it is gone") }); err != nil {
		t.Fatal(err)
	}
	if err := dir.Close(); err != nil {
		t.Fatal(err)
	}
	list := ask(s, "GET", "/api/runs", "").body
	for _, want := range []string{`"id":"run"`, `"id":"run-2"`, `"id":"run-3"`, `"head_s":86400`, `"verdict":"missed"`, `"mode":"REPLAY"`} {
		if !strings.Contains(list, want) {
			t.Errorf("the catalogue has no %s", want)
		}
	}
	if n := opened.Load(); n != 0 {
		t.Errorf("%d runs were read though nobody asked for one", n)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if r := ask(s, "GET", "/api/runs/run-2/events", ""); r.code != http.StatusOK || !strings.Contains(r.body, "CRAH failed") {
				t.Errorf("%d %.200s", r.code, r.body)
			}
		})
	}
	all.Wait()
	if n := opened.Load(); n != 1 {
		t.Errorf("it was read %d times", n)
	}
	if r := ask(s, "GET", "/api/runs/run-2", ""); !strings.Contains(r.body, `"id":"run-2"`) || !strings.Contains(r.body, `"reason":"no reason"`) {
		t.Errorf("%.300s", r.body)
	}
	if r := ask(s, "GET", "/api/runs/gone/events", ""); r.code != http.StatusNotFound || !strings.Contains(r.body, "it is gone") {
		t.Errorf("%d %s", r.code, r.body)
	}
	if list = ask(s, "GET", "/api/runs", "").body; !strings.Contains(list, "it is gone") {
		t.Error("nobody is told why a run cannot be read")
	}
	if err := os.RemoveAll(path); err != nil { // the other two are not there any more
		t.Fatal(err)
	}
	if r := ask(s, "GET", "/api/runs/run-3", ""); r.code != http.StatusNotFound {
		t.Errorf("%d", r.code)
	}
}
