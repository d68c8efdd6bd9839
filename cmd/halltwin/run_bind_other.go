//go:build !linux

package main

import (
	"context"

	"github.com/halltwin/halltwin/hil/guard"
	"github.com/halltwin/halltwin/hil/loop"
)

func (f *bindFlags) emulated(context.Context, int) (loop.Part, *guard.Guard, func(), error) {
	return loop.Part{}, nil, nil, usage("--bind: emulated GPUs need Linux")
}
