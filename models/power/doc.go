// Package power is the power chain of a site: what stands between the grid and the racks, what it loses, what it can
// carry, and what happens when a part of it is gone.
//
// # What is modelled
//
//	utility ─ transformers ─┐
//	                        ATS ─ switchboard ─┬─ UPS bank ─ PDUs ─ rack cords
//	               gensets ─┘                  └─ mechanical load (cooling)
//
// One such lineup is a side. [Compile] builds the sides of a redundancy: N and N+1 have one, 2N has two that each
// carry everything, 3N/2 has three of which any two carry everything (racks take the pairs ab, bc, ca), and "none"
// has one without any equipment: lossless and unlimited. A rack with two live cords draws half from each. A layer
// whose count is 0 is left out.
//
// # Equations
//
//	transformer     loss = P0 + Pk (S/Sr)²
//	UPS, PDU        loss = R (k0 + k1 x + k2 x²), x = output ÷ rating R
//	battery         energy: dE/dt = -P/η;  Peukert: t = H (C/(P H))^k;  KiBaM: two wells
//	breaker         dh/dt = ((I/Ip)² - h)/τ, trips at h = 1; or an inverse-time relay of IEEE C37.112, IEC 60255-151
//	genset fuel     V' = a P + b Pr; cranks catch by chance, one after the other; a tanker comes some time after the order
//	apparent power  S = |ΣP + jΣQ|; Q of supplies by their power factor over load, of rectifiers and cooling by one of their own
//	solar array     DC = rating·G/1000·(1 + γ(Tc - 25 °C)), Tc by NOCT, inverters by PVWatts' part-load curve, clipped
//	PSU             loss interpolated between load points, or input = (output + c)/η; staged: as many on as lose least
//	battery age     capacity 1 - 0.2 age/life of a new one; the life halves with each 8.3 K above 25 °C
//
// All have closed forms between events, because flows are constant there: [Plan.Next] is the exact time to the next
// battery end, trip, start, delivery or transfer, and nothing is polled. Loads relative to ratings, and with them breakers,
// are of apparent power where a spec has power factors ([PowerFactorSpec]), else of power; voltage is constant.
//
// # State and order
//
// [State] is plain data. [Plan.Solve] is algebra: from discrete states and loads to flows, in one pass down (what is
// live) and one up (what flows). [Plan.Advance] moves the masses: battery charge, breaker heat, fuel, timers.
// [Plan.Fire] performs what is due. [Plan.Update] repeats Solve and Fire until the instant is quiet; it is what a
// world calls. In every state the ledger closes: utility + genset = racks + mechanical + losses + d(stored)/dt.
// While nothing is on its way above the PDUs, units that are alike are reckoned once, to the same bytes.
//
// On loss of a utility the UPSs are on battery at once; gensets start after their delay (or refuse, each with its
// own random stream) and the ATS transfers when enough of them run; batteries recharge from what headroom the source
// has; when the utility is back for the retransfer time the ATS goes back, and gensets cool down. A UPS bank that
// is overloaded goes to its bypass, or off when it is on battery. Trips move load to what is left, which may trip too.
//
// Gensets may take their load block by block (the UPSs one by one, then the cooling), so that no step is larger than
// they stand, and shed racks that they cannot carry. Racks that were dark come back PDU by PDU. A sag below 85 % puts
// UPSs on battery; what has no UPS stands it as long as the ITI (CBEMA) curve says. A static switch moves a side between
// live sources faster than that. A UPS that leaves eco mode does so unnoticed (2–8 ms) unless it takes longer than the 20 ms
// that supplies run on.
//
// [SiteBattery] and [Solar] stand apart, behind the meter: they change what the meter sees, not what the chain carries. The
// array's inverters follow the feeds: they stop with one that is gone and rejoin it after five minutes (IEEE 1547); what
// nothing takes is exported as far as allowed, else curtailed. The battery follows the grid's carbon intensity or the sun,
// or waits for a demand response event, of which it spreads its energy over what is left.
//
// # Agreement
//
// Peukert, KiBaM (four published times), UPS autonomy, six relay curves, the thermal breaker, UL 489 bounds, 2N, 3N/2
// and the PUE chain agree with their reference cases to the stated tolerance, 1e-3 (published, rounded) to exact.
// Modules and inverters equal pvlib's published values of PVWatts; loads in kVA equal sums by hand to 1e-9; cranks are
// geometric (chi-square of 4,000). The ledger closes to 1e-9 in random chains under random failures; steps between
// events change no time by more than 1 µs.
//
// # Left out
//
// Voltage within its window, frequency, harmonics, phase imbalance, faults to earth; the reactive power of
// transformers, and what reactive power adds to losses; the current of an inrush (its order is modelled,
// [RestartSpec]); higher current in a sag; cooling stands a sag as power supplies do; battery temperature beyond its
// ageing; arrays that run beside gensets (theirs stop with the grid), are shaded or follow the sun. A bank's units are
// alike.
//
// # Sources
//
// IEEE C37.112-2018, IEC 60255-151, UL 489 (breakers); Jongerden & Haverkort 2009 (KiBaM); NFPA 110 (genset start); ISO
// 8528-1 and -5 (genset rating, load steps); ITI (CBEMA) curve application note, 2000 (sags); IEEE 1188 (battery life);
// Dobos, PVWatts Version 5, NREL/TP-6A20-62641 (solar); IEEE 1547-2018 (inverters); ExaDigiT/RAPS (Frontier's
// converters and their staging). Defaults marked "typical" are the field's habit, not citations.
package power
