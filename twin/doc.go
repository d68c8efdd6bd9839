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
// # Storage
//
// Where the site has storage, what jobs read and write are streams at constant rates between events. Whenever who wants what
// changes, rates are max-min fair anew ([World.shareStorage]) and the next end of a stream or a rebuild is an event. A job whose
// data come too slowly runs as fast as they come; one whose checkpoints go through storage has a step of its own for each thing
// that it waits for ([SaveStep]), and goes on after an interruption from the first tier that still has the latest
// ([World.revive]). Nodes that serve storage are nodes: they draw power by its load, and its losses are theirs.
//
// # What is real
//
// GPUs, and the processors of a node, can be bound to devices ([Driven.Bind]): what is measured of them ([Driven.Measured]) replaces
// what the model says that they draw and how fast they work, from the next event on, and the driver carries out what the world asks
// of them ([Driven.Asks]): a job, a limit, silence. That is no part of the state: a fork has no hardware and goes on by the model.
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
//
// # Cost
//
// An event costs what it changes: the racks touched, the PDUs behind them, the scheduler's answer. A step costs the site, and
// only what fails in the plant adds steps to those of the clock. CPU seconds of whole runs, reading and compiling included, with
// failures and a facility record every 300 s (go test ./twin -run xxx -bench Size -benchtime 1x; HALLTWIN_SOAK=1 for the last
// two; 2 cores shared with other work, AMD EPYC, Go 1.26; memory is that obtained from the system, record to nothing):
//
//	GPUs       time   jobs done   events   steps   CPU   memory
//	1,000      365 d     10,819     380k    107k   1.2 s   31 MB
//	10,000     365 d     49,666     622k    108k   3.0 s  128 MB
//	100,000    365 d    219,833    1732k    117k    34 s  304 MB
//	100,000      7 d      4,337       35k   2.2k   0.7 s   44 MB
//	1,000,000    7 d     42,276      291k   4.3k    11 s  308 MB
//	100,000     30 d    799,304     4816k    9.9k   160 s  1403 MB
//
// The last row is a flood: a million jobs come in 30 days and nearly 200,000 of them still wait or run in the end. Of the year
// of 100,000 GPUs, the scheduler takes 28 % (placing by leaf 23 %), power and heat of racks 28 %, steps with the cooling 15 %,
// starting and ending jobs 13 %, the power chain 9 %.
package twin
