// Package compare sets two runs, or two variants over several seeds, side by side: what differs in what went in,
// when they first went apart, and what differs in what came out.
//
// Figures are compared in pairs of equal seeds. Since both sides of a pair meet the same random streams, their
// difference varies much less than either does. Its mean is given with the 95 % confidence interval of Student's
// t distribution with n−1 degrees of freedom,
//
//	d̄ ± t₀.₉₇₅,ₙ₋₁ · s / √n ,
//
// and where that interval holds zero the figures are said to be not distinguishable. With one seed there is no
// interval, and none is made up.
package compare
