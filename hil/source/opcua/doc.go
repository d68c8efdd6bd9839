// Package opcua reads variables of an OPC UA server: building management, SCADA, plant controllers.
//
// An address of a point is a node id: ns=2;s=CRAH1.SupplyTemp, or ns=3;i=1007. Numbers and booleans are read. A variable whose status
// is not good, or that is no number, is held back, and that is told: a controller marks a broken sensor so. A reading has the time that its source gives, else the server's.
//
// server: opc.tcp://HOST:4840. Where the server offers an encrypted end point and [Login] has a certificate, it is used, in sign and
// encrypt mode; a user's password is sent to no end point that is not encrypted, but on this machine.
//
// A session that is lost is made anew at the next question. What was while the server was away it does not tell: historical access is
// left out.
//
// OPC 10000-4 (services: Read), -6 (mappings: UA TCP).
package opcua
