package power

import (
	"fmt"
	"strconv"

	"github.com/halltwin/halltwin/models/unit"
)

// Spec is the power chain of a site, the scenario key site.power.
type Spec struct {
	Title string `yaml:"title" doc:"name of the design"`
	About string `yaml:"about" doc:"what it is and where its figures come from"`

	Redundancy  string           `yaml:"redundancy" doc:"sides of the chain: none (lossless, unlimited), N, N+1 (one spare in each layer), 2N (two full sides), 3N/2 (three sides, any two carry all)" enum:"none,N,N+1,2N,3N/2" default:"N"`
	Utility     UtilitySpec      `yaml:"utility" doc:"grid feeds"`
	Transformer TransformersSpec `yaml:"transformer" doc:"transformers between utility and switchboard"`
	Genset      GensetsSpec      `yaml:"genset" doc:"standby generators"`
	Transfer    TransferSpec     `yaml:"transfer" doc:"automatic transfer switches"`
	UPS         UPSBankSpec      `yaml:"ups" doc:"uninterruptible power supplies"`
	PDU         PDUsSpec         `yaml:"pdu" doc:"power distribution units that feed racks"`
	RackLimit   *unit.Power      `yaml:"rack_limit" doc:"rating of the breaker of one rack cord; absent: not limited" range:"(0,)"`
	PowerFactor *PowerFactorSpec `yaml:"power_factor" doc:"power factors, by which equipment is loaded in kVA; absent: 1 everywhere"`
	Restart     RestartSpec      `yaml:"restart" doc:"how racks come back after they were without power"`
	Mechanical  MechanicalSpec   `yaml:"mechanical" doc:"path of the cooling load"`
}

// Count is a number of units in all sides together, or Auto: as many as the design load needs.
type Count int

// Auto asks for a count that fits the design load.
const Auto Count = -1

