package validate

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/moistair"
	"github.com/halltwin/halltwin/models/unit"
)

// kelvin is 0 °C in K, the unit of temperature of the trajectories.
const kelvin = 273.15

// Properties of the library's media, in J/(kg K) and kg/m³.
const (
	mblWater    = 4184.0
	mblAir      = 1014.54 // of 1 % water by mass
	mblDensity  = 995.586
	mblPressure = 101325.0
)

// compared is one figure of a comparison.
type compared struct {
	name  string
	value float64
	unit  string
	limit float64 // the figure is at most this; 0: for information
}

// component compares one kind of equipment with its references in a folder.
type component struct {
	about string
	run   func(dir string) ([]compared, error)
}

// components are the comparisons with trajectories, in the order of physics: air, exchangers, machines, rejection,
// controls, power.
var components = []component{
	{"saturation, humidity, density", compareAir},
	{"wet bulb and dew point", compareWetBulb},
	{"ε-NTU, six arrangements", compareExchangers},
	{"film conductances of coils", compareFilms},
	{"dry coil", compareDryCoil},
	{"wet coil", compareWetCoil},
	{"exchanger of constant effectiveness", compareConstant},
	{"spray humidifier", compareSpray},
	{"EIR chiller", compareChiller},
	{"reformulated EIR chiller", compareReformulated},
	{"chillers of two plants with integrated economizers", comparePlants},
	{"Carnot chiller", compareCarnot},
	{"chiller curve sets", compareRecords},
	{"DX coil", compareDX},
	{"YorkCalc", compareYork},
	{"Merkel tower", compareMerkel},
	{"fan", compareFan},
	{"pump", comparePump},
	{"economizer modes", compareModes},
	{"battery", compareBattery},
}

func celsius(k float64) float64 { return k - kelvin }

func relative(got, want float64) float64 {
	if want == 0 {
		return math.Abs(got)
	}
	return math.Abs(got/want - 1)
}

func compareAir(dir string) ([]compared, error) {
	var pressure, everywhere, ratio, density, phi deviations
	r := open(dir, "Utilities_Psychrometrics_Examples_SaturationPressure")
	for i, want := range r.col("pSat.pSat") {
		t := 190 + (373.15-190)*r.rows[i][0] - kelvin
		// As an error of temperature, which is what the pressure is used for.
		up, down := moistair.SaturationPressure(t+0.5), moistair.SaturationPressure(t-0.5)
		e := math.Abs(math.Log(moistair.SaturationPressure(t)/want)) / math.Log(up/down)
		everywhere.add(e)
		if t > -40 && t < 50 {
			pressure.add(e)
		}
	}
	w := open(dir, "Utilities_Psychrometrics_Examples_HumidityRatioPressure")
	pw := w.col("humRat.p_w")
	for i, x := range w.col("humRat.X_w") {
		ratio.add(relative(moistair.MoistMass(moistair.HumidityRatio(pw[i], mblPressure)), x))
	}
	d := open(dir, "Utilities_Psychrometrics_Examples_Density_pTX")
	t, x := d.col("den.T"), d.col("den.X_w")
	for i, want := range d.col("den.d") {
		density.add(relative(moistair.Density(celsius(t[i]), moistair.DryMass(x[i]), mblPressure), want))
	}
	m := open(dir, "Utilities_Psychrometrics_Examples_MassFraction_pTphi")
	rh, temperature := m.col("masFra1.phi"), m.col("masFra1.T")
	for i, want := range m.col("masFra1.X[1]") {
		if want > 1e-4 {
			phi.add(relative(moistair.MoistMass(moistair.FromRelative(celsius(temperature[i]), rh[i], mblPressure)), want))
		}
	}
	return []compared{
		{"air.saturation", pressure.worst(), "K", 0.01}, {"air.saturation_-83_to_100_degC", everywhere.worst(), "K", 0},
		{"air.humidity_ratio", ratio.worst(), "", 1e-4},
		{"air.density", density.worst(), "", 1e-3},
		{"air.mass_fraction", phi.worst(), "", 1e-3},
	}, firstError(r, w, d, m)
}

