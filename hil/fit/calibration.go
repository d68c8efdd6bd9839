package fit

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/halltwin/halltwin/hil/telemetry"
	"github.com/halltwin/halltwin/models/compute"
)

// Calibration is what recordings of one type of GPU say of it. What they do not reach is nil.
type Calibration struct {
	Device, Driver string
	From           time.Time // zero where the recordings name no date
	Span           float64   // s
	Samples        int
	Sources        []string
	Power          *PowerFit
	Thermal        []*ThermalFit // of each run that has temperatures; the best determined one first
	Limit          *LimitFit
	Static         float64 // W, of the sweep of limits
	Demand         float64 // W, of its heaviest load
	// What the fits err by on devices, or the last quarter of the time, that they did not see; NaN where there is none.
	PowerError, TemperatureError float64
	Measured, Predicted          []float64 // W, of what was left out
	Left                         *telemetry.Series
	LeftPower                    []float64
	Lines                        []string // what could not be done, and what was wrong with the recordings
}

// Calibrate fits what the recordings allow. Sweeps of power limits may be nil.
func Calibrate(logs []*telemetry.Log, sweep []LimitPoint, limit float64) (*Calibration, error) {
	c := &Calibration{PowerError: math.NaN(), TemperatureError: math.NaN()}
	var all []*telemetry.Series
	for _, l := range logs {
		hash := l.Hash
		c.Sources = append(c.Sources, fmt.Sprintf("%s sha256:%s", base(l.Source), hash))
		for _, f := range l.Findings {
			c.Lines = append(c.Lines, base(l.Source)+": "+f.String())
		}
		for _, s := range l.Series {
			if s.Has(telemetry.Power) && len(s.Time) >= 30 {
				all = append(all, s)
			}
		}
	}
	if len(all) == 0 && len(sweep) == 0 {
		return nil, fmt.Errorf("%w: no device with 30 samples of power or more", ErrNoData)
	}
	if len(all) > 0 {
		if err := c.recordings(all, limit); err != nil {
			return nil, err
		}
	}
	if len(sweep) > 0 {
		f, err := Limit(sweep)
		if err != nil {
			return nil, err
		}
		c.Limit, c.Static = f, Static(sweep)
		for _, p := range sweep {
			c.Demand = max(c.Demand, p.Power)
		}
	}
	return c, nil
}

