package cooling

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/halltwin/halltwin/models/unit"
)

func dataDir() string {
	if dir := os.Getenv("HALLTWIN_DATA"); dir != "" {
		return dir
	}
	return "../../../shared/data"
}

// mcquay is the chiller of the reference cases: McQuay WSC, 471 kW, COP 5.89, vanes (EnergyPlus datasets,
// Chillers.idf).
var mcquay = CurveSpec{
	COP:        5.89,
	Capacity:   []float64{0.252113, 0.01324053, -0.008637329, 0.08581056, -0.004261176, 0.008661899},
	EIR:        []float64{0.4475238, -0.0258821, -0.001459053, 0.04342595, -0.001000651, 0.001920106},
	PartLoad:   []float64{0.2778889, 0.2338363, 0.4883748},
	Evaporator: 8.89, Condenser: 26.67,
	EvaporatorMin: 7.22, EvaporatorMax: 12.78, CondenserMin: 12.78, CondenserMax: 26.67,
	MinLoad: 0.1,
}

// TestReferences runs the cases of the shared verification data that concern cooling, each at its own tolerance.
func TestReferences(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(dataDir(), "physics", "verification_cases.json"))
	if err != nil {
		t.Skipf("reference data is absent: set HALLTWIN_DATA to its folder (%v)", err)
	}
	var cases []struct {
		ID, Group        string
		Inputs, Expected map[string]any
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, c := range cases {
		in := func(k string) float64 { v, _ := c.Inputs[k].(float64); return v }
		check := func(t *testing.T, key string, got, rel, abs float64) {
			t.Helper()
			want, ok := c.Expected[key].(float64)
			if !ok {
				t.Fatalf("the case has no %s", key)
			}
			if !(math.Abs(got-want) <= max(rel*math.Abs(want), abs)) {
				t.Errorf("%s = %.8g, want %.8g", key, got, want)
			}
		}
		var test func(t *testing.T)
		switch c.Group {
		case "hx":
			test = func(t *testing.T) {
				_, split := c.Expected["UA"]
				_, geothermal := c.Expected["area_m2"]
				config, _ := c.Inputs["config"].(string)
				switch {
				case split:
					check(t, "UA", Conductance(in("UA0"), in("r"), in("mw_frac"), in("ma_frac"), in("n_w"), in("n_a")), 1e-6, 0)
				case geothermal:
					cc, ch := in("mc")*in("cpc"), in("mh")*in("cph")
					q := cc * (in("tc_out") - in("tc_in"))
					cmin, z := min(cc, ch), min(cc, ch)/max(cc, ch)
					eps := q / (cmin * (in("th_in") - in("tc_in")))
					ntu := CounterflowNTU(eps, z)
					check(t, "Q_kw", q/1e3, 0.005, 0)
					check(t, "eps", eps, 0.005, 0)
					check(t, "ntu", ntu, 0.005, 0)
					check(t, "area_m2", ntu*cmin/in("U"), 0.005, 0)
				case config == "any":
					check(t, "eps", Counterflow(in("ntu"), in("c_ratio")), 1e-6, 0)
					check(t, "eps", Crossflow(in("ntu"), in("c_ratio")), 1e-6, 0)
				default:
					check(t, "eps", Counterflow(in("ntu"), in("c_ratio")), 1e-6, 5e-5) // printed to four digits
				}
			}
		case "chiller":
			test = func(t *testing.T) {
				capacity, power := mcquay.ChillerPerformance(in("t_evap_leaving"), in("t_cond_entering"), in("plr"))
				available := capacity * 471200
				check(t, "capFT", capacity, 1e-5, 0)
				check(t, "Qavail_w", available, 1e-5, 0)
				check(t, "P_w", power*available, 1e-5, 0)
				check(t, "COP", in("plr")/power, 1e-5, 0)
			}
		case "tower":
			test = func(t *testing.T) {
				check(t, "approach_k", YorkApproach(in("range_k"), in("t_wb"), in("fr_water"), in("fr_air")), 0, 1e-4)
			}
		case "fan":
			test = func(t *testing.T) { check(t, "P", Affinity(in("P_nom"), in("speed"), 3), 1e-12, 0) }
		case "air":
			test = func(t *testing.T) {
				if _, ok := c.Expected["SHI"]; ok {
					inlet := RecirculatedInlet(in("T_sup"), in("dT_it"), in("recirc"))
					check(t, "T_in", inlet, 1e-6, 0)
					shi := SupplyHeatIndex(in("T_sup"), inlet, inlet+in("dT_it"))
					check(t, "SHI", shi, 1e-6, 0)
					check(t, "RHI", 1-shi, 1e-6, 0)
					return
				}
				rti := ReturnTemperatureIndex(in("m_it"), in("m_crah"))
				check(t, "RTI", rti, 1e-6, 0)
				check(t, "T_return", 20+rti*in("dT_it"), 1e-6, 0)
			}
		case "ride_through":
			test = func(t *testing.T) {
				rhoCp := 1.19 * 1006.0
				dT := in("t1") - in("t0")
				_, twoLump := c.Inputs["hA_w_m2k"]
				switch {
				case twoLump:
					l := TwoLump{Air: rhoCp * in("height_m"), Mass: in("rack_kg_m2") * in("c_rack"), Exchange: in("hA_w_m2k")}
					q := in("q_w_m2")
					check(t, "rate0_k_min", q/l.Air*60, 1e-4, 0)
					check(t, "rate_inf_k_min", q/(l.Air+l.Mass)*60, 1e-4, 5e-5)
					check(t, "tau_s", l.tau(), 1e-4, 0)
					check(t, "t_s", l.Time(q, dT), 1e-3, 0)
				case in("V_m3") > 0:
					check(t, "t_s", in("V_m3")*rhoWater*4186*in("dT_usable")/(in("Q_kw")*1e3), 1e-3, 0)
				default:
					check(t, "t_s", AirRideThrough(in("q_w_m2"), in("height_m"), in("rho")*in("cp"), dT), 1e-3, 0)
				}
			}
		case "metrics":
			if c.ID != "wue_tower" {
				continue
			}
			test = func(t *testing.T) {
				heat := in("heat_per_IT") * 3.6e6
				evaporated := heat * in("evap_frac") / (in("h_fg_kj") * 1e3)
				check(t, "evap_l_kwh", evaporated, 1e-3, 0)
				check(t, "makeup_l_kwh", Makeup(evaporated, in("coc")), 1e-3, 0)
			}
		default:
			continue
		}
		seen++
		t.Run(c.ID, test)
	}
	if seen < 20 {
		t.Errorf("only %d cases found", seen)
	}
}

