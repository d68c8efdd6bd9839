// Package workload is the work of a site: jobs, what they demand, how busy they keep it, inference requests, and generators
// that make a plausible week of jobs.
//
// A [Job] is immutable: it says what was asked for and how it ends when left alone. What becomes of it (queued, running, done, failed,
// cancelled) is state of the world. A job is a gang of equal parts, each with a demand [Vector] that one node must
// meet; it starts when all parts fit and not before. Its utilisation over its own progress is a [Profile], a step
// function that is read with a cursor and never turned into one event a point. [Requests] is a weighted series of
// inference requests.
//
// # Checkpoints
//
// A job saves its progress at a stated cost ([Checkpoint]), or through tiers ([Store]): memory and drives of its nodes, with copies
// on others, and the storage of the site. [Survives] says which losses the copies outlive.
//
// # Generators
//
// A [GeneratorSpec] is drawn by [Generate]. With share s_k of kind k, its mean demand g_k (GPUs, or cores where the site has no GPU)
// and its mean run time E[D_k], the rate of submissions that offers the load ρ to a capacity C is
//
//	λ = ρ C / Σ s_k g_k E[D_k]
//
// Run times are mixtures of lognormal distributions cut to a longest L, of mean Σ w (e^{µ+σ²/2} Φ((ln L−µ−σ²)/σ) + L P(D ≥ L)).
// Submissions are a renewal process (exponential, gamma, or a mixture of lognormals) in operational time Λ(t) = λ ∫ r, where r is the
// rhythm of day and week with mean 1. A busy start draws the jobs that an infinite server would hold at a random
// instant: kinds by s_k E[D_k], run times weighted by their length, progress uniform; it stops at the load.
//
// Each attribute has its own random stream and a fixed number of draws a job: the k-th job is the same whatever the load or the
// rhythm, which only move when it is submitted (common random numbers).
//
// [Fit] makes such a spec from a log: expectation maximisation for the mixtures, counts for the rhythm.
//
// # Elastic jobs
//
// An [Elastic] job may run on any number of parts between two bounds, where the scheduler changes sizes. Its work is stated for the
// parts n₀ that it asks for; on n it goes S(n)/S(n₀) as fast, with Amdahl's S(n) = 1/(f + (1−f)/n) or S(n) = n^e. Each change costs time.
//
// Left out: dependencies between jobs, users who react to waiting, and a link between a job's run time and the time
// of day at which it was submitted.
//
// Sources: the gap, size and run-time statistics that the library cites at its workloads; Marsaglia and Tsang, ACM TOMS 2000 (gamma); Mu'alem
// and Feitelson, TPDS 2001 (walltimes).
package workload