func base(path string) string { return path[strings.LastIndexAny(path, `/\`)+1:] }

func (c *Calibration) recordings(all []*telemetry.Series, limit float64) error {
	models := map[string]bool{}
	from, to := math.Inf(1), math.Inf(-1)
	for _, s := range all {
		models[s.Model] = true
		if c.Device == "" {
			c.Device, c.Driver = s.Model, s.Driver
		}
		c.Samples += len(s.Time)
		from, to = min(from, s.Time[0]), max(to, s.Time[len(s.Time)-1])
	}
	delete(models, "")
	if len(models) > 1 {
		return fmt.Errorf("the recordings are of %d types of device: calibrate one at a time", len(models))
	}
	c.Span = to - from
	if from > 1e9 {
		c.From = time.Unix(int64(from), 0).UTC()
	}
	seen, left := leaveOut(all)
	trial, err := Power(seen, PowerOptions{Search: true, Limit: limit})
	if err != nil {
		return err
	}
	for _, s := range left {
		p := trial.Predict(s)
		for i, m := range s.Get(telemetry.Power) {
			if !math.IsNaN(m) {
				c.Measured, c.Predicted = append(c.Measured, m), append(c.Predicted, p[i])
			}
		}
		c.Left, c.LeftPower = s, p
	}
	c.PowerError = RMSE(c.Measured, c.Predicted)
	if c.Power, err = Power(all, PowerOptions{Window: trial.Window, Lag: trial.Lag, Limit: limit}); err != nil {
		return err
	}
	c.thermal(all)
	return nil
}

// leaveOut keeps the last quarter of the devices of each run from the fit, of one device the last quarter of its time.
func leaveOut(all []*telemetry.Series) (seen, left []*telemetry.Series) {
	perRun := map[string][]*telemetry.Series{}
	var runs []string
	for _, s := range all {
		if len(perRun[s.Run]) == 0 {
			runs = append(runs, s.Run)
		}
		perRun[s.Run] = append(perRun[s.Run], s)
	}
	for _, run := range runs {
		of := perRun[run]
		if len(of) >= 2 {
			n := len(of) - max(1, len(of)/4)
			seen, left = append(seen, of[:n]...), append(left, of[n:]...)
			continue
		}
		cut := len(of[0].Time) * 3 / 4
		seen, left = append(seen, of[0].Slice(0, cut)), append(left, of[0].Slice(cut, len(of[0].Time)))
	}
	return seen, left
}

// thermal fits each run that has temperatures.
func (c *Calibration) thermal(all []*telemetry.Series) {
	perRun := map[string][]*telemetry.Series{}
	var runs []string
	for _, s := range all {
		if !s.Has(telemetry.Temperature) || s.Span() < 120 {
			continue
		}
		if len(perRun[s.Run]) == 0 {
			runs = append(runs, s.Run)
		}
		perRun[s.Run] = append(perRun[s.Run], s)
	}
	var measured, predicted []float64
	for _, run := range runs {
		seen, left := leaveOut(perRun[run])
		if len(perRun[run]) >= 2 {
			if f, err := Thermal(seen); err == nil {
				for _, s := range left {
					if _, p, err := f.Place(s, 60); err == nil {
						for i, m := range s.Get(telemetry.Temperature) {
							if s.Time[i]-s.Time[0] >= 60 && !math.IsNaN(m) {
								measured, predicted = append(measured, m), append(predicted, p[i])
							}
						}
					}
				}
			}
		}
		f, err := Thermal(perRun[run])
		if err != nil {
			c.Lines = append(c.Lines, run+": no thermal fit: "+err.Error())
			continue
		}
		c.Thermal = append(c.Thermal, f)
	}
	slices.SortStableFunc(c.Thermal, func(a, b *ThermalFit) int { return len(a.Open()) - len(b.Open()) })
	if len(measured) > 0 {
		c.TemperatureError = RMSE(measured, predicted)
	}
}

// Figures are the keys of a GPU type ([compute.GPUSpec]) that the fits determine, in the order in which they are written, each with
// a remark.
func (c *Calibration) Figures() [][3]string {
	var out [][3]string
	add := func(key, value, remark string) { out = append(out, [3]string{key, value, remark}) }
	interval := func(p Parameter) string {
		s := fmt.Sprintf("95 %% interval %.4g … %.4g %s", p.Low, p.High, p.Unit)
		if !p.Determined {
			s += "; " + p.Why
		}
		return s
	}
	if f := c.Power; f != nil {
		idle, _ := f.Get("idle")
		add("idle", fmt.Sprintf("%.1f W", idle.Value), interval(idle))
		top, active, memory := f.X[powerIdle]+f.X[powerAwake], 0.0, 0.0
		for k, t := range f.terms {
			w := f.X[powerTerms+k]
			switch {
			case t.absolute:
			case t.name == "memory":
				memory = w
				fallthrough
			default:
				active += w
			}
		}
		most := min(top+active, f.X[powerCap])
		if most > idle.Value {
			remark := "everything busy, at most the power limit"
			if limit, ok := f.Get("cap"); ok && top+active >= f.X[powerCap] {
				remark = "the power limit holds it: " + interval(limit)
			}
			add("max", fmt.Sprintf("%.1f W", most), remark)
			if memory > 0 && active > 0 {
				add("power", fmt.Sprintf("{model: activity, memory: %.1f %%}", 100*memory/active), "share of the memory in what activity draws")
			} else {
				add("power", "{model: linear}", "over utilisation")
			}
			leak, _ := f.Get("leakage")
			share := leak.Value
			if !f.proportional {
				share /= most - idle.Value
			}
			add("leakage", fmt.Sprintf("%.3f %%/K", 100*min(share, 0.01)), interval(leak))
		}
	}
	if len(c.Thermal) > 0 {
		f := c.Thermal[0]
		path := f.Path(0)
		p, _ := f.Get("sink_resistance")
		add("resistance", fmt.Sprintf("%.4f K/W", path.R1+path.R2), "die to inlet air in the cooler places; sink: "+interval(p))
		for _, x := range []struct{ key, of, unit string }{{"die_resistance", "die_resistance", "K/W"}, {"die_capacity", "die_capacity", "J/K"}, {"sink_capacity", "sink_capacity", "J/K"}} {
			p, _ := f.Get(x.of)
			add(x.key, fmt.Sprintf("%.4g %s", p.Value, x.unit), interval(p))
		}
	}
	if c.Limit != nil {
		var b strings.Builder
		for i, p := range c.Limit.Limits(c.Static, c.Demand) {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "{limit: %.3f, speed: %.3f}", float64(p.Limit), float64(p.Speed))
		}
		add("limits", "["+b.String()+"]", fmt.Sprintf("of a sweep; static power %.0f W", c.Static))
	}
	return out
}

// Parameters lists what was fitted, in the terms of the fits.
func (c *Calibration) Parameters() []compute.CalibratedParameter {
	var out []compute.CalibratedParameter
	add := func(prefix string, s *Solution) {
		for _, p := range s.Parameters {
			out = append(out, compute.CalibratedParameter{Name: prefix + p.Name, Value: p.Value, Low: p.Low, High: p.High, Unit: p.Unit, Determined: p.Determined})
		}
	}
	if c.Power != nil {
		add("power.", c.Power.Solution)
	}
	if len(c.Thermal) > 0 {
		add("thermal.", c.Thermal[0].Solution)
	}
	if c.Limit != nil {
		add("limit.", c.Limit.Solution)
	}
	return out
}

// YAML writes the calibration as a part of a scenario: what `calibration: file` brings in.
func (c *Calibration) YAML() []byte {
	var b strings.Builder
	b.WriteString("# Written by halltwin calibrate. In a scenario: gpu: {use: hardware/…, calibration: this file}\n")
	for _, f := range c.Figures() {
		fmt.Fprintf(&b, "%s: %s # %s\n", f[0], f[1], f[2])
	}
	b.WriteString("calibration:\n")
	fmt.Fprintf(&b, "  device: %q\n", c.Device)
	if c.Driver != "" {
		fmt.Fprintf(&b, "  driver: %q\n", c.Driver)
	}
	when := fmt.Sprintf("%.0f s", c.Span)
	if !c.From.IsZero() {
		when = c.From.Format(time.RFC3339) + ", within " + when
	}
	fmt.Fprintf(&b, "  recorded: %q\n  samples: %d\n  sources:\n", when, c.Samples)
	for _, s := range c.Sources {
		fmt.Fprintf(&b, "    - %q\n", s)
	}
	if !math.IsNaN(c.PowerError) {
		fmt.Fprintf(&b, "  power_error: %.2f W # on what the fit did not see\n", c.PowerError)
	}
	if !math.IsNaN(c.TemperatureError) {
		fmt.Fprintf(&b, "  temperature_error: %.2f K # on what the fit did not see\n", c.TemperatureError)
	}
	var open []string
	for _, p := range c.Parameters() {
		if !p.Determined {
			open = append(open, p.Name)
		}
	}
	fmt.Fprintf(&b, "  undetermined: [%s]\n  parameters:\n", strings.Join(open, ", "))
	for _, p := range c.Parameters() {
		fmt.Fprintf(&b, "    - {name: %s, value: %.6g, low: %.6g, high: %.6g, unit: %q, determined: %t}\n", p.Name, p.Value, p.Low, p.High, p.Unit, p.Determined)
	}
	return []byte(b.String())
}
