// Package bench runs experiments on real devices: loads and limits in an order that tells a device's parameters apart, and a
// recording of what the device did.
//
// An [Experiment] is a list of [Step]s: how long, what load, which power limit or clock. A [Bench] runs it as a script that the
// wall clock paces (twin/kernel), beside a process that samples every device; the same script runs in virtual time for a rig
// of emulated GPUs, and without any device for the dry run that comes first. The result is a [Recording]: readings with the
// step that they belong to and what the workload had got done, which becomes a telemetry.Log for the fits, a CSV file, and
// [Recording.Points] for throughput under a limit.
//
// # Which experiment determines what
//
//	idle                idle power, sensor noise, the coolant's temperature
//	load-step           thermal resistances and capacities, power lag
//	mixes               power of arithmetic, tensor cores and memory: levels of each that do not follow one another
//	cap-sweep           throughput and power under a power limit
//	clock-sweep         power over the clock
//	batch-sweep         throughput over the batch, the fixed share of a step
//	square-wave         update period, averaging window and lag of the power sensor
//	checkpoint-stalls   power between steps; dips of a real training run
//
// # Safety
//
// Limits lie within the device's own range, are checked in the dry run before the first is set, are set through a guard that
// restores them whatever happens, and go to the lowest when a device reaches the temperature to stop at, which also ends the
// load. Nothing needs root but setting limits; without that right the steps that need it are left out, by name.
package bench
