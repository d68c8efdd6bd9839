package power

import (
	"math"

	"github.com/halltwin/halltwin/models/unit"
)

// SiteBatterySpec is a battery behind the site's meter, the scenario key site.battery. It follows the grid's carbon
// intensity, or takes up what the sun gives beyond what the site draws, and helps a demand response event. It is no UPS:
// when the grid is gone it rests.
type SiteBatterySpec struct {
	Title      string                `yaml:"title" doc:"full product name"`
	About      string                `yaml:"about" doc:"what it is and where its figures come from"`
	Source     string                `yaml:"source" doc:"citation of the figures"`
	Capacity   unit.Energy           `yaml:"capacity" doc:"usable energy" required:"true" range:"(0,)"`
	Power      unit.Power            `yaml:"power" doc:"most that it draws while it charges" required:"true" range:"(0,)"`
	Discharge  *unit.Power           `yaml:"discharge" doc:"most that it delivers; absent: all that the site draws" range:"(0,)"`
	Policy     string                `yaml:"policy" doc:"carbon: charges while the grid is clean and carries the site while it is not; self-consumption: charges from what site.solar has left over and carries the site when the sun does not; reserve: charges, and waits for a demand response event" enum:"carbon,self-consumption,reserve" default:"carbon"`
	Threshold  *unit.CarbonIntensity `yaml:"carbon_threshold" doc:"policy carbon: charges while the grid's carbon intensity is below this, discharges from it up" range:"[0,)"`
	Charge     unit.Ratio            `yaml:"charge" doc:"state of charge when the run begins" default:"0" source:"chosen" range:"[0,1]"`
	Efficiency unit.Ratio            `yaml:"efficiency" doc:"energy delivered ÷ energy drawn over a whole cycle, lost while charging" default:"88 %" source:"typical of lithium-ion systems, converters included" range:"(0,1]"`
}

// Validate checks what tags cannot say.
func (s *SiteBatterySpec) Validate(fail func(path, msg string)) {
	switch carbon := s.Policy == "carbon" || s.Policy == ""; {
	case carbon && s.Threshold == nil:
		fail("carbon_threshold", "a battery that follows the carbon intensity needs its threshold: write carbon_threshold: 300 g/kWh, or policy: self-consumption")
	case !carbon && s.Threshold != nil:
		fail("carbon_threshold", "policy "+s.Policy+" has no threshold: take it away, or write policy: carbon")
	}
}

// Policy is what a battery behind the meter is for.
type Policy uint8

// The policies.
const (
	FollowCarbon Policy = iota
	SelfConsumption
	Reserve
)

// SiteBattery is a compiled battery behind the meter: an energy store,
//
//	dE/dt = η·P_in - P_out,  0 ≤ E ≤ capacity
//
// with the round-trip efficiency η counted on the way in. Between events its power is constant, so it is closed form.
// Left out: voltage, temperature, ageing, self-discharge, and any sale to the grid: it never delivers more than the
// site draws. The control of policy carbon is that of OpenDC's single-threshold battery policy.
type SiteBattery struct {
	Policy     Policy
	Capacity   float64 // J
	Charging   float64 // W drawn at most
	Discharge  float64 // W delivered at most; +Inf for no limit
	Threshold  float64 // kg/J
	Efficiency float64
	Initial    float64 // J
}

// SiteBatteryState is the state of a battery behind the meter.
type SiteBatteryState struct {
	Stored  float64 // J
	In, Out float64 // W at the meter's side of its converter: charging, delivering
	Drawn   float64 // J, counted up
	Given   float64 // J, counted up
}

// Compile makes the battery ready for use.
func (s *SiteBatterySpec) Compile() *SiteBattery {
	b := &SiteBattery{
		Capacity: float64(s.Capacity), Charging: float64(s.Power), Discharge: math.Inf(1), Efficiency: float64(s.Efficiency),
	}
	switch s.Policy {
	case "self-consumption":
		b.Policy = SelfConsumption
	case "reserve":
		b.Policy = Reserve
	}
	if s.Threshold != nil {
		b.Threshold = float64(*s.Threshold)
	}
	if s.Discharge != nil {
		b.Discharge = float64(*s.Discharge)
	}
	b.Initial = float64(s.Charge) * b.Capacity
	return b
}

// NewSiteBattery returns the state of a battery at the begin of a run; b may be nil.
func NewSiteBattery(b *SiteBattery) SiteBatteryState {
	if b == nil {
		return SiteBatteryState{}
	}
	return SiteBatteryState{Stored: b.Initial}
}

// Request is what a demand response event asks of a battery.
type Request struct {
	Limit float64 // W that the site should draw at most
	Left  float64 // s until the event ends
}

// Dispatch sets the battery's power for a grid that carries intensity kg/J and feeds that deliver load W to the site, of
// which the sun could cover solar W. With no load the grid is taken as gone, and the battery rests. In an event, request
// is not nil: it delivers what the site draws above the limit, no more than lasts to the end, and charges from the sun only.
func (b *SiteBattery) Dispatch(s *SiteBatteryState, intensity, load, solar float64, request *Request) {
	s.In, s.Out = 0, 0
	if load <= 0 {
		return
	}
	drawn, spare := max(load-solar, 0), max(solar-load, 0)
	room := s.Stored < b.Capacity
	switch b.Policy {
	case SelfConsumption:
		s.In, s.Out = min(spare, b.Charging), drawn
	case Reserve:
		s.In = b.Charging
	default:
		if intensity < b.Threshold {
			s.In = b.Charging
		} else {
			s.Out = drawn
		}
	}
	if request != nil {
		s.In, s.Out = min(s.In, spare), max(drawn-request.Limit, 0)
		if request.Left > 0 {
			s.Out = min(s.Out, s.Stored/request.Left)
		}
	}
	s.Out = min(s.Out, b.Discharge)
	if !room {
		s.In = 0
	}
	if s.Stored <= 0 {
		s.Out = 0
	}
	if s.In > 0 && s.Out > 0 {
		s.In = 0
	}
}

// Loss returns the power in W that turns into heat in the battery.
func (b *SiteBattery) Loss(s *SiteBatteryState) float64 { return (1 - b.Efficiency) * s.In }

// Storing returns the rate in W at which the stored energy grows.
func (b *SiteBattery) Storing(s *SiteBatteryState) float64 { return b.Efficiency*s.In - s.Out }

// Next returns the time in s until the battery is full or empty; +Inf if it never is.
func (b *SiteBattery) Next(s *SiteBatteryState) float64 {
	switch rate := b.Storing(s); {
	case rate > 0:
		return (b.Capacity - s.Stored) / rate
	case rate < 0:
		return -s.Stored / rate
	}
	return math.Inf(1)
}

// settled is the share of the capacity within which the battery counts as full or empty: rounding of the event's time.
const settled = 1e-10

// Advance lets dt s pass, not beyond Next.
func (b *SiteBattery) Advance(s *SiteBatteryState, dt float64) {
	s.Drawn += s.In * dt
	s.Given += s.Out * dt
	s.Stored += b.Storing(s) * dt
	if s.Stored >= b.Capacity*(1-settled) {
		s.Stored = b.Capacity
	}
	if s.Stored <= b.Capacity*settled {
		s.Stored = 0
	}
}
