// Package term prints to a terminal: the summary that ends a run, and the progress of a run while it lasts.
//
// On a terminal the progress is three live lines below the event lines; elsewhere it is a line at every tenth of
// the run. Colour is used only where a terminal takes it and NO_COLOR is not set, and never alone: every state
// also has a sign and a word.
package term
