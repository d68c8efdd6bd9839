package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/twin/record/recordtest"
	"github.com/halltwin/halltwin/twin/record/rundir"
	"github.com/halltwin/halltwin/viz"
)

// A folder is served with what is in it, damaged runs told of, and with the runs that come later, once they have ended.
func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs [1]")
	play := func(name string) {
		w, err := rundir.Create(filepath.Join(dir, name), rundir.Options{})
		if err == nil {
			err = recordtest.Play(w, recordtest.Header(recordtest.Site(1, 2)), 3600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	play("first")
	play("second")
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("broken/manifest.json", "{")
	write("notes/readme.txt", "no run")
	var said []string
	f := &folder{dir: dir, server: viz.NewServer(viz.Config{}), tell: func(s string) { said = append(said, s) }, known: map[string]bool{}}
	defer f.server.Close()
	if n := f.look(true); n != 2 || len(said) != 1 || !strings.Contains(said[0], "broken is left out") {
		t.Fatalf("%d runs, and %q", n, said)
	}
	if n := f.look(false); n != 0 || len(said) != 1 {
		t.Fatalf("%d more runs, and %q", n, said)
	}
	write("under-way/manifest.json", "{}")
	play("third")
	if n := f.look(false); n != 1 || len(said) != 1 {
		t.Fatalf("%d more runs, and %s", n, fmt.Sprint(said))
	}
}
