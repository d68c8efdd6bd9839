package weather

import (
	"math"
	"strings"
	"testing"
	"time"
)

// Published positions. The NREL Solar Position Algorithm (Reda and Andreas, NREL/TP-560-34302, table A5.1) is good to
// 0.0003°; Meeus, Astronomical Algorithms, example 25.a, gives the declination; the solstice and the noon of an equinox
// follow from geometry.
func TestSunStandsWherePublished(t *testing.T) {
	s := SunAt(float64(at(t, "2003-10-17T12:30:30-07:00").Unix()), 39.742476, -105.1786)
	near(t, "SPA azimuth", s.Azimuth, 194.34024, 0.01)
	near(t, "SPA zenith", s.Zenith, 90-39.872046, 0.01) // topocentric, before refraction
	near(t, "SPA equation of time", s.EquationOf, 14.641503, 0.02)
	near(t, "SPA declination", s.Declination, -9.31434, 0.005)

	s = SunAt(float64(at(t, "1992-10-13T00:00:00Z").Unix()), 0, 0)
	near(t, "Meeus declination", s.Declination, -7.78507, 0.002)

	s = SunAt(float64(at(t, "2025-06-21T02:42:00Z").Unix()), 0, 0) // solstice of 2025 (USNO)
	near(t, "solstice", s.Declination, 23.4360, 0.003)             // the mean obliquity of 2025; nutation adds up to 0.0026
	s = SunAt(float64(at(t, "2025-03-20T09:01:00Z").Unix()), 0, 0) // equinox of 2025 (USNO)
	near(t, "equinox", s.Declination, 0, 0.005)
	s = SunAt(float64(at(t, "2025-01-04T13:28:00Z").Unix()), 0, 0) // perihelion of 2025 at 0.98333 au (USNO)
	near(t, "perihelion", s.Extra, 1367/(0.98333*0.98333), 0.1)
}

// The sun is in the south at noon in the north, in the north in the south, and symmetric about solar noon.
func TestSunGoesRound(t *testing.T) {
	for _, lat := range []float64{-60, -35, 40, 65} {
		noon := at(t, "2025-03-25T12:00:00Z").Unix()
		east := SunAt(float64(noon)-3*3600, lat, 0)
		west := SunAt(float64(noon)+3*3600, lat, 0)
		if east.Azimuth >= 180 || west.Azimuth <= 180 {
			t.Errorf("latitude %g: azimuth %g in the morning, %g in the afternoon", lat, east.Azimuth, west.Azimuth)
		}
		s := SunAt(float64(noon), lat, 0)
		near(t, "height of noon", s.Zenith, math.Abs(lat-s.Declination), 0.1)
		for _, tilt := range []float64{0, 30, 90} { // a plane that faces the sun's azimuth sees it at zenith less tilt
			near(t, "incidence", s.Incidence(tilt, s.Azimuth), math.Cos((s.Zenith-tilt)*degree), 1e-12)
		}
	}
}

// Duffie and Beckman, Solar Engineering of Thermal Processes, examples 2.15.1 and 2.11.1: 40° N, 20 February from 9 to 10
// solar time, a plane sloped 60° to the south over snow of 60 %; 1.04 MJ/m² on the horizontal of which 0.796 are diffuse.
// Their model of the sky is isotropic: what Hay and Davies put around the sun is taken from the brightness.
func TestTiltedAgrees(t *testing.T) {
	near(t, "diffuse fraction", DiffuseFraction(0.445), 0.766, 0.001)
	phi, delta, omega := 40*degree, -11.6*degree, -37.5*degree // their declination, after Cooper, and hour angle
	level := math.Sin(phi)*math.Sin(delta) + math.Cos(phi)*math.Cos(delta)*math.Cos(omega)
	s := Sun{Zenith: math.Acos(level) / degree, Extra: 2.34e6 / 3600 / level}
	s.Azimuth = 180 + math.Asin(math.Sin(omega)*math.Cos(delta)/math.Sin(s.Zenith*degree))/degree
	near(t, "beam ratio", s.Incidence(60, 180)/level, 1.71, 0.02)
	hour := 1e6 / 3600 // W/m² of 1 MJ/m² in an hour
	x := Sky{Sun: s, Global: 1.04 * hour, Diffuse: 0.796 * hour, Beam: 0.244 * hour / level}
	bright := x.Beam / s.Extra
	isotropic := x.Tilted(60, 180, 0.6) - bright*x.Diffuse*(s.Incidence(60, 180)/level-0.75)
	near(t, "tilted", isotropic/hour, 1.17, 0.01)
	near(t, "horizontal", x.Tilted(0, 180, 0.6)/hour, 1.04, 1e-9)
}

