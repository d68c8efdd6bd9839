// Package random holds the named random streams of a run.
//
// Every draw in Halltwin comes from a stream with a name, and a stream's numbers depend on the run's seed and on
// that name alone: stream "failure/hall-0/row-0/rack-1/gpu-3" gives the same failures whatever else the hall holds.
// So adding a rack moves nobody else's failures, and two variants of a scenario meet the same arrivals and the
// same failures (common random numbers), which makes the error of their difference small.
//
// A [Stream] is two words of plain data, a PCG-DXSM generator by value: the state of a model holds it, a fork
// copies it. It is a math/rand/v2 Source and a gonum Src. The package stands under models, not beside the
// kernel, because failure processes and generators hold streams in their state and models import nothing above them.
package random
