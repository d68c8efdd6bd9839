package cooling

import "github.com/halltwin/halltwin/models/unit"

// AirResetSpec moves the set point of the supply air.
//
// inlet and return: PI control brings the hottest inlet, or the return air, to its goal. outdoor: a line over the
// outdoor dry bulb. smart: as cold as outdoor temperature and humidity give it without compressors, but no colder than
// lowest, no colder than keeps the coils dry, and no warmer than the hottest inlet allows; so compressors start late,
// and while they must run they run at the smallest lift. Where the chilled water follows the air, it falls before the
// hall becomes more humid than recommended.
type AirResetSpec struct {
	By      string                     `yaml:"by" doc:"what the set point follows" enum:"inlet,return,outdoor,smart" required:"true"`
	Lowest  unit.Temperature           `yaml:"lowest" doc:"lowest set point" default:"18 degC" source:"ASHRAE TC 9.9 2021, recommended envelope" range:"[5,45]"`
	Highest unit.Temperature           `yaml:"highest" doc:"highest set point" default:"27 degC" source:"ASHRAE TC 9.9 2021, recommended envelope" range:"[5,45]"`
	Goal    *unit.Temperature          `yaml:"goal" doc:"of the hottest inlet, or of the return air; absent: 27 degC and 38 degC (typical)" range:"[10,60]"`
	Cold    unit.Temperature           `yaml:"cold" doc:"outdoor dry bulb at which the set point is lowest" default:"10 degC" source:"typical" range:"[-40,50]"`
	Hot     unit.Temperature           `yaml:"hot" doc:"outdoor dry bulb at which it is highest" default:"25 degC" source:"typical" range:"[-40,60]"`
	Gain    float64                    `yaml:"gain" doc:"proportional gain in K for each K" default:"0.3" source:"typical" range:"[0,5]"`
	Time    unit.Duration              `yaml:"time" doc:"integral time of the PI control, and lag of the others" default:"10 min" source:"typical" range:"[1,86400]"`
	Guard   unit.TemperatureDifference `yaml:"guard" doc:"of the chilled water above the hall's dew point, with smart" default:"1 K" source:"typical" range:"[0,10]"`
}

// WaterResetSpec moves the set point of the chilled water.
//
// load: as warm as the neediest coil or CDU allows. outdoor: a line over the outdoor wet bulb (dry bulb where chillers
// are air-cooled). air: as far below the coldest supply air as the design has it.
type WaterResetSpec struct {
	By      string                     `yaml:"by" doc:"what the set point follows" enum:"load,outdoor,air" required:"true"`
	Lowest  unit.Temperature           `yaml:"lowest" doc:"lowest set point" default:"12 degC" source:"typical" range:"[4,40]"`
	Highest unit.Temperature           `yaml:"highest" doc:"highest set point" default:"24 degC" source:"typical" range:"[4,40]"`
	Margin  unit.TemperatureDifference `yaml:"margin" doc:"colder than the neediest coil needs" default:"1 K" source:"typical; it keeps valves off their ends" range:"[0,10]"`
	Cold    unit.Temperature           `yaml:"cold" doc:"outdoor temperature at which the set point is highest" default:"10 degC" source:"typical" range:"[-40,50]"`
	Hot     unit.Temperature           `yaml:"hot" doc:"outdoor temperature at which it is lowest" default:"25 degC" source:"typical" range:"[-40,60]"`
	Time    unit.Duration              `yaml:"time" doc:"lag" default:"10 min" source:"typical" range:"[1,86400]"`
}

// WarmResetSpec moves the set point of the warm water.
//
// load: as warm as the CDU whose valve is nearest to open allows, so that dry coolers turn slowly and pads stay dry.
// outdoor: a line over the outdoor dry bulb, warm when it is warm.
type WarmResetSpec struct {
	By      string                     `yaml:"by" doc:"what the set point follows" enum:"load,outdoor" required:"true"`
	Lowest  unit.Temperature           `yaml:"lowest" doc:"lowest set point" default:"18 degC" source:"typical" range:"[5,60]"`
	Highest unit.Temperature           `yaml:"highest" doc:"highest set point" default:"45 degC" source:"ASHRAE TC 9.9, W45" range:"[5,60]"`
	Margin  unit.TemperatureDifference `yaml:"margin" doc:"colder than the neediest CDU needs" default:"1 K" source:"typical; it keeps valves off their ends" range:"[0,10]"`
	Cold    unit.Temperature           `yaml:"cold" doc:"outdoor dry bulb at which the set point is lowest" default:"10 degC" source:"typical" range:"[-40,50]"`
	Hot     unit.Temperature           `yaml:"hot" doc:"outdoor dry bulb at which it is highest" default:"30 degC" source:"typical" range:"[-40,60]"`
	Time    unit.Duration              `yaml:"time" doc:"lag" default:"10 min" source:"typical" range:"[1,86400]"`
}

