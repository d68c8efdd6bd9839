// Package record is the one stream through which everything that a world knows leaves it.
//
// A run is a [Header], then frames and events in the order of simulated time, then a [Summary]:
//
//	Header → ( Frame | Event )… → Summary
//
// A [Frame] is a column: the values of one channel for many things at one instant. An [Event] is a line of the
// log with a cause, so that what followed from what can be read as a tree. A [Summary] is the verdict with its
// evidence. The live view, the recording and the report all read this stream and so cannot disagree.
//
// A [Sink] consumes the stream. [Fanout] feeds several and keeps a failing one from harming the others: its
// error is kept, what it missed is counted, and both are reported when the run ends. Nothing is lost silently.
//
// The stream is a function of scenario, seed and version alone, and so are the bytes that the sinks write: no
// wall clock, host name or path enters a recording. The only exceptions are the KPIs of the group ENGINE in the
// summary (how long the run took), which are marked measured.
//
// The sinks live below: rundir (a run's directory), parquet, csv, jsonl, lineproto, series (in memory, bounded) and
// report (HTML); term prints to a terminal and compare sets two runs side by side.
package record
