// Package device reads and limits real machines: NVIDIA GPUs through NVML, the host's processors, and a node through
// Redfish.
//
// A [Source] opens [Device]s; a device tells who it is, what of it can be read and set and how to mend what cannot
// ([Device.Probe]), and fills a [Reading] on demand. A reading holds one number for each [Quantity], NaN where the
// device has none; the table of quantities gives the channel's name, its unit, the range in which a value is possible, and
// the name under which dcgm-exporter and an InfluxDB point carry it. What can be limited is a [Limiter] or a [Clocker].
//
// # From the device to a recording
//
//	Source ── Device.Sample ──▶ Filter ──▶ Watch's receiver
//	   ▲            │ lost, session ended
//	   └── reopened by [Watch], with pauses that double from 1 to 30 s
//
// [Filter] lets no sentinel, impossible value, step back of a counter, jump of the clock or second device of one UUID
// through, and counts what it held back and why. A lost GPU, a driver that restarts and a BMC that does not answer are
// states, not ends: the others go on, and the device is taken up again when it answers.
//
// # NVML
//
// go-nvml needs cgo, so it is compiled in only on Linux, with the build tag nvml (`make gpu`); otherwise [NVML] says so
// when it is opened. A driver
// lacks functions that the header has, and calling one ends the process: each optional function is looked up first.
// Temperature is read in the new form (a versioned struct, and headroom to the slowdown temperature) where the driver has
// it, else in the old one with thresholds. One library can be loaded a process: two sources of different paths are an
// error. Reading needs no rights; setting a limit does, and the error says how to get them.
//
// # Host
//
// Energy from RAPL through /sys/class/powercap (packages and DRAM; its counter wraps), utilisation from /proc/stat,
// temperature from hwmon (k10temp, coretemp, zenpower). What a machine lacks is missing in the reading and named by the
// probe: virtual machines have neither RAPL nor hwmon as a rule, and since 2020 energy_uj is readable by root only.
//
// # Left out
//
// MIG instances, vGPUs and unit (S-class) interfaces; AMD and Intel GPUs; IPMI without Redfish.
//
// Sources: NVML API reference r580; dcgm-exporter's default counters; Linux powercap and hwmon ABI documents;
// DMTF Redfish (DSP0266, schema 2023.1: EnvironmentMetrics, ThermalSubsystem, and before them Power and Thermal).
package device
