package weather

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/halltwin/halltwin/models/moistair"
)

// field is a column that a CSV may have.
type field uint8

const (
	fieldTime field = iota
	fieldDryBulb
	fieldDewPoint
	fieldWetBulb
	fieldHumidity
	fieldPressure
	fieldCarbon
	fieldPrice
	fieldGlobal
	fieldBeam
	fieldDiffuse
	numFields
)

// known are the names of the columns that are read, with the factor to SI. Others are passed over.
var known = []struct {
	name   string
	field  field
	factor float64
}{
	{"time_utc", fieldTime, 1}, {"time", fieldTime, 1}, {"timestamp", fieldTime, 1},
	{"dry_bulb_c", fieldDryBulb, 1}, {"t_db_c", fieldDryBulb, 1},
	{"dew_point_c", fieldDewPoint, 1}, {"wet_bulb_c", fieldWetBulb, 1},
	{"relative_humidity_pct", fieldHumidity, 0.01}, {"rh_pct", fieldHumidity, 0.01},
	{"pressure_pa", fieldPressure, 1}, {"pressure_hpa", fieldPressure, 100},
	{"gco2_per_kwh", fieldCarbon, 1e-3 / 3.6e6},
	{"usd_per_kwh", fieldPrice, 1 / 3.6e6}, {"usd_per_mwh", fieldPrice, 1 / 3.6e9},
	{"ghi_w_m2", fieldGlobal, 1}, {"dni_w_m2", fieldBeam, 1}, {"dhi_w_m2", fieldDiffuse, 1},
}

func columnsOf(q Quantity) string {
	if q == Carbon {
		return "gco2_per_kwh"
	}
	return "usd_per_kwh or usd_per_mwh"
}

// parseCSV reads a CSV whose first row that is no comment names its columns. A comment line may declare what the
// whole file means: "# year: any", "# gaps: hold", "# zone: -06:00" (the standard time in which years are
// mapped), "# elevation: 201 m", "# latitude: 41.9", "# longitude: -87.6", "# place: Chicago".
//
// A stamp is RFC 3339 with an offset; in a column time_utc the offset may be left out.
func parseCSV(name, text string) (*Series, error) {
	in := lines{name: name, rest: text}
	s := &Series{Name: name}
	var head string
	for {
		line, ok, err := in.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, in.errorf("no header row: it names the columns, for example time_utc,gco2_per_kwh")
		}
		if !strings.HasPrefix(line, "#") {
			head = line
			break
		}
		if err := s.declare(&in, line); err != nil {
			return nil, err
		}
	}
	c, err := readHeader(&in, head)
	if err != nil {
		return nil, err
	}
	var mend mended
	var values [numFields][]float64
	for {
		line, ok, err := in.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		if len(s.Times) >= maxRows {
			return nil, in.errorf("more than %d rows", maxRows)
		}
		t, v, ok, err := c.row(&in, line)
		if err != nil {
			return nil, err
		}
		if c.weather && ok {
			if p := v[fieldPressure]; !(p > 31000 && p < 120000) {
				v[fieldPressure] = moistair.PressureAt(s.Elevation)
				mend.pressure++
			}
			v[fieldHumidity], ok = humidity(v[fieldDryBulb], v[fieldDewPoint], v[fieldWetBulb], v[fieldHumidity], v[fieldPressure], &mend)
		}
		if !ok {
			mend.dropped++
			continue
		}
		if n := len(s.Times); n > 0 && t <= s.Times[n-1] {
			return nil, in.errorf("%s is not later than the row before it: sort the file by time and take doubles away", clock(t))
		}
		s.Times = append(s.Times, t)
		for f := range values {
			values[f] = append(values[f], v[f])
		}
	}
	if len(s.Times) == 0 {
		return nil, in.errorf("no row holds values")
	}
	if c.weather {
		s.Columns = append(s.Columns, Column{DryBulb, values[fieldDryBulb]}, Column{Humidity, values[fieldHumidity]}, Column{Pressure, values[fieldPressure]})
	}
	if c.index[fieldCarbon] >= 0 {
		s.Columns = append(s.Columns, Column{Carbon, values[fieldCarbon]})
	}
	if c.index[fieldPrice] >= 0 {
		s.Columns = append(s.Columns, Column{Price, values[fieldPrice]})
	}
	if c.weather {
		for f := fieldGlobal; f <= fieldDiffuse; f++ {
			for i, v := range values[f] {
				values[f][i] = radiation(v)
			}
		}
		s.shine(values[fieldGlobal], values[fieldBeam], values[fieldDiffuse])
	}
	if c.index[fieldPressure] < 0 {
		mend.pressure = 0 // the file never promised one
	}
	if err := mend.check(s); err != nil {
		return nil, err
	}
	mend.notes(s)
	return s, nil
}

