//go:build !nvml || !linux || !cgo

package device

import (
	"context"
	"errors"
)

// NVML is the driver of NVIDIA GPUs, which this build cannot speak to.
type NVML struct {
	Path string // of the library
}

// Title implements [Source].
func (n *NVML) Title() string { return "NVML" }

// ErrNoNVML says that this program cannot speak to the driver.
var ErrNoNVML = errors.New("this program was built without NVML: build it on Linux with a C compiler, by `make gpu`")

// HasNVML tells whether NVML is compiled in.
const HasNVML = false

// Open implements [Source].
func (n *NVML) Open(context.Context) ([]Device, error) { return nil, ErrNoNVML }

// Close implements [Source].
func (n *NVML) Close() error { return nil }
