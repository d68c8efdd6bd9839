// Package reading holds what is read of a real site, as plain data: what instruments said and what a scheduler said. It is
// what sources (hil/source) hand to the live twin (twin/live), and what its log holds.
//
// A [Batch] is one answer of one source. Each [Value] names its thing as the source knows it (host, slot, key), its quantity
// in the words of the channels ("power" of "gpu" is gpu.power), when it was measured, and the value in SI (degC for
// temperatures). Nothing is checked here: a value may be NaN or absurd, and a time may lie in the future. A [Job] is one as its
// scheduler knows it; a batch with [Batch.Whole] lists every job that is not over, so that one which is missing has ended.
//
// Times are s since 1970 in UTC, as floats: at today's dates they resolve 0.24 µs. As JSON, a [Number] that is not finite is a
// string, so that a batch which is written and read again is the same to the bit.
package reading
