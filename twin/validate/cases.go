package validate

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/moistair"
	"github.com/halltwin/halltwin/models/power"
	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/serving"
	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/scenarios/document"
)

// physicsCase is one published or closed-form case of verification_cases.json.
type physicsCase struct {
	ID       string         `json:"id"`
	Group    string         `json:"group"`
	Inputs   map[string]any `json:"inputs"`
	Expected map[string]any `json:"expected"`

	worst  float64 // largest deviation over its tolerance
	checks int
	failed []string
}

func (c *physicsCase) in(name string) float64 {
	v, ok := c.Inputs[name].(float64)
	if !ok {
		c.failed = append(c.failed, "no input "+name)
	}
	return v
}

// list returns an input or an expectation that is a list.
func (c *physicsCase) list(of map[string]any, name string) []float64 {
	var out []float64
	all, _ := of[name].([]any)
	for _, v := range all {
		f, _ := v.(float64)
		out = append(out, f)
	}
	return out
}

// near compares a figure with what the case expects, to a relative or an absolute tolerance, whichever is wider.
func (c *physicsCase) near(name string, got, rel, abs float64) {
	want, ok := c.Expected[name].(float64)
	if !ok {
		c.failed = append(c.failed, "no expectation "+name)
		return
	}
	c.value(name, got, want, rel, abs)
}

func (c *physicsCase) value(name string, got, want, rel, abs float64) {
	tolerance := max(rel*math.Abs(want), abs)
	c.checks++
	e := math.Abs(got-want) / tolerance
	c.worst = max(c.worst, e)
	if !(e <= 1) {
		c.worst = math.Inf(1)
		c.failed = append(c.failed, fmt.Sprintf("%s is %.8g, want %.8g", name, got, want))
	}
}

// printed is half a unit of the last digit of a figure that was printed to so many digits after the point.
func printed(digits int) float64 { return 0.5001 * math.Pow(10, float64(-digits)) }

// cases runs every case and adds one figure for each group: the largest deviation, over the tolerance.
func (r *Result) cases(dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, "verification_cases.json"))
	if err != nil {
		return err
	}
	var all []physicsCase
	if err := json.Unmarshal(b, &all); err != nil {
		return fmt.Errorf("verification_cases.json: %w", err)
	}
	var groups []string
	worst, count := map[string]float64{}, map[string]int{}
	unknown := 0
	for i := range all {
		c := &all[i]
		run := caseRunner(c)
		if run == nil {
			r.Say("%s: no function here computes this case (group %s)", c.ID, c.Group)
			unknown++
			continue
		}
		run(c)
		if count[c.Group] == 0 {
			groups = append(groups, c.Group)
		}
		count[c.Group]++
		worst[c.Group] = max(worst[c.Group], c.worst)
		for _, f := range c.failed {
			r.Say("%s: %s", c.ID, f)
			worst[c.Group] = math.Inf(1)
		}
	}
	total := 0
	for _, g := range groups {
		r.Add(fmt.Sprintf("case.%s (%d)", g, count[g]), worst[g], "of tolerance", "<= 1", worst[g] <= 1)
		total += count[g]
	}
	r.Add("cases_run", float64(total), "", "", true)
	r.Add("cases_unknown", float64(unknown), "", "<= 0", unknown == 0)
	return nil
}

// caseRunner finds what computes a case, by its group, or by the first word of its id where a group mixes subjects.
func caseRunner(c *physicsCase) func(*physicsCase) {
	if f := casesByWord[c.ID]; f != nil {
		return f
	}
	word, _, _ := strings.Cut(c.ID, "_")
	if f := casesByWord[word]; f != nil {
		return f
	}
	return casesByGroup[c.Group]
}

