package weather

import (
	"fmt"
	"time"

	"github.com/halltwin/halltwin/models/moistair"
)

// Conditions is the air outside at one instant.
type Conditions struct {
	DryBulb          float64 // °C
	WetBulb          float64 // °C
	DewPoint         float64 // °C
	Humidity         float64 // kg of water per kg of dry air
	RelativeHumidity float64 // in [0, 1]
	Pressure         float64 // Pa
}

// Air returns the conditions of air of the given dry bulb in °C, humidity ratio and pressure in Pa. Water beyond
// saturation is left out.
func Air(dryBulb, humidity, pressure float64) Conditions {
	w := min(max(humidity, 0), moistair.Saturated(dryBulb, pressure))
	return Conditions{
		DryBulb:          dryBulb,
		WetBulb:          moistair.WetBulb(dryBulb, w, pressure),
		DewPoint:         min(moistair.DewPoint(w, pressure), dryBulb),
		Humidity:         w,
		RelativeHumidity: moistair.Relative(dryBulb, w, pressure),
		Pressure:         pressure,
	}
}

// Cursor remembers where a reader is in a source or a signal. The zero value is ready; it is plain data and part
// of the reader's state.
type Cursor int32

// seek moves the cursor to the last of the times at or before t and returns it. Time that grows costs a step a
// stamp; going back starts over.
func (c *Cursor) seek(times []float64, t float64) int {
	i := int(*c)
	if i >= len(times) || i < 0 || times[i] > t {
		i = 0
	}
	for i+1 < len(times) && times[i+1] <= t {
		i++
	}
	*c = Cursor(i)
	return i
}

// Source is the weather of one run. It is immutable.
type Source struct {
	times []float64 // s from the start of the run
	air   []Conditions
	Place string   // as the file names it, or ""
	Notes []string // what was mapped, filled or mended, for the report
}

// At returns the conditions at t s from the start of the run. Before the first and after the last stamp they
// hold.
func (w *Source) At(c *Cursor, t float64) Conditions {
	i := c.seek(w.times, t)
	if i+1 >= len(w.times) || t <= w.times[i] {
		return w.air[i]
	}
	f := (t - w.times[i]) / (w.times[i+1] - w.times[i])
	a, b := &w.air[i], &w.air[i+1]
	return Conditions{
		DryBulb:          a.DryBulb + f*(b.DryBulb-a.DryBulb),
		WetBulb:          a.WetBulb + f*(b.WetBulb-a.WetBulb),
		DewPoint:         a.DewPoint + f*(b.DewPoint-a.DewPoint),
		Humidity:         a.Humidity + f*(b.Humidity-a.Humidity),
		RelativeHumidity: a.RelativeHumidity + f*(b.RelativeHumidity-a.RelativeHumidity),
		Pressure:         a.Pressure + f*(b.Pressure-a.Pressure),
	}
}

// Compile makes the weather of a run from start to end. The series is what the spec's file says, or nil where
// the spec names none; a nil spec is air of 20 °C at 50 %.
func Compile(spec *Spec, s *Series, start, end time.Time) (*Source, error) {
	if spec == nil {
		spec = &Spec{}
	}
	offset := 0.0
	if spec.Offset != nil {
		offset = float64(spec.Offset.DryBulb)
	}
	if s == nil {
		if spec.File != "" {
			return nil, fmt.Errorf("weather: %s was not read", spec.File)
		}
		c := spec.Constant
		if c == nil {
			c = &ConstantSpec{DryBulb: 20, RelativeHumidity: 0.5, Pressure: moistair.StandardPressure}
		}
		w := moistair.FromRelative(float64(c.DryBulb), float64(c.RelativeHumidity), float64(c.Pressure))
		return &Source{times: []float64{0}, air: []Conditions{Air(float64(c.DryBulb)+offset, w, float64(c.Pressure))}}, nil
	}
	db, hum, p := s.Column(DryBulb), s.Column(Humidity), s.Column(Pressure)
	if db == nil || hum == nil || p == nil {
		return nil, fmt.Errorf("%s holds no weather: it needs a dry bulb and a dew point, a wet bulb or a relative humidity", s.Name)
	}
	times, rows, note, err := s.cut(start, end, spec.Year, spec.Gaps, false)
	if err != nil {
		return nil, err
	}
	src := &Source{times: times, air: make([]Conditions, len(rows)), Place: s.Place, Notes: s.Notes}
	if note != "" {
		src.Notes = append(src.Notes[:len(src.Notes):len(src.Notes)], note)
	}
	for i, r := range rows {
		src.air[i] = Air(db[r]+offset, hum[r], p[r])
	}
	return src, nil
}

