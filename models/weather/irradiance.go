package weather

import (
	"fmt"
	"math"
	"time"
)

// Sky is the sunshine of a short span, as means over it.
type Sky struct {
	From, To float64 // s from the start of the run
	Sun      Sun     // in the middle of the span
	Global   float64 // W/m² on a horizontal plane
	Beam     float64 // W/m² on a plane that faces the sun
	Diffuse  float64 // W/m² from the sky, on a horizontal plane
	DryBulb  float64 // °C
}

// lowest is the zenith beyond which the sun gives nothing: at the horizon. spell is the longest span with one position of
// the sun, s.
const (
	lowest = 90.0
	spell  = 900
)

// Irradiance returns the sunshine of a run, span by span, of at most a quarter of an hour by day. The irradiance of a row
// is the mean over the time since the row before it, as in an EPW; it is spread over the part of that time in which the
// sun is up, so that the energy of the row is kept. What is missing of global, beam and diffuse follows from the others:
// from global alone by the correlation of Erbs, Klein and Duffie (1982).
func Irradiance(spec *Spec, s *Series, src *Source, start, end time.Time) (sky []Sky, notes []string, err error) {
	if s == nil {
		return nil, nil, fmt.Errorf("constant air has no sunshine: name a weather file with irradiance (an EPW, or a CSV with a column ghi_w_m2)")
	}
	global, beam, diffuse := s.Column(Global), s.Column(Beam), s.Column(Diffuse)
	if global == nil && (beam == nil || diffuse == nil) {
		return nil, nil, fmt.Errorf("%s holds no irradiance: its columns for it are missing or filled with codes for missing values; take an EPW with global, direct or diffuse radiation, or a CSV with a column ghi_w_m2", s.Name)
	}
	if !s.Located {
		return nil, nil, fmt.Errorf("%s does not say where it is, and without that nobody knows where the sun stands: declare it in two lines such as \"# latitude: 39.8\" and \"# longitude: -104.7\"", s.Name)
	}
	times, rows, _, err := s.cut(start, end, spec.Year, spec.Gaps, false)
	if err != nil {
		return nil, nil, err
	}
	at := func(c []float64, row int32) float64 {
		if c == nil {
			return math.NaN()
		}
		return c[row]
	}
	origin := float64(start.UnixNano()) * 1e-9
	missing, begin := 0, 0.0
	var cursor Cursor
	for i, r := range rows {
		to := min(times[i], end.Sub(start).Seconds())
		if to <= begin {
			continue
		}
		from := begin
		if i > 0 {
			from = times[i-1]
		}
		p := period{s: s, origin: origin, from: from, to: times[i], global: at(global, r), beam: at(beam, r), diffuse: at(diffuse, r)}
		if !p.known() {
			missing++
			p.global, p.beam, p.diffuse = 0, 0, 0
		}
		n := len(sky)
		for sky = p.spread(sky); n < len(sky); n++ {
			sky[n].DryBulb = src.At(&cursor, (sky[n].From+sky[n].To)/2).DryBulb
		}
		begin = to
	}
	if missing > len(rows)/10 {
		return nil, nil, fmt.Errorf("%s lacks the irradiance of %d of %d hours of the run: that is no year of sunshine; take another file", s.Name, missing, len(rows))
	}
	if missing > 0 {
		notes = append(notes, fmt.Sprintf("%s: %d rows without irradiance count as dark", s.Name, missing))
	}
	return sky, notes, nil
}

// period is the time for which a row speaks.
type period struct {
	s                     *Series
	origin                float64 // s since 1970 of time 0
	from, to              float64
	global, beam, diffuse float64 // W/m², NaN where unknown
}

func (p *period) known() bool {
	return !math.IsNaN(p.global) || !math.IsNaN(p.beam) && !math.IsNaN(p.diffuse)
}

// spread appends the spans of a period: one by night, several by day.
func (p *period) spread(sky []Sky) []Sky {
	n := max(int(math.Ceil((p.to-p.from)/spell-1e-9)), 1)
	length := (p.to - p.from) / float64(n)
	first := len(sky)
	up, height := 0, 0.0 // spans with the sun up, and the sum of the cosines of its zenith
	for k := range n {
		from := p.from + float64(k)*length
		sun := SunAt(p.origin+from+length/2, p.s.Latitude, p.s.Longitude)
		sky = append(sky, Sky{From: from, To: from + length, Sun: sun})
		if sun.Zenith < lowest {
			up++
			height += math.Cos(sun.Zenith * degree)
		}
	}
	if up == 0 {
		sky = append(sky[:first], Sky{From: p.from, To: p.to, Sun: sky[first+n/2].Sun})
		return sky
	}
	share := float64(n) / float64(up)
	mean := height / float64(n) // of the cosine of the zenith over the period, 0 while the sun is down
	global, beam, diffuse := split(p.global, p.beam, p.diffuse, mean, sky[first+n/2].Sun.Extra)
	for k := first; k < first+n; k++ {
		x := &sky[k]
		if x.Sun.Zenith >= lowest {
			continue
		}
		// Beam and sky hold while the sun is up; what falls on the horizontal follows its height.
		x.Beam, x.Diffuse = beam*share, diffuse*share
		x.Global = x.Diffuse + (global-diffuse)*math.Cos(x.Sun.Zenith*degree)/mean
	}
	return sky
}

// split completes global, beam and diffuse irradiance in W/m², NaN where unknown, for a mean cosine of the zenith and
// a beam beyond the atmosphere of extra W/m².
func split(global, beam, diffuse, cosine, extra float64) (g, b, d float64) {
	switch {
	case math.IsNaN(global):
		global = diffuse + beam*cosine
	case math.IsNaN(diffuse) && math.IsNaN(beam):
		diffuse = global * DiffuseFraction(global/max(extra*cosine, 1e-6))
	case math.IsNaN(diffuse):
		diffuse = max(global-beam*cosine, 0)
	}
	diffuse = min(diffuse, global)
	if math.IsNaN(beam) {
		// Near the horizon the quotient of two small numbers means little: no beam passes more air than space sends.
		beam = min((global-diffuse)/max(cosine, 0.01), 0.85*extra)
	}
	return global, beam, diffuse
}

// DiffuseFraction returns the share of diffuse in global irradiance for a clearness index, global over that beyond the
// atmosphere, by the correlation of Erbs, Klein and Duffie, Solar Energy 28 (1982).
func DiffuseFraction(clearness float64) float64 {
	k := min(max(clearness, 0), 1)
	switch {
	case k <= 0.22:
		return 1 - 0.09*k
	case k <= 0.80:
		return 0.9511 + k*(-0.1604+k*(4.388+k*(-16.638+k*12.336)))
	}
	return 0.165
}

// Tilted returns the irradiance in W/m² on a plane of a tilt and an azimuth in degrees before a ground of an albedo: beam,
// the sky after Hay and Davies (1980), which puts the share of the sky that is bright around the sun with the beam, and
// what the ground throws back.
func (x *Sky) Tilted(tilt, azimuth, albedo float64) float64 {
	if x.Sun.Zenith >= lowest {
		return 0
	}
	front := max(x.Sun.Incidence(tilt, azimuth), 0)
	level := max(math.Cos(x.Sun.Zenith*degree), 0.01745) // 89°: beyond it the quotient means nothing
	bright := min(x.Beam/x.Sun.Extra, 1)
	sees := (1 + math.Cos(tilt*degree)) / 2
	return x.Beam*front + x.Diffuse*(bright*front/level+(1-bright)*sees) + x.Global*albedo*(1-sees)
}
