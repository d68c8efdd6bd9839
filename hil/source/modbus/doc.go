// Package modbus reads registers of a Modbus server over TCP: chillers, pumps, power meters, gateways of building management.
//
// An address of a point is where the value begins: holding:100, input:30, coil:5 or discrete:0, counted from 0 as the protocol does
// (40101 of a vendor's list is holding:100), and 3/holding:100 for a unit behind a gateway that is not 1. The type says how it is
// coded: int16, uint16 (as is the default), int32, uint32, float32, int64, uint64 or float64; order: little if the lower word comes
// first. Registers that lie near each other are read in one request of at most 125. What a
// server refuses is asked for again value by value; what it still refuses is held back, and that is told.
//
// A reading has the time at which its answer came: Modbus has none. What was while the server was away it does not tell; the
// connection is made anew at each question until it is back.
//
// server: tcp://HOST:502, or udp://HOST:502. Modbus has neither users nor encryption: keep it in a network of its own.
//
// Modbus Application Protocol V1.1b3. Only functions that read (1 to 4) are used.
package modbus
