package weather

import (
	"fmt"
	"time"
)

// Quantity is what a column of a series holds, in SI.
type Quantity uint8

// The quantities. A weather series always has the first three.
const (
	DryBulb  Quantity = iota // °C
	Humidity                 // kg of water per kg of dry air
	Pressure                 // Pa
	Carbon                   // kg of CO2 equivalent per J
	Price                    // USD per J
	Global                   // W/m² on the horizontal, mean since the stamp before
	Beam                     // W/m² on a plane that faces the sun, likewise
	Diffuse                  // W/m² of the sky on the horizontal, likewise
	numQuantities
)

var quantityNames = [numQuantities]string{"dry bulb", "humidity", "pressure", "carbon intensity", "price", "global irradiance", "beam irradiance", "diffuse irradiance"}

func (q Quantity) String() string { return quantityNames[q] }

// Column is one quantity of a series, by stamp.
type Column struct {
	Quantity Quantity
	Values   []float64
}

// Series is what a weather, carbon or price file says.
type Series struct {
	Name      string // of the file
	Place     string // as the file names it, or ""
	Latitude  float64
	Longitude float64
	Located   bool    // latitude and longitude are known
	Elevation float64 // m above the sea
	Zone      int     // s east of UTC: the local standard time in which years are mapped
	AnyYear   bool    // the file says that it stands for any year
	Gaps      string  // what the file says about its gaps: "", hold or interpolate
	Times     []int64 // s since 1970-01-01 UTC, increasing
	Columns   []Column
	Notes     []string // what was mended on reading, for the report

	declared uint8 // latitude, longitude: bits
}

// Column returns the values of a quantity, or nil where the series has none.
func (s *Series) Column(q Quantity) []float64 {
	for _, c := range s.Columns {
		if c.Quantity == q {
			return c.Values
		}
	}
	return nil
}

const (
	hour     = 3600
	day      = 24 * hour
	feb29    = 59 * day // s from the beginning of a year to the end of 28 February
	wholeDay = feb29 - day

	longestFill = 7 * day // beyond it a filled gap is no longer this place's weather
)

// yearOf returns the calendar year of a UTC instant on the clock of a zone, and the s since that year began.
func yearOf(unix int64, zone int) (year int, seconds int64) {
	t := time.Unix(unix+int64(zone), 0).UTC()
	return t.Year(), unix + int64(zone) - yearStart(t.Year())
}

func yearStart(year int) int64 { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Unix() }

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// stamp is one row of a window: an instant and the row of the series that speaks for it.
type stamp struct {
	unix int64
	row  int32
}

// typical returns the rows of the series by their place in a year of 365 days, in order: stamp.unix is s since
// the year began. It fails where the rows span more than a year.
func (s *Series) typical() ([]stamp, error) {
	n := len(s.Times)
	if span := s.Times[n-1] - s.Times[0]; span > 366*day {
		return nil, fmt.Errorf("%s spans %d days: year: any needs at most one year; cut the file or use year: exact", s.Name, span/day)
	}
	rows := make([]stamp, 0, n)
	first := 0 // of the rows after the turn of the year
	for i, u := range s.Times {
		year, sec := yearOf(u, s.Zone)
		if leap(year) && sec >= feb29 {
			if sec < feb29+day {
				continue // 29 February has no place in a year of 365 days
			}
			sec -= day
		}
		if k := len(rows); k > 0 && sec < rows[k-1].unix {
			first = k
		}
		rows = append(rows, stamp{sec, int32(i)})
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s holds nothing but 29 February", s.Name)
	}
	rows = append(rows[first:len(rows):len(rows)], rows[:first]...)
	// A series of just over a year overlaps itself: keep the first row of each place.
	kept := rows[:1]
	for _, r := range rows[1:] {
		if r.unix > kept[len(kept)-1].unix {
			kept = append(kept, r)
		}
	}
	return kept, nil
}

