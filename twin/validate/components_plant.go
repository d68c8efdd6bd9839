package validate

import (
	"fmt"
	"math"
	"path/filepath"

	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/moistair"
	"github.com/halltwin/halltwin/models/power"
)

func compareYork(dir string) ([]compared, error) {
	r := open(dir, "Fluid_HeatExchangers_CoolingTowers_Correlations_Examples_YorkCalc")
	water, air := r.col("TApp_Wat"), r.col("TApp_Air")
	var d deviations
	for i := range r.rowsOf() {
		x := 0.25 + r.rows[i][0]
		d.add(math.Abs(cooling.YorkApproach(5.56, 25.55, x, 1) - water[i]))
		d.add(math.Abs(cooling.YorkApproach(5.56, 25.55, 1, x) - air[i]))
	}
	return []compared{{"tower.york_approach", d.worst(), "K", 1e-4}}, firstError(r)
}

// merkelFan is the fan curve of EnergyPlus' example, relative power over relative speed.
var merkelFan = cooling.NewSpline(
	[]float64{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1},
	[]float64{0, 0.020982275, 0.027843038, 0.046465108, 0.082729139, 0.142515786, 0.231705701, 0.356179538, 0.521817952, 0.734501596, 1})

// merkelTower is the cell of the reference: sized at a wet bulb of 25.6 °C, range 5.5 K, approach 3.9 K.
func merkelTower(moist bool) cooling.Tower {
	const water, air = 0.00109317 * mblDensity, 0.56124 * 1.2
	t := cooling.Tower{Water: water, Air: air, WetBulb: 25.6, Pressure: mblPressure, Moist: moist}
	t.Rate(water*mblWater*5.5, 5.5, 3.9)
	return t
}

func compareMerkel(dir string) ([]compared, error) {
	minutes, err := readRows(filepath.Join(dir, "energyplus", "CoolingTower_VariableSpeed_Merkel.dat"))
	if err != nil {
		return nil, err
	}
	r := open(dir, "Fluid_HeatExchangers_CoolingTowers_Validation_MerkelEnergyPlus")
	q, fan := r.col("tow.Q_flow"), r.col("tow.PFan")
	library, plain := merkelTower(true), merkelTower(false)
	var heat, power, energyplus deviations
	for i := range r.rowsOf() {
		k := min(int(r.rows[i][0]/60), len(minutes)-1)
		m := minutes[k] // 2 wet bulb, 3 entering, 5 flow, 9 speed
		if -q[i] < 100 {
			continue
		}
		heat.add(relative(library.Heat(m[3], m[9], m[5], m[2]), -q[i]))
		power.add(math.Abs(213.27*merkelFan.At(m[9])-fan[i]) / 213.27)
	}
	for _, m := range minutes {
		if m[9] >= 0.1 && m[6] > 100 {
			energyplus.add(relative(plain.Heat(m[3], m[9], m[5], m[2]), m[6]))
		}
	}
	e := open(dir, "Fluid_HeatExchangers_CoolingTowers_BaseClasses_Functions_Validation_EquivalentHeatCapacity")
	var cp deviations
	for _, in := range []float64{10, 15, 20, 25, 30} {
		for i, want := range e.col(fmt.Sprintf("cpe%g", in)) {
			dT := e.rows[i][0]
			a, _ := moistair.BuildingsEnthalpySlope(in, mblPressure)
			b, _ := moistair.BuildingsEnthalpySlope(in+dT, mblPressure)
			cp.add(relative((b-a)/dT, want))
		}
	}
	n := open(dir, "Fluid_HeatExchangers_CoolingTowers_BaseClasses_Characteristics_Validation_NormalizedPower")
	cube := cooling.NewSpline([]float64{0, 0.1, 0.3, 0.6, 1}, []float64{0, 0.001, 0.027, 0.216, 1})
	var spline deviations
	for i, want := range n.col("r_P") {
		spline.add(math.Abs(cube.At(n.rows[i][0]) - want))
	}
	return []compared{
		{"tower.merkel_heat_median", heat.median(), "", 1e-5}, {"tower.merkel_heat_worst", heat.worst(), "", 0.026},
		{"tower.merkel_fan", power.median(), "", 1e-3},
		{"tower.merkel_energyplus_median", energyplus.median(), "", 0.02}, {"tower.merkel_energyplus_worst", energyplus.worst(), "", 0},
		{"tower.equivalent_cp", cp.worst(), "", 1e-4}, {"tower.fan_spline", spline.worst(), "", 1e-4},
	}, firstError(r, e, n)
}

