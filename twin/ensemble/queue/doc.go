// Package queue carries an experiment out on many machines, over NATS JetStream.
//
// # Who does what
//
// The coordinator ([Coordinator], an [ensemble.Executor]) compiles each scenario, ships it, queues its runs and collects what
// comes of them. Workers ([Worker]) take runs, one for each of their slots, and publish results. They know each other by
// subjects alone and may come, go and die at any time.
//
//	halltwin.work.PROGRAM.SWEEP.KEY     a run to be made; gone once it is acknowledged (stream HALLTWIN_WORK, a work queue)
//	halltwin.result.PROGRAM.SWEEP.KEY   what came of it: the first answer stays (stream HALLTWIN_RESULTS)
//	HALLTWIN_FILES                      resolved scenarios and data files under their SHA-256 (object store)
//	HALLTWIN_WORKERS, HALLTWIN_SWEEPS   who is here (key-value buckets, whose entries expire)
//	HALLTWIN_ATTEMPTS                   runs that were begun and never ended (likewise)
//
// KEY is the hash of resolved scenario, data files, version and seed. Both streams take a subject once, so a run is queued
// once and counted once, whoever repeats what: execution is at least once, counting exactly once, and since equal keys have
// equal results, what comes of an experiment does not depend on workers at all.
//
// # What can go wrong
//
// A worker that is silent for [Options.Patience] has lost its run to another; while it lives it says so three times in
// that span. A run that was lost is made alone in its worker from then on, so that it harms no other; when it has been
// begun [Options.Attempts] times and never ended, it is quarantined: reported as broken, and the others go on. A run that
// panics breaks at once. A coordinator that dies leaves its queue; the next one takes the results that came meanwhile,
// then queues what is missing. One that is stopped by a person takes its queue away.
//
// PROGRAM stands for version and processor architecture (compilers fuse multiplications and additions on some). A worker
// of another program sees nothing of the sweep's work, and both say so.
//
// With three or more servers every stream has three copies, and one of them may die.
//
// # Left out
//
// Work is given in the order in which sweeps queued it, with no shares or priorities between them. Results and files
// expire after 30 days.
package queue