func compareWetBulb(dir string) ([]compared, error) {
	var wet, dew deviations
	r := open(dir, "Utilities_Psychrometrics_Examples_TWetBul_TDryBulPhi")
	for i, want := range r.col("wetBulPhi.TWetBul") {
		w := moistair.FromRelative(29.4, r.rows[i][0], mblPressure)
		wet.add(math.Abs(moistair.WetBulb(29.4, w, mblPressure) - celsius(want)))
	}
	d := open(dir, "Utilities_Psychrometrics_Examples_DewPointTemperature")
	x := d.col("humRat.X_w")
	for i, want := range d.col("TDewPoi.T") {
		dew.add(math.Abs(moistair.DewPoint(moistair.DryMass(x[i]), mblPressure) - celsius(want)))
	}
	return []compared{{"air.wet_bulb", wet.worst(), "K", 0.01}, {"air.dew_point", dew.worst(), "K", 0.01}}, firstError(r, d)
}

func compareExchangers(dir string) ([]compared, error) {
	r := open(dir, "Fluid_HeatExchangers_BaseClasses_Examples_EpsilonNTUZ")
	var out []compared
	for _, a := range []struct {
		name, col string
		kind      cooling.Arrangement
	}{
		{"parallel", "ntu[1]", cooling.ParallelArrangement}, {"counterflow", "ntu[2]", cooling.CounterArrangement},
		{"crossflow_unmixed", "ntu[3]", cooling.CrossUnmixed}, {"crossflow_cmin_mixed", "ntu[4]", cooling.CrossMinMixed},
		{"crossflow_cmin_unmixed", "ntu[5]", cooling.CrossMinUnmixed}, {"phase_change", "ntu[6]", cooling.PhaseChangeArrangement},
	} {
		var d deviations
		for i, want := range r.col(a.col) {
			t := r.rows[i][0]
			z := math.Abs(math.Cos(t))
			eps := 0.01 + 0.98*math.Abs(math.Sin(t))/(1+z)
			if a.kind == cooling.CounterArrangement {
				z = min(z, 0.98) // as the library holds it
			}
			if z < 1e-4 {
				continue // it regularises the limit
			}
			// Where the exchanger is near its limit NTU is all rounding: compare what it does.
			d.add(math.Abs(a.kind.Effectiveness(want, z) - eps))
		}
		out = append(out, compared{"ntu." + a.name, d.worst(), "", 1e-4})
	}
	return out, firstError(r)
}

func compareFilms(dir string) ([]compared, error) {
	r := open(dir, "Fluid_HeatExchangers_BaseClasses_Examples_HADryCoil")
	tw, ta, mw, ma := r.col("TWat.y"), r.col("TAir.y"), r.col("mWat_flow.y"), r.col("mAir_flow.y")
	hw, ha := r.col("hADryCoi.hA_1"), r.col("hADryCoi.hA_2")
	nw, na := cooling.CoilSides(10000, 0.5)
	var water, air deviations
	for i := range r.rowsOf() {
		if mw[i] > 0.01 { // below a tenth of the flow the library regularises the power
			water.add(relative(cooling.WaterFilm(nw, mw[i]/0.1, celsius(tw[i])), hw[i]))
		}
		if ma[i] > 0.25 {
			air.add(relative(cooling.AirFilm(na, ma[i]/2.5, celsius(ta[i])), ha[i]))
		}
	}
	return []compared{{"coil.water_film", water.worst(), "", 1e-4}, {"coil.air_film", air.worst(), "", 1e-4}}, firstError(r)
}

func compareDryCoil(dir string) ([]compared, error) {
	r := open(dir, "Fluid_HeatExchangers_Validation_DryCoilEffectivenessNTU")
	m1, m2 := r.last("hexCou.m1_flow"), r.last("hexCou.m2_flow")
	const rated1 = 5.0
	const rated2 = rated1 * mblWater / mblAir
	var out []compared
	// The library chooses the regime of its crossflow coils at the rating, where the capacity rates are equal, and
	// keeps it: the pair with one stream mixed has changed places.
	for _, a := range []struct {
		name, col string
		kind      cooling.Arrangement
	}{
		{"counterflow", "hexCou.Q1_flow", cooling.CounterArrangement}, {"parallel", "hexPar.Q1_flow", cooling.ParallelArrangement},
		{"crossflow_unmixed", "hexCroUnm.Q1_flow", cooling.CrossUnmixed},
		{"crossflow_water_mixed", "hexCroC1Mix.Q1_flow", cooling.CrossMinUnmixed}, {"crossflow_air_mixed", "hexCroC1Unm.Q1_flow", cooling.CrossMinMixed},
	} {
		z := 1.0
		if a.kind == cooling.CounterArrangement {
			z = 0.98 // as the library holds it
		}
		ua := a.kind.NTU(0.4, z) * rated1 * mblWater
		hw, ha := cooling.CoilSides(ua, 2.0/3)
		s := cooling.Stream{WaterIn: 40, Water: m1 * mblWater, AirIn: 20, W: moistair.DryMass(0.01), P: mblPressure}
		s.Air = m2 * mblAir / (moistair.Cp + s.W*moistair.CpVapour)
		got := cooling.DryCoil(&s, a.kind, hw*math.Pow(m1/rated1, 0.85), ha*math.Pow(m2/rated2, 0.8))
		out = append(out, compared{"coil.dry_" + a.name, relative(got.Heat, r.last(a.col)), "", 1e-4})
	}
	return out, firstError(r)
}

