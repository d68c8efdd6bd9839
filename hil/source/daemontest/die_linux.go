package daemontest

import (
	"os/exec"
	"syscall"
)

// dieWithUs ends the server with the test, however that ends.
func dieWithUs(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
