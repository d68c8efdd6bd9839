package cooling

import "github.com/halltwin/halltwin/models/unit"

// PlantSpec is the plant outdoors.
//
// chiller-tower: one chilled-water loop for air handlers and CDUs, water-cooled chillers, cooling towers and a
// water-side economizer. dry-cooler: a warm-water loop for CDUs, cooled by dry coolers with adiabatic pads, and a
// chilled-water loop for the air handlers with air-cooled chillers. outdoor-air: the air handlers draw outdoor air,
// cooled by pads and by direct-expansion (DX) coils when it is too warm or too humid; there is no water loop, hence
// no liquid cooling, and the chillers are the DX units. none: heat leaves without effort at the set
// points, for clusters of which only the IT power is asked.
type PlantSpec struct {
	Title      string            `yaml:"title" doc:"name of the design"`
	About      string            `yaml:"about" doc:"what it is and where its figures come from"`
	Kind       string            `yaml:"kind" doc:"how the heat leaves the site" enum:"chiller-tower,dry-cooler,outdoor-air,none" default:"chiller-tower"`
	Margin     unit.Ratio        `yaml:"margin" doc:"capacity of the units needed (without spares) above the design heat, where ratings are auto" default:"15 %" source:"typical" range:"[0,2]"`
	Redundancy string            `yaml:"redundancy" doc:"spares of every bank whose count is auto" enum:"N,N+1,N+2,2N" default:"N+1"`
	Chilled    LoopSpec          `yaml:"chilled" doc:"chilled-water loop"`
	Warm       WarmLoopSpec      `yaml:"warm" doc:"warm-water loop, with dry coolers only"`
	Chiller    ChillerBankSpec   `yaml:"chiller" doc:"chillers"`
	Tower      TowerBankSpec     `yaml:"tower" doc:"cooling towers, with water-cooled chillers only"`
	DryCooler  DryCoolerBankSpec `yaml:"dry_cooler" doc:"dry coolers"`
	Economizer EconomizerSpec    `yaml:"economizer" doc:"cooling without compressors when the weather allows"`
	Outdoor    OutdoorSpec       `yaml:"outdoor" doc:"outdoor air through the halls, with outdoor-air only"`
	Pump       PumpBankSpec      `yaml:"pump" doc:"pumps of each water loop"`
	Water      WaterSpec         `yaml:"water" doc:"water treatment of towers and pads"`
}

// LoopSpec is the chilled-water loop.
type LoopSpec struct {
	Supply unit.Temperature           `yaml:"supply" doc:"set point of the water to the air handlers" default:"18 degC" source:"typical of new halls; older ones run at 7 to 12 degC" range:"[4,40]"`
	Rise   unit.TemperatureDifference `yaml:"rise" doc:"temperature difference at the design heat" default:"8 K" source:"typical" range:"[2,30]"`
	Reset  *WaterResetSpec            `yaml:"reset" doc:"what moves the set point, supply at the start; absent: it stays"`
	Volume *unit.Volume               `yaml:"volume" doc:"water in the loop, mixed; absent: 20 L for each kW of design heat (typical)" range:"(0,)"`
	Tank   *TankSpec                  `yaml:"tank" doc:"buffer tank; absent: none"`
}

// WarmLoopSpec is the warm-water loop between dry coolers and CDUs.
type WarmLoopSpec struct {
	Supply *unit.Temperature          `yaml:"supply" doc:"set point of the water to the CDUs; absent: liquid.supply less the CDU's approach" range:"[5,60]"`
	Rise   unit.TemperatureDifference `yaml:"rise" doc:"temperature difference at the design heat" default:"10 K" source:"typical" range:"[2,30]"`
	Reset  *WarmResetSpec             `yaml:"reset" doc:"what moves the set point, supply at the start; absent: it stays as far below the coolant's as it starts"`
	Volume *unit.Volume               `yaml:"volume" doc:"water in the loop, mixed; absent: 10 L for each kW of design heat (typical)" range:"(0,)"`
	Tank   *TankSpec                  `yaml:"tank" doc:"buffer tank; absent: none"`
}

// ChillerBankSpec is the chillers of the plant.
type ChillerBankSpec struct {
	Count   Count        `yaml:"count" doc:"units, spares included" default:"auto"`
	Staging *StagingSpec `yaml:"staging" doc:"starts and stops units with the load; absent: all run"`
	Each    ChillerSpec  `yaml:"each" doc:"one unit"`
}

// Validate checks what tags cannot say.
func (s *ChillerBankSpec) Validate(fail func(path, msg string)) {
	if g := s.Staging; g != nil && g.MinOn < g.Start+s.Each.Ramp {
		fail("staging.min_on", sprintf("%s is less than the %s from a start to full load (staging.start and each.ramp): a unit could be stopped before it cools",
			g.MinOn, g.Start+s.Each.Ramp))
	}
}