// Three typical years: the spans keep the energy of the file, and the height of our sun explains how beam and diffuse make
// global, which an error of half an hour in the meaning of a stamp would not.
func TestIrradianceOfTypicalYears(t *testing.T) {
	// kWh/m² a day on the horizontal and on a plane tilted by the latitude: NREL/TP-463-5607 (the "Red Book", 1961–1990;
	// Boulder for Denver), whose years scatter by 5 to 10 %.
	for name, want := range map[string][2]float64{"denver": {4.6, 5.5}, "chicago": {3.9, 4.4}, "san-francisco": {4.7, 5.4}} {
		f := load(t, "weather/"+name+".epw.gz")
		zone := time.FixedZone("", f.Zone)
		start := time.Date(2025, 1, 1, 0, 0, 0, 0, zone)
		end := start.AddDate(1, 0, 0)
		src, err := Compile(&Spec{}, f, start, end)
		if err != nil {
			t.Fatal(err)
		}
		sky, notes, err := Irradiance(&Spec{}, f, src, start, end)
		if err != nil || len(notes) > 0 {
			t.Fatal(err, notes)
		}
		var global, tilted, gap, weight float64
		for i := range sky {
			x := &sky[i]
			if i > 0 && x.From != sky[i-1].To {
				t.Fatalf("%s: a gap at %g s", name, x.From)
			}
			dt := x.To - x.From
			global += x.Global * dt
			tilted += x.Tilted(f.Latitude, 180, 0.2) * dt
			if x.Sun.Zenith < 80 {
				gap += (x.Diffuse + x.Beam*math.Cos(x.Sun.Zenith*degree) - x.Global) * dt
				weight += x.Global * dt
			}
		}
		file := 0.0
		for _, v := range f.Column(Global) {
			file += v * 3600
		}
		near(t, name+" energy", global/file, 1, 0.002)
		near(t, name+" closure", gap/weight, 0, 0.02)
		near(t, name+" horizontal", global/3.6e6/365/want[0], 1, 0.08)
		near(t, name+" tilted", tilted/3.6e6/365/want[1], 1, 0.08)
		near(t, name+" gain of tilt", tilted/global/(want[1]/want[0]), 1, 0.04)
	}
}

func TestIrradianceExplains(t *testing.T) {
	start := at(t, "2025-07-01T00:00:00Z")
	head := "# year: any\n# latitude: 39.8\n# longitude: -104.7\n"
	rows := "2025-07-01T00:00:00Z,20,10,0\n2025-07-01T01:00:00Z,20,10,500\n"
	for want, text := range map[string]string{
		"holds no irradiance":       head + "time,dry_bulb_c,dew_point_c\n2025-07-01T00:00:00Z,20,10\n2025-07-01T01:00:00Z,20,10\n",
		"does not say where it is":  "time,dry_bulb_c,dew_point_c,ghi_w_m2\n" + rows,
		"latitude: 139: write":      "# latitude: 139\ntime,dry_bulb_c,dew_point_c,ghi_w_m2\n" + rows,
		"irradiance of 1 of 3 hour": head + "time,dry_bulb_c,dew_point_c,ghi_w_m2\n2025-07-01T00:00:00Z,20,10,9999\n2025-07-01T01:00:00Z,20,10,\n2025-07-01T02:00:00Z,20,10,9\n",
	} {
		s, err := Parse("a.csv", []byte(text))
		if err == nil {
			var src *Source
			end := start.Add(time.Duration(len(s.Times)-1) * time.Hour)
			if src, err = Compile(&Spec{}, s, start, end); err == nil {
				_, _, err = Irradiance(&Spec{}, s, src, start, end)
			}
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, _, err := Irradiance(&Spec{}, nil, nil, start, start); err == nil {
		t.Error("constant air shines")
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %.6g, want %.6g within %g", what, got, want, tolerance)
	}
}
