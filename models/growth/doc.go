// Package growth plans a site over years: demand that grows, phases that are ordered, arrive, are filled and replaced, and what
// of power, cooling and space runs out first and strands the rest.
//
// # Model
//
// Years are divided into equal seasons. Demand, in GPUs of the first phase, follows a yearly growth or a table, straight between
// its points, and is taken at the middle of a season. A phase has a date at which it works, or a share of demand over ordered
// capacity from which it is ordered; it then works after its lead time. Phases with a share are ordered in the order in which they
// are written, each once what was ordered before does not suffice. A phase changes the site from the first season that begins
// when it works.
//
// A phase opens a hall (racks that it has room for, its power, its cooling), adds racks to one, or replaces all racks of one. Racks
// are as many as said, or as many as fit:
//
//	racks = min(room, power / P, cooling / P),   P = power of a rack at full load
//
// What is left of the other two when the first is used up is stranded: it is paid for, and no further rack can use it. What is
// left where all three would take another rack is spare. A GPU of another type counts for its peak × efficiency over that of the
// first phase.
//
// # Typical weeks
//
// The world is not lived for years. For each season one typical period (the duration of the scenario) is lived in full, with the
// halls of that season and work at the ratio of demand and capacity, and stands for the season. It begins on the day on which the
// means of dry bulb, wet bulb and of the grid's carbon intensity over the period come nearest to those of the season, each
// deviation over the standard deviation in the year; this is how typical months and weeks of weather are chosen (sum of squares
// in place of the Finkelstein–Schafer statistic, which needs many years). Against a whole year of one hall at a load of 70 %, the
// energy of twelve weeks is off by 0.4 %, PUE by 0.1 %, carbon by 0.1 %; of twelve times three days by 3 %, 0.2 % and 4 %; of four
// weeks by 6 %, 0.5 % and 6 %: what short periods miss is the chance of who computes in them, not the weather. Goodput is within
// 0.02 % in all.
//
// # State
//
// None. [Plan] is immutable; its stages are what the world lives.
//
// # Left out
//
// Building work and its disturbance, staggered delivery within a phase, learning of demand from price, resale of racks that go,
// extremes of weather between typical weeks: feeds and plant are sized by design loads, not by these runs.
//
// # Sources
//
// Wilcox and Marion, Users Manual for TMY3 Data Sets, NREL/TP-581-43156 (2008): choice of typical periods.
package growth
