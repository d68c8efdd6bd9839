package cooling

import "github.com/halltwin/halltwin/models/unit"

// InRowSpec is the coolers of one hall that stand in the rows: they take in hot-aisle air and deliver it, cooled, to the
// cold aisle beside them, so that none of it leaks past the racks.
type InRowSpec struct {
	Water      string        `yaml:"water" doc:"loop that their coils hang on; a plant of kind dry-cooler has a warm one" enum:"chilled,warm" default:"chilled"`
	Share      unit.Ratio    `yaml:"share" doc:"of the heat to the air of a hall that they carry; the CRAHs carry the rest, and with 100 % and no crah.count there are none" default:"100 %" source:"a hall without perimeter units" range:"(0,1]"`
	Count      Count         `yaml:"count" doc:"units in each hall, spares included" default:"auto"`
	Redundancy string        `yaml:"redundancy" doc:"spares where the count is auto" enum:"N,N+1,N+2,2N" default:"N+1"`
	Margin     unit.Ratio    `yaml:"margin" doc:"capacity of the units needed (without spares) above the heat that they carry, where the rating is auto" default:"10 %" source:"typical" range:"[0,2]"`
	Each       InRowUnitSpec `yaml:"each" doc:"one unit"`
}

// InRowUnitSpec is one in-row cooler: a chilled-water coil and fans in a cabinet of half a rack.
type InRowUnitSpec struct {
	Title    string                     `yaml:"title" doc:"name of the product"`
	About    string                     `yaml:"about" doc:"what it is and where its figures come from"`
	Rating   *unit.Power                `yaml:"rating" doc:"sensible heat at the design temperatures; absent: the heat over units of at most 60 kW" range:"(0,)"`
	Rise     unit.TemperatureDifference `yaml:"rise" doc:"air temperature difference at the rating; with it the rating gives the airflow" default:"13 K" source:"typical" range:"[4,30]"`
	Fan      unit.Ratio                 `yaml:"fan" doc:"fan power at full speed over the rating" default:"2.5 %" source:"typical: short paths need half of what a raised floor needs" range:"[0,0.3]"`
	Exponent float64                    `yaml:"exponent" doc:"of fan power over speed" default:"2.8" source:"typical; affinity laws give 3, filters and coils less" range:"[1,3]"`
	MinSpeed unit.Ratio                 `yaml:"min_speed" doc:"lowest fan speed" default:"30 %" source:"typical" range:"[0.05,1]"`
	Ramp     unit.Duration              `yaml:"ramp" doc:"time constant with which the fans follow the racks; 0: at once" default:"20 s" source:"typical of electronically commutated fans" range:"[0,600]"`
	Excess   unit.Ratio                 `yaml:"excess" doc:"air delivered beyond what their racks take" default:"3 %" source:"typical" range:"[0,1]"`
	Guard    unit.TemperatureDifference `yaml:"guard" doc:"of the water in the coil above the dew point of the hall: a mixing valve keeps the coil dry" default:"1 K" source:"typical" range:"[0,10]"`
}

// RearDoorSpec is a heat exchanger in the rear door of every rack with heat to air.
type RearDoorSpec struct {
	Title   string                     `yaml:"title" doc:"name of the product"`
	About   string                     `yaml:"about" doc:"what it is and where its figures come from"`
	Kind    string                     `yaml:"kind" doc:"passive: the servers' fans push the air through; active: fans of its own, without which the door stands open" enum:"passive,active" default:"passive"`
	Water   string                     `yaml:"water" doc:"loop that the doors hang on; a plant of kind dry-cooler has a warm one" enum:"chilled,warm" default:"chilled"`
	Capture unit.Ratio                 `yaml:"capture" doc:"share of a rack's design heat to air that its door takes with the loop at its set point and the inlet at air.supply: it sizes the coil" default:"80 %" source:"typical: 60 to 100 % at 18 to 22 degC water" range:"(0,1.2]"`
	Flow    unit.SpecificFlow          `yaml:"flow" doc:"water for each W of the heat that a door is sized for" default:"1.6 L/min/kW" source:"typical: a rise of 9 K" range:"(0,)"`
	Leaving *unit.Temperature          `yaml:"leaving" doc:"of the air, which a valve holds; absent: as cold as the water makes it" range:"[10,45]"`
	Fan     unit.Ratio                 `yaml:"fan" doc:"power of the fans of an active door at the rack's design airflow, over the heat that it is sized for" default:"1 %" source:"typical: 100 to 400 W a door" range:"[0,0.2]"`
	Guard   unit.TemperatureDifference `yaml:"guard" doc:"of the water in the coil above the dew point of the hall: a mixing valve keeps the coil dry" default:"1 K" source:"typical" range:"[0,10]"`
}

// FanControlSpec lets the fans of the CRAHs hold a temperature by PI control.
type FanControlSpec struct {
	By   string            `yaml:"by" doc:"what they hold: the air before the racks, or the return air" enum:"inlet,return" required:"true"`
	Goal *unit.Temperature `yaml:"goal" doc:"its temperature; absent: 2 K above air.supply for inlet, and 12 K for return" range:"[10,60]"`
	Gain float64           `yaml:"gain" doc:"proportional gain, in full speeds for each K" default:"0.1" source:"Modelica Buildings Library, DataCenters" range:"(0,5]"`
	Time unit.Duration     `yaml:"time" doc:"integral time" default:"4 min" source:"Modelica Buildings Library, DataCenters: 240 s" range:"[1,86400]"`
}

// ShareSpec is one entry of a heat-recirculation matrix.
type ShareSpec struct {
	From  string     `yaml:"from" doc:"rack whose outlet air it is, such as hall-0/row-1/rack-3" required:"true"`
	To    string     `yaml:"to" doc:"rack whose inlet it reaches" required:"true"`
	Share unit.Ratio `yaml:"share" doc:"of the outlet air of the one that reaches the inlet of the other" required:"true" range:"[0,1]"`
}

// MatrixSpec is a heat-recirculation matrix: which share of a rack's outlet air reaches which inlet.
type MatrixSpec struct {
	File   string      `yaml:"file" doc:"a CSV with the columns from, to and share, in the library or relative to this file"`
	Shares []ShareSpec `yaml:"shares" doc:"the entries, instead of a file; racks that no entry names breathe what the air handlers deliver"`
}

// Validate checks what tags cannot say.
func (s *MatrixSpec) Validate(fail func(path, msg string)) {
	if (s.File == "") == (len(s.Shares) == 0) {
		fail("", "write file or shares, one of the two")
	}
}
