// Package channel is the registry of everything that a run can record or expect: a name, a unit, what it is a
// property of, how it is reduced over things and time, and a line of documentation.
//
// Simulated and measured values share it: a live GPU and a simulated one write gpu.power alike, and are told
// apart by the source of the run. Frames, InfluxDB fields, Parquet columns, the reference page and the
// visualizer's legends all come from this one table.
//
// Values are in SI, temperatures in degC; the exceptions say so in their unit: GPU-hours are hours. A name is
// written in the letters of an identifier, with at most one dot, so that an expectation can use it as it stands.
package channel