var casesByGroup = map[string]func(*physicsCase){
	"hx": func(c *physicsCase) {
		arrangement := cooling.CounterArrangement
		switch config, _ := c.Inputs["config"].(string); config {
		case "parallel":
			arrangement = cooling.ParallelArrangement
		case "cross", "crossflow", "cross_unmixed":
			arrangement = cooling.CrossUnmixed
		}
		c.near("eps", arrangement.Effectiveness(c.in("ntu"), c.in("c_ratio")), 1e-6, printed(4))
	},
	"chiller": func(c *physicsCase) {
		capacity, power := mcquayWSC.Extrapolated(c.in("t_evap_leaving"), c.in("t_cond_entering"), c.in("plr"))
		available := capacity * 471200
		c.near("capFT", capacity, 1e-5, printed(6))
		c.near("Qavail_w", available, 1e-5, 0)
		c.near("P_w", power*available, 1e-5, 0)
		c.near("COP", c.in("plr")/power, 1e-5, 0)
	},
	"tower": func(c *physicsCase) {
		c.near("approach_k", cooling.YorkApproach(c.in("range_k"), c.in("t_wb"), c.in("fr_water"), c.in("fr_air")), 0, 1e-4)
	},
	"fan": func(c *physicsCase) {
		c.near("P", cooling.Affinity(c.in("P_nom"), c.in("speed"), 3), 1e-12, 0)
	},
}

// mcquayWSC is the chiller of the cases: McQuay WSC, 471 kW, COP 5.89, vanes (EnergyPlus datasets, Chillers.idf).
var mcquayWSC = &cooling.CurveSpec{
	COP:        5.89,
	Capacity:   []float64{0.252113, 0.01324053, -0.008637329, 0.08581056, -0.004261176, 0.008661899},
	EIR:        []float64{0.4475238, -0.0258821, -0.001459053, 0.04342595, -0.001000651, 0.001920106},
	PartLoad:   []float64{0.2778889, 0.2338363, 0.4883748},
	Evaporator: 8.89, Condenser: 26.67, EvaporatorMin: 7.22, EvaporatorMax: 12.78, CondenserMin: 12.78, CondenserMax: 26.67,
	MinLoad: 0.1,
}