func compareWetCoil(dir string) ([]compared, error) {
	r := open(dir, "Fluid_HeatExchangers_Validation_WetCoilEffectivenessNTUCounterFlow")
	q, leaving, dry := r.col("hexWetNTU.Q1_flow"), r.col("hexWetNTU.sta_b2.T"), r.col("hexWetNTU.dryFra")
	fine, fineLeaving := r.col("hexDis.Q1_flow"), r.col("hexDis.sta_b2.T")
	hw, ha := cooling.CoilSides(4748, 2.0/3)
	var heat, air, part, fineHeat, fineAir deviations
	for i := range r.rowsOf() {
		w := 0.0035383 + (0.01765-0.0035383)*r.rows[i][0]/1000
		s := cooling.Stream{
			WaterIn: (42.0 - 32) / 1.8, Water: 3.78 * mblWater, AirIn: (80.0 - 32) / 1.8,
			Air: 2.646 / (1 + w), W: w, P: mblPressure,
		}
		got := cooling.WetCoil(&s, hw, ha)
		e, k := relative(got.Heat, q[i]), math.Abs(got.AirOut-celsius(leaving[i]))
		if dry[i] > 1e-6 && dry[i] < 1-1e-6 {
			part.add(e)
		} else {
			heat.add(e)
		}
		air.add(k)
		if r.rows[i][0] > 60 { // the discretised coil has left its start
			fineHeat.add(relative(got.Heat, fine[i]))
			fineAir.add(math.Abs(got.AirOut - celsius(fineLeaving[i])))
		}
	}
	return []compared{
		{"coil.wet_heat", heat.worst(), "", 0.06}, {"coil.partly_wet_heat", part.worst(), "", 0.06}, {"coil.wet_air", air.worst(), "K", 0.5},
		{"coil.wet_heat_discretised", fineHeat.worst(), "", 0}, {"coil.wet_air_discretised", fineAir.worst(), "K", 0},
	}, firstError(r)
}

func compareConstant(dir string) ([]compared, error) {
	r := open(dir, "Fluid_HeatExchangers_Validation_ConstantEffectiveness")
	t1, t2, m1, m2, q := r.col("T_a1.T"), r.col("T_a2.T"), r.col("hex.m1_flow"), r.col("hex.m2_flow"), r.col("hex.Q1_flow")
	var d deviations
	for i := range r.rowsOf() {
		if m2[i] < 1 {
			continue
		}
		d.add(relative(0.8*min(m1[i]*mblWater, m2[i]*mblAir)*(t2[i]-t1[i]), q[i]))
	}
	return []compared{{"exchanger.constant", d.worst(), "", 1e-4}}, firstError(r)
}

func compareSpray(dir string) ([]compared, error) {
	r := open(dir, "Fluid_Humidifiers_Validation_SprayAirWasher_X")
	in, out, water, x := r.col("hum.sta_a.T"), r.col("hum.sta_b.T"), r.col("hum.mWat_flow"), r.col("senHum.X")
	goal := r.col("XSet.y[1]")
	var mass, temperature deviations
	for i := range r.rowsOf() {
		w := moistair.DryMass(0.01)
		dry := 0.1 * (1 - 0.01)
		// The library's washer limits water to 0.4 % of the moist air and lets a drop through when it is off.
		got, left := cooling.Humidify(dry, w, moistair.DryMass(goal[i]), 0.1*0.004)
		if got < 1e-6 {
			continue
		}
		mass.add(math.Abs(moistair.MoistMass(left) - x[i]))
		t := cooling.SprayOutlet(celsius(in[i]), w, w+water[i]/dry, celsius(out[i])) // its water comes at the outlet's temperature
		temperature.add(math.Abs(t - celsius(out[i])))
	}
	return []compared{{"humidifier.mass_fraction", mass.worst(), "", 1e-4}, {"humidifier.temperature", temperature.worst(), "K", 0.05}}, firstError(r)
}

