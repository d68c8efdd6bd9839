// Package local reads the devices of this machine: NVIDIA GPUs through NVML, its processors, and a management controller by
// Redfish, each through package device, which goes on when one is lost and tells what its filter held back.
package local
