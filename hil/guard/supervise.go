package guard

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// Environment is the variable that gives a supervised process the path of its journal.
const Environment = "HALLTWIN_JOURNAL"

// Supervise runs a command that sets limits, with its journal at the given path, passes signals on, and restores what the
// command has not restored itself, however it ended. It returns the names of the devices that it had to restore, and the
// command's error.
func Supervise(ctx context.Context, cmd *exec.Cmd, journal string, signals <-chan os.Signal) (restored []string, err error) {
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, Environment+"="+journal)
	dieWithParent(cmd)
	if err := start(cmd); err != nil {
		return nil, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	stop := ctx.Done()
	for {
		select {
		case s := <-signals:
			cmd.Process.Signal(s) //nolint:errcheck // it may just have ended
		case <-stop:
			cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // likewise
			stop = nil
		case err := <-done:
			// The context may be over; limits are restored all the same.
			restored, failed := Recover(context.WithoutCancel(ctx), journal)
			return restored, errors.Join(err, failed)
		}
	}
}

// running tells whether a process is there.
func running(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}
