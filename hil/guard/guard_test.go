//go:build nvml && linux && cgo

package guard_test

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/guard"
	"github.com/halltwin/halltwin/hil/nvmlsim"
)

const libraryOf = "HALLTWIN_TEST_LIBRARY"

func rig(t *testing.T) (*nvmlsim.Rig, string) {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	lib, err := nvmlsim.Build(t.Context(), filepath.Join(cache, "halltwin"), false)
	if errors.Is(err, nvmlsim.ErrNoCompiler) {
		t.Skipf("skipped: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := nvmlsim.Create(filepath.Join(t.TempDir(), "rig"), nvmlsim.Config{GPUs: nvmlsim.Draw(1, 4)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	t.Setenv(nvmlsim.Environment, r.Path())
	return r, lib
}

// TestChild is the process that sets limits and is killed.
func TestChild(t *testing.T) {
	lib := os.Getenv(libraryOf)
	if lib == "" {
		t.Skip("skipped: it is a part of TestRestoresAfterKill")
	}
	g := guard.New(os.Getenv(guard.Environment), lib)
	all, err := (&device.NVML{Path: lib}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range all {
		for _, watts := range []float64{650, 300 + 10*float64(i)} { // what is restored is the first of all
			if err := g.SetLimit(d, watts); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.BoundClock(d, 1000); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Println("limits are set by", os.Getpid())
	select {}
}

func TestRestoresAfterKill(t *testing.T) {
	r, lib := rig(t)
	journal := filepath.Join(t.TempDir(), "sub", "journal.json")
	cmd := exec.Command(os.Args[0], "-test.run", "^TestChild$", "-test.v")
	cmd.Env = append(os.Environ(), libraryOf+"="+lib)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	type end struct {
		restored []string
		err      error
	}
	ended := make(chan end, 1)
	go func() {
		names, err := guard.Supervise(t.Context(), cmd, journal, nil)
		ended <- end{names, err}
	}()
	pid := 0
	for s := bufio.NewScanner(out); pid == 0 && s.Scan(); {
		_, _ = fmt.Sscanf(s.Text(), "limits are set by %d", &pid)
	}
	for i := range 4 {
		if p := r.Progress(i); p.Limit != 300+10*float64(i) || p.Locked != 1000 {
			t.Fatalf("gpu-%d: %+v", i, p)
		}
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	e := <-ended
	if len(e.restored) != 4 || e.err == nil || !strings.Contains(e.err.Error(), "killed") {
		t.Errorf("restored %v, %v", e.restored, e.err)
	}
	for i := range 4 {
		if p := r.Progress(i); p.Limit != 700 || p.Locked != 0 {
			t.Errorf("gpu-%d is left with %+v", i, p)
		}
	}
	if _, err := os.Stat(journal); !errors.Is(err, os.ErrNotExist) {
		t.Error("the journal is still there")
	}
}

func TestKeepsWhatCannotBeRestored(t *testing.T) {
	r, lib := rig(t)
	folder := t.TempDir()
	path := filepath.Join(folder, "1.json")
	source := &device.NVML{Path: lib}
	all, err := source.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g := guard.New(path, lib)
	for _, d := range all {
		if err := g.SetLimit(d, 400); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []float64{0, 100, 701, math.NaN()} {
		var out *device.RangeError
		if err := g.SetLimit(all[0], bad); !errors.As(err, &out) {
			t.Errorf("%g W: %v", bad, err)
		}
	}
	r.Lose(1)
	if err := g.Restore(); !errors.Is(err, device.ErrLost) {
		t.Fatalf("%v", err)
	}
	if r.Progress(0).Limit != 700 || r.Progress(3).Limit != 700 {
		t.Error("a lost GPU kept others from being restored")
	}
	if left, err := guard.Pending(folder); err != nil || len(left) != 0 {
		t.Errorf("the journal of a process that lives is pending: %v %v", left, err)
	}
	if err := source.Close(); err != nil {
		t.Fatal(err)
	}
	// The process is gone: a later one finds its journal, and the GPU has come back.
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gone := strings.Replace(string(text), fmt.Sprintf(`"pid": %d`, os.Getpid()), `"pid": 999999999`, 1)
	if err := os.WriteFile(path, []byte(gone), 0o600); err != nil {
		t.Fatal(err)
	}
	left, err := guard.Pending(folder)
	if err != nil || len(left) != 1 {
		t.Fatalf("%v %v", left, err)
	}
	r.Recover(1)
	names, err := guard.Recover(t.Context(), left[0])
	if err != nil || len(names) != 1 || names[0] != "gpu-1" {
		t.Errorf("%v %v", names, err)
	}
	if left, _ := guard.Pending(folder); len(left) != 0 {
		t.Errorf("still pending: %v", left)
	}
}

// A limit that could not be restored is not set.
func TestNoJournalNoLimit(t *testing.T) {
	r, lib := rig(t)
	source := &device.NVML{Path: lib}
	all, err := source.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := guard.New(filepath.Join(file, "journal.json"), lib).SetLimit(all[0], 300); err == nil || r.Progress(0).Limit != 700 {
		t.Errorf("%v, limit %g W", err, r.Progress(0).Limit)
	}
}
