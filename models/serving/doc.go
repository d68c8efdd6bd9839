// Package serving is an inference service of a language model: how fast it answers under its load, whether it keeps its
// service level and why not, how busy its GPUs are, how many replicas it wants, and which site answers.
//
// # Replica
//
// A replica of g GPUs batches continuously: prompts are prefilled between the steps of the requests that generate, or in chunks
// beside them. With b requests that attend to c tokens in all, and n tokens of prompts:
//
//	step           max(memory, arithmetic) + all-reduces + overhead, at least what the host needs to launch it, + host × requests
//	memory         (weights + c·KV) / (g × bandwidth × share)
//	arithmetic     FLOPs of b + n tokens and what they attend to / (g × attained rate)
//	all-reduce     as the links give, or as an [EngineSpec] states: slower above a payload among more than two GPUs
//	slots          what memory beside the weights holds of whole requests, at most a stated batch
//	per token      step / (1 - x·taken): x requests/s, each of which takes prefill, or what chunks make steps longer
//	batch          B = x · output · (time per token)                                         Little's law
//	capacity       1 / (taken + output · step(slots) / slots)                                requests/s
//
// Replicas can be apart (split): some prefill, the others generate, and the key-value cache goes over a network.
//
// # Fluid
//
// Replicas share their load. In an interval of constant traffic the service is quasi-steady, with one memory: the
// backlog of requests that capacity could not take.
//
//	backlog        grows by load - capacity; what would wait longer than the timeout is given up
//	wait           backlog / capacity, and above it the waits for a prefill (Erlang C over replicas) and for a slot
//	               (Erlang C over all slots), each with its exponential tail, scaled for the variation of service times and of
//	               the time between requests; replicas that take turns have lines of their own
//	time to first token   wait + half a step + prefill, over the distribution of prompt lengths
//	within its level      share of requests with both the time to first token and the time per token below their limits
//
// A replica that is throttled to speed v takes 1/v as long; one that is down takes nothing.
//
// # Requests
//
// detail: requests follows each request through each step of each replica instead ([Flow], [Server]): arrivals of the file or drawn
// (gamma gaps, lognormal lengths), one prompt at a time or chunks, room for all tokens of a request before it begins, retries
// where a replica goes down. Generation goes on in strides between events. It is held to a play without strides within 0.2 %, to
// Pollaczek and Khinchine's wait, and the fluid to it: batch within 10 %, time per token 5 %, utilisation 12 %, 99th percentile of
// the first token 25 % (40 % in chunks and bursts), at loads up to 80 %.
//
// # Sites, replicas, causes
//
// Another site answers across a network with a round trip and a bandwidth: beyond a utilisation of the preferred one, or in
// Wardrop's equilibrium (fastest); a site that answers nothing leaves all to the other. An autoscaler works as the horizontal
// pod autoscaler of Kubernetes does. A miss has as its cause the first change of conditions that alone would have prevented it:
// network, cold start, replicas down, too few asked for, throttling; load above capacity or queueing where nothing would.
//
// # State
//
// [State]: the backlogs, running totals, the autoscaler's memory, and the requests under way where they are followed. The load is
// read by time, from a series of requests or a shape.
//
// # Left out
//
// Speculative decoding, prompts that are batched with each other outside chunks, eviction of running requests, prefix caches as
// more than a share, the power of the other site.
//
// # Sources
//
// Erlang 1917 (C formula); Allen and Cunneen's scaling (Allen, Probability, Statistics and Queueing Theory, 1990, §5.3);
// Pope et al., arXiv 2211.05102 (cost of inference); Patel et al., Splitwise, ISCA 2024 (measured rows, split pools); Yu et al.,
// Orca, OSDI 2022 (steps); Agrawal et al., Sarathi-Serve, OSDI 2024 (chunks); Wardrop 1952 (routes).
package serving
