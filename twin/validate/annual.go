package validate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/moistair"
	"github.com/halltwin/halltwin/models/weather"
	"github.com/halltwin/halltwin/scenarios/document"
)

const annualFrom = "they are hourly weather of typical years as EnergyPlus weather files: NREL TMY3 (San Francisco, Chicago, Denver), " +
	"climate.onebuilding.org (Phoenix, Dallas, Leesburg, Shanghai), ASHRAE IWEC (Singapore, Tokyo, Stockholm, Helsinki)"

// AnnualPUE runs three plants through a year of several climates and compares their PUE with an independent hourly
// model of the same plants.
var AnnualPUE = Benchmark{
	Name:  "annual-pue",
	About: "the PUE of a year of three plants in eleven climates, against an independent hourly model with the same parameters",
	Data:  "weather: any of the EPW files of its climates; climates without a file are passed over",
	Run:   runAnnual,
}

// climate is a place, and the PUE and WUE (L/kWh) of each archetype there: the model outputs of an independent
// hourly calculation, not measurements.
type climate struct {
	name, file string
	pue        [3]float64
	wue        [3]float64
}

var climates = []climate{
	{"singapore", "SGP_Singapore.486980_IWEC.epw", [3]float64{1.272, 1.313, 1.121}, [3]float64{1.87, 0, 0.41}},
	{"phoenix", "USA_AZ_Phoenix-Sky.Harbor.epw", [3]float64{1.188, 1.171, 1.105}, [3]float64{1.74, 0.56, 0.80}},
	{"dallas", "USA_TX_Dallas-Fort.Worth.epw", [3]float64{1.205, 1.202, 1.105}, [3]float64{1.77, 0.04, 0.47}},
	{"shanghai", "CHN_Shanghai-Hongqiao_TMYx.epw", [3]float64{1.202, 1.184, 1.102}, [3]float64{1.76, 0, 0.40}},
	{"leesburg", "USA_VA_Leesburg.Exec.epw", [3]float64{1.186, 1.162, 1.098}, [3]float64{1.74, 0.02, 0.39}},
	{"chicago", "USA_IL_Chicago-OHare.Intl.AP.725300_TMY3.epw", [3]float64{1.175, 1.143, 1.095}, [3]float64{1.73, 0.02, 0.38}},
	{"denver", "USA_CO_Denver.Intl.AP.725650_TMY3.epw", [3]float64{1.159, 1.113, 1.092}, [3]float64{1.70, 0.21, 0.40}},
	{"san_francisco", "USA_CA_San.Francisco.Intl.AP.724940_TMY3.epw", [3]float64{1.168, 1.112, 1.093}, [3]float64{1.71, 0.01, 0.37}},
	{"tokyo", "JPN_Tokyo.Hyakuri.477150_IWEC.epw", [3]float64{1.187, 1.154, 1.097}, [3]float64{1.74, 0, 0.38}},
	{"stockholm", "SWE_Stockholm.Arlanda.024600_IWEC.epw", [3]float64{1.156, 1.112, 1.090}, [3]float64{1.70, 0.01, 0.37}},
	{"helsinki", "FIN_Helsinki.029740_IWEC.epw", [3]float64{1.155, 1.112, 1.090}, [3]float64{1.70, 0.01, 0.37}},
}

// The electrical chain of every archetype: UPS 97 %, distribution 98.5 %, 1 % for all else, and all of it is heat
// in the halls.
const (
	annualChain = 1 / (0.97 * 0.985)
	annualOther = 0.01
	annualIT    = 2e6 // W
	annualRacks = 40
)

// archetypes are the three plants, sized without spares or margins so that fans and pumps work at their rating.
var archetypes = [3]struct{ name, about, text string }{
	{"tower", "CRAHs on water of 18 to 26 degC, chillers, towers and a water-side economizer", `
air: {supply: 24 degC, rise: 12 K, crah: {margin: 0, redundancy: N, each: {fan: 4.5 %}}, humidity: {humidifier: none}}
plant:
  kind: chiller-tower
  margin: 0
  redundancy: N
  chilled: {supply: 18 degC, rise: 8 K}
  tower: {each: {fan: 1.2 %, approach: 3.9 K, range: 5.5 K}}
  pump: {chilled: 1.5 %, condenser: 1.8 %}
  water: {cycles: 5}
`},
	{"outdoor", "outdoor air over pads, DX units for the rest", `
air: {supply: 24 degC, rise: 12 K, crah: {margin: 0, redundancy: N, each: {fan: 4.5 %}}, humidity: {humidifier: none}}
plant: {kind: outdoor-air, margin: 0, redundancy: N, outdoor: {pads: {above: 20 degC}}, water: {cycles: 5}}
`},
	{"liquid", "80 % of the heat to water of 40 degC and dry coolers with pads, the rest as air", `
air: {supply: 24 degC, rise: 12 K, crah: {margin: 0, redundancy: N, each: {fan: 4.5 %}}, humidity: {humidifier: none}}
liquid: {fraction: 80 %, supply: 44 degC, cdu: {margin: 0, redundancy: N, each: {pump: 0.9 %}}}
plant:
  kind: dry-cooler
  margin: 0
  redundancy: N
  chilled: {supply: 18 degC, rise: 8 K}
  warm: {supply: 40 degC}
  dry_cooler: {each: {approach: 7 K, fan: 2.2 %, pads: {above: 30 degC}}}
  pump: {chilled: 1.5 %, warm: 0.6 %}
  water: {cycles: 5}
`},
}

