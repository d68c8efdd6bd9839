// Package twin is the running world: it takes a compiled plan and lives it.
//
// # One step
//
// Time moves in windows. A window ends at the next physical step or sample, whichever comes first; inside it the
// kernel delivers decisions (arrivals, completions, failures, switch-overs, actions) at their exact times. At one
// instant the order is: actions, failures, power switching, completions and arrivals, scheduler, settling, and last
// the step and the record. An action, a failure or a switch-over ends the step that it falls into, so that it never
// reaches back. [World.physics] is the whole physical step and reads top to bottom:
//
//	job demand → IT power → feeds → heat → air and liquid → plant → masses → controls → limits → job speed → metrics
//
// Power flows down, heat flows up, limits flow back.
//
// # What is exact
//
// Between decisions IT power is constant, so energy is integrated exactly at the resolution of events: a rack's
// energy is brought up to date when something in it changes ([World.touch]), and a job's utilisation profile is
// averaged over that stretch with a cursor. Heat is handed to the cooling as the mean over the step. Progress, and
// with it checkpoints and completion times, is closed form; a completion is rescheduled (by generation) when the
// job's speed changes. The feeds are solved again at every instant at which power changed, and tell when they will
// next switch or trip.
//
// Dies that lag behind their power and coolant are kept as where they were when one of these last changed, and where they
// are bound; the moment at which one comes to its slowdown or shutdown temperature is an event ([World.steer]).
//
// Controls above the plant look at their own times: power capping every few seconds, but only when a look would do something
// ([World.watchCaps]); a demand response event is a limit of capping on the meter, with phases that begin at times of the
// plan ([World.respond]). Solar array and battery stand behind the meter and answer every settled instant
// ([World.dispatch]).
//
// # State
//
// [State] is plain data: a fork copies it, a snapshot writes it, two runs compare by its hash. Everything immutable
// (the plan, the work) is shared. Sinks and progress belong to [Run], not to the world.
//
// # Ledgers
//
// Energy, jobs and GPUs are counted in and out at every step ([World.audit]); a ledger that does not close to 1e-9
// stops the run with the ledger printed.
package twin
