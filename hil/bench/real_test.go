//go:build nvml && linux && cgo

package bench_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/hil/bench"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/guard"
	"github.com/halltwin/halltwin/hil/train"
	"github.com/halltwin/halltwin/twin/kernel"
)

const realProcess = "HALLTWIN_TEST_REAL_GPU"

// Idle, a load step and, where this user may set limits, a cap sweep and the fits, on real GPUs, in a process of its own since one
// process can load one library.
func TestRealGPU(t *testing.T) {
	if os.Getenv(realProcess) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestRealGPU$", "-test.v")
		cmd.Env = append(os.Environ(), realProcess+"=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			if _, why, ok := strings.Cut(line, "skipped: "); ok {
				t.Skipf("skipped: %s", strings.TrimSpace(why))
			}
		}
		return
	}
	source := &device.NVML{}
	all, err := source.Open(t.Context())
	switch {
	case errors.Is(err, device.ErrNoNVML) || err == nil && len(all) == 0:
		fmt.Println("skipped: no GPU")
		return
	case err != nil:
		t.Fatal(err)
	}
	denied := false
	for _, d := range all {
		for _, f := range d.Probe() {
			denied = denied || f.Name == "power limit" && !f.OK
		}
	}
	if err := source.Close(); err != nil {
		t.Fatal(err)
	}
	if err := exec.CommandContext(t.Context(), "python3", "-c", "import torch; assert torch.cuda.is_available()").Run(); err != nil {
		fmt.Println("skipped: there is a GPU, and no PyTorch that can use it")
		return
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "transformer.py")
	if err := os.WriteFile(program, train.Transformer, 0o755); err != nil {
		t.Fatal(err)
	}
	load := &bench.Command{Args: []string{"torchrun", "--nproc-per-node", fmt.Sprint(len(all)), program, "--seconds", "3600"}, Stderr: os.Stderr}
	defer load.Close()
	b := &bench.Bench{Source: source, Workload: load, Rate: 5, Pacer: &kernel.Pacer{Factor: 1}}
	names := []string{"idle", "load-step"}
	if !denied {
		b.Setter = guard.New(filepath.Join(dir, "journal.json"), "")
		names = append(names, "cap-sweep")
	}
	experiments, err := bench.Select(names, 0.2)
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Run(t.Context(), experiments...)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range bench.Identify(r) {
		for _, s := range d.Solutions() {
			t.Log(d.Device.Name(), s.Parameters)
		}
		t.Log(d.Device.Name(), d.Missing)
	}
}