// casesByWord are by id, or by the first word of the id.
var casesByWord = map[string]func(*physicsCase){
	// Moist air.
	"psat": func(c *physicsCase) { c.near("p_sat_pa", moistair.SaturationPressure(c.in("t_c")), 3e-4, printed(2)) },
	"wsat": func(c *physicsCase) {
		rel := 0.005
		if t := c.in("t_c"); t <= -20 || t >= 50 {
			rel = 0.01 // the enhancement factor, which is left out, grows
		}
		c.near("w_sat", moistair.Saturated(c.in("t_c"), c.in("p_pa")), rel, 0)
	},
	"ashrae": func(c *physicsCase) {
		t, p := c.in("t_db"), c.in("p_pa")
		w := moistair.FromWetBulb(t, c.in("t_wb"), p)
		c.near("w", w, 0, 1e-4)
		c.near("t_dp", moistair.DewPoint(w, p), 0, 0.5)
		c.near("rh", moistair.Relative(t, w, p), 0, 0.01)
		c.near("h_kj", moistair.Enthalpy(t, w)/1e3, 0, 0.1)
		c.near("v", moistair.Volume(t, w, p), 0.01, 0)
	},
	"w": func(c *physicsCase) {
		c.near("w", moistair.FromWetBulb(c.in("t_db"), c.in("t_wb"), c.in("p_pa")), 3e-4, 0)
	},
	"twb": func(c *physicsCase) {
		t, p := c.in("t_db"), c.in("p_pa")
		rel, abs := 1e-3, 0.0
		if c.ID == "twb_29.4_48pct" {
			rel, abs = 0, 0.1
		}
		c.near("t_wb", moistair.WetBulb(t, moistair.FromRelative(t, c.in("rh"), p), p), rel, abs)
	},
	"h": func(c *physicsCase) { c.near("h_j", moistair.Enthalpy(c.in("t"), c.in("w")), 3e-4, 0) },

	// Exchangers.
	"hx_split_hA": func(c *physicsCase) {
		c.near("UA", cooling.Conductance(c.in("UA0"), c.in("r"), c.in("mw_frac"), c.in("ma_frac"), c.in("n_w"), c.in("n_a")), 1e-6, 0)
	},
	"hx_counter_geothermal": func(c *physicsCase) {
		cold, hot := c.in("mc")*c.in("cpc"), c.in("mh")*c.in("cph")
		q := cold * (c.in("tc_out") - c.in("tc_in"))
		cmin, z := min(cold, hot), min(cold, hot)/max(cold, hot)
		eps := q / (cmin * (c.in("th_in") - c.in("tc_in")))
		ntu := cooling.CounterArrangement.NTU(eps, z)
		c.near("Q_kw", q/1e3, 0.005, 0)
		c.near("eps", eps, 0.005, 0)
		c.near("ntu", ntu, 0.005, 0)
		c.near("area_m2", ntu*cmin/c.in("U"), 0.005, 0)
	},

	// Thermal masses.
	"gpu_step": func(c *physicsCase) {
		p := compute.TwoPole{R2: c.in("R"), C1: c.in("tau_s") / c.in("R")}
		start := p.Rest(c.in("P0"), c.in("t_cool"))
		want := c.list(c.Expected, "T")
		for i, t := range c.list(c.Inputs, "t") {
			c.value("T", p.After(start, c.in("P1"), c.in("t_cool"), t).Die, want[i], 1e-9, printed(4))
		}
	},
	"gpu_throttle_time": func(c *physicsCase) {
		p := compute.TwoPole{R2: c.in("R"), C1: c.in("tau_s") / c.in("R")}
		start, rest := p.Rest(c.in("P0"), c.in("t_cool")), p.Rest(c.in("P1"), c.in("t_cool"))
		c.near("t_cross", p.Time(start, rest, c.in("T_limit")), 1e-6, 0)
	},
	"two_node_step": func(c *physicsCase) {
		p := compute.TwoPole{R1: c.in("R_die_sink"), R2: c.in("R_sink_cool"), C1: c.in("C_die"), C2: c.in("C_sink")}
		fast, slow := p.Taus()
		c.near("tau_fast", fast, 1e-6, 0)
		c.near("tau_slow", slow, 1e-6, 0)
		die, sink := c.list(c.Expected, "dT_die"), c.list(c.Expected, "dT_sink")
		for i, t := range c.list(c.Inputs, "t") {
			at := p.After(compute.Temperatures{}, c.in("Q"), 0, t)
			c.value("dT_die", at.Die, die[i], 1e-6, printed(5))
			c.value("dT_sink", at.Sink, sink[i], 1e-6, printed(5))
		}
	},

	// Ride-through.
	"ride": func(c *physicsCase) {
		if _, ok := c.Inputs["V_m3"]; ok {
			c.near("t_s", cooling.BufferRideThrough(c.in("V_m3"), c.in("dT_usable"), c.in("Q_kw")*1e3, 1), 1e-3, 0)
			return
		}
		q, height, dT := c.in("q_w_m2"), c.in("height_m"), c.in("t1")-c.in("t0")
		const rhoCp = 1.19 * 1006
		if _, ok := c.Inputs["hA_w_m2k"]; !ok {
			c.near("t_s", cooling.AirRideThrough(q, height, rhoCp, dT), 1e-3, 0)
			return
		}
		l := cooling.TwoLump{Air: rhoCp * height, Mass: c.in("rack_kg_m2") * c.in("c_rack"), Exchange: c.in("hA_w_m2k")}
		c.near("rate0_k_min", q/l.Air*60, 1e-4, 0)
		c.near("rate_inf_k_min", q/(l.Air+l.Mass)*60, 1e-4, printed(4))
		c.near("tau_s", l.Tau(), 1e-4, 0)
		c.near("t_s", l.Time(q, dT), 1e-4, printed(2))
	},
	"tank": func(c *physicsCase) {
		for _, key := range []string{"fraction", "F", "out", "theta_out"} {
			if _, ok := c.Expected[key]; ok {
				c.near(key, cooling.TankSeries(int(c.in("n")), c.in("theta")), 1e-4, 0)
			}
		}
	},

	// Batteries and breakers.
	"peukert": func(c *physicsCase) {
		c.near("t_h", power.PeukertTime(c.in("C_ah"), c.in("H_h"), c.in("I"), c.in("k")), 1e-5, 0)
	},
	"kibam": func(c *physicsCase) {
		b := power.Battery{Model: power.KiBaMBattery, Capacity: c.in("capacity_amin"), Well: c.in("c"), Rate: c.in("kprime_per_min")}
		y1, y2 := b.Level(b.Capacity)
		c.near("t_min", b.Time(y1, y2, c.in("I_a")), 1e-3, 0)
	},
	"ups": func(c *physicsCase) {
		b := power.Battery{Capacity: c.in("E_kwh") * 3.6e6, Floor: c.in("soc_min")}
		c.near("t_s", b.Time(b.Capacity*c.in("soc"), 0, c.in("P_kw")*1e3/c.in("eta_inv")), 1e-6, 0)
	},
	"idmt": func(c *physicsCase) {
		for _, curve := range []string{"ieee-mi", "ieee-vi", "ieee-ei", "iec-si", "iec-vi", "iec-ei"} {
			r, _ := power.RelayCurve(curve)
			r.Dial = c.in("TD")
			c.near(strings.ReplaceAll(curve, "-", "_"), r.Time(c.in("M")), 1e-3, 0)
		}
	},
	"breaker_thermal": func(c *physicsCase) {
		b := thermalBreaker(c.in("I_pickup"), c.in("preload"), c.in("t_at_2x_s"))
		h := b.Settled(c.in("preload"))
		c.near("tau_s", b.Tau, 1e-5, 0)
		c.near("t_1p3", b.TripTime(h, 1.3), 1e-5, 0)
		c.near("t_1p5", b.TripTime(h, 1.5), 1e-5, 0)
		c.near("t_3", b.TripTime(h, 3), 1e-5, 0)
	},
	"breaker_ul489": func(c *physicsCase) { // upper bounds
		b := thermalBreaker(1.05, 0.8, 120)
		for _, name := range slices.Sorted(maps.Keys(c.Expected)) {
			c.checks++
			limit := c.Expected[name].(float64)
			c.worst = max(c.worst, b.TripTime(b.Settled(0.8), 2)/(limit*(1+1e-9)))
		}
		c.worst = max(c.worst, b.TripTime(0, 1.35)/3600)
	},
	"two_n_transfer": func(c *physicsCase) {
		after, err := bankAfterLoss("2N", 2, 20, 2*c.in("load_per_feed_before"))
		c.say(err)
		c.near("load_after", after, 1e-12, 0)
	},
	"three_n_two": func(c *physicsCase) {
		after, err := bankAfterLoss("3N/2", 3, 30, 3*c.in("util_before"))
		c.say(err)
		c.near("util_after", after, 1e-12, 0)
		c.near("max_util", 1/1.5, 1e-12, 0)
	},

	// Metrics.
	"pue": func(c *physicsCase) {
		it, chain := c.in("IT_kw"), c.in("ups_eff")*c.in("pdu_eff")
		c.near("pue", (it/chain+c.in("cooling_kw")+c.in("light_kw"))/c.in("xfmr_eff")/it, 1e-5, 0)
	},
	"wue": func(c *physicsCase) {
		evaporated := c.in("heat_per_IT") * 3.6e6 * c.in("evap_frac") / (c.in("h_fg_kj") * 1e3)
		c.near("evap_l_kwh", evaporated, 1e-3, 0)
		c.near("makeup_l_kwh", cooling.Makeup(evaporated, c.in("coc")), 1e-3, 0)
	},
	"ep": func(c *physicsCase) {
		power, flow := cooling.Biquadratic{-1, 1, 0, 0.06667, 0, 0}, cooling.Biquadratic{-1.4, 0.9, 0, 0.1, 0, 0}
		wantPower, wantFlow := c.list(c.Expected, "cpu_frac"), c.list(c.Expected, "flow_frac")
		for i, t := range c.list(c.Inputs, "t_in") {
			c.value("cpu_frac", power.At(c.in("load"), t), wantPower[i], 1e-5, 0)
			c.value("flow_frac", flow.At(c.in("load"), t), wantFlow[i], 1e-5, 0)
		}
	},
	"recirc": func(c *physicsCase) {
		inlet := cooling.RecirculatedInlet(c.in("T_sup"), c.in("dT_it"), c.in("recirc"))
		shi := cooling.SupplyHeatIndex(c.in("T_sup"), inlet, inlet+c.in("dT_it"))
		c.near("T_in", inlet, 1e-6, 0)
		c.near("SHI", shi, 1e-6, 0)
		c.near("RHI", 1-shi, 1e-6, 0)
	},
	"rti": func(c *physicsCase) {
		rti := cooling.ReturnTemperatureIndex(c.in("m_it"), c.in("m_crah"))
		c.near("RTI", rti, 1e-6, 0)
		c.near("T_return", 20+rti*c.in("dT_it"), 1e-6, 0)
	},

	// Operations.
	"young": func(c *physicsCase) { c.near("t_opt", training.Young(c.in("C"), c.in("M")), 1e-4, 0) },
	"daly":  func(c *physicsCase) { c.near("t_opt", training.Daly(c.in("C"), c.in("M")), 1e-4, 0) },
	"mmc": func(c *physicsCase) {
		servers, lambda, mu := int(c.in("c")), c.in("lam"), c.in("mu")
		wait := serving.MeanWait(servers, lambda, 1/mu)
		c.near("P_wait", serving.ErlangC(servers, lambda/mu), 1e-5, printed(6))
		c.near("Wq", wait, 1e-5, printed(6))
		c.near("Lq", lambda*wait, 1e-5, printed(6))
	},
	"mtbf": func(c *physicsCase) {
		rate := c.in("failures") / (c.in("n") * c.in("days") * 86400) // of one GPU, 1/s
		c.near("mtti_h", training.MTTF(int(c.in("n")), rate)/3600, 1e-4, 0)
		c.near("per_gpu_afr", rate*365*86400, 1e-4, printed(4))
	},
	"sound": func(c *physicsCase) { c.near("Q_kw", c.in("m_kg_s")*c.in("cp")*c.in("dT")/1e3, 1e-12, 0) },
}

