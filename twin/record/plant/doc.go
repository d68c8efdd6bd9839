// Package plant is the power chain and the cooling of a site as graphs, with the limits of its hardware: what a one-line
// diagram and a cooling diagram are drawn from. It is plain data for viewers; whoever compiles a scenario fills it in, and
// what happens on it is told by the channels of the run.
package plant