// window returns the rows that speak for the time from u0 to u1: from the last one at or before u0 to the first
// one that, with the slack for which it speaks, reaches u1.
func (s *Series) window(u0, u1, slack int64, anyYear bool) ([]stamp, error) {
	if len(s.Times) == 0 {
		return nil, fmt.Errorf("%s has no rows", s.Name)
	}
	var w []stamp
	add := func(unix int64, row int32) bool {
		if len(w) > 0 && w[len(w)-1].unix+slack >= u1 && unix >= u1 {
			return false
		}
		if len(w) == 1 && unix <= u0 {
			w = w[:0]
		}
		w = append(w, stamp{unix, row})
		return true
	}
	if !anyYear {
		for i, u := range s.Times {
			if !add(u, int32(i)) {
				break
			}
		}
		return w, nil
	}
	rows, err := s.typical()
	if err != nil {
		return nil, err
	}
	y0, _ := yearOf(u0, s.Zone)
	y1, _ := yearOf(u1, s.Zone)
	for y := y0 - 1; y <= y1+1; y++ {
		start := yearStart(y) - int64(s.Zone)
		i := 0
		for ; i < len(rows) && rows[i].unix < feb29; i++ {
			add(start+rows[i].unix, rows[i].row)
		}
		shift := int64(0)
		if leap(y) {
			for _, r := range rows[:i] {
				if r.unix >= wholeDay {
					add(start+r.unix+day, r.row)
				}
			}
			shift = day
		}
		for ; i < len(rows); i++ {
			add(start+rows[i].unix+shift, rows[i].row)
		}
	}
	return w, nil
}

// cut makes the window of a run ready: it checks that the rows cover the run and have no gap of more than an
// hour, or fills the gaps as the policy says. Where holds is true, a row speaks for the hour after it.
func (s *Series) cut(start, end time.Time, year, gaps string, holds bool) (times []float64, rows []int32, note string, err error) {
	anyYear := year == "any" || year != "exact" && s.AnyYear
	if gaps == "" || gaps == "auto" {
		gaps = s.Gaps
	}
	u0, u1 := start.Unix(), end.Unix()
	if u1 < u0 {
		return nil, nil, "", fmt.Errorf("the run ends before it starts")
	}
	slack := int64(0)
	if holds {
		slack = hour
	}
	w, err := s.window(u0, u1, slack, anyYear)
	if err != nil {
		return nil, nil, "", err
	}
	if w[0].unix > u0 || w[len(w)-1].unix+slack < u1 {
		return nil, nil, "", fmt.Errorf("%s covers %s to %s and the run needs %s to %s: say year: any to map it by month, day and hour, or take another file",
			s.Name, clock(s.Times[0]), clock(s.Times[len(s.Times)-1]), clock(u0), clock(u1))
	}
	filled := 0
	for i, r := range w {
		t := float64(r.unix-u0) - float64(start.Nanosecond())*1e-9
		if gap := r.unix - w[max(i-1, 0)].unix; gap > hour+1 {
			if gap > longestFill && gaps != "error" && gaps != "" {
				return nil, nil, "", fmt.Errorf("%s has no rows for %d days after %s, which is more than gaps: %s may fill (7 days): take another file or a shorter run",
					s.Name, gap/day, clock(w[i-1].unix), gaps)
			}
			switch gaps {
			case "hold":
				if !holds { // the last value stays until an hour before the next
					times, rows = append(times, t-hour), append(rows, w[i-1].row)
				}
			case "interpolate":
				if holds {
					return nil, nil, "", fmt.Errorf("%s: gaps: interpolate fits weather only; a price or an intensity holds until the next: say gaps: hold", s.Name)
				}
			default:
				return nil, nil, "", fmt.Errorf("%s has no rows for %.1f h after %s: say gaps: hold to keep the last values or gaps: interpolate to draw a line, or mend the file",
					s.Name, float64(gap)/hour-1, clock(w[i-1].unix))
			}
			filled++
		}
		times, rows = append(times, t), append(rows, r.row)
	}
	switch {
	case anyYear && filled > 0:
		note = fmt.Sprintf("%s is mapped onto the run's year by month, day and hour; %d gaps filled (%s)", s.Name, filled, gaps)
	case anyYear:
		note = s.Name + " is mapped onto the run's year by month, day and hour"
	case filled > 0:
		note = fmt.Sprintf("%s: %d gaps filled (%s)", s.Name, filled, gaps)
	}
	return times, rows, note, nil
}

func clock(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }
