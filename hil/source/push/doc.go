// Package push takes the readings that agents post to a live twin: JSON lines of [agent.Message], over HTTP POST, with a bearer
// token for each agent. Tokens are compared by their hashes in constant time. Bodies, lines and the readings that wait are
// bounded; what finds no room is refused with 503, so that the agent keeps it and tries again.
package push
