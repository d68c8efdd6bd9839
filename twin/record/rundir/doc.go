// Package rundir writes and reads run directories: everything that a run leaves behind.
//
//	manifest.json      what was run, by which version, and every file with its size and SHA-256
//	resolved.yaml      the scenario with every default written out; it runs again as it is
//	actions.log        the actions that the run got, as a timeline that replays it
//	events.jsonl       the log, one JSON object a line, with causes
//	metrics/*.parquet  the samples, one file a level, units in the column metadata
//	summary.json       the verdict, expectations and figures
//	engine.json        how the run itself went: wall time, steps, memory
//	report.html        all of it to read, in one file that works offline
//
// and, when asked for, metrics.lp or metrics.lp.gz (InfluxDB line protocol) and metrics/*.csv. A run with real devices in it leaves
// what they told in measured.csv.
//
// Two runs of one scenario, seed and version leave the same bytes in every file but engine.json. The manifest
// says "running" until the end; a directory that a crash left so is still readable up to its last checkpoint. Half a megabyte is kept free while a run is
// recorded, so that a disk that fills up still has room for the verdict.
package rundir
