//go:build unix

package bench

import (
	"os/exec"
	"syscall"
)

// group gives a program a process group of its own, for the ranks that it starts.
func group(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// end tells the group to end, or ends it.
func end(cmd *exec.Cmd, now bool) {
	s := syscall.SIGTERM
	if now {
		s = syscall.SIGKILL
	}
	syscall.Kill(-cmd.Process.Pid, s) //nolint:errcheck // it may just have ended
}
