// Package influx sends a recording to an InfluxDB server while the run goes, and sets the server up for it: buckets,
// tokens, ready queries, and dashboards made from the registry of channels. The points are those of package lineproto.
//
// # Off the run's path
//
//	run ──copy──▶ queue ──▶ encoder ──▶ batches ──▶ sender ──▶ POST /api/v2/write (gzip)
//	              bounded              └──────────▶ spool ──▶┘
//
// [Sink] copies frames into a bounded queue; one goroutine encodes them in batches of 5,000 points, another sends. The
// encoder never waits for the server: a batch that the sender cannot take at once goes to the spool. The run waits only
// for the encoder, when it makes points faster than they can be written down, so that memory stays bounded.
//
// # Nothing is lost silently
//
//   - No answer, 408, 429, 5xx: the batch is kept and tried again after a pause that doubles, with jitter, or as long as
//     Retry-After says.
//   - 401, 403, 404 (token, organisation, bucket): likewise, since a person may put it right meanwhile.
//   - 413: the batch is sent in halves.
//   - any other refusal (400, 422) would be repeated for ever: the batch is put aside, with what the server said.
//
// While the server is away, batches go to the spool: one file each ([Segment]), with its target, a count and a checksum,
// written beside and renamed, so that a crash leaves whole files or none. When the run is over the sender goes on as long
// as the server takes what it is sent ([Options].Linger) but not longer than [Options].Patience without success. What still
// waits is told ([Status]); the next run to the same place, or [Drain], sends it. The spool is bounded: when it is full, new
// points are refused, counted, and the sink fails, which is exit code 5; points that wait are never dropped for new ones. The
// run directory still has all of them, and [Send] sends it again.
//
// Points are written at least once. The same point written again changes nothing: its series and time are the same, since
// the tag `run` identifies the run with all that goes into it.
//
// # Cardinality
//
// InfluxDB keeps an index of series (measurement, tags and field). [Guard] counts them before a run and refuses what is
// above [DefaultMaxSeries] or what the scenario says, by level.
//
// # Tokens
//
// A token comes from the environment (HALLTWIN_INFLUX_TOKEN, or INFLUX_TOKEN) and is never written anywhere: not to the
// spool, the run directory, a log or an error. An address that holds a password is refused.
//
// Left out: InfluxDB 3 has no Flux; its SQL stands beside every ready query. InfluxDB 1.8 takes the points (token
// `user:password`, bucket `database/policy`) but has no buckets or setup interface.
//
// Sources: InfluxDB v2 API reference (/api/v2/write, /setup, /buckets, /authorizations, templates v2alpha1); line protocol
// reference; RFC 9110 §10.2.3 for Retry-After.
package influx
