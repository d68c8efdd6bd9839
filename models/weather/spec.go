package weather

import "github.com/halltwin/halltwin/models/unit"

// Spec is the weather of a site: one file or constants, and changes to it.
type Spec struct {
	File     string        `yaml:"file" doc:"an EPW weather file or a CSV with time stamps, in the library or relative to this file"`
	Constant *ConstantSpec `yaml:"constant" doc:"air that never changes, instead of a file; without either it is 20 degC at 50 %"`
	Offset   *OffsetSpec   `yaml:"offset" doc:"what to add to the file or the constants"`
	Year     string        `yaml:"year" doc:"any maps the file by month, day and hour onto the run's year; exact keeps its years; auto does as the file says (typical years are any)" enum:"auto,any,exact" default:"auto"`
	Gaps     string        `yaml:"gaps" doc:"what to do where more than an hour is missing; auto does as the file says, which is an error unless it declares otherwise" enum:"auto,error,hold,interpolate" default:"auto"`
}

// Validate checks what tags cannot say.
func (s *Spec) Validate(fail func(path, msg string)) {
	if s.File != "" && s.Constant != nil {
		fail("constant", "weather comes from a file or from constants, not from both: take one away")
	}
}

// ConstantSpec is air that never changes.
type ConstantSpec struct {
	DryBulb          unit.Temperature `yaml:"dry_bulb" doc:"dry-bulb temperature" default:"20 degC" source:"chosen" range:"[-60,60]"`
	RelativeHumidity unit.Ratio       `yaml:"relative_humidity" doc:"relative humidity" default:"50 %" source:"chosen" range:"[0,1]"`
	Pressure         unit.Pressure    `yaml:"pressure" doc:"barometric pressure" default:"101325 Pa" source:"standard atmosphere at sea level" range:"[50000,110000]"`
}

// OffsetSpec changes the weather of a file.
type OffsetSpec struct {
	DryBulb unit.TemperatureDifference `yaml:"dry_bulb" doc:"added to the dry bulb; the humidity ratio stays, so the wet bulb rises by about a third" default:"0 K" source:"chosen" range:"[-40,40]"`
}

// GridSpec is what the electricity of the utility carries with it.
type GridSpec struct {
	Carbon *CarbonSpec `yaml:"carbon" doc:"carbon intensity of the grid"`
	Price  *PriceSpec  `yaml:"price" doc:"price of grid electricity"`
}

// CarbonSpec is the carbon intensity of grid electricity.
type CarbonSpec struct {
	File     string                `yaml:"file" doc:"a CSV with time stamps and gco2_per_kwh, in the library or relative to this file"`
	Constant *unit.CarbonIntensity `yaml:"constant" doc:"one intensity for all hours, instead of a file"`
	Year     string                `yaml:"year" doc:"any maps the file by month, day and hour onto the run's year; exact keeps its years; auto does as the file says" enum:"auto,any,exact" default:"auto"`
	Gaps     string                `yaml:"gaps" doc:"what to do where more than an hour is missing; auto does as the file says" enum:"auto,error,hold,interpolate" default:"auto"`
}

// Validate checks what tags cannot say.
func (s *CarbonSpec) Validate(fail func(path, msg string)) { oneOf(s.File, s.Constant != nil, fail) }

// PriceSpec is the price of grid electricity.
type PriceSpec struct {
	File     string            `yaml:"file" doc:"a CSV with time stamps and usd_per_kwh or usd_per_mwh, in the library or relative to this file"`
	Constant *unit.EnergyPrice `yaml:"constant" doc:"one price for all hours, instead of a file"`
	Year     string            `yaml:"year" doc:"any maps the file by month, day and hour onto the run's year; exact keeps its years; auto does as the file says" enum:"auto,any,exact" default:"auto"`
	Gaps     string            `yaml:"gaps" doc:"what to do where more than an hour is missing; auto does as the file says" enum:"auto,error,hold,interpolate" default:"auto"`
}

// Validate checks what tags cannot say.
func (s *PriceSpec) Validate(fail func(path, msg string)) { oneOf(s.File, s.Constant != nil, fail) }

func oneOf(file string, constant bool, fail func(path, msg string)) {
	switch {
	case file != "" && constant:
		fail("constant", "give a file or a constant, not both: take one away")
	case file == "" && !constant:
		fail("file", "give a file or a constant, for example {constant: …}")
	}
}
