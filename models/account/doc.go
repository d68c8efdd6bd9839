// Package account keeps the books of a run: energy by purpose, carbon, money and water, GPU-time by cause, jobs and service
// levels. Every book closes, and says so itself.
//
// # Books
//
//	Energy    drawn from sources (grid, generators, sun) = used + stored + exported  J
//	GPUTime   GPUs of the site × time = sum over causes                             GPU·s
//	Jobs      submitted = queued + running + done + failed + cancelled
//	Service   requests = within their level + missed
//
// [Books.Check] closes them to a relative 1e-9 and returns an error that prints the book that did not. Sums are compensated
// (Neumaier), so that a year of seconds does not eat the tolerance.
//
// # GPU-time
//
// At every instant each GPU of the site is in one state. Held by a job, it is useful (progress at full speed), throttled (the
// part of its time that limits take: 1 - speed), starved (what of it waiting for data takes), saving a checkpoint, restarting, or
// stalled (its job hangs on a failure that nobody has noticed, or makes no progress). Not held, it is down, drained, fragmented
// (free while jobs wait) or idle (free, and nobody waits). Work that a failure undoes moves from useful to lost, work that a
// preemption undoes to preempted, work of a job that is killed from useful to wasted.
//
//	goodput = useful / (useful + throttled + checkpoint + restart + lost + preempted + wasted + starved + stalled)
//	ETTR    = useful / (held + waiting), waiting: a training job's GPUs × time from submission on in which it holds none
//
// Goodput judges what was made of the GPUs that jobs held; the effective training time ratio also counts the queue, as
// Kokolis et al. define it.
//
// # Money and environment
//
// Carbon and cost follow intensity and price at the moment of use, for what comes from the grid; generators have figures of
// their own. A battery that discharges costs nothing then: it was paid for when it charged. Energy of the site's own solar
// array has no carbon and no price; what is exported is paid at a price of its own and earns no carbon. Tariffs,
// capital, people, embodied carbon, and what each job bears of it all, are the business of package economics.
//
// # Sources
//
// Neumaier, ZAMM 54 (1974); Kokolis et al., HPCA 2025 (arXiv 2410.21680); ISO/IEC 30134-2, -8, -9 (PUE, CUE, WUE).
package account
