// Package expect reads the targets of a scenario: expr-lang expressions over channels and results.
//
//	max(rack.inlet_temperature) < degC(32)
//	throttled_gpu_hours / gpu_hours < 0.001
//
// A gauge is reduced over time and things by max, min, mean, p50, p95, p99 or p999 (the quantile 0.999; weighted by time); a counter or a
// total is its final value. Values are in the unit of the channel; degC(32), kW(500), hours(2) make constants
// readable. The expression is parsed once into a program over plain numbers, one for each reduction and each
// result it names, which the world fills in.
package expect