// LiquidResetSpec moves the set point of the coolant that goes to the racks, of each technology loop.
//
// outdoor: a line over the outdoor dry bulb, warm when it is warm; the warm water follows. valve: as cold as the facility
// water at hand makes it with the CDU's valve just short of open, so that GPUs are as cool as they can be for nothing.
type LiquidResetSpec struct {
	By      string                     `yaml:"by" doc:"what the set point follows" enum:"outdoor,valve" required:"true"`
	Lowest  unit.Temperature           `yaml:"lowest" doc:"lowest set point" default:"20 degC" source:"typical; it keeps coolant above the dew point of the hall" range:"[10,60]"`
	Highest unit.Temperature           `yaml:"highest" doc:"highest set point" default:"40 degC" source:"ASHRAE TC 9.9, S40" range:"[10,60]"`
	Margin  unit.TemperatureDifference `yaml:"margin" doc:"warmer than the open valve makes it" default:"1 K" source:"typical; it keeps valves off their ends" range:"[0,10]"`
	Cold    unit.Temperature           `yaml:"cold" doc:"outdoor dry bulb at which the set point is lowest" default:"10 degC" source:"typical" range:"[-40,50]"`
	Hot     unit.Temperature           `yaml:"hot" doc:"outdoor dry bulb at which it is highest" default:"30 degC" source:"typical" range:"[-40,60]"`
	Time    unit.Duration              `yaml:"time" doc:"lag" default:"10 min" source:"typical" range:"[1,86400]"`
}

// StagingSpec runs as few chillers as the load needs.
type StagingSpec struct {
	Up     unit.Ratio    `yaml:"up" doc:"load of the running units from which one more starts" default:"90 %" source:"typical" range:"[0.2,1]"`
	Down   unit.Ratio    `yaml:"down" doc:"load that the others would have, below which one stops" default:"75 %" source:"typical" range:"[0.1,1]"`
	Delay  unit.Duration `yaml:"delay" doc:"for which the load must ask for it; one starts at once when the chilled water is lost" default:"5 min" source:"typical" range:"[0,86400]"`
	MinOn  unit.Duration `yaml:"min_on" doc:"shortest time between the start of a unit and the stop of any" default:"15 min" source:"typical: 10 to 20 min" range:"[0,86400]"`
	MinOff unit.Duration `yaml:"min_off" doc:"for which a unit that was stopped stays off" default:"5 min" source:"typical of anti-recycle timers: 5 to 20 min" range:"[0,86400]"`
	Start  unit.Duration `yaml:"start" doc:"from the start of a unit until it cools" default:"2 min" source:"typical: 1 to 3 min" range:"[0,3600]"`
}

// Validate checks what tags cannot say.
func (s *AirResetSpec) Validate(fail func(path, msg string)) {
	rising(s.Lowest, s.Highest, s.By, s.Cold, s.Hot, fail)
}

// Validate checks what tags cannot say.
func (s *WaterResetSpec) Validate(fail func(path, msg string)) {
	if s.Lowest > s.Highest {
		fail("lowest", sprintf("%s lies above highest, %s: swap them", s.Lowest, s.Highest))
	}
	if s.By == "outdoor" && s.Cold >= s.Hot {
		fail("cold", sprintf("%s is not below hot, %s: the set point falls from highest at cold to lowest at hot", s.Cold, s.Hot))
	}
}

// Validate checks what tags cannot say.
func (s *WarmResetSpec) Validate(fail func(path, msg string)) {
	rising(s.Lowest, s.Highest, s.By, s.Cold, s.Hot, fail)
}

// Validate checks what tags cannot say.
func (s *LiquidResetSpec) Validate(fail func(path, msg string)) {
	rising(s.Lowest, s.Highest, s.By, s.Cold, s.Hot, fail)
}

// rising refuses a set point that does not rise from lowest at cold to highest at hot.
func rising(lowest, highest unit.Temperature, by string, cold, hot unit.Temperature, fail func(path, msg string)) {
	if lowest > highest {
		fail("lowest", sprintf("%s lies above highest, %s: swap them", lowest, highest))
	}
	if by == "outdoor" && cold >= hot {
		fail("cold", sprintf("%s is not below hot, %s: the set point rises from lowest at cold to highest at hot", cold, hot))
	}
}

// Validate checks what tags cannot say.
func (s *StagingSpec) Validate(fail func(path, msg string)) {
	if s.Down >= s.Up {
		fail("down", sprintf("%.3g %% is not below up, %.3g %%: a unit that stops would start again", 100*float64(s.Down), 100*float64(s.Up)))
	}
}
