// Package external lets a process of the user's own schedule: any language, a few lines of JSON.
//
//	halltwin run FILE --scheduler 'python3 my_scheduler.py'      in FILE: scheduler: {policy: external}
//
// # Protocol
//
// The twin writes one JSON object a line to the process's standard input and reads one line from its standard output after
// each. What the process writes to standard error is shown when it fails. First comes the site:
//
//	{"type":"hello","protocol":1,"nodes":[{"node":0,"gpus":8,"cpu":128,"memory":2e12}, …]}
//	{"protocol":1}                                                   the answer
//
// Then, whenever a job arrives or ends, a node fails or comes back, and again at the same time after jobs were stopped, all
// that there is to know:
//
//	{"type":"decide","now":3600,
//	 "free":[{"node":0,"gpus":2,"cpu":32,"memory":5e11}, …],           nodes that take work; "empty":true where none runs
//	 "waiting":[{"job":7,"submit":3500,"estimate":600,"parts":2,"gpus":8,"cpu":96,"memory":1e12}, …],
//	 "running":[{"job":3,"begun":1200,"end":4000,"parts":1,"gpus":1,"nodes":[0]}, …]}
//	{"start":[{"job":7,"nodes":[4,5]}],"stop":[3]}                    the answer
//
// Times are s from the start of the run, memory is B. Demands are of one part; a job of several parts starts whole or not at
// all. "nodes" names the node of each part; without it the placement of the scenario chooses. A field of value 0, false or "" is
// left out: "whole" says that each part takes an empty node, "priority", "user" and "queue" are numbers, users and queues
// counted from 1 in order of appearance. "end" is when a running job is expected to end, left out when nobody knows; "firm" marks
// one that may not be stopped. Stops come before starts. A stopped job is suspended and waits again; {} changes nothing.
//
// An answer that is not JSON, names an unknown field or job, asks for what is not there, is longer than 16 MiB or comes later
// than the limit ends the run with an error that says so, and the process is killed.
//
// The process is told everything each time so that it may forget everything: then runs can be repeated and forked. One that
// remembers must expect questions of several forks, in any order. The process runs with the rights of the user who started the
// twin; a scenario file alone never starts one.
package external