// Validate checks what tags cannot say.
func (s *ChillerSpec) Validate(fail func(path, msg string)) {
	k := s.PartLoad
	switch {
	case len(k) == 0:
	case s.Curve != nil:
		fail("part_load", "the curve has its own part_load: leave one of them out")
	case len(k) != 3:
		fail("part_load", sprintf("%d coefficients where the curve has 3", len(k)))
	default:
		if sum := k[0] + k[1] + k[2]; !(sum > 0.9 && sum < 1.1) {
			fail("part_load", sprintf("the curve is %.3g at full load, where it must be 1 (within 10 %%): check the coefficients", sum))
		}
	}
}

// ChillerSpec is one chiller. Without a curve its efficiency is a fixed share of Carnot's.
type ChillerSpec struct {
	Title    string                     `yaml:"title" doc:"name of the product"`
	About    string                     `yaml:"about" doc:"what it is and where its figures come from"`
	Source   string                     `yaml:"source" doc:"citation of the figures"`
	Rating   *unit.Power                `yaml:"rating" doc:"heat taken up at the design temperatures; absent: the design heat over units of at most 2 MW" range:"(0,)"`
	Carnot   unit.Ratio                 `yaml:"carnot" doc:"share of the Carnot efficiency between the refrigerant's temperatures" default:"60 %" source:"typical of centrifugal machines" range:"[0.1,0.9]"`
	Limit    float64                    `yaml:"limit" doc:"highest coefficient of performance" default:"12" source:"typical at small lift" range:"[1,30]"`
	Approach unit.TemperatureDifference `yaml:"approach" doc:"of the refrigerant to the water at either end" default:"2 K" source:"typical" range:"[0,10]"`
	AirSide  unit.TemperatureDifference `yaml:"air_side" doc:"of the condensing refrigerant above outdoor air, for air-cooled units" default:"14 K" source:"typical" range:"[2,30]"`
	Fan      unit.Ratio                 `yaml:"fan" doc:"fan power over heat rejected, for air-cooled units" default:"2 %" source:"typical" range:"[0,0.2]"`
	Curve    *CurveSpec                 `yaml:"curve" doc:"EIR curves of EnergyPlus instead of a share of Carnot; outside its range capacity is held and efficiency follows Carnot's up to limit, and the time is counted"`
	PartLoad []float64                  `yaml:"part_load" doc:"three coefficients of power over part load, 1, x, x2, relative to full load, without a curve; absent: power is proportional to load"`
	Ramp     unit.Duration              `yaml:"ramp" doc:"from no load to full load after a start" default:"2 min" source:"typical: 1 to 3 min" range:"[0,3600]"`
	Restart  unit.Duration              `yaml:"restart" doc:"from the return of power or repair until it cools again" default:"5 min" source:"typical: 3 to 8 min, fast restart 45 to 60 s" range:"[0,3600]"`
	Trip     unit.Temperature           `yaml:"trip" doc:"condenser water at which it may just run; hotter, it sheds load" default:"38 degC" source:"typical" range:"[20,60]"`
}

// CurveSpec is the performance of an electric chiller after EnergyPlus, Chiller:Electric:EIR. Temperatures in
// the curves are in °C: water leaving the evaporator and water (or air) entering the condenser.
type CurveSpec struct {
	COP           float64          `yaml:"cop" doc:"coefficient of performance at the reference" required:"true" range:"(0,30]"`
	Capacity      []float64        `yaml:"capacity" doc:"six coefficients of capacity over temperatures: 1, te, te2, tc, tc2, te tc" required:"true"`
	EIR           []float64        `yaml:"eir" doc:"six coefficients of the energy input ratio over temperatures" required:"true"`
	PartLoad      []float64        `yaml:"part_load" doc:"three coefficients of the energy input ratio over part load" required:"true"`
	Evaporator    unit.Temperature `yaml:"evaporator" doc:"leaving the evaporator at the reference" required:"true"`
	Condenser     unit.Temperature `yaml:"condenser" doc:"entering the condenser at the reference" required:"true"`
	EvaporatorMin unit.Temperature `yaml:"evaporator_min" doc:"lowest of the curve's range" required:"true"`
	EvaporatorMax unit.Temperature `yaml:"evaporator_max" doc:"highest of the curve's range" required:"true"`
	CondenserMin  unit.Temperature `yaml:"condenser_min" doc:"lowest of the curve's range" required:"true"`
	CondenserMax  unit.Temperature `yaml:"condenser_max" doc:"highest of the curve's range" required:"true"`
	MinLoad       unit.Ratio       `yaml:"min_load" doc:"below this part load the unit cycles" default:"10 %" source:"typical" range:"[0,1]"`
}

