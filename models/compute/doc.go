// Package compute gives the electrical power, the temperature and the speed of GPUs, nodes and racks.
//
// # Power
//
// A device draws P(u) = idle + (max-idle)·f(u), where u in [0, 1] is how busy it is and f is a [Curve]: linear,
// square root, square, cubic, OpenDC's "mse" 2u - u^r, a polynomial, a table, or an activity model with a term for
// arithmetic and one for memory traffic. A node is the sum of its GPUs, CPUs, memory, drives, network cards and
// fans, put through its power supplies; a rack adds its switches and, where it has them, its rectifier shelves.
//
// What a GPU draws above idle rises with the temperature T of its die, by λ for each kelvin (leakage; 0.1–0.3 %/K is
// typical): P = idle + (P(u) - idle)(1 + λ (T - target)), never above its maximum. With T = T_coolant + r·P this is
// linear and solved outright.
//
// # Limits and speed
//
// A power limit, or a die that would pass its slowdown temperature, bounds a GPU's power. The throughput that is
// left is a concave function of limit over demand ([GPU.Speed]); its default knots are measured on V100 (Zeus), so
// they are V100-shaped until calibrated. A synchronous job runs at the speed of its slowest GPU.
//
// # Temperature
//
// Heat goes from the die through its heat sink, or cold plate, into the coolant ([TwoPole]):
//
//	C1 dT1/dt = P - (T1 - T2)/R1      C2 dT2/dt = (T1 - T2)/R1 - (T2 - Tc)/R2,   R2 ~ y^-0.8
//
// for air at relative fan flow y; R2 is constant for a cold plate. Constant power and coolant have an exact solution,
// two exponentials, with which a [Die] is brought up to date only when one of them changes, and from which the moment of
// a threshold is found. A type that states no heat capacities follows at once. Resistances are those of the type times
// each GPU's own spread, drawn once. GPUs behind others breathe what those have warmed: m·P/(ρ cp y V) for m GPUs
// before and their share V of the node's air.
//
// The fans take the largest of three demands: the node's load, the inlet temperature, and what holds the hottest
// die, at rest, at its target: V = V0·clip(g(T_in, P)), fan power ~ y^2.8 (2.6–3). Only when they run at full speed can
// a die come to its slowdown temperature. From then on it is held a margin below, the mean of what firmware hunts about,
// and runs free again when it would stay below that margin by itself; so is one that its fans could hold, as long as its
// sink is warm from less flow. At its shutdown temperature it powers off.
//
// Leakage is that of the die's mean over the window that its power holds for ([Group].Window), in closed form; of a die at
// rest where there is none.
//
// The closed forms are held to a two-node step and to a step response of one mass (700 W: 25.582 K and 8.906 K after
// 60 s; 100 to 1,000 W: 83 °C after 11.736 s), and to small steps. Fits of measured step responses use [TwoPole.Follow].
//
// # Coming back
//
// A node takes work some minutes after its power has returned ([NodeSpec].Boot), at idle power until then. Racks that heat
// shut down are switched on one after another when their inlets have been cool for a while ([RestartSpec]).
//
// # Left out
//
// Fans follow the load without delay. GPUs of one node draw alike where they warm one another. In steps longer than a die
// takes to follow, leakage is that at rest. Clocks enter through the power limit's curve only.
package compute
