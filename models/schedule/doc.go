// Package schedule decides which waiting job starts when, and on which nodes.
//
// A job is a gang of equal parts; each part asks one node for a vector of GPUs, CPU cores, memory, storage and
// network bandwidth, or for a whole node. Parts may share nodes; all start together or not at all. A pass, once all
// that happens at one time has been told, goes through the queue in order and asks three questions, each answered by
// a rule of its own:
//
//   - order, who is next: one file order_*.go each (first come first served, turns, shortest, smallest, priority …);
//   - backfill, who may go before a blocked job: strict nobody, first-fit whoever fits, easy whoever leaves the first
//     blocked job its reserved start, conservative whoever leaves every job before it its reserved start;
//   - placement, which free nodes: place_*.go (first and best fit, spread, load balance, pack or consolidate by node,
//     rack or leaf, fragmentation gradient descent, where it is coolest, random).
//
// EASY backfill (Lifka, JSSPP 1995) computes the reserved start from the estimates of the running jobs and what each
// node will have free then ([shadow]): a job that would still run at that time may start only where the blocked one
// keeps enough places, so it never starts later than it was told, as long as no job outlives its estimate and no node
// fails. With parts that share nodes it may pass over a job for which a cleverer choice of nodes would exist.
// Conservative backfill (Mu'alem and Feitelson, IEEE TPDS 12(6), 2001) plans all waiting jobs ([plan]); its cost
// grows with the square of the queue, which Spec.Depth bounds. A running job that has outlived its estimate is
// expected to end at any moment. A job without an estimate is expected to run for ever.
//
// Preemption ([PreemptionSpec]) lets a waiting job take the place of running ones that rank behind it: shortest remaining time
// or service first (SRTF, SRSF), least attained service in queues (Tiresias, NSDI 2019), or any order whose ranks running jobs
// have too. By place, jobs are taken off their nodes, the worst first, until the better one fits, and all without whom it
// still fits go back; by count, the best ranked jobs that fit the number of GPUs run, as in the simulators of Helios, Tiresias
// and Muri. A minimum run, a cost of starting again and what is kept of the work are given; who just started is left alone. By
// place it goes with EASY: jobs behind the blocked one take nobody's place and start only beside its reserved start, which holds
// until somebody better comes.
//
// fair-share divides the site down a tree of queues ([QueueSpec]): below its quota the queue that uses least of it starts next,
// beyond quotas the one with the smallest dominant share for its weight (DRF, NSDI 2011; drf does so for users). Queues borrow
// what others lend; one below its quota reclaims it from jobs of those above theirs, the furthest over and the newest first, as
// in Kueue and KAI. A job that borrows in a group without a limit is bounded by what the groups above it keep.
//
// Jobs of one part that ask for less than a GPU share devices ([SharingSpec]): in thousandths, or in slices (MIG). Within power limits
// ([LimitSpec]) a job starts only where all that runs behind the limit, at its peak, stays below. Starts are put off to hours that are
// clean or cheap ([ShiftSpec]), and run times are learned from jobs alike ([RuntimeSpec]).
//
// Elastic jobs ([ElasticSpec]) start on what is free between the least that they run on and what they ask for. While nobody waits
// they grow, part by part where it brings most work, if they save more time than the change costs. For the first job that waits they
// shrink, part by part where it costs least; an elastic one gets more than its least as long as it makes more of a part than
// who gives it, so that equal jobs share evenly. Who loses a node goes on with what is left and free if that is enough, before
// others that wait. Worth is speed times the size asked for. Those that change are placed anew, together, or nothing happens.
//
// A scheduler outside may decide instead ([Config.Ask], [Config.Apply]).
//
// Reservations set nodes, or a share of each, aside for a user or queue in a time window, or for nobody
// (maintenance): others start there only what ends in time, or fits beside. Members take the reserved nodes first,
// and when the queue is blocked they need not wait behind it. A running job is never removed for a reservation.
// Pinned jobs replay a given placement at a given time, whatever is free.
//
// [Config] is immutable; [State] is plain data, copied by [State.Clone]. What decisions cost grows with what changed, not
// with the site or the queue: nodes are indexed by free GPUs (free CPU cores in a site without GPUs) as one bitmap a
// level, so that a search reads 64 nodes at a time; the room of every node and group for the last few demands is kept in
// tables; the queue stands in blocks ([Line]), and a pass goes by a block in which nobody can start. A job whose size the
// index excludes costs a comparison; a pass without releases looks only at new jobs; nothing is allocated in the steady
// state. Comparisons forgive rounding errors of 1e-9 of a node.
//
// Microseconds of CPU time for a pass (an arrival or an end) on 12,500 full nodes of 8 GPUs, by the number of jobs that wait
// (go test ./models/schedule -run xxx -bench Pass; 2 shared cores, AMD EPYC, Go 1.26):
//
//	waiting                            100   10,000   100,000
//	fcfs, round-robin, priority        1-4      1-6       1-6
//	sjf, smallest-area                 1-3      2-5       2-7
//	first-fit                            2        4         7
//	easy                                16       47        39
//	conservative, first 100         13,000   17,000    17,000
//	srtf, preempting                   151       66        30
//	srsf, las, preempting          0.1 for each job that runs
//	drf, 50 users                       69      160       880
//	fair-share, 20 quotas, reclaim   2,000    5,200         -
//	mct                                 55      850    79,000
//
// A million jobs on 100,000 GPUs in 30 days, of which a hundred thousand and more wait in the end, take 74 s of CPU time for the
// whole twin with EASY, and 1.4 to 1.8 GB (HALLTWIN_SOAK=1 go test ./twin -run xxx -bench Size/soak/flood -benchtime 1x).
//
// Start times equal those of an independent reference on 1,000 jobs of the HPC2N log (FCFS, conservative; EASY on
// 999), of Helios' and Tiresias' own simulators (also of their preemptive policies, to the number of preemptions), and of
// brute-force schedulers on random workloads: see the tests and halltwin validate schedulers.
//
// Left out: reserved starts together with quotas, power limits or shares of GPUs, a reserved start for every job (conservative)
// together with preemption, priorities that preempt within a queue of fair-share, changes of size together with any of these, with
// reservations, shifts or learned run times, shares of GPUs for gangs (their parts hold whole devices). Walltimes are enforced by
// the caller.
package schedule
