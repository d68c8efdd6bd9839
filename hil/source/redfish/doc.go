// Package redfish reads management controllers of many nodes, and the power and cooling equipment that speaks Redfish.
//
// An address of a point (package points) is the path of a resource and, after #, where in it the number is, as a JSON pointer:
// /redfish/v1/Chassis/1/EnvironmentMetrics#/PowerWatts/Reading, or /redfish/v1/PowerEquipment/RackPDUs/1/Metrics#/PowerWatts/Reading. Points of
// one resource are read with one question. The addresses power and inlet (W and degC) are those of a node, as package device finds
// them in the schemas before and since 2020.4. (The controller of this machine alone needs no map: the source devices reads it.)
//
// server: https://HOST. The user needs the role ReadOnly; a password is sent over https only, but on this machine.
//
// A resource that answers 404, a path that is not there and what is no number are held back, and that is told; a service that does not
// answer is at fault. Redfish keeps no history: what was while a service was away it does not tell.
//
// DMTF DSP0266 (protocol), DSP2046 (properties); RFC 6901 (JSON pointer).
package redfish
