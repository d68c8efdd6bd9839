// Package lineproto records frames and events as InfluxDB line protocol: [Encoder] makes the lines, [Sink] writes them
// to a file that `influx write` and the HTTP interface of InfluxDB 1, 2 and 3 take as it is. The package influx sends the
// same lines to a server.
//
// A measurement is a level (site, hall, rack, node, gpu, cdu, job, event …). A point is one thing at one instant
// with all its channels as float fields whose names end in the unit: power_w, inlet_temperature_c.
//
//	rack,run=first-run.7.1f0a93c2,source=simulated,site=h100-hall-1k,hall=hall-0,row=row-3,rack=rack-7 power_w=38211.5,inlet_temperature_c=24.9 1752555600000000000
//
// Tags are few, so that the number of series stays that of the things: run ([record.Header.ID]), source, site, hall, row, rack, node,
// slot (the last part of the name of a GPU or of a piece of plant) and model. A job's name is the field `job`,
// as is an event's subject: they would make a series each. Points of one series at one instant overwrite each
// other, so jobs and events of the same instant are set apart by a nanosecond each. A tag and a field never
// share a name, which InfluxDB 3 requires; an empty tag is left out.
package lineproto
