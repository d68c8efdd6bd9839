// Package slurmtest starts a real Slurm for tests: munged, slurmctld and a slurmd for each of several virtual nodes with eight
// GPUs, all on the loopback interface and in a folder of the test.
//
// The programs are those on PATH; where there are none and this is root on Debian or Ubuntu, apt-get installs munge, slurmctld,
// slurmd, slurm-client and slurmrestd with its tokens, once. Without them tests are skipped, and say why. Slurm's GPUs are names
// here: device files that any Linux has stand for them, and nothing opens them.
package slurmtest
