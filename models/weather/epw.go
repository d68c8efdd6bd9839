package weather

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/moistair"
)

// The columns of an EPW row that are read, and its header lines.
const (
	epwYear, epwMonth, epwDay, epwHour = 0, 1, 2, 3
	epwDryBulb, epwDewPoint            = 6, 7
	epwHumidity, epwPressure           = 8, 9
	epwGlobal, epwBeam, epwDiffuse     = 13, 14, 15
	epwHeader                          = 8
	typicalYear                        = 2001 // a year of 365 days that stands for any
)

// parseEPW reads an EnergyPlus weather file. Hour h of a day is the instant h:00 local standard time, and hour
// 24 the first instant of the next day.
func parseEPW(name, text string) (*Series, error) {
	in := lines{name: name, rest: text}
	s := &Series{Name: name}
	records := 1
	for i := range epwHeader {
		line, ok, err := in.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, in.errorf("an EPW has eight header lines; this file ends after %d", i)
		}
		f := strings.Split(line, ",")
		switch {
		case i == 0:
			if err := s.location(&in, f); err != nil {
				return nil, err
			}
		case f[0] == "DATA PERIODS" && len(f) > 2:
			if v, err := strconv.Atoi(strings.TrimSpace(f[2])); err == nil && v >= 1 && v <= 60 {
				records = v
			}
		}
	}
	var stamps []epwStamp
	var db, hum, pres []float64
	var shine [3][]float64 // global, beam, diffuse
	var mend mended
	for {
		line, ok, err := in.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if len(stamps) >= maxRows {
			return nil, in.errorf("more than %d rows", maxRows)
		}
		f := strings.Split(line, ",")
		if len(f) < epwPressure+1 {
			return nil, in.errorf("an EPW row has 35 columns; this one has %d", len(f))
		}
		at, err := parseStamp(&in, f)
		if err != nil {
			return nil, err
		}
		t, dp, rh, p := number(f[epwDryBulb], 99.9), number(f[epwDewPoint], 99.9), number(f[epwHumidity], 999), number(f[epwPressure], 999999)
		if p < 31000 || p > 120000 || math.IsNaN(p) {
			p = moistair.PressureAt(s.Elevation)
			mend.pressure++
		}
		w, ok := humidity(t, dp, math.NaN(), rh/100, p, &mend)
		if !ok {
			mend.dropped++
			continue
		}
		stamps, db, hum, pres = append(stamps, at), append(db, t), append(hum, w), append(pres, p)
		for k, c := range [...]int{epwGlobal, epwBeam, epwDiffuse} {
			v := math.NaN()
			if c < len(f) {
				v = radiation(number(f[c], 9999))
			}
			shine[k] = append(shine[k], v)
		}
	}
	if len(stamps) == 0 {
		return nil, in.errorf("no row holds weather")
	}
	if err := s.place(&in, stamps, records); err != nil {
		return nil, err
	}
	s.Columns = []Column{{DryBulb, db}, {Humidity, hum}, {Pressure, pres}}
	s.shine(shine[0], shine[1], shine[2])
	if err := mend.check(s); err != nil {
		return nil, err
	}
	mend.notes(s)
	return s, nil
}

// location reads the first header line: LOCATION, city, state, country, source, station, latitude, longitude,
// hours from UTC, elevation in m.
func (s *Series) location(in *lines, f []string) error {
	if len(f) < 10 {
		return in.errorf("LOCATION has ten fields; this one has %d", len(f))
	}
	var v [4]float64
	for i := range v {
		x, err := strconv.ParseFloat(strings.TrimSpace(f[6+i]), 64)
		if err != nil || math.IsNaN(x) {
			return in.errorf("%q in LOCATION is no number (latitude, longitude, hours from UTC, elevation)", f[6+i])
		}
		v[i] = x
	}
	if math.Abs(v[2]) > 14 {
		return in.errorf("a time zone of %v h from UTC: it lies in [-12, 14]", v[2])
	}
	s.Place = strings.Trim(f[1]+", "+f[3], " ,")
	s.Latitude, s.Longitude, s.Zone, s.Elevation = v[0], v[1], int(math.Round(v[2]*hour)), v[3]
	s.Located = math.Abs(v[0]) <= 90 && math.Abs(v[1]) <= 180
	return nil
}

