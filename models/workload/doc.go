// Package workload is the work of a site: jobs, what they demand, how busy they keep it, and generators that make
// a plausible day of them.
//
// A [Job] is immutable: it says what was asked for. What becomes of it (queued, running, done, failed, cancelled)
// is state of the world. A job is a gang of equal parts, each with a demand [Vector] that one node must meet; it
// starts when all parts fit and not before. Its utilisation over its own progress is a [Profile], a step function
// that is read with a cursor and never turned into one event a point.
package workload
