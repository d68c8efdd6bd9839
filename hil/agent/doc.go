// Package agent makes readings of real devices known: to a Prometheus server that asks, to an InfluxDB server, and to a live
// twin.
//
// [Exporter] answers GET /metrics with the last reading of every device under dcgm-exporter's names and labels, so that
// existing dashboards and alerts work on it; quantities that DCGM has no name for are halltwin_*. A device that has not
// answered for a while is left out: Prometheus then shows it as stale, not as constant.
//
// [Pusher] sends every reading, in batches of JSON lines to a live twin ([Message]) or in line protocol to InfluxDB, over TLS
// unless the receiver is on this machine, with a bearer token from the environment. Readings wait in a bounded queue while
// the network is cut; when it is full the oldest go, counted. The queue is in memory, or in a folder ([Pusher.Spool]), where it
// outlives the process. Batches carry the number of their first reading and the name of the queue, so that a batch which is sent
// again, because its answer was lost, is known. What the receiver calls malformed (400, 413, 422) is told once and dropped, counted;
// whatever else it says, the batch is sent again until it is taken.
//
// Sources: dcgm-exporter default counters; Prometheus exposition format 0.0.4; InfluxDB line protocol and API v2.
package agent
