package validate

import (
	"math"

	"github.com/halltwin/halltwin/hil/fit"
	"github.com/halltwin/halltwin/hil/telemetry"
)

// Calibrated makes the report of a calibration.
func Calibrated(c *fit.Calibration) *Result {
	r := &Result{Lines: c.Lines}
	if !math.IsNaN(c.PowerError) {
		r.Tell("power_left_out", c.PowerError, "W")
		r.Plots = append(r.Plots, against("Power left out of the fit", "measured in W", "predicted in W", c.Measured, c.Predicted))
		if c.Left != nil {
			r.Plots = append(r.Plots, overTime(c.Left.Name()+", left out", "power in W", c.Left.Time, named{"measured", c.Left.Get(telemetry.Power)}, named{"predicted", c.LeftPower}))
		}
	}
	if !math.IsNaN(c.TemperatureError) {
		r.Tell("temperature_left_out", c.TemperatureError, "K")
	}
	if c.Power != nil {
		r.Tables = append(r.Tables, parameters("Power", c.Power.Solution))
		r.Say("power: %s", c.Power.Verdict())
	}
	if len(c.Thermal) > 0 {
		r.Tables = append(r.Tables, parameters("Way of heat", c.Thermal[0].Solution))
		r.Say("temperature: %s", c.Thermal[0].Verdict())
	}
	if c.Limit != nil {
		r.Tables = append(r.Tables, parameters("Throughput under a power limit", c.Limit.Solution))
		r.Tell("limit_error", c.Limit.Error, "")
		r.Plots = append(r.Plots, Plot{Title: "Throughput over the power that a limit leaves", X: "(limit − static)/(demand − static)", Y: "relative throughput",
			Series: []Points{{Name: "fit", X: c.Limit.Knots, Y: c.Limit.Speeds}}})
		r.Say("throughput: %s", c.Limit.Verdict())
	}
	return r
}
