// Package compute gives the electrical power, the temperature and the speed of GPUs, nodes and racks.
//
// # Power
//
// A device draws P(u) = idle + (max-idle)·f(u), where u in [0, 1] is how busy it is and f is a [Curve]: linear,
// square root, square, cubic, OpenDC's "mse" 2u - u^r, a polynomial, a table, or an activity model with a term for
// arithmetic and one for memory traffic. A node is the sum of its GPUs, CPUs, memory, drives, network cards and
// fans, put through its power supplies; a rack adds its switches and, where it has them, its rectifier shelves.
//
// # Limits and speed
//
// A power limit, or a die that would pass its slowdown temperature, bounds a GPU's power. The throughput that is
// left is a concave function of limit over demand ([GPU.Speed]); its default knots are measured on V100 (Zeus), so
// they are V100-shaped until calibrated. A synchronous job runs at the speed of its slowest GPU.
//
// # Temperature
//
// At the step lengths of the twin (1 s and more) the die follows its heat sink and the air quasi-steadily:
// T = T_coolant + R(y)·P·spread, with R(y) = R1·y^-0.8 for air at relative fan flow y, and R constant for a cold
// plate. The fans take the largest of three demands: the node's load, the inlet temperature, and what holds the hottest
// die at its target; only when they run at full speed does the die rise to its slowdown limit and throttle. The
// spread is each GPU's deviation of thermal resistance, drawn once from its own random stream.
//
// # Left out
//
// Leakage with temperature and the two-pole transient of the die (seconds), which matter below the step length;
// clocks enter through the power limit's curve only.
package compute
