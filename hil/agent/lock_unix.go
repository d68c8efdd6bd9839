//go:build unix

package agent

import (
	"errors"
	"os"
	"syscall"
)

// lock takes a file for this process; it is free again when the process ends, however it does.
func lock(path string) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close() // it was not written
		return nil, errors.New("another agent is using it")
	}
	return func() { _ = f.Close() }, nil
}
