// Package kernel is the discrete-event core of a world: the clock, the agenda of pending events, and state as data.
//
// # Clock
//
// A [Clock] lets time pass in windows. simgo owns the time: the clock arms one simgo timeout for the end of each
// window (the next step boundary or sample, whichever is first, as the [World] says) and, when it fires, drains the
// agenda up to it in order of (time, phase, sequence), each event at its own exact time; then the world closes the
// window. A [Pacer] ties the same clock to the wall: it only waits before an event, so a paced run and a virtual run
// do the same things in the same order.
//
// # Agenda
//
// Pending events are data in a typed queue ([Agenda]), not closures in simgo: a fork copies them, a snapshot writes
// them, and an event costs no allocation. Nothing is cancelled: an event carries the generation of its subject, and
// one whose generation has passed is ignored by its handler.
//
// # State
//
// The state of a world is plain data: numbers, strings, arrays, slices and structs of these. [Hash], [Encode] and
// [Decode] walk it and enforce the rule: a map, pointer, function, channel or interface panics with its path.
//
// # Scripts
//
// A [Script] runs procedures as simgo processes, where a sequence of waits reads best and nothing has to be forked:
// bench experiments, operator procedures. The package is the only importer of simgo and knows its traps (v0.7.0):
// every event carries a finalizer that aborts it from the garbage collector's goroutine, so a process that waits on
// an event which nothing references dies at a random simulated time; the finalizer is removed from every event that
// is armed here. RunUntil excludes its target, nothing can be peeked at or cancelled, and Shutdown must be called
// exactly once.
package kernel
