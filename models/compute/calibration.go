package compute

import (
	"errors"

	"github.com/halltwin/halltwin/models/unit"
)

// CalibrationSpec says of a device that its figures were fitted to measurements of it, and how well. `calibration: file` brings
// in a file that `halltwin calibrate` wrote: its figures lie over those of the type, the keys beside it over them.
type CalibrationSpec struct {
	Device   string   `yaml:"device" doc:"what was measured, as its driver names it"`
	Driver   string   `yaml:"driver" doc:"version of its driver"`
	Recorded string   `yaml:"recorded" doc:"when, and for how long"`
	Samples  int      `yaml:"samples" doc:"samples that the fit has seen" default:"0" source:"none stated" range:"[0,)"`
	Sources  []string `yaml:"sources" doc:"recordings, each with the SHA-256 of its bytes"`

	PowerError       unit.Power                 `yaml:"power_error" doc:"root mean square error of the power on what the fit has not seen" default:"0 W" source:"none stated" range:"[0,)"`
	TemperatureError unit.TemperatureDifference `yaml:"temperature_error" doc:"the same of the temperature of the die" default:"0 K" source:"none stated" range:"[0,)"`
	Unfit            []string                   `yaml:"undetermined" doc:"parameters that the recordings do not determine: priors hold them"`

	Parameters []CalibratedParameter `yaml:"parameters" doc:"what was fitted, in the terms of the fit"`
}

// CalibratedParameter is one fitted parameter with its interval of 95 %.
type CalibratedParameter struct {
	Name       string  `yaml:"name" doc:"its name" required:"true"`
	Value      float64 `yaml:"value" doc:"its value" required:"true"`
	Low        float64 `yaml:"low" doc:"lower end of its 95 % interval" required:"true"`
	High       float64 `yaml:"high" doc:"upper end" required:"true"`
	Unit       string  `yaml:"unit" doc:"its unit"`
	Determined bool    `yaml:"determined" doc:"whether the recordings determine it" default:"true" source:"the fit"`
}

// UnmarshalText allows the name of a file in place of the map. The file is brought in before anything is decoded, so a name
// that is left over stands where no file can be.
func (*CalibrationSpec) UnmarshalText([]byte) error {
	return errors.New("a calibration is the name of a file that `halltwin calibrate` wrote")
}