// annualTolerance is how far a year's PUE may lie from the other model's.
const annualTolerance = 0.03

func runAnnual(ctx context.Context, data string) (*Result, error) {
	dir := filepath.Join(data, "weather")
	if _, err := os.Stat(dir); err != nil {
		dir = data
	}
	r := &Result{}
	worst := 0.0
	var ours, theirs [3][]float64
	for _, c := range climates {
		bytes, err := os.ReadFile(filepath.Join(dir, c.file))
		if errors.Is(err, fs.ErrNotExist) {
			r.Say("%s: passed over, %s is not there", c.name, c.file)
			continue
		}
		if err != nil {
			return nil, err
		}
		series, err := weather.Parse(c.file, bytes)
		if err != nil {
			return nil, err
		}
		start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.FixedZone("", series.Zone))
		source, err := weather.Compile(&weather.Spec{Year: "any"}, series, start, start.AddDate(1, 0, 0))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.file, err)
		}
		for i := range archetypes {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			y, err := annual(archetypes[i].text, source)
			if err != nil {
				return nil, fmt.Errorf("%s plant: %w", archetypes[i].name, err)
			}
			d := math.Abs(y.pue - c.pue[i])
			worst = max(worst, d)
			ours[i], theirs[i] = append(ours[i], y.pue), append(theirs[i], c.pue[i])
			r.Add(fmt.Sprintf("pue.%s.%s", archetypes[i].name, c.name), y.pue, "", fmt.Sprintf("%.3f ± %.2f", c.pue[i], annualTolerance), d <= annualTolerance)
			r.Say("%-14s %-8s WUE %.2f L/kWh (the other model %.2f), hours mechanical/partly/free %d/%d/%d", c.name, archetypes[i].name,
				y.wue, c.wue[i], y.hours[cooling.Mechanical], y.hours[cooling.Partial], y.hours[cooling.Free])
		}
	}
	if len(ours[0]) == 0 {
		return nil, &MissingError{Path: filepath.Join(dir, climates[0].file), From: annualFrom}
	}
	r.Add("pue.largest_difference", worst, "", fmt.Sprintf("<= %g", annualTolerance), worst <= annualTolerance)
	swapped := 0
	for i := range archetypes {
		swapped += swaps(ours[i], theirs[i])
	}
	r.Add("pue.climates_out_of_order", float64(swapped), "pairs", "<= 0", swapped == 0)
	r.Say("a pair of climates is out of order where the other model puts them 0.01 apart and here the order is the other way round")
	r.Say("water of the liquid plant is lower here: its air side has air-cooled chillers, the other model's a tower")
	for _, a := range archetypes {
		r.Say("%s: %s", a.name, a.about)
	}
	return r, nil
}

// swaps counts the pairs that the other model puts clearly apart, and that are the other way round here.
func swaps(ours, theirs []float64) (n int) {
	for i := range ours {
		for j := range i {
			if d := theirs[i] - theirs[j]; math.Abs(d) >= 0.01 && d*(ours[i]-ours[j]) < 0 {
				n++
			}
		}
	}
	return n
}

// yearly is what a plant did in a year.
type yearly struct {
	pue, wue float64
	hours    [3]int
}

// annual runs a plant through a year of hourly weather at constant load.
func annual(text string, source *weather.Source) (*yearly, error) {
	v, ds := (&document.Loader{}).LoadBytes("plant", []byte(text))
	if len(ds) > 0 {
		return nil, ds
	}
	var spec cooling.Spec
	if ds := document.Decode(v, &spec); len(ds) > 0 {
		return nil, ds
	}
	var cursor weather.Cursor
	now := source.At(&cursor, 0)
	const heat = annualIT * (annualChain + annualOther) / annualRacks
	sizes := cooling.Sizes{Racks: annualRacks, Pressure: now.Pressure}
	toAir := 1.0
	if spec.Liquid != nil {
		toAir -= float64(spec.Liquid.Fraction)
	}
	in := cooling.Input{Dt: 3600}
	flow := toAir * heat / (moistair.Density(25, 0.008, now.Pressure) * moistair.Cp * float64(spec.Air.Rise))
	for range annualRacks {
		sizes.RackDesign = append(sizes.RackDesign, heat)
		in.RackHeat = append(in.RackHeat, heat)
		in.RackFlow = append(in.RackFlow, flow)
	}
	p, err := cooling.Compile(&spec, sizes)
	if err != nil {
		return nil, err
	}
	s := cooling.New(p)
	in.Weather = now
	p.Settle(s, &in)
	y := &yearly{}
	var out cooling.Output
	power, water := 0.0, 0.0
	for h := range 8760 {
		in.Weather = source.At(&cursor, float64(h)*3600+1800)
		p.Step(s, &in, &out)
		power += out.Power.Total() / 8760
		water += out.Water * 3600
		y.hours[out.Mode]++
	}
	y.pue = annualChain + annualOther + power/annualIT
	y.wue = water / (annualIT * 8.76)
	return y, nil
}
