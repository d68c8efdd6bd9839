// Package bruteforce computes max-min fair rates from their definition, by a linear programme for every level, to check the
// progressive filling of package fabric against. It shares no code with it and is slow: for tens of flows.
//
// Among all rates x ≥ 0 with A·x ≤ c and x ≤ limit, the smallest x/w is made as large as possible; flows that cannot be larger
// while the others stay at least there are fixed; the same is done with the rest.
//
// # Sources
//
// Bertsekas and Gallager, Data Networks §6.5.2; Dantzig's simplex with Bland's rule.
package bruteforce
