// Package loop closes the loop between limits and real devices: it holds the devices of a host under one power budget, and it
// lets real devices stand in the place of simulated ones.
//
// # A run with real things in it
//
// A [Closed] is a run of a world some of whose GPUs, or the processors of one of whose nodes, are real ([Bond]). A script that the
// wall clock paces (twin/kernel) takes a turn every [Period]:
//
//	read the devices ─▶ their means count in the world ─▶ the world lives up to now ─▶ what it asks is done
//
//	the simulated scheduler starts a job there     real training begins: a [Load], told which devices the job holds
//	the job ends, is preempted, its node is lost   it ends
//	a power limit, a cap, heat in the room         a real power limit; for processors, fewer of them
//	the feed is dead, the node is shut down        real training ends
//	a device is lost                               what it stands for fails, and is repaired when it is back
//
// Power and temperature are what the device tells. Speed is throughput over what the same work came to before any limit held it
// (a mean of 2 s at least); until that is known the model's counts. Where the coolant of the simulated room would slow a GPU
// down, the real one gets a limit at the power that the model leaves it.
//
// Pacing is strict: a turn that comes later than the pacer's tolerance ends the run, and the latest is in the summary. So does a
// die at the temperature to stop at, with all limits at their lowest first. Whatever ends it, training ends and limits are
// restored; a supervising parent (package guard) restores them if the process is killed.
//
// # Budget
//
// Once a period a [Holder] has the mean power pᵢ of every GPU and its limit lᵢ. A GPU that draws 97 % of its limit or more is
// held back by it; the others draw what they want. Those keep room to rise; what the budget leaves is shared evenly among
// the held ones, by filling up to each one's own range:
//
//	free:  lᵢ = pᵢ + max(10 W, 5 %)     held:  lᵢ = (B + trim - Σ free pᵢ)/number, within [min, max]
//	trim += ½ (B - Σp), within ±5 % of B, while some are held
//
// The trim takes away the systematic difference between a limit and what a sensor shows. When the sum passes the budget by more
// than 2 %, all limits shrink in proportion at once. A lost GPU counts with its last power: it may still draw that.
//
// A budget below the sum of the lowest limits cannot be held; [Holder.Check] says so before anything is set.
//
// # Safety
//
// Limits are set through a guard, which restores them. A die at the temperature to stop at puts every GPU at its lowest limit and
// ends the loop with an error. A period without any reading holds what is set: limits in force go on protecting.
package loop