// Signal is a carbon intensity or a price over one run: each value holds until the next stamp. It is immutable.
type Signal struct {
	times  []float64
	values []float64
	Notes  []string
}

// At returns the value at t s from the start of the run.
func (g *Signal) At(c *Cursor, t float64) float64 { return g.values[c.seek(g.times, t)] }

// Next returns the time in s at which the value next changes after t, and false where it does not.
func (g *Signal) Next(c *Cursor, t float64) (float64, bool) {
	i := c.seek(g.times, t)
	if i == 0 && t < g.times[0] {
		return g.times[0], true
	}
	if i+1 < len(g.times) {
		return g.times[i+1], true
	}
	return 0, false
}

// Mean returns the time mean of the signal from t0 to t1 s, its value at t0 where they are equal. The cursor is
// left at t0, so that successive windows cost a step a stamp.
func (g *Signal) Mean(c *Cursor, t0, t1 float64) float64 {
	i := c.seek(g.times, t0)
	if t1 <= t0 {
		return g.values[i]
	}
	sum, t := 0.0, t0
	for ; i+1 < len(g.times) && g.times[i+1] < t1; i++ {
		sum += g.values[i] * (g.times[i+1] - t)
		t = g.times[i+1]
	}
	return (sum + g.values[i]*(t1-t)) / (t1 - t0)
}

// CompileCarbon makes the carbon intensity of a run, in kg/J. The series is what the spec's file says, or nil.
// A nil spec gives a nil signal.
func CompileCarbon(spec *CarbonSpec, s *Series, start, end time.Time) (*Signal, error) {
	if spec == nil {
		return nil, nil
	}
	return compileSignal(Carbon, spec.File, (*float64)(spec.Constant), spec.Year, spec.Gaps, s, start, end)
}

// CompilePrice makes the price of grid electricity of a run, in USD/J. The series is what the spec's file says,
// or nil. A nil spec gives a nil signal.
func CompilePrice(spec *PriceSpec, s *Series, start, end time.Time) (*Signal, error) {
	if spec == nil {
		return nil, nil
	}
	return compileSignal(Price, spec.File, (*float64)(spec.Constant), spec.Year, spec.Gaps, s, start, end)
}

func compileSignal(q Quantity, file string, constant *float64, year, gaps string, s *Series, start, end time.Time) (*Signal, error) {
	if constant != nil {
		return &Signal{times: []float64{0}, values: []float64{*constant}}, nil
	}
	if s == nil {
		return nil, fmt.Errorf("%s: %s was not read", q, file)
	}
	column := s.Column(q)
	if column == nil {
		return nil, fmt.Errorf("%s holds no %s: its header needs a column %s", s.Name, q, columnsOf(q))
	}
	times, rows, note, err := s.cut(start, end, year, gaps, true)
	if err != nil {
		return nil, err
	}
	g := &Signal{times: times, values: make([]float64, len(rows)), Notes: s.Notes}
	if note != "" {
		g.Notes = append(g.Notes[:len(g.Notes):len(g.Notes)], note)
	}
	for i, r := range rows {
		g.values[i] = column[r]
	}
	return g, nil
}
