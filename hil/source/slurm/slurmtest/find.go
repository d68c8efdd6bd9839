package slurmtest

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
)

// programs are what a cluster needs.
var programs = []string{"munged", "mungekey", "slurmctld", "slurmd", "sbatch", "scancel", "scontrol", "squeue", "sinfo"}

// Find reports why no cluster can be had here, and installs what is missing where it may.
var Find = sync.OnceValue(func() error {
	missing := absent()
	if missing == "" {
		return usable()
	}
	if os.Getuid() != 0 {
		return fmt.Errorf("%s is not on PATH: apt-get install --no-install-recommends munge slurmctld slurmd slurm-client", missing)
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil {
		return fmt.Errorf("%s is not on PATH, and there is no apt-get to install it with", missing)
	}
	c := exec.Command(apt, "-o", "DPkg::Lock::Timeout=300", "install", "-y", "-q", "--no-install-recommends", "munge", "slurmctld", "slurmd", "slurm-client",
		"slurmrestd", "slurm-wlm-jwt-plugin")
	c.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s is not on PATH, and apt-get cannot install it: %w\n%.400s", missing, err, out)
	}
	if missing := absent(); missing != "" {
		return fmt.Errorf("apt-get installed Slurm, but there is no %s", missing)
	}
	return usable()
})

func absent() string {
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			return name
		}
	}
	return ""
}

// usable looks for what a cluster needs beside its programs.
func usable() error {
	if os.Getuid() != 0 {
		return fmt.Errorf("slurmd starts jobs only as root")
	}
	if _, err := os.Stat(device(gpus - 1)); err != nil {
		return fmt.Errorf("no device file can stand for a GPU: %w", err)
	}
	return nil
}
