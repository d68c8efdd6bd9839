// Package fit determines the parameters of hardware from measurements of it, and says how well they are determined.
//
//   - [Power]: what a GPU draws over what it does
//   - [Thermal]: two poles from die to coolant, the place in the node, the fans' response
//   - [Limit]: throughput under a power limit
//   - [Meter]: update period, averaging window and lag of a power sensor
//   - [Overhead] and [Phases]: what a node draws beside its GPUs, and through the phases of a training run
//
// # Method
//
// All but the meter are minimised by one engine, [Problem.Solve]: bounded Levenberg-Marquardt on residuals that are weighted by
// what they are worth and by Huber's function (so that a few wild samples bend nothing), from several starts. A parameter may
// have a prior: what is typical of its class, with its standard deviation. What the data does not determine stays there.
//
// An interval is of 95 %. Samples of a recording follow one another, so the covariance is not the one of independent residuals
// but the cluster-robust one over blocks (recordings, devices or stretches longer than the residuals' memory) with Student's t
// of blocks less one (Liang and Zeger, Biometrika 73, 1986; Cameron and Miller, J. Human Resources 50, 2015).
//
// Whether a parameter can be told from the others is judged by the condition indices and variance proportions of the scaled
// Jacobian (Belsley, Kuh, Welsch: Regression Diagnostics, 1980), and by how much the data narrows its prior. Where it cannot,
// [Parameter.Advice] names the experiment that would determine it.
//
// What a fit did not see is what it is scored on: the caller leaves out devices or runs and uses the Predict of each model.
//
// # Left out
//
// Clocks enter through a power of the relative clock where a log has them; voltage is not observed. Fans are seen through the
// temperatures that they cause. A meter that samples a part of its period only (A100, H100) is fitted with a window shorter
// than its period; what happens in the rest is unseen.
package fit
