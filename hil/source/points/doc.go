// Package points reads maps of points: which value of a building management system, a power distribution unit or a sensor is
// which channel of which thing of the site, and in which unit.
//
//	server: tcp://10.0.0.5:502
//	points:
//	  - {address: "holding:100", type: int16, of: crah-0, channel: crah.supply_temperature, unit: degC, scale: 0.1}
//	  - {address: "holding:200", type: float32, of: pdu-3, channel: pdu.power, unit: kW}
//
// A file is one such section, or a list of them: one for each server. What an address is, says the package of the protocol. A value v
// that was read is v·scale + offset in the unit, which is brought to that of the channel. The thing is one of the site by its name
// (a shorter path will do where there is one of it); a node or a GPU is named as sources name hosts: gpu17, gpu17/gpu-3.
//
// A file has at most 10,000 points and 1 MiB. Every mistake is told with its line.
package points
