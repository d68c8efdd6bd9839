// Package push takes the readings that agents post to a live twin: JSON lines of [agent.Message], over HTTP POST, with a bearer
// token for each agent. A token is good for the hosts that it names, so that one agent cannot speak for another; tokens are
// compared by their hashes in constant time. Bodies, lines and the readings that wait are bounded; what finds no room is refused
// with 503, so that the agent keeps it and tries again.
//
// A post is answered once the twin has taken its readings, that is, once they are in its log: a receiver that dies before has
// promised nothing, and the agent sends them again. The numbers of an agent's batches tell what has come before ([agent.StreamHeader]);
// the marks of a batch carry them into the log, from where a receiver that starts again has them ([Receiver.Resume]).
//
// What cannot be read or is not allowed is held back and counted, by who sent it. It is a fault that nobody posts.
package push