// chillerRecord is one curve set of chiller_eir_records.json.
type chillerRecord struct {
	Name                        string  `json:"name"`
	Capacity                    float64 `json:"QEva_flow_nominal"`
	COP                         float64 `json:"COP_nominal"`
	MinLoad                     float64 `json:"PLRMinUnl"`
	CapFunT, EIRFunT, EIRFunPLR []float64
	Evaporator                  float64 `json:"TEvaLvg_nominal_C"`
	Condenser                   float64 `json:"TConEnt_nominal_C"`
	EvaporatorMin               float64 `json:"TEvaLvgMin_C"`
	EvaporatorMax               float64 `json:"TEvaLvgMax_C"`
	CondenserMin                float64 `json:"TConEntMin_C"`
	CondenserMax                float64 `json:"TConEntMax_C"`
}

func (r *chillerRecord) curve() *cooling.CurveSpec {
	return &cooling.CurveSpec{
		COP: r.COP, Capacity: r.CapFunT, EIR: r.EIRFunT, PartLoad: r.EIRFunPLR, MinLoad: unit.Ratio(r.MinLoad),
		Evaporator: unit.Temperature(r.Evaporator), Condenser: unit.Temperature(r.Condenser),
		EvaporatorMin: unit.Temperature(r.EvaporatorMin), EvaporatorMax: unit.Temperature(r.EvaporatorMax),
		CondenserMin: unit.Temperature(r.CondenserMin), CondenserMax: unit.Temperature(r.CondenserMax),
	}
}

// readRecords reads all curve sets.
func readRecords(dir string) ([]chillerRecord, error) {
	b, err := os.ReadFile(filepath.Join(dir, "chiller_eir_records.json"))
	if err != nil {
		return nil, err
	}
	var out []chillerRecord
	if err := json.Unmarshal(b, &out); err != nil {
		return nil, fmt.Errorf("chiller_eir_records.json: %w", err)
	}
	return out, nil
}

// record finds a curve set by a part of its name.
func findRecord(dir, name string) (*chillerRecord, error) {
	all, err := readRecords(dir)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if strings.Contains(all[i].Name, name) {
			return &all[i], nil
		}
	}
	return nil, fmt.Errorf("chiller_eir_records.json has no chiller %s", name)
}

func compareRecords(dir string) ([]compared, error) {
	all, err := readRecords(dir)
	refused := 0.0
	for i := range all {
		ok := true
		all[i].curve().Validate(func(string, string) { ok = false })
		if !ok {
			refused++
		}
	}
	return []compared{{"chiller.curves_read", float64(len(all)), "", 0}, {"chiller.curves_refused", refused, "", 6}}, err
}

func compareChiller(dir string) ([]compared, error) {
	rec, err := findRecord(dir, "McQuay_WSC_471kW_5_89COP_Vanes")
	if err != nil {
		return nil, err
	}
	r := open(dir, "Fluid_Chillers_Examples_ElectricEIR")
	leaving, set, entering, load, cop := r.col("chi.TEvaLvg"), r.col("chi.TSet"), r.col("chi.TConEnt"), r.col("chi.PLR1"), r.col("chi.COP")
	var d deviations
	for i := range r.rowsOf() {
		if cop[i] > 0 && math.Abs(leaving[i]-set[i]) < 0.02 { // in control, hence at rest
			_, power := rec.curve().Extrapolated(celsius(leaving[i]), celsius(entering[i]), load[i])
			d.add(relative(load[i]/power, cop[i]))
		}
	}
	return []compared{{"chiller.eir_cop", d.worst(), "", 1e-4}}, firstError(r)
}

// mcquayReformulated is the curve of the reference: McQuay WSC, 471 kW, COP 5.89, of EnergyPlus' datasets.
var mcquayReformulated = cooling.ReformulatedCurve{
	COP: 5.89, MinLoad: 0.1,
	Capacity: cooling.Biquadratic{-4.862465e-01, -7.293218e-02, -8.514849e-03, 1.463106e-01, -4.474066e-03, 9.813408e-03},
	EIR:      cooling.Biquadratic{3.522647e-01, -3.311790e-02, -1.374491e-04, 3.469525e-02, -3.624458e-04, 6.749423e-04},
	PartLoad: [10]float64{8.215998e-01, -2.209969e-02, -1.725652e-05, -3.831448e-02, 1.896948e-01, 2.308518e-02, 0, 1.349969e-02, 0, 0},
}