func compareFan(dir string) ([]compared, error) {
	r := open(dir, "Fluid_Movers_Validation_SpeedControlled_y")
	y, rise, flow := r.col("gain.u"), r.col("floMacSta.dpMachine"), r.col("floMacSta.VMachine_flow")
	fan := cooling.Mover{Pressure: cooling.NewSpline([]float64{0, 1 / 1.2, 2 / 1.2}, []float64{1000, 500, 0}), Eta: 0.7}
	var d, running deviations
	for i := range r.rowsOf() {
		if y[i] < 0.05 { // the library regularises the affinity laws near standstill
			continue
		}
		d.add(math.Abs(fan.Rise(flow[i], y[i])-rise[i]) / 500) // of the rated rise
		if y[i] < 0.5 {                                        // it also makes its resistances linear at small flows
			continue
		}
		const density = 1.19704 // two resistances of 250 Pa at 1 kg/s each
		running.add(math.Abs(fan.Operate(y[i], 500*density*density, 0)-flow[i]) / 0.8347)
	}
	return []compared{{"fan.rise", d.worst(), "", 1e-4}, {"fan.flow", running.worst(), "", 1e-3}}, firstError(r)
}

// stratos is the pump of the reference, a Wilo Stratos 30/1-8 at 3,040 revolutions a minute, as its maker measured it.
func stratos() cooling.Mover {
	flow := []float64{2.66111582909e-06, 0.000621486635037, 0.000887056469533, 0.0011525489114, 0.00140859349908, 0.00168018209891, 0.00191740837085, 0.00219831980599}
	draw := cooling.NewSpline(flow, []float64{42.7878285797, 72.7712666315, 87.0576021552, 99.7562542248, 108.565085499, 117.461493336, 123.188074537, 128.511579716})
	return cooling.Mover{
		Pressure: cooling.NewSpline(flow, []float64{50002.7035151, 49603.919395, 47783.2940685, 44505.1908368, 39882.6694921, 33688.9797121, 27835.1000463, 20631.4409942}),
		Power:    &draw,
	}
}

func comparePump(dir string) ([]compared, error) {
	r := open(dir, "Fluid_Movers_Validation_PowerSimplified")
	y, draw := r.col("y.y"), r.col("pump_y.P")
	pump := stratos()
	var d deviations
	for i := range r.rowsOf() {
		const k = 40000 * mblDensity * mblDensity / 9 // 40 kPa at 3 kg/s
		flow := pump.Operate(y[i], k, 0)
		d.add(relative(pump.Draw(flow, y[i]), draw[i]))
	}
	return []compared{{"pump.power", d.worst(), "", 1e-3}}, firstError(r)
}

