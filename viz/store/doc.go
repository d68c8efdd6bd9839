// Package store holds what a run has shown so far, for viewers who look back: its samples, its events and its jobs.
//
// [Memory] is for a run under way: a bounded part of its samples, thinned from the oldest on when they are too
// many, and it never waits for a reader. [Directory] reads the samples of a run directory where they lie, a row group
// at a time, and keeps the last ones used. Both are [Samples]: the value of a channel at a time is that of the last sample
// not after it.
//
// [Log] is the event log in order, with what followed from what; [Jobs] is the life of every job, told by the events.
//
// Everything here may be used by several goroutines. What is returned must not be changed.
package store
