// Package viz serves runs to browsers: those under way, recorded ones, and what-ifs that leave either.
//
//	world ─ samples, events ─▶ Run ─ frames, encoded once ─▶ viewer's queue ─ websocket ─▶ browser
//	           run directory ─▶  │ ─ exact values, history, log, jobs ─ HTTP ─────────────▶
//	                             └◀ actions, pace, forks ─ Controller ◀── operators ◀──────
//
// A [Run] is a sink like any other: what it takes it keeps (package store), and a goroutine of its own turns the latest
// samples into frames (package wire, which is the specification of the protocol), at most twenty times a second however
// fast the run goes. A frame is encoded and compressed once and put into the bounded queue of each viewer who attends
// the head of the run. A queue that is full is emptied: its viewer goes on with keyframes once she keeps up again. So
// neither a viewer nor their number can slow a run. A viewer who looks back has a cursor of her own.
//
// What a person does goes through the [Controller] that whoever serves the run gives it; without one a run can only be
// watched. The package knows no worlds.
//
// # Who may ask
//
// The server listens on a loopback address unless told otherwise. Any web page that the user has open can make the
// browser send requests there, so a request is answered only if its Host is one of this server's names (which defeats DNS
// rebinding) and its Origin, if it has one, is this server; what changes something needs a header besides that a form
// cannot send. Beyond loopback [Config.Check] demands TLS and tokens. A token is a viewer's or an operator's; the browser
// trades it for a cookie that scripts cannot read, and each websocket needs a ticket that works once, so that no secret
// stands in an address. Secrets are compared by their hashes, in constant time, and never printed.
//
// Pages allow no script, style, font or connection but the server's own. Requests, messages, connections, queues, logins
// and forks are bounded, reads and writes have deadlines, and files are served by the exact names that a recording lists,
// through a root that nothing outside can be reached from.
package viz
