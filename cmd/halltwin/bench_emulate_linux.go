package main

import (
	"os"
	"path/filepath"
	"time"

	hilbench "github.com/halltwin/halltwin/hil/bench"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/nvmlsim"
)

// benchEmulated builds a rig of emulated GPUs and benches it in virtual time. Their limits end with the rig, so nobody needs to
// watch over them.
func (f *benchFlags) benchEmulated(p *process) error {
	ctx, stop := p.interruptible("stopping")
	defer stop()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	library, err := nvmlsim.Build(ctx, filepath.Join(cache, "halltwin"), false)
	if err != nil {
		return &exitError{exitIO, err}
	}
	dir, err := os.MkdirTemp("", "halltwin-rig-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if f.gpus < 1 || f.gpus > nvmlsim.MaxGPUs {
		return usage("--gpus is 1 to %d, not %d", nvmlsim.MaxGPUs, f.gpus)
	}
	rig, err := nvmlsim.Create(filepath.Join(dir, "rig"), nvmlsim.Config{GPUs: nvmlsim.Draw(f.seed, f.gpus), Seed: f.seed})
	if err != nil {
		return err
	}
	defer rig.Close()
	if err := os.Setenv(nvmlsim.Environment, rig.Path()); err != nil {
		return err
	}
	f.library = library
	b := f.bench(p, &device.NVML{Path: library}, hilbench.Emulated{Rig: rig})
	b.Clocks, b.Tick = hilbench.Clocks{Rig: rig, Base: emulatedBegin}, rig.Set
	return f.record(p, b, filepath.Join(dir, "journal.json"))
}

// emulatedBegin is the moment at which emulated time begins: the same for all, so that equal seeds give equal recordings.
var emulatedBegin = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