// declare reads one comment line. Comments that declare nothing are for people.
func (s *Series) declare(in *lines, line string) error {
	key, value, ok := strings.Cut(strings.TrimSpace(strings.TrimLeft(line, "#")), ":")
	if !ok {
		return nil
	}
	value = strings.TrimSpace(value)
	switch strings.TrimSpace(key) {
	case "year":
		if value != "any" && value != "exact" {
			return in.errorf("year: %s: a file declares year: any or year: exact", value)
		}
		s.AnyYear = value == "any"
	case "gaps":
		if value != "hold" && value != "interpolate" {
			return in.errorf("gaps: %s: a file declares gaps: hold or gaps: interpolate", value)
		}
		s.Gaps = value
	case "place":
		s.Place = value
	case "zone":
		t, err := time.Parse("-07:00", value)
		if err != nil {
			return in.errorf("zone: %s: write it as -06:00", value)
		}
		_, s.Zone = t.Zone()
	case "latitude", "longitude":
		v, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(value, "°")), 64)
		limit, into, bit := 90.0, &s.Latitude, uint8(1)
		if strings.TrimSpace(key) == "longitude" {
			limit, into, bit = 180, &s.Longitude, 2
		}
		if err != nil || !(math.Abs(v) <= limit) {
			return in.errorf("%s: %s: write it in degrees, north and east positive, such as 39.8", strings.TrimSpace(key), value)
		}
		*into = v
		s.declared |= bit
		s.Located = s.declared == 3
	case "elevation":
		v, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(value, "m")), 64)
		if err != nil || math.IsNaN(v) || v < -500 || v > 9000 {
			return in.errorf("elevation: %s: write it as 201 m", value)
		}
		s.Elevation = v
	}
	return nil
}

// columns says where the known columns of a CSV are.
type columns struct {
	index   [numFields]int
	factor  [numFields]float64
	utc     bool // the time column says by its name that it is UTC
	weather bool
}

func readHeader(in *lines, head string) (*columns, error) {
	c := &columns{}
	for f := range c.index {
		c.index[f] = -1
	}
	for i, h := range strings.Split(head, ",") {
		h = strings.ToLower(strings.Trim(strings.TrimSpace(h), `"`))
		for _, k := range known {
			if k.name == h && c.index[k.field] < 0 {
				c.index[k.field], c.factor[k.field] = i, k.factor
				c.utc = c.utc || h == "time_utc"
			}
		}
	}
	if c.index[fieldTime] < 0 {
		return nil, in.errorf("no column time_utc or time among %q", clip(head))
	}
	c.weather = c.index[fieldDryBulb] >= 0
	if !c.weather && c.index[fieldCarbon] < 0 && c.index[fieldPrice] < 0 {
		return nil, in.errorf("nothing to read among %q: known columns are %s", clip(head), knownNames())
	}
	return c, nil
}

func knownNames() string {
	var names []string
	for _, k := range known {
		names = append(names, k.name)
	}
	return strings.Join(names, ", ")
}

// row reads one row; ok is false where a value is missing. Fields that the file does not have are NaN.
func (c *columns) row(in *lines, line string) (t int64, v [numFields]float64, ok bool, err error) {
	f := strings.Split(line, ",")
	cell := func(x field) string {
		if i := c.index[x]; i >= 0 && i < len(f) {
			return strings.Trim(strings.TrimSpace(f[i]), `"`)
		}
		return ""
	}
	if t, err = c.time(cell(fieldTime)); err != nil {
		return 0, v, false, in.errorf("%v", err)
	}
	ok = true
	for x := fieldDryBulb; x < numFields; x++ {
		text := cell(x)
		v[x] = math.NaN()
		if text == "" || strings.EqualFold(text, "nan") {
			if c.index[x] >= 0 && (x == fieldDryBulb || x == fieldCarbon || x == fieldPrice) {
				ok = false
			}
			continue
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(n, 0) {
			return 0, v, false, in.errorf("%q is no number", clip(text))
		}
		v[x] = n * c.factor[x]
	}
	return t, v, ok, nil
}

func (c *columns) time(text string) (int64, error) {
	if t, err := time.Parse(time.RFC3339, strings.Replace(text, " ", "T", 1)); err == nil {
		return t.Unix(), nil
	}
	if c.utc {
		for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
			if t, err := time.Parse(layout, strings.Replace(text, " ", "T", 1)); err == nil {
				return t.Unix(), nil
			}
		}
	}
	return 0, fmt.Errorf("%q is no time stamp: write it as 2025-07-15T13:00:00-05:00 (an offset is needed; a column time_utc may do without)", clip(text))
}

func clip(text string) string {
	if len(text) > 80 {
		return text[:80] + "…"
	}
	return text
}

// date returns the s since 1970 of the beginning of a day in UTC.
func date(year, month, day int) int64 {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix()
}
