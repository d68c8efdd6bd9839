package slurmtest

import (
	"os/exec"
	"syscall"
)

// dieWithUs ends the server with the test, however that ends.
func dieWithUs(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// asNobody lets the server run as a user without rights.
func asNobody(c *exec.Cmd) { c.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534} }
