// Package session is a run that a person drives: it can be slowed, paused and stepped, acted upon while it goes, and left
// by forks that run ahead.
//
// # One owner
//
// A [Run] has one goroutine, which owns the world: it advances it by short stretches, waits where the pace asks for it, and
// between two stretches does what it has been asked. Every method may be called from any goroutine; those that
// change the world return once that is done. The pace changes nothing of the outcome.
//
// # What a person does is repeatable
//
// An action is done at an instant of its own, right after the time that the run has reached, and is written to the run's
// actions.log with that time and with who did it. So the resolved scenario and the log together are the
// run: [Repeat] lives it again, up to any time, and goes on from there as a fork. A fork of the present copies the
// world instead. Forks share nothing that changes.
//
// A job that is submitted by hand was not part of the work that the run was compiled with. The run is then
// compiled anew with the job in its timeline, lived again up to now without being recorded, and goes on in place of the old
// one; the streams of random numbers have names, so nothing else is different.
//
// # What it also knows
//
// [Describe] draws the plant of a plan as graphs, and [Jobs] lists its work.
package session