// TestChillerRecords compiles all public curve sets: those that do not normalise are refused.
func TestChillerRecords(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(dataDir(), "physics", "chiller_eir_records.json"))
	if err != nil {
		t.Skipf("reference data is absent: set HALLTWIN_DATA to its folder (%v)", err)
	}
	var records []struct {
		Name                        string
		COPNominal                  float64 `json:"COP_nominal"`
		PLRMin                      float64
		CapFunT, EIRFunT, EIRFunPLR []float64
		Evap                        float64 `json:"TEvaLvg_nominal_C"`
		Cond                        float64 `json:"TConEnt_nominal_C"`
		EvapMin                     float64 `json:"TEvaLvgMin_C"`
		EvapMax                     float64 `json:"TEvaLvgMax_C"`
		CondMin                     float64 `json:"TConEntMin_C"`
		CondMax                     float64 `json:"TConEntMax_C"`
	}
	if err := json.Unmarshal(raw, &records); err != nil {
		t.Fatal(err)
	}
	good := 0
	for _, r := range records {
		s := CurveSpec{COP: r.COPNominal, Capacity: r.CapFunT, EIR: r.EIRFunT, PartLoad: r.EIRFunPLR}
		s.Evaporator = unit.Temperature(r.Evap)
		s.Condenser = unit.Temperature(r.Cond)
		s.EvaporatorMin = unit.Temperature(r.EvapMin)
		s.EvaporatorMax = unit.Temperature(r.EvapMax)
		s.CondenserMin = unit.Temperature(r.CondMin)
		s.CondenserMax = unit.Temperature(r.CondMax)
		ok := true
		s.Validate(func(string, string) { ok = false })
		if ok {
			good++
		}
	}
	if good != 151 {
		t.Errorf("%d of %d curve sets normalise within 10 %%, want 151", good, len(records))
	}
}

// TestFitted checks the exponential fit against the closed form, across the join of its two forms.
func TestFitted(t *testing.T) {
	for _, x := range []float64{1e-9, 1e-4, 0.9e-3, 1.1e-3, 0.05, 0.0999, 0.1001, 1, 30, 1e9} {
		phi, w := fitted(x)
		gone := -math.Expm1(-x)
		if want := gone / x; math.Abs(phi/want-1) > 2e-11 && x > 1e-6 {
			t.Errorf("φ(%v) = %v, want %v", x, phi, want)
		}
		if x > 0.01 {
			if want := (1 - gone/x) / gone; math.Abs(w/want-1) > 1e-8 {
				t.Errorf("w(%v) = %v, want %v", x, w, want)
			}
		}
		if !(w >= 0.5 && w <= 1) {
			t.Errorf("w(%v) = %v lies outside [1/2, 1]", x, w)
		}
	}
}
