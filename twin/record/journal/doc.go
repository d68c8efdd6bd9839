// Package journal holds append-only files that are whole after every append.
//
// A [Log] takes data in chunks that make sense on their own: lines of JSON, a gzip member, a Parquet row group
// with its footer. An append either reaches the file entirely or, when the disk is full or the device fails, is
// cut off again, so that a reader never meets half a chunk after an error. After a crash of the process in the
// middle of an append the file may end in a torn chunk, which readers of the format recognise and ignore. A log
// also sums up what it wrote (size and SHA-256) without reading it back.
//
// What an append has written is in the hands of the operating system, which survives the end of this process
// but not a loss of power of the machine; Close waits until it is on the device.
package journal
