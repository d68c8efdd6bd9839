// Package ensemble runs experiments: variants of a scenario × points of its sweep × seeds, and says what can be said of
// them.
//
// # Pairs
//
// Replica n of every cell (a variant at a point) has the same seed, and every random stream is named by what it drives,
// so all cells meet the same failures, arrivals and lemons. A difference between two cells is the mean of the differences
// of pairs of one seed, with Student's interval; where that holds zero, they are "not distinguishable". [Statistic] also
// says by what factor pairing has cut the variance.
//
// # Designs
//
// grid is the product of all values. latin-hypercube (McKay, Beckman and Conover 1979) and sobol (direction numbers of Joe
// and Kuo 2008, shifted at random) fill the space of the axes evenly. morris lays trajectories for elementary effects
// (Morris 1991, Campolongo et al. 2007). saltelli lays the blocks from which Sobol indices are estimated, the first by
// Saltelli et al. 2010, the total by Jansen 1999, both with bootstrap intervals.
//
// # When enough is known
//
// With experiment.until, replicas are added in rounds that depend on nothing but their number, until the mean of a figure,
// and its difference to the base, are known to the wanted half-width in every cell. Looking often makes such intervals a
// little too narrow (Chow and Robbins 1965); the least number of replicas keeps that small.
//
// An expectation is shown to be missed in a cell when Wilson's interval of the share of futures in which it held lies
// below the share in which it is to hold.
//
// # Results
//
// A result is kept under the hash of its resolved scenario, the version of the program and its seed, in a journal of one
// line each: an experiment that was interrupted goes on, and one that is repeated or grows takes what is there. What comes
// of an experiment does not depend on the number of workers, their order or their end. A run that breaks and a point that
// cannot be built are reported and stop no other.
//
// # Who makes the runs
//
// An [Executor]: the processors of this machine ([Local]), or workers on others (package queue).
//
// # The best point
//
// With experiment.search, points of ranged axes are tried one after another, each with all replicas, to make the mean of a
// figure small or large: a shifted Sobol sample, then Nelder and Mead's simplex (1965) from its best point, begun again until
// that no longer helps. All points meet the same seeds, so the search sees differences rather than chance; its best mean
// is still that of these seeds, and a little too good for others. A point in which an expectation is shown to be missed
// ranks below all in which none is.
//
// # Rare events
//
// With experiment.rare, a run counts how likely an event is that hardly any run sees. Whenever a future comes to the next
// of a row of levels of a gauge, it goes on as several, each with what is drawn from then on drawn anew and counted for so
// much less (splitting with fixed factors: Kahn and Harris 1951, Glasserman et al. 1999). What has been drawn and is still
// to come, as the end of a repair, stays and is part of the present, so the mean over runs is the probability, without bias,
// whatever the levels are; levels decide how soon it is known. Runs stay independent, so all else here holds for them too.
// Intervals are symmetric on a logarithmic scale. Splitting pays where an event comes by many small steps; it gains little
// where one draw decides, such as the length of an outage or which nodes are lemons.
//
// # Sharing work
//
// A scenario is compiled once. Cells that differ in what their timelines do live their past once a seed, up to the first
// thing that only one of them does, and leave it as forks ([Local], up to eight cells at a time): the same to the last bit.
// With experiment.warm_up all replicas of a cell have the past of the first seed, which is lived once, and each a future of its
// own: what may come of that present.
//
// # Left out
//
// A past that is lived once on workers of other machines, who get run by run and live it for each; more than one point of a
// search at a time; searches over lists, and by methods for many axes (above about eight, sample with sobol instead); levels
// of a rare event that find themselves.
package ensemble
