// Package live is the twin beside a real cluster: what it learns from measurements as they come, and what it says of the hours
// ahead.
//
// A [Filter] assimilates. It holds parameters x that make a measurement linear, y = h·x + e, such as the idle power of a host, what
// load adds to it, and a bias for what the model does not know. Parameters wander slowly, and the filter of Kalman (1960) weighs
// what is known against each new reading:
//
//	P ← P + Q·dt      S = h·P·h + (r·y)²      K = P·h/S      x ← x + K·(y - h·x)      P ← P - K·(h·P)
//
// in Joseph's form, which keeps P symmetric and positive. A reading that lies far outside of what is expected is clipped in its
// effect (Huber), so that a broken meter bends nothing. A [Filter] only ever sees the past: a forecast is made from a copy of its
// parameters, and nothing that comes later changes it.
//
// A [Band] is the interval around a forecast. The spread of a Kalman filter knows nothing of what the model lacks, so the band is
// as wide as the errors of past forecasts of the same horizon were: the quantile of their sizes, in units of the filter's own
// spread, over a trailing window (split conformal prediction; Vovk, Gammerman, Shafer, 2005, with the window of Gibbs and Candès,
// NeurIPS 2021, for drift).
//
// # Left out
//
// Delays of readings: a reading is assimilated at its own time, in order.
package live
