package cooling

import (
	"fmt"
	"strconv"

	"github.com/halltwin/halltwin/models/unit"
)

// Spec is the cooling of a site: the scenario keys site.air, site.liquid and site.plant.
type Spec struct {
	Air    AirSpec     `yaml:"air" doc:"air in the halls and the units that cool it"`
	Liquid *LiquidSpec `yaml:"liquid" doc:"direct liquid cooling; absent: all heat goes to air"`
	Plant  PlantSpec   `yaml:"plant" doc:"what takes the heat outdoors"`
}

// Count is a number of units, spares included, or Auto: as many as the design load and the redundancy need.
type Count int

// Auto asks for a count that fits the design load.
const Auto Count = 0

// maxUnits bounds the units of one kind: far above any site, low enough to keep a slip from filling the memory.
const maxUnits = 10_000

// UnmarshalText reads "auto" or a whole number from 1 up.
func (c *Count) UnmarshalText(text []byte) error {
	if string(text) == "auto" {
		*c = Auto
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err == nil && n == 0 {
		return fmt.Errorf("0 units move no heat: write auto or a whole number from 1 to %d, or leave out what they serve", maxUnits)
	}
	if err != nil || n < 1 || n > maxUnits {
		return fmt.Errorf("%q is no count: write auto or a whole number from 1 to %d", text, maxUnits)
	}
	*c = Count(n)
	return nil
}

// MarshalText writes the count as a scenario does.
func (c Count) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

func (c Count) String() string {
	if c == Auto {
		return "auto"
	}
	return strconv.Itoa(int(c))
}

// AirSpec is the air side of every hall of the site.
type AirSpec struct {
	Supply        unit.Temperature           `yaml:"supply" doc:"set point of the air that the CRAHs deliver" default:"24 degC" source:"typical; ASHRAE TC 9.9 recommends 18 to 27 degC at the inlets" range:"[5,45]"`
	Reset         *AirResetSpec              `yaml:"reset" doc:"what moves the set point, air.supply at the start; absent: it stays"`
	Containment   string                     `yaml:"containment" doc:"what keeps cold and hot air apart; it gives recirculation and bypass where they are not stated" enum:"hot-aisle,cold-aisle,none" default:"hot-aisle"`
	Recirculation *unit.Ratio                `yaml:"recirculation" doc:"share of a rack's inlet air that is its own outlet air; absent: 2 % contained, 12 % open (typical)" range:"[0,0.6]"`
	Bypass        *unit.Ratio                `yaml:"bypass" doc:"share of the supply air that leaks past the racks to the return; absent: 5 % contained, 30 % open (typical)" range:"[0,0.6]"`
	Matrix        *MatrixSpec                `yaml:"recirculation_matrix" doc:"heat-recirculation matrix, of CFD or measurements, instead of recirculation; what the air handlers do not deliver is drawn from the hot side all the same"`
	CRAH          CRAHBankSpec               `yaml:"crah" doc:"computer-room air handlers of one hall"`
	InRow         *InRowSpec                 `yaml:"in_row" doc:"coolers in the rows of a hall"`
	RearDoor      *RearDoorSpec              `yaml:"rear_door" doc:"heat exchangers in the rear doors of the racks"`
	Room          RoomSpec                   `yaml:"room" doc:"what stores heat beside the machines"`
	Humidity      HumiditySpec               `yaml:"humidity" doc:"water vapour in the halls"`
	Class         string                     `yaml:"class" doc:"ASHRAE class of the machines: time of the inlets outside its recommended and allowable envelopes is counted, and leaving the latter is an event" enum:"A1,A2,A3,A4,H1,none" default:"A2" source:"ASHRAE TC 9.9 2021; typical of volume servers"`
	Tape          bool                       `yaml:"tape" doc:"the halls hold tape: the inlets may change by 5 K in 15 minutes instead of 20 K in an hour" default:"false" source:"ASHRAE TC 9.9 2021"`
	Rise          unit.TemperatureDifference `yaml:"rise" doc:"air temperature rise through a rack at its design power, where the rack states no airflow" default:"14 K" source:"typical of GPU servers" range:"[4,40]"`
}

// CRAHBankSpec is the air handlers of one hall.
type CRAHBankSpec struct {
	Count      Count           `yaml:"count" doc:"units in each hall, spares included" default:"auto"`
	Redundancy string          `yaml:"redundancy" doc:"spares where the count is auto" enum:"N,N+1,N+2,2N" default:"N+1"`
	Margin     unit.Ratio      `yaml:"margin" doc:"capacity of the units needed (without spares) above the design heat, where the rating is auto" default:"10 %" source:"typical" range:"[0,2]"`
	Control    *FanControlSpec `yaml:"control" doc:"PI control of the fans by a temperature; absent: they keep the pressure, and so deliver what the racks take"`
	Each       CRAHSpec        `yaml:"each" doc:"one unit"`
}

// CRAHSpec is one computer-room air handler: a chilled-water coil and a bank of fans.
type CRAHSpec struct {
	Title    string                     `yaml:"title" doc:"name of the product"`
	About    string                     `yaml:"about" doc:"what it is and where its figures come from"`
	Rating   *unit.Power                `yaml:"rating" doc:"sensible heat at the design temperatures; absent: the design heat over units of at most 500 kW" range:"(0,)"`
	Rise     unit.TemperatureDifference `yaml:"rise" doc:"air temperature difference at the rating; with it the rating gives the airflow" default:"12 K" source:"typical" range:"[4,30]"`
	Fan      unit.Ratio                 `yaml:"fan" doc:"fan power at full speed over the rating" default:"4.5 %" source:"typical: 35 to 50 W per kW at 250 to 400 Pa" range:"[0,0.3]"`
	Exponent float64                    `yaml:"exponent" doc:"of fan power over speed" default:"2.8" source:"typical; affinity laws give 3, filters and coils less" range:"[1,3]"`
	MinSpeed unit.Ratio                 `yaml:"min_speed" doc:"lowest fan speed" default:"30 %" source:"typical" range:"[0.05,1]"`
	Ramp     unit.Duration              `yaml:"ramp" doc:"time constant with which the fans follow their control; 0: at once" default:"20 s" source:"typical of variable-speed drives" range:"[0,600]"`
	Excess   unit.Ratio                 `yaml:"excess" doc:"air delivered beyond what racks and leaks take, as the pressure control keeps it" default:"3 %" source:"typical" range:"[0,1]"`
}

// RoomSpec is what stores heat in a hall beside the machines, for each rack.
type RoomSpec struct {
	Volume    unit.Volume       `yaml:"volume" doc:"hot-side air for each rack" default:"6 m3" source:"typical" range:"(0,)"`
	Aisle     unit.Volume       `yaml:"aisle" doc:"cold-side air for each rack: what the machines breathe before the air behind them reaches them; 0: none" default:"6 m3" source:"typical: with volume, 3 m2 of floor under 4 m" range:"[0,)"`
	Structure unit.HeatCapacity `yaml:"structure" doc:"heat capacity of floor, walls, containment and cables for each rack" default:"300 kJ/K" source:"typical: 600 kg of steel and concrete skin" range:"[0,)"`
	Exchange  unit.Conductance  `yaml:"exchange" doc:"heat transfer between air and structure for each rack" default:"150 W/K" source:"typical: 60 W/K for each m2 of floor" range:"[0,)"`
	Machines  unit.HeatCapacity `yaml:"machines" doc:"heat capacity of the machines of a rack, where the rack states no mass" default:"500 kJ/K" source:"typical: 1000 kg at 500 J/kg/K" range:"(0,)"`
	Coupling  unit.Ratio        `yaml:"coupling" doc:"effectiveness of the heat exchange between the machines' mass and their airflow" default:"85 %" source:"typical; VanGilder et al., InterPACK 2013, model form" range:"[0.1,1]"`
}

// HumiditySpec is the water vapour in a hall: outdoor air brings it, wet coils take it, a humidifier adds what lacks.
type HumiditySpec struct {
	Ventilation unit.Flow         `yaml:"ventilation" doc:"outdoor air that leaks or is blown into the hall for each rack" default:"0.001 m3/s" source:"typical: a third of the hall's air each hour" range:"[0,)"`
	DriedTo     unit.Temperature  `yaml:"dried_to" doc:"dew point to which a unit of its own dries that air when it is more humid; 40 degC: never. Outdoor air that cools a hall is not dried" default:"14 degC" source:"typical of dedicated outdoor-air units; below the recommended 15 degC of ASHRAE TC 9.9 2021" range:"[2,40]"`
	DewPoint    unit.Temperature  `yaml:"dew_point" doc:"below which the hall is humidified" default:"-9 degC" source:"ASHRAE TC 9.9 2021, recommended envelope" range:"[-40,20]"`
	Dehumidify  *unit.Temperature `yaml:"dehumidify" doc:"dew point above which dehumidifiers in the hall condense the excess and reheat the air with what they take; absent: none" range:"[0,25]"`
	Humidifier  string            `yaml:"humidifier" doc:"how: droplets, which cool the air, steam, or not at all" enum:"ultrasonic,steam,none" default:"ultrasonic"`
}

// Validate checks what tags cannot say.
func (s *AirSpec) Validate(fail func(path, msg string)) {
	if s.Matrix != nil && s.Recirculation != nil {
		fail("recirculation", "recirculation_matrix says how much outlet air each rack breathes: leave one of the two out")
	}
	if s.CRAH.Each.Rating != nil && float64(*s.CRAH.Each.Rating) > 5e6 {
		fail("crah.each.rating", "an air handler of more than 5 MW: give the rating of one unit, not of all")
	}
}

// LiquidSpec is the direct liquid cooling of the site: technology loops (TCS) with their coolant distribution
// units (CDU).
type LiquidSpec struct {
	Fraction unit.Ratio        `yaml:"fraction" doc:"share of a rack's heat that cold plates take, where the rack states none" default:"80 %" source:"typical of cold-plate racks" range:"[0,1]"`
	Supply   unit.Temperature  `yaml:"supply" doc:"set point of the coolant that goes to the racks" default:"32 degC" source:"typical; ASHRAE S30 to S40" range:"[10,60]"`
	Reset    *LiquidResetSpec  `yaml:"reset" doc:"what moves the set point, supply at the start; absent: it stays"`
	Flow     unit.SpecificFlow `yaml:"flow" doc:"coolant for each W of design heat" default:"1.2 L/min/kW" source:"typical: 1.0 to 1.5, a rise of 10 to 14 K" range:"(0,)"`
	Class    string            `yaml:"class" doc:"ASHRAE class that is checked: of the facility water (W) or of the coolant to the racks (S); auto: the coldest S class that holds the set point" enum:"auto,S30,S35,S40,S45,S50,W17,W27,W32,W40,W45,W+,none" default:"auto" source:"ASHRAE TC 9.9"`
	Loop     LoopSize          `yaml:"loop" doc:"racks that share one loop and its CDUs: hall, row, or a number" default:"hall"`
	CDU      CDUBankSpec       `yaml:"cdu" doc:"coolant distribution units of one loop"`
}

// CDUBankSpec is the CDUs of one loop; all that work share its flow.
type CDUBankSpec struct {
	Count      Count      `yaml:"count" doc:"units in each loop, spares included" default:"auto"`
	Redundancy string     `yaml:"redundancy" doc:"spares where the count is auto" enum:"N,N+1,N+2,2N" default:"N+1"`
	Margin     unit.Ratio `yaml:"margin" doc:"capacity of the units needed (without spares) above the design heat, where the rating is auto" default:"10 %" source:"typical" range:"[0,2]"`
	Each       CDUSpec    `yaml:"each" doc:"one unit"`
}

// CDUSpec is one coolant distribution unit: a plate heat exchanger and pumps.
type CDUSpec struct {
	Title    string                     `yaml:"title" doc:"name of the product"`
	About    string                     `yaml:"about" doc:"what it is and where its figures come from"`
	Rating   *unit.Power                `yaml:"rating" doc:"heat at the design approach; absent: the design heat over units of at most 1.3 MW" range:"(0,)"`
	Approach unit.TemperatureDifference `yaml:"approach" doc:"coolant to the racks above the facility water that comes in, at the rating" default:"4 K" source:"typical: 3 to 5 K" range:"[0.5,30]"`
	Volume   unit.Volume                `yaml:"volume" doc:"coolant in the loop for each unit needed, pipes and racks included" default:"300 L" source:"typical: 100 to 300 L for each MW; it sets the seconds of ride-through" range:"(0,)"`
	Pumps    int                        `yaml:"pumps" doc:"pumps in the unit; of two or more, one is spare" default:"2" source:"typical" range:"[1,8]"`
	Pump     unit.Ratio                 `yaml:"pump" doc:"pump power at the rated flow over the rating" default:"1.2 %" source:"typical: 10 to 15 W for each kW" range:"[0,0.2]"`
	Constant *unit.Power                `yaml:"constant" doc:"pump power that never changes while the unit works, instead of the affinity law" range:"[0,)"`
	OnUPS    bool                       `yaml:"on_ups" doc:"the pumps keep running when mechanical power is lost" default:"true" source:"typical: the ride-through of a loop is seconds"`
}
