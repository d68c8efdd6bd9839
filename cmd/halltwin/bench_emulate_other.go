//go:build !linux

package main

// benchEmulated needs NVML, which is read on Linux only.
func (f *benchFlags) benchEmulated(*process) error { return usage("emulated GPUs need Linux") }
