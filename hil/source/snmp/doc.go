// Package snmp reads objects of an SNMP agent: rack PDUs, UPSs, transfer switches, environment sensors.
//
// An address of a point is an object identifier, as .1.3.6.1.4.1.318.1.1.12.1.16.0. Integers, gauges, counters, time ticks, floats
// (net-snmp's opaque types) and texts that are a number are read; what an agent does not have, or is no number, is held back, and that is told.
// At most 60 objects are asked for in one request, fewer where an agent finds that too big.
//
// server: udp://HOST:161 (or tcp://). With version 2c the community is what [Login] says; with a user it is version 3: authentication by
// SHA-256 unless another is named, privacy by AES, both where a secret is given; a secret without a user is refused. Prefer version 3: 2c passes in the clear.
//
// A reading has the time at which its answer came: agents tell none. What was while an agent was away it does not tell.
//
// RFC 3416 (protocol operations), RFC 3414 (USM), RFC 7860 (SHA-2).
package snmp
