// Package swing says how the power of synchronous training moves within its steps, which a grid feels as ramps and flicker, and
// what smoothing takes away at what price.
//
// # Model
//
// Each training run has the wave of its step (package training): busy, waiting, exchanging, one after another behind an electrical
// lag, the ranks scattered normally by a share of the step. On it work, in this order,
//
//	floor     GPUs that would draw less than a share of their peak burn the difference: P ← max(P, f·max P)
//	storage   at every GPU so much energy that charges and discharges: the band [lo, hi] in which the wave is kept is the narrowest
//	          around its mean for which the energy that goes in and out never exceeds it, both ways by the efficiency
//
// The wave of all ranks, sampled at 8,192 moments of a step, gives peak, trough and the steepest change; its Fourier series the
// lines A_k at k over the step time. RMS in a band of frequencies is √Σ A_k²/2. Runs are not in step with one another: their range
// adds up (at the worst moment), and so does the ramp; their lines add as squares.
//
// # Flicker
//
// A change of power ΔP changes the voltage by ΔP·cos ψ / S, with the short-circuit power S and angle ψ = atan(X/R) of the grid. Each
// line is compared with the sinusoidal change that a flickermeter of class F answers with an instantaneous sensation of 1 (IEC
// 61000-4-15, table 1a, 230 V lamp); sensations of lines add up, and of a steady sensation p the short-term severity is
// Pst = 0.714·√p. Pst of 1 disturbs half of the people; planning levels are 0.8 to 0.9 at medium and high voltage (IEC 61000-3-7).
//
// # State
//
// None.
//
// # Left out
//
// Interharmonics of jitter from step to step, what UPS and filters of the power chain take away, torsional and inter-area modes of
// the grid, reactive power.
//
// # Sources
//
// Choukse et al., Power Stabilization for AI Training Datacenters, arXiv 2508.14318 (band of 0.1 to 20 Hz; floors, burners and
// storage); IEC 61000-4-15:2010; IEC 61000-3-7:2008.
package swing
