// Package failure says when things break, what they take with them and how long they stay broken.
//
// # Model
//
// A process belongs to a kind of component. Every component of that kind has a renewal process of its own with the
// stated law of the time between failures (exponential, Weibull, lognormal, gamma, or resampled from a trace), and
// optionally a frailty: a factor on its rate that it keeps for life, gamma distributed with mean 1, so that some are
// lemons. A burst is a process of a domain (a rack, a row, a hall): each event breaks several components within it
// at the same moment, from one cause and with one repair; its rate may be stated for each component of the domain, so
// that one figure holds for domains of any size. A burst may prefer the lemons of a process: it then strikes components in
// proportion to their frailty.
//
//	rate of component i      z_i / MTBF,  z_i ~ Gamma(k, 1/k)     k → ∞: all alike
//	counts in a time t       Poisson, or negative binomial of shape k where there is frailty
//	first failure            of a component in the midst of its life: U·L, L drawn in proportion to its length
//
// Clocks run on calendar time whether or not the component works, so failures may overlap: a thing is down while any
// cause holds it down, and whoever owns the thing counts its causes. That keeps the stated rate exact, and it keeps
// failures at the same instants in every variant of a scenario. With repairs of hours against a time between
// failures of years the difference to a clock that stops is below one in a thousand.
//
// A failure of a utility may be a sag: its voltage falls, by a law of ranges, for the time of the repair. A burst within
// the site whose components are utilities is a cause that feeds have in common: a storm, a substation.
//
// A repair is a mixture: with probability p the component comes back by itself (a reset, a reboot), else somebody
// comes, whose time may itself be a mixture: a visit, a wait for parts. Repair time counts from detection. Or the waits are
// modelled: a repair by hand calls a [Crew] of so many people in working hours, first come first served or the largest loss
// first, and takes a part out of a [Stock] that is ordered anew (base stock, one for one). The clock of what a crew repairs
// stands still meanwhile: K machines and a crew of c are the machine repairman's queue M/M/c//K.
//
// New parts may be weak ([Early]): S(t) (1 - w + w S_weak(t)), a hazard that falls, at the start of a run of new machines and
// after each repair by hand. A rate may follow the temperature of its component by Arrhenius' law or a doubling ([Heat]);
// the clock then runs at the highest rate, and of its moments as many pass as the temperature says (thinning).
//
// A failure may stop nothing: it slows its component ([SlowSpec]), and a synchronous job runs at its slowest; or it corrupts
// what is computed ([Silent]) until that shows, and all work since the checkpoint before it is lost. Checks ([Health]) find
// both sooner, and now and then a sound node. [Quarantine] takes out what fails again and again, a [Wave] of planned
// work goes round the site, and a [Pool] of [Spares] stands ready to replace what a job loses.
//
// # Fit
//
// [Fit] finds a process, a burst and a repair from a log: declustering tells what has a cause in common, moments of the counts
// and of the sizes of clusters give frailty and size, expectation and maximisation gives the repair.
//
// # State
//
// Three columns a process: a random stream, the time of the next failure and (with frailty) a factor for each
// subject: 24 or 28 bytes. The stream of a component is named "failure/PROCESS/PATH", so adding a rack moves nobody's
// failures. Each failure takes a fixed number of words from it, whatever the laws are: changing a repair time
// moves no failure.
//
// # Left out
//
// Dependence on load and on vibration, wear by the number of starts, crews of several skills, parts shared with other sites.
// A burst is one repair, whatever it struck. A silent failure corrupts all that runs on its component until it is
// taken out. Frailty and a law of decreasing hazard both describe clustered failures; use one of them, not both.
//
// # Sources
//
// IEEE 1366 (outages of more and less than five minutes), Dorr et al., EPRI DPQ, 1996, and IEEE 1159 (sags);
// Llama 3 (arXiv 2407.21783) §3.3.4; Kokolis et al., HPCA 2025 (arXiv 2410.21680); InfiniteHBD trace (SIGCOMM 2025);
// Cox, Renewal Theory, 1962, §5 (equilibrium renewal); Marsaglia and Tsang, ACM TOMS 26 (2000) (gamma variates);
// Lewis and Shedler, Nav. Res. Logist. Q. 26, 1979 (thinning); Palm, 1938, and Sherbrooke, METRIC, 1968 (base stock);
// ByteRobust, SOSP 2025 (arXiv 2509.16293) (binomial spares); GREYHOUND, ATC 2025 (slow components);
// Efraimidis and Spirakis, Inf. Process. Lett. 97 (2006) (choice by weight).
package failure
