package nvmlsim

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed c/layout.h c/physics.c c/abi.c
var sources embed.FS

var sourceNames = []string{"layout.h", "physics.c", "abi.c"}

// ErrNoCompiler says that the library cannot be built on this machine.
var ErrNoCompiler = errors.New("no C compiler: install one (Debian: apt-get install gcc libc6-dev), or name it in CC")

// Build compiles the library into a folder, unless it is there already, and returns its path. An old library lacks the
// functions that drivers have had since 555.
func Build(ctx context.Context, dir string, old bool) (string, error) {
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	cc, err := exec.LookPath(cc)
	if err != nil {
		return "", ErrNoCompiler
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %v\n", cc, old)
	for _, name := range sourceNames {
		text, err := sources.ReadFile("c/" + name)
		if err != nil {
			return "", err
		}
		sum.Write(text)
	}
	path := filepath.Join(dir, "libnvidia-ml-emulated-"+hex.EncodeToString(sum.Sum(nil)[:8])+".so")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	args := []string{"-std=gnu11", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-o", "lib.so"}
	if old {
		args = append(args, "-DOLD_ABI")
	}
	for _, name := range sourceNames {
		text, err := sources.ReadFile("c/" + name)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(work, name), text, 0o644); err != nil {
			return "", err
		}
		if filepath.Ext(name) == ".c" {
			args = append(args, name)
		}
	}
	cmd := exec.CommandContext(ctx, cc, append(args, "-lm")...)
	cmd.Dir = work
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the emulated NVML library: %w\n%s", err, out)
	}
	// Renamed in one step: of two builders at once the later wins, and both find a whole library.
	return path, os.Rename(filepath.Join(work, "lib.so"), path)
}
