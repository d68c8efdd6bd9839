// Package unit holds the dimensional quantities of a scenario as typed float64 values in SI units, and reads
// and prints them with units.
//
// Inside the models a quantity is a plain float64 in the unit that its doc comment names (W, J, K or °C, s,
// kg/s, Pa). The types of this package stand at the edges: in the specs that a scenario is decoded into and
// wherever a value is shown to a person. Each type has a [Kind], which knows the accepted unit symbols, the SI
// unit and the words of an error message.
//
// A [Temperature] is a point on the Celsius scale; a [TemperatureDifference] is a distance in kelvin. They are
// different types because confusing them is the commonest unit error of a data-centre model: 8 K warmer is not
// 8 °C.
//
// Decimal prefixes are powers of ten (1 kB = 1000 B); binary ones are written out (1 KiB = 1024 B).
package unit
