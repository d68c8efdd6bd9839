//go:build !linux

package slurmtest

import "os/exec"

// dieWithUs does nothing: only Linux can do it.
func dieWithUs(*exec.Cmd) {}

// asNobody does nothing: only Linux can do it.
func asNobody(*exec.Cmd) {}
