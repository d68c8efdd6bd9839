//go:build !nvml || !linux || !cgo

package device

import (
	"context"
	"errors"
)

type session struct{}

// ErrNoNVML says that this program cannot speak to the driver.
var ErrNoNVML = errors.New("this program was built without NVML: build it on Linux with a C compiler, by `make gpu`")

// HasNVML tells whether NVML is compiled in.
const HasNVML = false

// Open implements [Source].
func (n *NVML) Open(context.Context) ([]Device, error) { return nil, ErrNoNVML }

// Close implements [Source].
func (n *NVML) Close() error { return nil }
