// Package economics says what a site costs beside the energy that it draws, and whose cost that is: tariffs with demand charges
// and contracts, capital that is paid back over its life, people, upkeep and taxes, credits, embodied carbon; and shares of
// all of it for every job.
//
// # Time value
//
// With the real discount rate r a year, an asset of price P, credit share c, residual share s and life L costs each year
//
//	annual = (P·(1 - c) - s·P·(1+r)^-L) · CRF(r, L),   CRF = r / (1 - (1+r)^-L)
//
// the capital recovery factor; what never wears out (land, life 0) costs r·P. Prices are of one year and constant in real
// terms. The present value of owning the site for H years counts every purchase when it is made, what is left of assets at H
// by straight line, and running costs at the ends of years.
//
// # Tariffs
//
// The price of energy follows the clock of the site (months, days, hours). A demand charge takes the largest mean power over an
// interval, usually 15 min, of each calendar month; a ratchet lets no month fall below a share of the largest before it. What a
// run covers of a month, it bears. A contract buys a block of power at its own price, used or not.
//
// # Whose cost
//
// Of the power of a node, a job has the idle power by its share of the GPUs, and of what lies above that a share by GPUs times
// utilisation (cores where a node has no GPUs); of its rack it has the share that it has of the nodes. Everything that follows
// energy (price, contract, carbon, cooling and losses) is shared at each moment in proportion to IT power: with
//
//	C(t) = ∫ cost rate / IT power dt
//
// a job that draws P from t1 to t2 bears P·(C(t2) - C(t1)), exactly, however the price moves between. Demand and monthly charges
// are shared by IT energy over the run; capital, people and upkeep by GPU-time, or by IT energy where a site has no GPUs. What no
// job holds is the idle share. The shares and the total agree to 1e-9 ([Shares.Check]).
//
// # State
//
// [State]: the demand meter and the running shares, plain data. [Plan] and [Tariff] are immutable.
//
// # Uncertainty
//
// Each price has a spread, read as ± of itself. A sum has the range with all prices at their ends, and the narrower one in which
// they are independent (root of the sum of squares).
//
// # Left out
//
// Inflation (rates are real), income taxes and depreciation schedules, debt and equity apart, holidays and daylight saving in
// tariffs, power-factor penalties, revenue.
//
// # Sources
//
// Short, Packey and Holt, A Manual for the Economic Evaluation of Energy Efficiency and Renewable Energy Technologies, NREL
// TP-462-5173 (1995): capital recovery, present value and levelised cost; GHG Protocol ICT Sector Guidance (embodied carbon over
// life).
package economics
