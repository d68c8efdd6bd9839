package nvmlsim_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/halltwin/halltwin/hil/nvmlsim"
)

func TestBuild(t *testing.T) {
	dir := t.TempDir()
	path, err := nvmlsim.Build(context.Background(), dir, false)
	if errors.Is(err, nvmlsim.ErrNoCompiler) {
		t.Skipf("skipped: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	again, err := nvmlsim.Build(context.Background(), dir, false)
	if err != nil || again != path {
		t.Fatalf("built again at %s, %v; it was at %s", again, err, path)
	}
	if old, err := nvmlsim.Build(context.Background(), dir, true); err != nil || old == path {
		t.Fatalf("the old library is at %s, %v", old, err)
	}
	t.Setenv("CC", filepath.Join(dir, "no-such-compiler"))
	if _, err := nvmlsim.Build(context.Background(), dir, false); !errors.Is(err, nvmlsim.ErrNoCompiler) {
		t.Fatalf("without a compiler: %v", err)
	}
}

func TestOpenRefusesStrangers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rig")
	for _, text := range []string{"", "short", string(make([]byte, 1<<20))} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := nvmlsim.Open(path); err == nil {
			t.Errorf("a file of %d bytes was taken for a rig", len(text))
		}
	}
	if _, err := nvmlsim.Create(path, nvmlsim.Config{}); err == nil {
		t.Error("a rig without GPUs was made")
	}
	rig, err := nvmlsim.Create(path, nvmlsim.Config{GPUs: nvmlsim.Draw(1, 8)})
	if err != nil {
		t.Fatal(err)
	}
	defer rig.Close()
	other, err := nvmlsim.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	rig.Advance(5)
	if other.Now() != 5 || other.GPUs() != 8 || other.Truth(3) != rig.Truth(3) {
		t.Error("two views of one rig differ")
	}
}

func TestDrawIsReproducible(t *testing.T) {
	a, b, c := nvmlsim.Draw(7, 8), nvmlsim.Draw(7, 8), nvmlsim.Draw(8, 8)
	if a[3] != b[3] || a[3] == c[3] || a[3] == a[4] {
		t.Error("draws do not follow their seed")
	}
	for _, x := range a {
		if !(x.Idle > 0 && x.R1 > 0 && x.Window > 0) || math.Abs(x.Gamma-2.15) > 0.36 {
			t.Errorf("drawn: %+v", x)
		}
	}
}
