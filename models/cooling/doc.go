// Package cooling takes the heat of the racks out of the site: hall air, air handlers, technology loops with
// their coolant distribution units, water loops, chillers, towers and dry coolers.
//
// # Model
//
// Air, by hall. Racks draw a share r of their inlet from their own outlet; of the CRAHs' air a share b leaks past
// the racks. Where the rest is less than the racks take, the balance of mass draws the difference from the hot
// side, so losing CRAHs heats inlets in two ways: less cold air, and warmer where the coils run out of capacity.
//
//	C_s dTs/dt = P_air - g (Ts - Tc)         machines; g = ε C (1-r)/(1-r+rε)
//	Tin  = ((1-r) Tc + r ε Ts)/(1-r+rε)       Tout = Tin + ε (Ts - Tin)
//	D Tc = S Tsup + (D-S) Th                  S = min((1-b) V_crah, D), D = Σ (1-r) V_rack
//	C_a dTh/dt = ρcD (Tc - Th) + Σ g (Ts - Tc) - hA (Th - Tw)     hot-side air;  C_w dTw/dt = hA (Th - Tw)  walls
//	Tsup: at its set point, or by ε-NTU of the coil with its valve open, or uncooled
//
// CRAH fans follow the air that the racks take, so those that are left speed up when one fails. Without fans or
// power the same equations are the ride-through: air first, then machines and walls.
//
// Liquid, by technology loop: C dT/dt = f·P + pumps - Q; Q holds the set point or is ε-NTU with the valve open.
// Without flow the loop's few hundred litres warm in seconds.
//
// Water loops: C dT/dt = load - plant. Plants: chillers (share of Carnot, or EIR curves with clamped inputs) with
// Merkel towers and a water-side economizer, modes by Stein's rule; air-cooled chillers with a free-cooling coil;
// dry coolers with adiabatic pads; or none. Fans and pumps follow affinity laws, and their heat counts.
//
// # Numbers
//
// Every mass moves by its exact exponential, and every flow of a step is taken at the mean temperatures that
// result, the same number on both sides: so the energy ledger closes to rounding at any step, a step of any
// length is stable, and no iteration is needed but one bracketed Newton on each water loop's temperature when its
// plant is out of capacity.
//
// # Agreement
//
//	ε-NTU against the Modelica Buildings Library, whole trajectory   1e-5 (counterflow), 2e-5 (crossflow)
//	EIR chiller, verification cases                                  1e-5; 151 of 157 public curve sets normalise
//	YorkCalc, verification cases                                     1e-4 K
//	Merkel tower against EnergyPlus, 1,199 min in service            1.9 % of the driving difference (median), 2.9 % (most)
//	recirculation, ride-through and tank cases                       within their tolerances, 1e-6 to 1e-3
//	a day with three losses, steps of 300 s against 10 s             0.05 % of its energy
//	three of four CRAHs lost, steps of 10 s against 0.1 s            0.06 K; of 60 s 0.6 K
//	energy ledger, 10,000 random plants under failures               1e-9 in every step
//
// # State and use
//
// [Compile] makes an immutable [Plan] from a [Spec] and [Sizes]; [New] its [State], plain data; [Plan.Step]
// advances it. [Plan.Health], [Plan.Powered] and [Plan.Set] act from outside.
//
// # Left out
//
// Air: pressure, buoyancy and differences between aisles (a hall is one zone; racks at the ends of rows
// recirculate twice as much); humidity and wet coils (water above the dew point). Plant: hydraulic networks, part
// load of Carnot chillers, ramps, thermal mass of the condenser loop, free convection in towers, freezing.
// Reheat. The CDUs of a chiller-tower plant hang on its chilled water.
//
// Sources: ε-NTU: Incropera; chillers: EnergyPlus Engineering Reference; towers: Merkel as in EnergyPlus and
// the Modelica Buildings Library, Scheier's factors; recirculation indices: Sharma, Bash, Patel 2002 and Herrlin
// 2008; ride-through: Khankari 2011; economizer modes: Stein 2009. Defaults are in the specs, each with its
// source; "typical" marks figures of common practice that no document here proves.
package cooling