type epwStamp struct{ year, month, day, hour int }

func parseStamp(in *lines, f []string) (epwStamp, error) {
	var v [4]int
	for i := range v {
		x, err := strconv.Atoi(strings.TrimSpace(f[i]))
		if err != nil {
			return epwStamp{}, in.errorf("%q is no whole number (year, month, day, hour)", f[i])
		}
		v[i] = x
	}
	e := epwStamp{v[epwYear], v[epwMonth], v[epwDay], v[epwHour]}
	if e.year < 1000 || e.year > 9999 || e.month < 1 || e.month > 12 || e.day < 1 || e.day > 31 || e.hour < 1 || e.hour > 24 {
		return e, in.errorf("no such hour: year %d, month %d, day %d, hour %d (hours run from 1 to 24)", e.year, e.month, e.day, e.hour)
	}
	return e, nil
}

// place gives every row its instant. Rows whose years change back and forth are a typical year: its months were
// chosen from many years.
func (s *Series) place(in *lines, rows []epwStamp, records int) error {
	for i := 1; i < len(rows); i++ {
		if rows[i].year != rows[i-1].year && (rows[i].month != 1 || rows[i].year != rows[i-1].year+1) {
			s.AnyYear = true
		}
	}
	step := int64(hour / records)
	s.Times = make([]int64, len(rows))
	sub := int64(0) // record within the hour, when there are several
	for i, e := range rows {
		year := e.year
		if s.AnyYear {
			year = typicalYear
		}
		sub++
		if i == 0 || rows[i-1] != e || sub > int64(records) {
			sub = 1
		}
		t := date(year, e.month, e.day) + int64(e.hour-1)*hour + sub*step - int64(s.Zone)
		if i > 0 && t <= s.Times[i-1] {
			return in.errorf("row %d (%d-%02d-%02d hour %d) is not later than the row before it", i+1, e.year, e.month, e.day, e.hour)
		}
		s.Times[i] = t
	}
	return nil
}

// radiation returns an irradiance in W/m², NaN where it is none: an instrument's offset at night is no light, and more
// than the sun sends is an error.
func radiation(v float64) float64 {
	if !(v >= -20 && v <= 1.1*solarConstant) {
		return math.NaN()
	}
	return max(v, 0)
}

// shine adds the columns of irradiance that hold anything.
func (s *Series) shine(global, beam, diffuse []float64) {
	for _, c := range []Column{{Global, global}, {Beam, beam}, {Diffuse, diffuse}} {
		if slices.ContainsFunc(c.Values, func(v float64) bool { return !math.IsNaN(v) }) {
			s.Columns = append(s.Columns, c)
		}
	}
}

// number reads a field of an EPW; an empty field, no number, and the missing code or more are NaN.
func number(field string, missing float64) float64 {
	v, err := strconv.ParseFloat(strings.TrimSpace(field), 64)
	if err != nil || v >= missing {
		return math.NaN()
	}
	return v
}

// humidity returns the humidity ratio from what is known of dew point, wet bulb (both °C) and relative humidity;
// unknown values are NaN. It reports false where nothing is, or where the air is none of this earth.
func humidity(t, dewPoint, wetBulb, rh, p float64, mend *mended) (float64, bool) {
	if !(t >= -90 && t <= 70) {
		return 0, false
	}
	switch {
	case dewPoint >= -90 && dewPoint <= 60:
		if dewPoint > t {
			dewPoint = t
			mend.dewPoint++
		}
		return moistair.FromDewPoint(dewPoint, p), true
	case wetBulb >= -90 && wetBulb <= 60:
		return moistair.FromWetBulb(t, min(wetBulb, t), p), true
	case rh >= 0 && rh <= 1.1:
		return moistair.FromRelative(t, rh, p), true
	}
	return 0, false
}
