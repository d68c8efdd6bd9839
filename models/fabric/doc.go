// Package fabric is the network between nodes: its topology and routes, how flows share its links, how long collectives take,
// and what the loss of a link, a card or a switch leaves.
//
// # Topology
//
// A [Graph] is hosts and switches joined by directed links, each with a bandwidth and a latency. [LeafSpine] has uplinks of a
// stated share of what its hosts may send, in pods joined by a core where it is large; [Rail] puts card r of every host on leaf
// r of its group; [FatTree], [Torus] and [Dragonfly] are the textbook ones.
//
// # Routes
//
// A flow takes shortest paths over what is up, so that routes go round a loss as soon as it is known ([Router.Learn]); until
// then its flows stand. Where several next hops are equal, ECMP hashes the flow onto one of them, whatever the load, and
// collisions follow; adaptive routing divides it over all of them; static routing always takes the first.
//
// # Sharing
//
// Flows share links max-min fairly by progressive filling ([MaxMin]): all rates rise together, in proportion to their weights,
// until a link is full; its flows stay, the others go on. A flow that uses a link a times counts a times there. [Drain] lets
// flows of stated sizes begin and end, at fair rates between events. A parallel task ([Task]) computes and communicates at
// one rate of progress, set by its scarcest resource: the model of SimGrid's ptask, which Batsim asserts.
//
// # Collectives
//
// S bytes over n ranks of latency α and bandwidth B:
//
//	ring            all-reduce 2(n-1)α + 2(n-1)/n S/B;  all-gather, reduce-scatter (n-1)α + (n-1)/n S/B
//	tree            all-reduce 2⌈log2 n⌉α + 2S/B
//	in the switch   all-reduce 2α + S/B
//	all-to-all      (n-1)α' + (n-1)/n S/B, α' the cost of posting one message
//	hierarchical    reduce-scatter inside, all-reduce of the slices outside, all-gather inside, level by level
//
// The fastest is taken, as a tuner does. Alpha and bandwidth alone miss a measured curve by 10–35 % where protocols change; a
// [Curve] interpolates measured times instead.
//
// # Congestion
//
// [Congestion] gives jobs that run at once the share of their network demand that they get, from the leaves on which their
// nodes lie. What a job loses depends on how much of its step the network takes ([Slowdown]).
//
// # State
//
// Which links are down and what fraction of its bandwidth each has, in [Condition].
//
// # Left out
//
// Packets, queues, congestion control, adaptive routing with hysteresis, Valiant paths of dragonflies. Rates are those of long flows.
//
// # Sources
//
// Bertsekas and Gallager, Data Networks §6.5.2 (max-min fairness); Thakur et al., IJHPCA 19 (2005) (collectives); Al-Fares et
// al., SIGCOMM 2008 (fat-tree); Kim et al., ISCA 2008 (dragonfly); Llama 3 (arXiv 2407.21783) §3.3.1; Kokolis et al., HPCA 2025.
package fabric