// UnmarshalText reads "auto" or a whole number from 0 up.
func (c *Count) UnmarshalText(text []byte) error {
	if string(text) == "auto" {
		*c = Auto
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 0 || n > maxUnits {
		return fmt.Errorf("%q is no count: write auto or a whole number from 0 to %d", text, maxUnits)
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

// maxUnits bounds the units of one layer: far above any site, low enough to keep a slip from filling the memory.
const maxUnits = 100_000

// UtilitySpec is the grid connection. Side i takes the feeds i, i+sides …, in that order of preference.
type UtilitySpec struct {
	Count       Count         `yaml:"count" doc:"grid feeds; auto: one for one side, else two" default:"auto"`
	Names       []string      `yaml:"names" doc:"their names; absent: utility-a, utility-b …"`
	Rating      *unit.Power   `yaml:"rating" doc:"rating of one feed's breaker; absent: not limited" range:"(0,)"`
	Voltage     unit.Voltage  `yaml:"voltage" doc:"line-to-line voltage; gives the current shown" default:"13.8 kV" source:"typical" range:"(0,)"`
	PowerFactor unit.Ratio    `yaml:"power_factor" doc:"power factor at the feed; gives the current shown" default:"0.98" source:"typical" range:"(0,1]"`
	Retransfer  unit.Duration `yaml:"retransfer" doc:"time that a returned feed must hold before load goes back to it" default:"5 min" source:"typical" range:"[0,)"`
	Breaker     BreakerSpec   `yaml:"breaker" doc:"feed breaker"`
}

// TransformerSpec is one transformer type.
type TransformerSpec struct {
	Title  string `yaml:"title" doc:"full product name"`
	About  string `yaml:"about" doc:"what it is and where its figures come from"`
	Source string `yaml:"source" doc:"citation of the figures"`

	Rating  *unit.Power `yaml:"rating" doc:"rated power; absent: the design load is 80 % of it" range:"(0,)"`
	NoLoad  unit.Ratio  `yaml:"no_load" doc:"core loss, relative to rating" default:"0.15 %" source:"typical of DOE-2016, 2.5 MVA" range:"[0,0.1]"`
	Load    unit.Ratio  `yaml:"load" doc:"winding loss at rated load, relative to rating" default:"0.6 %" source:"typical of DOE-2016, 2.5 MVA" range:"[0,0.1]"`
	Breaker BreakerSpec `yaml:"breaker" doc:"main breaker behind it"`
}

// TransformersSpec is all transformers.
type TransformersSpec struct {
	TransformerSpec `yaml:",inline"`
	Count           Count `yaml:"count" doc:"transformers in all sides; 0: none" default:"auto"`
}

// GensetSpec is one generator set type.
type GensetSpec struct {
	Title  string `yaml:"title" doc:"full product name"`
	About  string `yaml:"about" doc:"what it is and where its figures come from"`
	Source string `yaml:"source" doc:"citation of the figures"`

	Rating      *unit.Power   `yaml:"rating" doc:"standby rating; absent: the design load is 80 % of it" range:"(0,)"`
	Start       unit.Duration `yaml:"start" doc:"time from the loss of the utility until it takes load" default:"10 s" source:"NFPA 110 type 10" range:"(0,)"`
	FailToStart unit.Ratio    `yaml:"fail_to_start" doc:"probability that it does not start when asked to" default:"0.7 %" source:"typical, 0.5–1 % a demand" range:"[0,1]"`
	FailToCrank unit.Ratio    `yaml:"fail_to_crank" doc:"probability that one crank does not catch, of a genset that starts when it is tried often enough" default:"0 %" source:"chosen" range:"[0,1]"`
	Attempts    int           `yaml:"attempts" doc:"cranks before it locks out" default:"3" source:"NFPA 110" range:"[1,10]"`
	Retry       unit.Duration `yaml:"retry" doc:"time of one further crank and its rest" default:"30 s" source:"NFPA 110: 15 s crank, 15 s rest" range:"(0,)"`
	Cooldown    unit.Duration `yaml:"cooldown" doc:"time it runs unloaded before it stops" default:"5 min" source:"typical" range:"[0,)"`
	Fuel        FuelSpec      `yaml:"fuel" doc:"fuel use and tank"`
	Overload    *OverloadSpec `yaml:"overload" doc:"overload limit; absent: 110 % for 1 h, 150 % at once, typical of ISO 8528 standby"`
}

// FuelSpec is the fuel of a genset: use = idle·rating + load·power.
type FuelSpec struct {
	Tank     unit.Duration `yaml:"tank" doc:"time at rated power that the tank lasts" default:"24 h" source:"typical" range:"(0,)"`
	FullLoad unit.Volume   `yaml:"full_load" doc:"fuel of one kWh at rated power" default:"0.25 L" source:"typical, 0.21–0.25 L/kWh" range:"(0,)"`
	Idle     unit.Ratio    `yaml:"idle" doc:"fuel use without load, relative to that at rated power" default:"8 %" source:"typical" range:"[0,1]"`

	Delivery *unit.Duration `yaml:"delivery" doc:"time from an order of fuel until the tank is full again; absent: none comes" range:"(0,)"`
	Reorder  unit.Ratio     `yaml:"reorder" doc:"share of the tank at which fuel is ordered" default:"50 %" source:"typical of delivery contracts" range:"[0,1)"`
}

// GensetsSpec is all gensets.
type GensetsSpec struct {
	GensetSpec `yaml:",inline"`
	Count      Count         `yaml:"count" doc:"gensets in all sides; 0: none" default:"auto"`
	Step       *unit.Ratio   `yaml:"step" doc:"largest load that a running genset takes at once, relative to its rating (typically 60–80 %); larger ones are connected block by block, first the UPSs (or PDUs), last the cooling; absent: any" range:"(0,2]"`
	Settle     unit.Duration `yaml:"settle" doc:"time between two blocks, in which voltage and frequency recover" default:"5 s" source:"typical, ISO 8528-5 class G2" range:"(0,)"`
	Shed       bool          `yaml:"shed" doc:"racks are shed, the last PDUs first, when the running gensets cannot carry all; else they are overloaded and trip" default:"false"`
	Bus        string        `yaml:"bus" doc:"what they feed: their own side, or all sides over a common bus" enum:"side,common" default:"side"`
}

// TransferSpec is the transfer switches.
type TransferSpec struct {
	Kind  string         `yaml:"kind" doc:"automatic (mechanical) or static; between two live sources a static switch is faster than power supplies notice, 20 ms by the ITI (CBEMA) curve" enum:"ats,sts" default:"ats"`
	Break *unit.Duration `yaml:"break" doc:"time without power while the switch moves; absent: 150 ms, typical of 80–200 ms, or 6 ms, typical of 4–8 ms" range:"(0,)"`
}

// RestartSpec is the order in which racks come back: those of one PDU, or pair of PDUs, together, one after another, so
// that their inrush and their start do not meet.
type RestartSpec struct {
	After unit.Duration `yaml:"after" doc:"time from the return of power until the first racks are connected" default:"0 s" range:"[0,)"`
	Every unit.Duration `yaml:"every" doc:"time between the racks of one PDU and those of the next" default:"0 s" range:"[0,)"`
}

// CurveSpec is a loss curve: loss ÷ rating = k0 + k1 x + k2 x², with x = output ÷ rating.
type CurveSpec struct {
	K0 unit.Ratio `yaml:"k0" doc:"constant loss" required:"true" range:"[0,0.2]"`
	K1 unit.Ratio `yaml:"k1" doc:"loss proportional to load" required:"true" range:"[0,0.5]"`
	K2 unit.Ratio `yaml:"k2" doc:"loss growing with the square of load" required:"true" range:"[0,0.5]"`
}

// UPSSpec is one UPS type, with its battery.
type UPSSpec struct {
	Title  string `yaml:"title" doc:"full product name"`
	About  string `yaml:"about" doc:"what it is and where its figures come from"`
	Source string `yaml:"source" doc:"citation of the figures"`

	Rating   unit.Power    `yaml:"rating" doc:"rated output power" default:"1 MW" source:"typical" range:"(0,)"`
	Mode     string        `yaml:"mode" doc:"operating mode; eco feeds the load over the line path and loses less; dc is a rectifier with the battery on its DC bus: no inverter, no bypass" enum:"double-conversion,eco,dc" default:"double-conversion"`
	Curve    *CurveSpec    `yaml:"curve" doc:"loss of double conversion, or of the rectifier of mode dc; absent: 1 %, 0.5 %, 1.2 %, or 0.5 %, 0.3 %, 0.9 %, typical"`
	Line     *CurveSpec    `yaml:"line" doc:"loss of the line path, in eco mode and on bypass; absent: 0.4 %, 0.1 %, 0.8 %, typical"`
	Bypass   bool          `yaml:"bypass" doc:"the static bypass carries the load when overloaded or when no unit works" default:"true"`
	Autonomy unit.Duration `yaml:"autonomy" doc:"battery time at rated load, end of life" default:"5 min" source:"typical" range:"(0,)"`
	Transfer unit.Duration `yaml:"transfer" doc:"eco: time that the inverter needs to take over when the line path fails; power supplies run on for 20 ms without input (ITI curve), so that a longer one loses the racks that have no other cord" default:"4 ms" source:"typical, 2–8 ms" range:"[0,10]"`
	Battery  BatterySpec   `yaml:"battery" doc:"battery"`
	Overload *OverloadSpec `yaml:"overload" doc:"overload limit; absent: 125 % for 10 min, 150 % at once, typical"`
}

// BatterySpec is the battery of one UPS.
type BatterySpec struct {
	Model      string           `yaml:"model" doc:"how the time depends on power: energy (not at all), peukert, kibam (two wells)" enum:"energy,peukert,kibam" default:"energy"`
	Efficiency unit.Ratio       `yaml:"efficiency" doc:"output ÷ battery power while discharging" default:"0.95" source:"typical" range:"(0,1]"`
	Floor      unit.Ratio       `yaml:"floor" doc:"charge at which it is cut off" default:"10 %" source:"typical" range:"[0,0.95]"`
	Charger    unit.Ratio       `yaml:"charger" doc:"charging power, relative to the rating of the UPS" default:"10 %" source:"typical: recharge in 5–10 times the discharge" range:"[0,1]"`
	Charging   unit.Ratio       `yaml:"charging" doc:"stored ÷ charging power" default:"0.95" source:"typical" range:"(0,1]"`
	Peukert    float64          `yaml:"peukert" doc:"Peukert's exponent" default:"1.15" source:"typical, VRLA 1.1–1.25, Li-ion 1.03–1.05" range:"[1,2]"`
	Age        *unit.Duration   `yaml:"age" doc:"age in service; absent: at its end of life, when it has the stated autonomy" range:"[0,)"`
	Life       unit.Duration    `yaml:"life" doc:"design life at 25 °C, at whose end 80 % of the capacity of a new one is left" default:"10 years" source:"typical, VRLA 10, Li-ion 15 years; 80 % after IEEE 1188" range:"(0,)"`
	Ambient    unit.Temperature `yaml:"ambient" doc:"temperature of the battery room; each 8.3 K above 25 °C halve the life" default:"25 degC" source:"IEEE 1188" range:"[-20,60]"`
	Hours      unit.Duration    `yaml:"hours" doc:"discharge time at which Peukert's capacity is stated" default:"20 h" source:"typical" range:"(0,)"`
	Well       unit.Ratio       `yaml:"well" doc:"KiBaM: share of the charge that is available at once" default:"0.166" source:"Jongerden & Haverkort 2009" range:"(0,1)"`
	Rate       unit.Rate        `yaml:"rate" doc:"KiBaM: rate k' at which the bound charge follows" default:"0.122 1/min" source:"Jongerden & Haverkort 2009" range:"(0,)"`
}

// UPSBankSpec is all UPSs: each side has a bank of equal units in parallel.
type UPSBankSpec struct {
	Each  UPSSpec `yaml:"each" doc:"the type of every unit"`
	Count Count   `yaml:"count" doc:"units in all sides; 0: none" default:"auto"`
}

// PDUSpec is one PDU, RPP or busway type.
type PDUSpec struct {
	Title  string `yaml:"title" doc:"full product name"`
	About  string `yaml:"about" doc:"what it is and where its figures come from"`
	Source string `yaml:"source" doc:"citation of the figures"`

	Rating     unit.Power  `yaml:"rating" doc:"rated output power" default:"300 kW" source:"typical" range:"(0,)"`
	Continuous unit.Ratio  `yaml:"continuous" doc:"share of the rating that may be loaded continuously" default:"80 %" source:"NEC 210.20, 215.3" range:"(0,1]"`
	Curve      *CurveSpec  `yaml:"curve" doc:"loss; absent: 0.4 %, 0, 0.8 %, typical of a PDU with transformer"`
	Breaker    BreakerSpec `yaml:"breaker" doc:"main breaker"`
}

// PDUsSpec is all PDUs.
type PDUsSpec struct {
	PDUSpec `yaml:",inline"`
	Count   Count `yaml:"count" doc:"PDUs in all sides; 0: none" default:"auto"`
}

// BreakerSpec is an overload protection: thermal, with a time given at double load, or an inverse-time relay.
type BreakerSpec struct {
	Curve   string        `yaml:"curve" doc:"thermal element, or the relay curve of IEEE C37.112 or IEC 60255-151" enum:"thermal,ieee-mi,ieee-vi,ieee-ei,iec-si,iec-vi,iec-ei" default:"thermal"`
	Pickup  unit.Ratio    `yaml:"pickup" doc:"load ÷ rating above which it trips sooner or later" default:"1.05" source:"typical, 1.02–1.05" range:"[0.5,2]"`
	Double  unit.Duration `yaml:"double" doc:"thermal: time to trip at twice the rating after 80 % load" default:"2 min" source:"UL 489, upper bound up to 30 A; larger frames up to 14 min" range:"(0,)"`
	Dial    float64       `yaml:"dial" doc:"relay: time multiplier" default:"1" source:"IEEE C37.112" range:"(0,100]"`
	Instant float64       `yaml:"instant" doc:"load ÷ rating from which the magnetic element trips" default:"8" source:"typical, 5–10" range:"(1,100]"`
	Delay   unit.Duration `yaml:"delay" doc:"time of the magnetic element" default:"20 ms" source:"typical, 10–20 ms" range:"(0,)"`
}

// OverloadSpec is how long a machine stands more than its rating.
type OverloadSpec struct {
	Pickup  unit.Ratio    `yaml:"pickup" doc:"load ÷ rating that it stands for ever" default:"1.02" source:"typical" range:"[0.5,2]"`
	Load    unit.Ratio    `yaml:"load" doc:"a load ÷ rating above that" required:"true" range:"(0.5,10]"`
	For     unit.Duration `yaml:"for" doc:"how long it stands that load after 80 % load" required:"true" range:"(0,)"`
	Instant float64       `yaml:"instant" doc:"load ÷ rating at which it gives up at once" required:"true" range:"(1,100]"`
}

// Validate checks what tags cannot say.
func (s *OverloadSpec) Validate(fail func(path, msg string)) {
	if s.Load <= s.Pickup {
		fail("load", fmt.Sprintf("load (%s) must be above pickup (%s)", s.Load, s.Pickup))
	}
	if s.Instant <= float64(s.Load) {
		fail("instant", fmt.Sprintf("instant (%g) must be above load (%s)", s.Instant, s.Load))
	}
}

// MechanicalSpec is the path of the cooling load.
type MechanicalSpec struct {
	UPS bool `yaml:"ups" doc:"cooling is fed from the UPSs, not from the switchboards" default:"false"`
}