func (c *physicsCase) say(err error) {
	if err != nil {
		c.failed = append(c.failed, err.Error())
	}
}

// thermalBreaker trips t s into twice its rating after a long time at preload.
func thermalBreaker(pickup, preload, t float64) power.Breaker {
	return power.Breaker{Pickup: pickup, Tau: power.BreakerTau(pickup, preload, 2, t), Instant: 8, Delay: 0.02}
}

// bankAfterLoss builds a lossless chain of UPSs of 1 MW, loads it with load MW in racks, takes the last UPS away and
// returns the relative load of the first.
func bankAfterLoss(redundancy string, count, racks int, load float64) (float64, error) {
	text := fmt.Sprintf("{redundancy: %s, ups: {count: %d, each: {curve: {k0: 0, k1: 0, k2: 0}, bypass: false}}, pdu: {curve: {k0: 0, k1: 0, k2: 0}}}",
		redundancy, count)
	v, ds := (&document.Loader{}).LoadBytes("chain", []byte(text))
	if len(ds) > 0 {
		return 0, ds
	}
	var spec power.Spec
	if ds := document.Decode(v, &spec); len(ds) > 0 {
		return 0, ds
	}
	sizes := power.Sizes{Racks: racks}
	for range racks {
		sizes.RackRating = append(sizes.RackRating, 40e3)
	}
	p, err := power.Compile(&spec, sizes)
	if err != nil {
		return 0, err
	}
	s := power.New(p, random.Seed(1))
	drawn := make([]float64, racks)
	for i := range drawn {
		drawn[i] = load * 1e6 / float64(racks)
	}
	p.Update(s, drawn, 0, nil)
	p.Health(s, facility.Ref{Kind: facility.UPS, Index: int32(count - 1)}, false)
	p.Update(s, drawn, 0, nil)
	return p.Loads(s, facility.UPS)[0], nil
}
