// Package house holds the rules of this repository as tests, each with its reason: which floor may import what, what
// has no place in a model or a world, and how long a file may be. It has no code of its own; run
//
//	go test ./twin/house
//
// A rule has exceptions only in the tables of its tests, each with the reason why it is none of the harm that the
// rule is there to prevent.
package house
