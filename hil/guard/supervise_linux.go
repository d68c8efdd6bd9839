package guard

import (
	"os/exec"
	"runtime"
	"syscall"
)

// dieWithParent has the kernel end the process, mildly, when its parent dies.
func dieWithParent(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGTERM
}

// start starts the process from a thread that lives as long as this one: the kernel takes the thread that forked for the
// parent, and the Go runtime ends threads as it likes.
func start(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		started <- cmd.Start()
		select {} // the thread stays
	}()
	return <-started
}
