package document

import (
	"errors"
	"strings"
	"time"

	"github.com/halltwin/halltwin/models/unit"
)

// sampleSpec has a field of every shape that a spec may have, in the words of a small hall.
type sampleSpec struct {
	sampleIdentity `yaml:",inline"`

	Start    time.Time              `yaml:"start" doc:"moment at which simulated time begins" required:"true"`
	Duration unit.Duration          `yaml:"duration" doc:"simulated time" default:"24 h" range:"(0,)"`
	Seed     uint64                 `yaml:"seed" doc:"seed of every random stream" default:"1"`
	UPS      sampleUPS              `yaml:"ups" doc:"uninterruptible power supplies"`
	CDU      *sampleCDU             `yaml:"cdu" doc:"coolant distribution unit"`
	Racks    []sampleRack           `yaml:"racks" doc:"the racks"`
	Limits   map[string]unit.Power  `yaml:"limits" doc:"power limit by device" range:"[0,)"`
	Feeds    []string               `yaml:"feeds" doc:"names of the feeds" default:"[a, b]"`
	Series   sampleSeries           `yaml:"series" doc:"load over time, or one figure"`
	Every    sampleEvery            `yaml:"every" doc:"auto or an interval" default:"auto"`
	Notes    map[string]string      `yaml:"notes" doc:"free words"`
	Variants map[string]*Value      `yaml:"variants" doc:"patches on this document"`
	Nested   map[string]sampleShelf `yaml:"nested" doc:"shelves by name"`
}

type sampleIdentity struct {
	Name  string `yaml:"name" doc:"short name" required:"true"`
	About string `yaml:"about" doc:"what it is for"`
}

type sampleUPS struct {
	Rating   unit.Power    `yaml:"rating" doc:"rated output power" default:"1 MW" source:"typical" range:"(0,20e6]"`
	Autonomy unit.Duration `yaml:"autonomy" doc:"battery time at rated load" default:"5 min" source:"typical" range:"[0,)"`
	Mode     string        `yaml:"mode" doc:"operating mode" enum:"double-conversion,eco" default:"double-conversion"`
	Load     unit.Ratio    `yaml:"load" doc:"load at which it is most efficient" default:"50 %" source:"typical" range:"[0,1]"`
	Bypass   bool          `yaml:"bypass" doc:"has a static bypass" default:"true"`
	Curve    []float64     `yaml:"curve" doc:"coefficients of the loss" default:"[0.01, 0.02, 0.03]" range:"[0,1]"`
}

type sampleCDU struct {
	Supply   unit.Temperature           `yaml:"supply" doc:"supply temperature" default:"30 degC" source:"typical" range:"[5,60]"`
	Approach unit.TemperatureDifference `yaml:"approach" doc:"approach temperature" default:"3 K" source:"typical" range:"(0,)"`
	Pumps    int                        `yaml:"pumps" doc:"number of pumps" default:"2" range:"[1,8]"`
	Standby  *int                       `yaml:"standby" doc:"pumps that may fail"`
}

// Validate checks what no tag can say.
func (s *sampleCDU) Validate(fail func(path, msg string)) {
	if s.Standby != nil && *s.Standby >= s.Pumps {
		fail("standby", "all pumps would be on standby: write less than pumps")
	}
}

type sampleRack struct {
	Name    string         `yaml:"name" doc:"name" required:"true"`
	Count   int            `yaml:"count" doc:"how many" default:"1" range:"[1,)"`
	Power   unit.Power     `yaml:"power" doc:"rated power" default:"40 kW" range:"(0,)"`
	Flow    float64        `yaml:"flow" doc:"relative flow" default:"0.5" range:"[0,2]"`
	Nodes   int            `yaml:"nodes" doc:"nodes" default:"4"`
	Cooling *sampleCooling `yaml:"cooling" doc:"cooling of its own"`
}

type sampleCooling struct {
	Rear  bool             `yaml:"rear_door" doc:"has a rear door"`
	Inlet unit.Temperature `yaml:"inlet" doc:"design inlet temperature" default:"27 degC" source:"ASHRAE"`
}

type sampleShelf struct {
	Racks []sampleRack `yaml:"racks" doc:"racks of the shelf"`
}

// sampleSeries can be written as a map or as one quantity.
type sampleSeries struct {
	File  string     `yaml:"file" doc:"file to read"`
	Scale float64    `yaml:"scale" doc:"factor on the values" default:"1"`
	Value unit.Power `yaml:"value" doc:"constant value"`
}

// UnmarshalText reads the short form.
func (s *sampleSeries) UnmarshalText(b []byte) (err error) {
	s.Value, err = unit.Parse[unit.Power](string(b))
	return err
}

// sampleEvery is "auto" or a duration.
type sampleEvery struct {
	Auto bool
	S    unit.Duration
}

// UnmarshalText reads it.
func (e *sampleEvery) UnmarshalText(b []byte) (err error) {
	if string(b) == "auto" {
		e.Auto = true
		return nil
	}
	if e.S, err = unit.Parse[unit.Duration](string(b)); err == nil && e.S <= 0 {
		return errors.New("an interval must be above 0 s")
	}
	return err
}

// written returns a document of n racks written out, one after the other.
func written(n int) []byte {
	var b strings.Builder
	b.WriteString("name: large\nstart: 2025-07-15T00:00:00Z\nracks:\n")
	for i := range n {
		b.WriteString("  - name: rack-")
		b.WriteString(strings.Repeat("0", 1))
		b.WriteString(itoa(i))
		b.WriteString("\n    count: 1\n    power: 132 kW\n    flow: 0.7      # of the design\n    nodes: 18\n    cooling: {rear_door: true, inlet: 24 degC}\n")
	}
	return []byte(b.String())
}

func itoa(i int) string {
	return string([]byte{byte('0' + i/10000%10), byte('0' + i/1000%10), byte('0' + i/100%10), byte('0' + i/10%10), byte('0' + i%10)})
}
