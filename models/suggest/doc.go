// Package suggest finds the word that a person probably meant, for "did you mean" in error messages.
//
// Words are compared by the optimal string alignment distance: insertions, deletions, substitutions and swaps of
// neighbours each cost one, a difference of case alone costs nothing.
package suggest