// Validate checks what tags cannot say.
func (s *CurveSpec) Validate(fail func(path, msg string)) {
	length := func(path string, got, want int) bool {
		if got != want {
			fail(path, sprintf("%d coefficients where the curve has %d", got, want))
		}
		return got == want
	}
	ok := length("capacity", len(s.Capacity), 6)
	ok = length("eir", len(s.EIR), 6) && ok
	ok = length("part_load", len(s.PartLoad), 3) && ok
	if s.EvaporatorMin > s.EvaporatorMax {
		fail("evaporator_min", "the curve's range is empty: evaporator_min lies above evaporator_max: swap them")
		ok = false
	}
	if s.CondenserMin > s.CondenserMax {
		fail("condenser_min", "the curve's range is empty: condenser_min lies above condenser_max: swap them")
		ok = false
	}
	if !ok {
		return
	}
	c := s.compile()
	for _, v := range []struct {
		path  string
		value float64
	}{
		{"capacity", c.capacity.At(float64(s.Evaporator), float64(s.Condenser))},
		{"eir", c.eir.At(float64(s.Evaporator), float64(s.Condenser))},
		{"part_load", c.partLoad[0] + c.partLoad[1] + c.partLoad[2]},
	} {
		if !(v.value > 0.9 && v.value < 1.1) {
			fail(v.path, sprintf("the curve is %.3g at its reference, where it must be 1 (within 10 %%): check the coefficients and the reference temperatures", v.value))
		}
	}
}

// TowerBankSpec is the cooling towers of the plant.
type TowerBankSpec struct {
	Count  Count        `yaml:"count" doc:"cells, spares included" default:"auto"`
	Volume *unit.Volume `yaml:"volume" doc:"condenser water in basins and pipes; absent: 10 L for each kW of heat rejected (typical: four minutes of its flow)" range:"(0,)"`
	Each   TowerSpec    `yaml:"each" doc:"one cell"`
}

// TowerSpec is one cell of a cooling tower.
type TowerSpec struct {
	Title    string                     `yaml:"title" doc:"name of the product"`
	About    string                     `yaml:"about" doc:"what it is and where its figures come from"`
	Rating   *unit.Power                `yaml:"rating" doc:"heat rejected at the design temperatures; absent: the design heat over cells of at most 2.5 MW" range:"(0,)"`
	Approach unit.TemperatureDifference `yaml:"approach" doc:"water leaving above the wet bulb at the design" default:"3.9 K" source:"EnergyPlus and CTI practice" range:"[1,20]"`
	Range    unit.TemperatureDifference `yaml:"range" doc:"water entering above water leaving at the design" default:"5.5 K" source:"EnergyPlus and CTI practice" range:"[1,25]"`
	WetBulb  unit.Temperature           `yaml:"wet_bulb" doc:"wet bulb at the design" default:"25.6 degC" source:"EnergyPlus and CTI practice" range:"[5,35]"`
	Ratio    float64                    `yaml:"ratio" doc:"water over air by mass at the design" default:"1.2" source:"typical of counterflow cells" range:"[0.3,3]"`
	Fan      unit.Ratio                 `yaml:"fan" doc:"fan power at full speed over the rating" default:"1.2 %" source:"typical: 10 to 15 W for each kW" range:"[0,0.2]"`
	MinWater unit.Temperature           `yaml:"min_water" doc:"coldest water to a chiller's condenser" default:"16 degC" source:"typical; oil and refrigerant management" range:"[2,30]"`
}

// DryCoolerBankSpec is the dry coolers of the plant.
type DryCoolerBankSpec struct {
	Count Count         `yaml:"count" doc:"units, spares included" default:"auto"`
	Each  DryCoolerSpec `yaml:"each" doc:"one unit"`
}

// DryCoolerSpec is one dry cooler: a finned coil, fans and, where it has them, adiabatic pads before the coil.
type DryCoolerSpec struct {
	Title    string                     `yaml:"title" doc:"name of the product"`
	About    string                     `yaml:"about" doc:"what it is and where its figures come from"`
	Rating   *unit.Power                `yaml:"rating" doc:"heat rejected at the design approach; absent: the design heat over units of at most 1 MW" range:"(0,)"`
	Approach unit.TemperatureDifference `yaml:"approach" doc:"water leaving above the air at the coil, at the rating" default:"7 K" source:"typical: 6 to 8 K" range:"[1,40]"`
	AirRise  unit.TemperatureDifference `yaml:"air_rise" doc:"air temperature difference at the rating and full fan speed" default:"10 K" source:"typical" range:"[2,40]"`
	Fan      unit.Ratio                 `yaml:"fan" doc:"fan power at full speed over the rating" default:"2.2 %" source:"typical: 20 to 25 W for each kW" range:"[0,0.2]"`
	Short    unit.TemperatureDifference `yaml:"short_circuit" doc:"by which discharged air warms the air at the coil" default:"1 K" source:"typical" range:"[0,15]"`
	Pads     *PadSpec                   `yaml:"pads" doc:"adiabatic pads; absent: none"`
}

