// Package verify proves of a plan that a run is a function of scenario, seed and version alone.
//
// [Digest] sums up a whole run: the state at its end and everything that it recorded. Two processes under different
// garbage collection and numbers of threads must give the same digest (the command line starts them). [Resume] holds a run
// that was saved and restored against one that was not, [Fork] a run that was forked. A difference is a bug, never noise:
// nothing is compared with a tolerance.
package verify
