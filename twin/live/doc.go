// Package live is the twin beside a real cluster: what it learns from measurements as they come, and what it says of the hours
// ahead.
//
// A [Filter] assimilates. It holds parameters x that make a measurement linear, y = h·x + e, such as the idle power of a host, what
// load adds to it, and a bias for what the model does not know. Parameters wander slowly, and the filter of Kalman (1960) weighs
// what is known against each new reading:
//
//	P ← P + Q·dt      S = h·P·h + (r·y)²      K = P·h/S      x ← x + K·(y - h·x)      P ← P - K·(h·P)
//
// in Joseph's form, which keeps P symmetric and positive. A reading that lies far outside of what is expected is clipped in its
// effect (Huber), so that a broken meter bends nothing. A [Filter] only ever sees the past: a forecast is made from a copy of its
// parameters, and nothing that comes later changes it.
//
// A [Band] is the interval around a forecast. The spread of a Kalman filter knows nothing of what the model lacks, so the band is
// as wide as the errors of past forecasts of the same horizon were: the quantile of their sizes, in units of the filter's own
// spread, over a trailing window (split conformal prediction; Vovk, Gammerman, Shafer, 2005, with the window of Gibbs and Candès,
// NeurIPS 2021, for drift).
//
// # The twin
//
// A [Twin] is a world beside a real site. Batches of readings ([reading.Batch]) come from each [Source]; [Twin.Take] brings the world
// to the moment and takes them. Hosts find their nodes as the user says, else by name, else in the natural order of their names;
// what does not match or contradicts the site is reported ([Report]). Jobs that schedulers say run, run in the world on the nodes
// that are theirs, as busy as their GPUs are measured to be (GPUs of a shared node: the busiest); jobs wait and end when they do
// in reality. Nodes that are down or drained there are so here.
//
// Readings pass a sieve first: what cannot be (no number, 214748364.7 °C), comes from the future or the past, claims another's
// UUID or floods is held back and counted, and changes no conclusion. What is older than a minute is history: it is in the log and
// teaches nothing.
//
// What is measured is compared with what was expected before it came: offset + gain·model, by a [Filter] for each thing and channel,
// which learns while the jobs of its node are at rest. A correction beyond 5 K, or 10 % of the model and 20 W, for a minute is an alarm.
//
// A source that does not answer changes nothing but that it is told, and so is a host that falls silent; a scheduler that is back
// tells of jobs that came and went.
//
// [Twin.Ask] forks the present: jobs then go their own way, and what the corrections are is carried ahead. Every ten minutes the twin
// foretells so what will be measured an hour later, and compares when that hour is over: its [Score] stands beside that of
// persistence, and the bands of what it says ahead are as wide as those errors were.
//
// # Repeatable
//
// The twin is passive. What it takes it writes to a log first, as JSON lines after a header with the scenario; [Tape.Play] makes the
// same twin again, to the bit ([Twin.Digest]), and [Twin.Continue] goes on where it ends, so that a twin outlives its process. A source
// hears when its batch is in the log ([Acknowledger]) and may forget it only then. [Start] keeps one at the present: the one goroutine that owns it, and one for each
// feed.
//
// # Left out
//
// Delays of readings: a reading is assimilated at its own time, in order. Which GPUs of a shared node a job holds. Failures of power
// and cooling that no source tells of: a person does them ([Twin.Act]).
package live
