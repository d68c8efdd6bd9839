// Package moistair holds the psychrometrics of moist air: saturation, humidity ratio, dew point, wet bulb,
// enthalpy and specific volume.
//
// Modelled: moist air as a mixture of two ideal gases at a given total pressure, after ASHRAE Handbook
// Fundamentals 2017, chapter 1. Saturation pressure over ice and water follows Hyland and Wexler (1983); the dew
// point inverts it by Newton's method; the wet bulb solves ASHRAE's equations 33 and 35 by Newton's method with a
// bounded step and a fixed number of iterations, so that a bad input costs no more than a good one.
//
//	w = 0.621945 pw/(p - pw)      h = 1006 t + w (2 501 000 + 1860 t)      v = 287.042 T (1 + 1.607858 w)/p
//
// There is no state. Left out: the enhancement factor of real gas mixtures, which is why w at saturation reads
// 0.4 % below ASHRAE's table 2 at 25 °C (1 % at 50 °C).
//
// Units: temperatures in °C, pressures in Pa, humidity ratios in kg of water per kg of dry air, enthalpies in J
// per kg of dry air, relative humidity as a ratio in [0, 1]. Valid from -100 to 200 °C; functions clamp to that
// range rather than extrapolate.
//
// Achieved against ASHRAE and psychrolib figures: saturation pressure 1e-5, wet bulb 1e-7 K of its own
// equation, wet bulb of the psychrolib regression case 1e-6.
package moistair