// PadSpec is the adiabatic pads of a dry cooler.
type PadSpec struct {
	Effectiveness unit.Ratio       `yaml:"effectiveness" doc:"share of the way from dry bulb to wet bulb" default:"75 %" source:"typical" range:"[0,1]"`
	Above         unit.Temperature `yaml:"above" doc:"dry bulb above which the pads may be wetted" default:"20 degC" source:"typical" range:"[-50,60]"`
}

// EconomizerSpec is cooling without compressors: a heat exchanger between tower and chilled water, or a dry coil
// on air-cooled chillers.
type EconomizerSpec struct {
	Enabled  bool                       `yaml:"enabled" doc:"the plant has it" default:"true"`
	Approach unit.TemperatureDifference `yaml:"approach" doc:"of chilled water to tower water at the design heat" default:"1.5 K" source:"typical: 1.5 to 2 K" range:"[0.2,10]"`
	Coil     unit.TemperatureDifference `yaml:"coil" doc:"of chilled water to outdoor air at the design heat, on air-cooled chillers" default:"8 K" source:"typical" range:"[1,30]"`
	Band     unit.TemperatureDifference `yaml:"band" doc:"by which it must help before it starts" default:"1 K" source:"Stein 2009, typical" range:"[0,10]"`
	Wait     unit.Duration              `yaml:"wait" doc:"between changes of mode, unless the supply water is lost" default:"20 min" source:"Stein 2009, as in the Modelica Buildings Library" range:"[0,86400]"`
}

// OutdoorSpec is cooling with outdoor air. Bands and waits are those of the economizer.
type OutdoorSpec struct {
	DewPoint unit.Temperature           `yaml:"dew_point" doc:"more humid outdoor air is shut out" default:"15 degC" source:"ASHRAE TC 9.9, recommended envelope" range:"[-20,30]"`
	Least    unit.Ratio                 `yaml:"least" doc:"share of outdoor air when it is shut out" default:"5 %" source:"typical; Modelica Buildings Library, DXCooled" range:"[0,1]"`
	Coil     unit.TemperatureDifference `yaml:"coil" doc:"of the DX coils' refrigerant below the supply air" default:"10 K" source:"typical" range:"[2,30]"`
	Pads     *PadSpec                   `yaml:"pads" doc:"adiabatic pads in the outdoor air; absent: none"`
}

// PumpBankSpec is the pumps of each water loop; all that work share its flow.
type PumpBankSpec struct {
	Count     Count      `yaml:"count" doc:"pumps of each loop, spares included; auto: two and the spares" default:"auto"`
	Chilled   unit.Ratio `yaml:"chilled" doc:"power at design flow over the design heat of the chilled loop" default:"1.5 %" source:"typical: 15 to 20 W for each kW" range:"[0,0.2]"`
	Condenser unit.Ratio `yaml:"condenser" doc:"power at design flow over the design heat rejected by towers" default:"1.2 %" source:"typical" range:"[0,0.2]"`
	Warm      unit.Ratio `yaml:"warm" doc:"power at design flow over the design heat of the warm loop" default:"1.2 %" source:"typical" range:"[0,0.2]"`
	MinFlow   unit.Ratio `yaml:"min_flow" doc:"lowest flow of a loop" default:"40 %" source:"typical" range:"[0.05,1]"`
	Exponent  float64    `yaml:"exponent" doc:"of pump power over flow" default:"2.4" source:"typical; affinity laws give 3, a constant pressure 1" range:"[1,3]"`
}

// WaterSpec is the water treatment of towers and pads.
type WaterSpec struct {
	Cycles      float64    `yaml:"cycles" doc:"cycles of concentration" default:"5" source:"typical: 4 to 6" range:"(1,50]"`
	Drift       float64    `yaml:"drift" doc:"drift over circulating water" default:"0.00005" source:"typical" range:"[0,0.01]"`
	Evaporation unit.Ratio `yaml:"evaporation" doc:"share of a tower's heat that leaves as vapour" default:"85 %" source:"typical: 75 to 95 %" range:"[0,1]"`
}
