package weather

import "math"

const degree = math.Pi / 180

// Sun is where the sun stands at an instant, seen from a place.
type Sun struct {
	Zenith      float64 // ° from straight up, geometric: without refraction
	Azimuth     float64 // ° clockwise from north
	Declination float64 // °
	EquationOf  float64 // min: what a sundial is ahead of a clock (equation of time)
	Extra       float64 // W/m² of beam beyond the atmosphere, on a plane that faces the sun
}

// solarConstant is the irradiance at the mean distance of the earth, W/m² (ASTM E490, as in NREL's SOLPOS).
const solarConstant = 1367

// SunAt returns the position of the sun at unix s since 1970 UTC, at a latitude and longitude in degrees (north and east
// positive): the low-precision theory of Meeus, Astronomical Algorithms, chapter 25, as the NOAA Solar Calculator uses it,
// good to 0.01° from 1950 to 2050. The clock is taken as terrestrial time; the minute between them moves the sun by 1e-5°.
func SunAt(unix, latitude, longitude float64) Sun {
	day := unix/86400 + 2440587.5 - 2451545 // days since J2000.0
	t := day / 36525
	mean := math.Mod(280.46646+t*(36000.76983+t*0.0003032), 360)
	anomaly := (357.52911 + t*(35999.05029-t*0.0001537)) * degree
	eccentricity := 0.016708634 - t*(0.000042037+t*0.0000001267)
	centre := math.Sin(anomaly)*(1.914602-t*(0.004817+t*0.000014)) + math.Sin(2*anomaly)*(0.019993-t*0.000101) + math.Sin(3*anomaly)*0.000289
	node := (125.04 - 1934.136*t) * degree
	apparent := (mean + centre - 0.00569 - 0.00478*math.Sin(node)) * degree
	radius := 1.000001018 * (1 - eccentricity*eccentricity) / (1 + eccentricity*math.Cos(anomaly+centre*degree))

	obliquity := (23.43929111 - t*(0.0130041667+t*(1.639e-7-t*5.036e-7)) + 0.00256*math.Cos(node)) * degree
	declination := math.Asin(math.Sin(obliquity) * math.Sin(apparent))
	y := math.Tan(obliquity / 2)
	y *= y
	l := mean * degree
	equation := 4 / degree * (y*math.Sin(2*l) - 2*eccentricity*math.Sin(anomaly) + 4*eccentricity*y*math.Sin(anomaly)*math.Cos(2*l) -
		0.5*y*y*math.Sin(4*l) - 1.25*eccentricity*eccentricity*math.Sin(2*anomaly))

	minutes := math.Mod(unix, 86400) / 60
	hour := ((minutes+equation)/4 + longitude - 180) * degree // angle west of the meridian
	phi := latitude * degree
	cosine := math.Sin(phi)*math.Sin(declination) + math.Cos(phi)*math.Cos(declination)*math.Cos(hour)
	azimuth := math.Atan2(math.Sin(hour), math.Cos(hour)*math.Sin(phi)-math.Tan(declination)*math.Cos(phi))
	return Sun{
		Zenith:  math.Acos(min(max(cosine, -1), 1)) / degree,
		Azimuth: math.Mod(azimuth/degree+180+360, 360), Declination: declination / degree,
		EquationOf: equation, Extra: solarConstant / (radius * radius),
	}
}

// Incidence returns the cosine of the angle between the sun and the normal of a plane that is tilted by tilt degrees from
// the horizontal towards an azimuth in degrees from north; negative when the sun is behind it.
func (s *Sun) Incidence(tilt, azimuth float64) float64 {
	z, b := s.Zenith*degree, tilt*degree
	return math.Cos(z)*math.Cos(b) + math.Sin(z)*math.Sin(b)*math.Cos((s.Azimuth-azimuth)*degree)
}
