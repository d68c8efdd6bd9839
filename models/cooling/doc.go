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
//	C_c dTc/dt = ρc (S Tsup + (D-S) Th - D Tc)    S = min((1-b) V_crah, D), D = Σ (1-r) V_rack; cold-side air
//	C_a dTh/dt = ρcD (Tc - Th) + Σ g (Ts - Tc) - hA (Th - Tw)     hot-side air;  C_w dTw/dt = hA (Th - Tw)  walls
//	Tsup: at its set point, or by ε-NTU of the coil with its valve open, or uncooled
//
// CRAH fans follow the air that the racks take, so those that are left speed up when one fails. Without fans or
// power the same equations are the ride-through: what the machines breathe is the air behind them as soon as it has come round,
// a volume over a flow later, some seconds; then machines and walls warm together.
//
// In-row coolers are air handlers whose air does not leak past the racks ([InRowSpec]). Rear doors take
// e·(release + C·(Tc - Tw)) of the air behind each rack, e by ε-NTU, and what recirculates comes from behind them
// ([RearDoorSpec]); a mixing valve keeps the water of both above the dew point. Either may hang on the chilled or the
// warm loop. A heat-recirculation matrix may stand for the share r: K Tin = Aᵀ K Tout + (K - Aᵀ K 1) Tc ([MatrixSpec]).
// The hot side Th is then the root of a piecewise affine balance that rises with it.
//
// Fans of CRAHs hold the pressure, or a temperature by PI: implicit in short steps, the quasi-steady speed beyond Ti/4.
// Their drives follow either with one lag ([FanControlSpec]).
//
// Vapour, by hall: m dW/dt = fresh (Wo - W) - contact·air (W - Ws)⁺ + humidifier - dehumidifier, with Ws at the effective surface of
// the coils; what condenses is load on the water.
//
// Liquid, by technology loop: C dT/dt = f·P + pumps - Q; Q holds the set point or is ε-NTU with the valve open.
// Without flow the loop's few hundred litres warm in seconds.
//
// Set points may follow the inlets, the return, the weather, the load or the valves ([AirResetSpec], [WaterResetSpec],
// [WarmResetSpec], [LiquidResetSpec], [PI]); chillers may be staged ([StagingSpec]): dead bands, a least time on, an
// anti-recycle time off. Halls are held against the ASHRAE classes of their machines and coolant
// ([Class]): time outside is counted, and [Plan.Crossings] explains who left and why; so are changes of the
// inlets by more than 20 K in an hour, or 5 K in 15 minutes with tape.
//
// Water loops: C dT/dt = load - plant, at a flow that keeps the design rise while the water is cold and opens over 2 K
// when it is not; with a tank of 1 to 20 mixed layers in series or beside the loop ([TankSpec]), whose outlet is an
// affine function of its inlet. Plants: chillers with Merkel towers and a water-side economizer, modes by Stein's rule,
// and condenser water of its own mass, C dT/dt = heat - G (T - Twb); air-cooled chillers with a free-cooling coil; dry
// coolers with adiabatic pads; outdoor air through the halls, over pads, with DX coils for the rest; or none.
//
// Chillers: a share of Carnot up to a limit, or EIR curves; outside a curve's range capacity is that at its end, the
// share of Carnot too, and the time is counted ([State.Clamped]). After a loss of power or a repair they wait for their
// restart and load up within their ramp; where towers fail they shed load at the trip of the condenser water.
// Fans and pumps follow affinity laws, and their heat counts.
//
// # Numbers
//
// Every mass moves by its exact exponential, and every flow of a step is taken at the mean temperatures that
// result, the same number on both sides: so the energy ledger closes to rounding at any step, a step of any
// length is stable, and no iteration is needed but one bracketed Newton on each water loop's temperature when its
// plant is out of capacity, and bisections of the flow of a tank beside a loop and of the load that lost towers allow.
// Where chillers start, load up, and have brought their water back, and where air handlers have failed or work again, a step
// is cut ([Plan.Part]).
//
// # Agreement
//
// `halltwin validate physics-references` prints these figures anew. MBL is the Modelica Buildings Library; errors are
// relative and the largest of all rows unless said otherwise.
//
//	ε-NTU, six arrangements, MBL                                     6e-6 (counterflow), 3e-8 (others)
//	film conductances of coils, MBL                                  1e-7
//	dry coil, five arrangements, MBL                                 5e-8
//	wet coil, MBL                                                    0.9 % of heat, 5.3 % where wet in part, 0.47 K of air
//	spray humidifier, MBL                                            5e-5 of mass, 0.04 K
//	EIR and reformulated EIR chiller, MBL                            3e-7 of COP
//	chillers of two plants with integrated economizers, MBL          4e-5, 7e-6 of power
//	chiller curve sets                                               151 of 157 normalise within 10 %, the others are refused
//	Carnot chiller, MBL                                              2e-8
//	DX coil, MBL                                                     3e-7 of capacity and EIR
//	YorkCalc, MBL                                                    6e-7 K
//	Merkel tower, MBL                                                3e-8 (median), 2.6 % (where its input steps)
//	Merkel tower, EnergyPlus, every minute in service                0.6 % (median), 1.7 % (most)
//	tower fan spline, equivalent heat capacity, MBL                  8e-8, 7e-8
//	fan, pump, MBL                                                   6e-5 of the rated rise, 8e-6 of power
//	economizer modes (Stein; outdoor air), MBL                       no row of 202 differs
//	all verification cases                                           within their tolerances
//	a day with three losses, steps of 300 s against 10 s             0.11 % of its energy
//	three of four CRAHs lost, steps of 10 s against 0.1 s            0.02 K; of 60 s 0.5 K
//	2 MW, load step and chiller trip, steps against 0.1 s            6e-4 K (10 s), 0.014 K (60 s), 0.07 K (300 s); energy 0.05 %
//	tank of 100 m3 by 6 K with 2 MW, mixed and in layers             0.01 s of 1252.7 s
//	a day of MBL's load-side plant, of its own parameters            62 of 101 samples free for 63; coil -4 %, chiller +14 %
//	PUE of a year, three plants, eleven climates                     0.014 of an independent model (`validate annual-pue`)
//	energy ledger, 10,000 random plants under failures               1e-9 in every step
//
// MBL reckons moist air by its whole mass where EnergyPlus and we reckon by dry air: a tower is 1.5 % apart by that
// alone. [Tower.Moist] takes its side for the comparison; plants do not.
//
// # State and use
//
// [Compile] makes an immutable [Plan] from a [Spec] and [Sizes]; [New] its [State], plain data; [Plan.Step]
// advances it. [Plan.Health], [Plan.Powered] and [Plan.Set] act from outside.
//
// # Left out
//
// Air: pressure, buoyancy and differences between aisles (a hall is one zone; racks at the ends of rows recirculate
// twice as much; behind rear doors all alike); leaks of in-row coolers; the PI of valves, which are quasi-steady; what
// recirculates through a matrix and a rear door both (refused); what dry coils gain from being wet; drying by DX coils. Plant: hydraulic networks, freezing, tanks
// that are charged by the clock or the price, ramps of load changes other than after a start. The CDUs of a
// chiller-tower plant hang on its chilled water.
//
// Sources: ε-NTU: Incropera; chillers: EnergyPlus Engineering Reference; towers: Merkel as in EnergyPlus and
// the Modelica Buildings Library, Scheier's factors; recirculation indices: Sharma, Bash, Patel 2002 and Herrlin
// 2008; ride-through: Khankari 2011; economizer modes: Stein 2009. Defaults are in the specs, each with its
// source; "typical" marks figures of common practice that no document here proves.
package cooling
