package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/guard"
	"github.com/halltwin/halltwin/hil/loop"
	"github.com/halltwin/halltwin/hil/nvmlsim"
)

// emulated builds a rig of emulated GPUs in real time. Their limits end with the rig, so nobody needs to watch over them.
func (f *bindFlags) emulated(ctx context.Context, gpus int) (part loop.Part, setter *guard.Guard, shut func(), err error) {
	if gpus > nvmlsim.MaxGPUs {
		return part, nil, nil, usage("--bind: there are up to %d emulated GPUs", nvmlsim.MaxGPUs)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	library, err := nvmlsim.Build(ctx, filepath.Join(cache, "halltwin"), false)
	if err != nil {
		return part, nil, nil, &exitError{exitIO, err}
	}
	dir, err := os.MkdirTemp("", "halltwin-rig-")
	if err != nil {
		return part, nil, nil, err
	}
	rig, err := nvmlsim.Create(filepath.Join(dir, "rig"), nvmlsim.Config{GPUs: nvmlsim.Draw(f.seed, gpus), Seed: f.seed, Speed: 1})
	if err == nil {
		err = os.Setenv(nvmlsim.Environment, rig.Path())
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return part, nil, nil, err
	}
	part = loop.Part{Name: loop.Emulated, Source: &device.NVML{Path: library}, Load: &loop.Rig{Rig: rig}}
	return part, guard.New(filepath.Join(dir, "journal.json"), library), func() {
		_ = rig.Close()
		_ = os.RemoveAll(dir)
	}, nil
}
