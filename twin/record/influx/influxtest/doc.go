// Package influxtest starts real InfluxDB servers for tests.
//
// The server is the one that HALLTWIN_INFLUXD names, or influxd on PATH; else InfluxDB 2.7.12, built once from its Go
// modules into the user's cache folder ($XDG_CACHE_HOME/halltwin). That build takes about four minutes and needs cargo and
// a C compiler, since Flux is partly written in Rust; without them InfluxDB 1.8.10 is built instead, in one minute, which
// takes points but has neither buckets nor tokens. Without any of them tests are skipped, and say why. The versions and
// the checksums of all their modules are locked in .tools/influxd and .tools/influxd1.
package influxtest
