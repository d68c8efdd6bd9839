// Package serving is an inference service of a language model: how fast it answers under its load, whether it keeps its
// service level, and how busy its GPUs are.
//
// # Replica
//
// A replica of g GPUs batches continuously: prompts are prefilled between the steps of the requests that generate.
//
//	prefill(n)     FLOPs of n tokens / (g × attained rate) + all-reduces + overhead          bound by arithmetic
//	step(B, c)     max(memory, arithmetic) + all-reduces + overhead                          bound by memory at small B
//	               memory: (weights + B·c·KV) / (g × bandwidth × share),  c: mean tokens of context
//	per token      step(B, c) / (1 - x·prefill), x: requests/s of the replica
//	batch          B = x · output · (time per token)                                         Little's law
//	slots          what memory beside the weights holds, at most a stated batch
//	capacity       1 / (prefill + output · step(slots) / slots)                              requests/s
//
// # Service
//
// Replicas share their load. In an interval of constant traffic the service is quasi-steady, with one memory: the
// backlog of requests that capacity could not take.
//
//	backlog        grows by load - capacity, a fluid
//	wait           backlog / capacity, and above it the waits for a prefill (Erlang C over replicas) and for a slot
//	               (Erlang C over all slots), each with its exponential tail, scaled for the variation of service times
//	time to first token   wait + half a step + prefill, over the distribution of prompt lengths
//	within its level      share of requests with both the time to first token and the time per token below their limits
//
// A replica that is throttled to speed v takes 1/v as long; one that is down takes nothing.
//
// # State
//
// [State]: the backlog and running totals. The load is read by time, from a series of requests or a shape.
//
// # Left out
//
// Prefix caches, speculative decoding, separate prefill and decode pools, autoscaling, routing between sites, timeouts.
//
// # Sources
//
// Erlang 1917 (C formula); Allen and Cunneen's scaling (Allen, Probability, Statistics and Queueing Theory, 1990, §5.3);
// Pope et al., arXiv 2211.05102 (cost of inference); Patel et al., Splitwise, ISCA 2024 (measured rows).
package serving
