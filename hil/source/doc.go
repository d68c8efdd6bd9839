// Package source is the ways by which a live twin learns of a real site. Each is a folder of its own and hands over batches of
// package models/reading; the twin declares what it asks of a source (twin/live.Source).
//
//	slurm       jobs and nodes, from squeue and sinfo --json, or from slurmrestd over HTTP
//	prometheus  what dcgm-exporter, `halltwin agent` and ipmi_exporter tell a Prometheus server
//	push        readings that agents post
//	local       the devices of this machine: NVML, processors, a management controller by Redfish
//	kubernetes  pods with GPUs and nodes, listed and watched at the API server
//	redfish     controllers of nodes, PDUs and cooling, over HTTPS
//	modbus      registers of chillers, pumps and meters, over TCP
//	snmp        objects of PDUs, UPSs and sensors, in versions 2c and 3
//	opcua       variables of building management and plant control
//	mqtt        what sensors and gateways publish
//
// The last five have a map of points (package points) that says which value is which channel of which thing.
//
// A source never guesses: what it cannot read is a fault of its batch, and nothing is concluded from a batch with a fault. What
// was missed while a source was away is fetched afterwards where the source still has it. Left out: history that servers
// keep (OPC UA historical access), BACnet and IPMI over the network.
package source
