// Package loop closes the loop between limits and real devices: it holds the devices of a host under one power budget.
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
