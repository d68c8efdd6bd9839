package cooling

import "math"

// Counterflow returns the effectiveness of a counterflow heat exchanger, in [0, 1], for ntu ≥ 0 transfer units
// and a capacity-rate ratio z = Cmin/Cmax in [0, 1].
//
// Incropera, Fundamentals of Heat and Mass Transfer, table 11.4.
func Counterflow(ntu, z float64) float64 {
	if ntu <= 0 {
		return 0
	}
	if z > 1-1e-7 { // the limit; the closed form loses its digits there
		return ntu / (1 + ntu)
	}
	e := math.Exp(-ntu * (1 - z))
	return (1 - e) / (1 - z*e)
}

// CounterflowNTU returns the transfer units that give a counterflow exchanger the effectiveness eps in [0, 1) at
// the ratio z. It is the inverse of [Counterflow].
func CounterflowNTU(eps, z float64) float64 {
	eps = min(max(eps, 0), 0.999999)
	if z > 1-1e-7 {
		return eps / (1 - eps)
	}
	return math.Log((1-eps*z)/(1-eps)) / (1 - z)
}

// Crossflow returns the effectiveness of a crossflow heat exchanger with both fluids unmixed, in [0, 1], for
// ntu ≥ 0 and z in [0, 1].
//
// Incropera, table 11.4 (an approximation, exact for z = 1 and within 1 % else).
func Crossflow(ntu, z float64) float64 {
	if ntu <= 0 {
		return 0
	}
	if z < 1e-9 {
		return 1 - math.Exp(-ntu)
	}
	return 1 - math.Exp(math.Pow(ntu, 0.22)/z*(math.Exp(-z*math.Pow(ntu, 0.78))-1))
}

// CrossflowNTU returns the transfer units that give a crossflow exchanger the effectiveness eps at the ratio z,
// by bisection; at most 1000.
func CrossflowNTU(eps, z float64) float64 {
	lo, hi := 0.0, 1000.0
	for range 60 {
		mid := (lo + hi) / 2
		if Crossflow(mid, z) < eps {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// Arrangement is how two streams pass each other in a heat exchanger.
type Arrangement uint8

// The arrangements. Of a crossflow with one stream mixed it matters which capacity rate is the smaller.
const (
	CounterArrangement     Arrangement = iota // against each other
	ParallelArrangement                       // side by side
	CrossUnmixed                              // across, both unmixed
	CrossMinMixed                             // across, the stream of the smaller capacity rate mixed
	CrossMinUnmixed                           // across, the stream of the larger capacity rate mixed
	PhaseChangeArrangement                    // one stream evaporates or condenses: z is taken as 0
)

// Effectiveness returns ε in [0, 1] for ntu ≥ 0 transfer units and a ratio z = Cmin/Cmax in [0, 1].
//
// Incropera, table 11.3.
func (a Arrangement) Effectiveness(ntu, z float64) float64 {
	if ntu <= 0 {
		return 0
	}
	if z < 1e-9 || a == PhaseChangeArrangement {
		return -math.Expm1(-ntu)
	}
	switch a {
	case ParallelArrangement:
		return -math.Expm1(-ntu*(1+z)) / (1 + z)
	case CrossUnmixed:
		return Crossflow(ntu, z)
	case CrossMinMixed:
		return -math.Expm1(math.Expm1(-z*ntu) / z)
	case CrossMinUnmixed:
		return -math.Expm1(z*math.Expm1(-ntu)) / z
	}
	return Counterflow(ntu, z)
}

// NTU returns the transfer units that give the effectiveness eps in [0, 1) at the ratio z: the inverse of
// [Arrangement.Effectiveness]. Where no exchanger reaches eps it is +Inf, in counterflow and unmixed crossflow a
// large number.
func (a Arrangement) NTU(eps, z float64) float64 {
	if eps <= 0 {
		return 0
	}
	if z < 1e-9 || a == PhaseChangeArrangement {
		return ntuLimit(-math.Log1p(-eps))
	}
	switch a {
	case ParallelArrangement:
		return ntuLimit(-math.Log1p(-eps*(1+z)) / (1 + z))
	case CrossUnmixed:
		return CrossflowNTU(eps, z)
	case CrossMinMixed:
		return ntuLimit(-math.Log1p(z*math.Log1p(-eps)) / z)
	case CrossMinUnmixed:
		return ntuLimit(-math.Log1p(math.Log1p(-eps*z) / z))
	}
	return CounterflowNTU(eps, z)
}

// ntuLimit makes the logarithm of a negative number, an effectiveness out of reach, +Inf.
func ntuLimit(ntu float64) float64 {
	if math.IsNaN(ntu) {
		return math.Inf(1)
	}
	return ntu
}

// Conductance returns the overall conductance in W/K of a coil whose nominal one is ua0 in W/K, at fractions of
// the nominal water and air flow. r is the ratio of air-side to water-side resistance⁻¹, hA_air/hA_water, at the
// nominal flows; the sides follow hA ~ flow^waterExponent and flow^airExponent.
//
// The law of the Modelica Buildings Library's HADryCoil with exponents 0.85 and 0.8, r = 2/3.
func Conductance(ua0, r, water, air, waterExponent, airExponent float64) float64 {
	if water <= 0 || air <= 0 {
		return 0
	}
	hw := ua0 * (r + 1) / r // of the water side, nominal
	ha := ua0 * (r + 1)     // of the air side, nominal
	hw *= math.Pow(water, waterExponent)
	ha *= math.Pow(air, airExponent)
	return hw * ha / (hw + ha)
}