func compareReformulated(dir string) ([]compared, error) {
	r := open(dir, "Fluid_Chillers_Examples_ElectricReformulatedEIR")
	leaving, set, out, load, cop := r.col("chi.TEvaLvg"), r.col("chi.TSet"), r.col("chi.TConLvg"), r.col("chi.PLR1"), r.col("chi.COP")
	var d deviations
	for i := range r.rowsOf() {
		if cop[i] > 0 && math.Abs(leaving[i]-set[i]) < 0.02 {
			_, power := mcquayReformulated.Performance(celsius(leaving[i]), celsius(out[i]), load[i])
			d.add(relative(load[i]/power, cop[i]))
		}
	}
	return []compared{{"chiller.reformulated_cop", d.worst(), "", 1e-4}}, firstError(r)
}

// comparePlants feeds the chillers of two whole plants with their own temperatures and heats.
func comparePlants(dir string) ([]compared, error) {
	rec, err := findRecord(dir, "York_YT_1055kW_5_96COP_Vanes")
	if err != nil {
		return nil, err
	}
	var out []compared
	for name, model := range plantModels {
		r := open(dir, model)
		var d deviations
		for i := range r.rowsOf() {
			p, q := r.col("chiWSE.chiPar.chi[1].P")[i], -r.col("chiWSE.chiPar.chi[1].QEva_flow")[i]
			if p < 1000 {
				continue
			}
			e, c := celsius(r.col("TCHWSup.T")[i]), celsius(r.col("TCWSup.T")[i])
			curve := rec.curve()
			capacity, _ := curve.Extrapolated(e, c, 1)
			available := -rec.Capacity * capacity
			_, power := curve.Extrapolated(e, c, q/available)
			d.add(relative(power*available, p))
		}
		if r.err != nil {
			return nil, r.err
		}
		out = append(out, compared{[...]string{"chiller.plant_load_side", "chiller.plant_primary_secondary"}[name], d.worst(), "", 1e-4})
	}
	return out, nil
}

var plantModels = [...]string{
	"Applications_DataCenters_ChillerCooled_Examples_IntegratedPrimaryLoadSideEconomizer",
	"Applications_DataCenters_ChillerCooled_Examples_IntegratedPrimarySecondaryEconomizer",
}

func compareCarnot(dir string) ([]compared, error) {
	r := open(dir, "Fluid_Chillers_Validation_CarnotVerifyEtaCarnot")
	got := cooling.CarnotCOP(0.315046, 5-2, 30+2, math.Inf(1))
	return []compared{{"chiller.carnot_cop", relative(got, r.last("chi_TEva.COP")), "", 1e-4}}, firstError(r)
}

func compareDX(dir string) ([]compared, error) {
	r := open(dir, "Fluid_DXSystems_BaseClasses_Examples_CapacityAirSource")
	outdoor, wet, m := r.col("cooCap.TConIn"), r.col("cooCap.TEvaIn"), r.col("cooCap.m_flow")
	q, eir := r.col("cooCap.Q_flow[1]"), r.col("cooCap.EIR[1]")
	curve := cooling.TypicalDX()
	var capacity, input deviations
	curve.EvaporatorMin, curve.EvaporatorMax, curve.CondenserMin, curve.CondenserMax = -50, 100, -50, 100 // the library does not clamp
	for i := range r.rowsOf() {
		if ff := m[i] / 1.5; ff >= 0.5 {
			c, e, _ := curve.At(celsius(wet[i]), celsius(outdoor[i]), ff)
			capacity.add(relative(c*-21000, q[i]))
			input.add(relative(e, eir[i]))
		}
	}
	return []compared{{"dx.capacity", capacity.worst(), "", 1e-4}, {"dx.eir", input.worst(), "", 1e-4}}, firstError(r)
}

// readRows reads the lines of a text file that are numbers and commas alone.
func readRows(path string) ([][]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out [][]float64
	in := bufio.NewScanner(f)
	for in.Scan() {
		var row []float64
		for c := range strings.SplitSeq(in.Text(), ",") {
			v, err := strconv.ParseFloat(strings.TrimSpace(c), 64)
			if err != nil {
				row = nil
				break
			}
			row = append(row, v)
		}
		if row != nil {
			out = append(out, row)
		}
	}
	return out, in.Err()
}