// compareModes runs the rules of the two economizers over the references' inputs and counts the samples in another
// mode. The library numbers its modes 1 free, 2 partly mechanical, 3 mechanical.
func compareModes(dir string) ([]compared, error) {
	number := map[cooling.Mode]float64{cooling.Free: 1, cooling.Partial: 2, cooling.Mechanical: 3}
	w := open(dir, "Applications_DataCenters_ChillerCooled_Controls_Validation_CoolingMode")
	wet, set, ret, approach, mode := w.col("TWetBub.y"), w.col("TCHWLeaSet.y"), w.col("TCHWEntWSE.y"), w.col("TAppTow.y"), w.col("cooModCon.y")
	bands := cooling.SteinBands{ChillerOn: 1, EconomizerOff: 1, EconomizerOn: 1, ChillerOff: 1}
	timer := cooling.ModeTimer{Mode: cooling.Free, Goal: cooling.Free}
	water := 0.0
	now := 0.0
	for i := range w.rowsOf() {
		for ; now < w.rows[i][0]-0.05; now += 0.1 {
			leaving := 20.0 // a pulse of 150 s in 300 s
			if math.Mod(now+1e-6, 300) >= 150 {
				leaving = 5
			}
			goal := cooling.SteinRule(timer.Mode, celsius(ret[i]), leaving, celsius(set[i]), celsius(wet[i]), approach[i], bands)
			timer.Advance(goal, 0.1, 30)
		}
		// At the very instant of a change the library's sample may be the one before or after.
		if number[timer.Mode] != mode[i] && timer.Since > 0.15 {
			water++
		}
	}
	a := open(dir, "Applications_DataCenters_DXCooled_Controls_Validation_CoolingMode")
	supply, outdoor, back, state := a.col("cooModCon.TSupSet"), a.col("cooModCon.TOutDryBul"), a.col("cooModCon.TRet"), a.col("cooModCon.y")
	timer = cooling.ModeTimer{Mode: cooling.Free, Goal: cooling.Free}
	limits := cooling.AirLimits{Band: 1.1, DewPoint: math.Inf(1)}
	air := 0.0
	for i := range a.rowsOf() {
		if i > 0 {
			t0, t1 := a.rows[i-1][0], a.rows[i][0]
			for t := t0; t < t1-5; t += 10 {
				dry := celsius(outdoor[i-1] + (outdoor[i]-outdoor[i-1])*(t-t0)/(t1-t0))
				timer.Advance(cooling.AirRule(timer.Mode, dry, -99, celsius(supply[i]), celsius(back[i]), limits), 10, 1200)
			}
		}
		if number[timer.Mode] != state[i] {
			air++
		}
	}
	return []compared{
		{"economizer.water_mode_differs", water, "rows", 1}, {"economizer.air_mode_differs", air, "rows", 1},
		{"economizer.rows", float64(len(w.rowsOf()) + len(a.rowsOf())), "rows", 0},
	}, firstError(w, a)
}

// compareBattery charges at 10 kW from 23:00 until 99 % and discharges from 14:00 until 1 %, from 10 % on.
func compareBattery(dir string) ([]compared, error) {
	r := open(dir, "Electrical_DC_Storage_Examples_Battery")
	b := power.Battery{Capacity: 40 * 3.6e6}
	stored, now := 0.1*b.Capacity, 0.0
	const charging, discharging = 10e3 * 0.9, 10e3 / 0.9
	rate := 0.0
	var d deviations
	for i, want := range r.col("bat.SOC") {
		for now < r.rows[i][0] {
			next := r.rows[i][0]
			day := math.Floor(now/86400) * 86400
			for _, at := range []float64{day + 14*3600, day + 23*3600} {
				if at > now+1e-6 {
					next = min(next, at)
				}
			}
			bound := math.Inf(1)
			switch {
			case rate > 0:
				bound = (0.99*b.Capacity - stored) / rate
			case rate < 0:
				bound = (stored - 0.01*b.Capacity) / -rate
			}
			dt := min(next-now, bound)
			if rate > 0 {
				stored, _ = b.Charge(stored, 0, rate*dt)
			} else if rate < 0 {
				stored, _ = b.Discharge(stored, 0, -rate, dt)
			}
			if now += dt; bound <= dt+1e-9 {
				rate = 0
			}
			switch clock := math.Mod(now, 86400); {
			case math.Abs(clock-14*3600) < 1e-6 && stored > 0.5*b.Capacity:
				rate = -discharging
			case math.Abs(clock-23*3600) < 1e-6 && stored < 0.5*b.Capacity:
				rate = charging
			}
		}
		d.add(math.Abs(stored/b.Capacity - want))
	}
	return []compared{{"battery.charge", d.worst(), "", 1e-4}}, firstError(r)
}
