//go:build !unix

package bench

import "os/exec"

// group is possible on Unix only.
func group(*exec.Cmd) {}

func end(cmd *exec.Cmd, _ bool) { cmd.Process.Kill() } //nolint:errcheck // it may just have ended
