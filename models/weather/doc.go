// Package weather holds what comes from outside a site by the hour: the weather, and the carbon intensity and the
// price of grid electricity.
//
// A [Series] is what a file says: columns of numbers keyed by time stamp. [Parse] reads one from the bytes of an
// EnergyPlus weather file (EPW) or of a CSV with time stamps; it does no I/O. [Compile] cuts the window of a run
// from a series and gives a [Source], [CompileCarbon] and [CompilePrice] a [Signal]: plain arrays against seconds from the start of
// the run, read with a [Cursor] that belongs to the reader's state.
//
// Time. A stamp in a CSV carries its offset. The hours of an EPW are local standard time and hour h of a day is
// read as the instant h:00, as EnergyPlus does. A typical year, or another year than the run's, is mapped by
// month, day and hour (year: any) in the series' own standard time: 29 February takes the hours of 28 February,
// and 31 December runs into 1 January. A gap of more than an hour inside the run is an error unless the spec or
// the file allows it.
//
// Weather is interpolated linearly between its stamps. Humidity ratio, dry bulb and pressure are primary; wet
// bulb, dew point and relative humidity follow from them (models/moistair). An offset raises the dry bulb and
// keeps the humidity ratio: warmer air holds the same water, and its wet bulb rises by about a third. Carbon
// intensity and price hold from their stamp until the next.
//
// Data are not trusted: a dew point above the dry bulb is clipped to it, a missing pressure is that of the
// station's elevation, and what was mended is counted in [Series.Notes].
//
// Sunshine. [Irradiance] gives the global, beam and diffuse radiation of a run in spans of a quarter of an hour with the
// sun's position in each ([SunAt]: 0.01°, against NREL's published example), for solar arrays. A row speaks for the time
// since the row before; its energy is kept and spread over the part in which the sun is up. A file without radiation, or
// that does not say where it lies, is explained. [Sky.Tilted] turns it onto a tilted plane (Hay and Davies). With the
// typical years of the library, beam and diffuse make up global to 2 %, and what falls on a plane tilted by the latitude
// agrees with NREL's Red Book to 8 %, its gain over the horizontal to 4 %.
//
// Left out: the sun's heat on the building, wind and long-wave sky, which a data hall's plant does not feel to first
// order; the sun's refraction and a horizon that is not flat; forecasts.
//
// Sources: the EPW format is that of the EnergyPlus Auxiliary Programs reference, "EPW CSV Format"; Meeus, Astronomical
// Algorithms, chapter 25 (sun), as in the NOAA Solar Calculator; Erbs, Klein and Duffie, Solar Energy 28 (1982) (diffuse
// fraction); Hay and Davies (1980) and Duffie and Beckman, Solar Engineering of Thermal Processes, chapter 2 (tilted planes).
package weather
