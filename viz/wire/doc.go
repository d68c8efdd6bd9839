// Package wire is the language that a viewer and the server of runs speak: binary frames of values and JSON messages
// over one websocket, and JSON over HTTP for what is exact, historical or to be done. It is the same for a run that is
// live, one that is replayed and a fork of either. The types here are its grammar; this text is its meaning.
//
// # Words
//
// A run is one recording, live or finished. Its mode is LIVE (measured), TWIN (simulated now), REPLAY (finished) or
// FORK (a what-if that branched off another run). Times t are seconds from the start of the run. Things are numbered
// densely within their kind (site, hall, row, rack, node, gpu, utility, …), as the layout of the run says; a level is
// the kind at which values are shown, which may be coarser than the kind of the channel: the temperature of GPUs, by
// rack, is the greatest in each rack, since that channel reduces by max. JSON numbers are in the unit of the channel,
// null where unknown. Unknown is not zero and not good: show it as such.
//
// # Websocket
//
// GET /api/socket with the subprotocols "halltwin.1" and "ticket.T", where T comes from POST /api/ticket: in a browser
//
//	new WebSocket(url, ["halltwin.1", "ticket." + ticket])
//
// A ticket is good for one connection within 30 s, and carries the role of who asked for it. The server selects
// "halltwin.1" and offers permessage-deflate, which browsers take; frames are compressed once for all viewers. Text
// messages are one JSON object each, binary ones one [Frame] each. A message of a viewer is at most 16 KiB, and at
// most 50 a second on average are taken (bursts of 200); what does not parse, and floods, end the connection with
// code 1008, oversize with 1009.
//
// The server speaks first:
//
//	{"type":"hello","protocol":1,"version":"0.1.0","role":"operator","who":"local"}
//
// Every request may carry an "id", a number of the viewer's own that is repeated in the answer to it: the message
// named below or
//
//	{"type":"error","id":7,"code":"unknown-channel","text":"no channel is called \"rack.pwr\"","fix":"did you mean \"rack.power\"?"}
//
// The codes are those of the Code constants. An error changes nothing.
//
// ## Attending a run
//
//	→ {"op":"open","id":1,"run":"first-run","events":"info"}
//	← {"type":"opened","id":1,"run":"first-run","number":3,"mode":"TWIN","status":{…}}
//
// From here binary frames of this run carry the number, and the viewer gets status messages and, unless "events" is
// "none" or left out, events of at least that severity (detail, info, warning, critical) as they happen. {"op":"close",
// "run":…} ends it, answered by {"type":"closed",…}. A run that goes away by itself is "closed" without an id.
//
//	→ {"op":"subscribe","id":2,"run":"first-run","subscriptions":[
//	    {"channel":"rack.inlet_temperature","level":"rack"},
//	    {"channel":"gpu.temperature","level":"gpu","ranges":[[0,8192],[40960,49152]]},
//	    {"channel":"site.power","level":"site","bits":16}]}
//	← {"type":"subscribed","id":2,"run":"first-run"}
//
// The list replaces what was subscribed before, so a viewport that moves sends the new list; what stays is not sent
// again. "level" is the channel's own if left out, or one above it. "ranges" are half-open index ranges [lo, hi), all
// if left out; the server rounds them outward to tiles of [Tile] values. "bits" is 8 (default) or 16. At most
// [MaxSubscriptions] of a run, of which a viewer opens at most [MaxRuns]. Channels of jobs come by HTTP, not in frames.
//
// ## Where a viewer stands in time
//
// An attended run has a head, the last sample there is, and each viewer a cursor of her own. After open she follows the
// head of a run that is not finished, and stands at the start of one that is. These move the cursor, and touch nobody
// else:
//
//	→ {"op":"seek","id":3,"run":"first-run","t":43200}    stand there
//	→ {"op":"play","id":4,"run":"first-run","speed":300}  300 s a second, from the cursor; negative plays backwards
//	→ {"op":"pause","id":5,"run":"first-run"}             stand still
//	→ {"op":"step","id":6,"run":"first-run","steps":-1}   that many samples on
//	→ {"op":"follow","id":7,"run":"first-run"}            the head again
//
// Each is answered by the status that results, which is also sent about four times a second while something moves:
//
//	{"type":"status","id":3,"run":"first-run","stream":2,"t":43200,"head":51840,"end":86400,"follow":false,
//	 "playing":false,"speed":0,"state":"paused","run_speed":600,"skipped":0}
//
// "t" is the cursor, "head" the last sample, "end" the planned end. "state" is that of the run itself: "running",
// "paused", "finished", "stopped" (early), "failed"; "run_speed" is its simulated seconds a second, 0 for as fast as
// it can; only POST …/control changes these. "stream" counts the jumps of the cursor: frames of an older stream are
// still under way and must be dropped. Frames of the head have stream 0.
//
// "skipped" counts what this viewer missed because she was slow: the server drops what is queued for her, goes on with
// keyframes of the latest values, and never waits. If events were dropped, {"type":"skipped","run":…,"events":12}
// says so; ask for them by HTTP.
//
// ## Frames
//
// All numbers are little-endian. A frame is a header of [HeaderSize] bytes and then codes:
//
//	 0  u8   0x48, "H"
//	 1  u8   version, 1
//	 2  u8   kind: 1 keyframe, 2 delta
//	 3  u8   bytes a code: 1 or 2
//	 4  u32  number of the run, from "opened"
//	 8  u32  stream: 0 of the head, else the status's stream
//	12  u16  channel: its "id" in GET …/channels
//	14  u8   level: position of the kind in the kinds of GET …/channels
//	15  u8   0
//	16  u32  sequence number within (run, stream, channel, level, bytes a code, first)
//	20  u32  first: index of the thing that the first code is of
//	24  u32  count of codes
//	28  u32  total: things of the level
//	32  f64  t
//	40  f64  offset
//	48  f64  scale
//	56  codes, count × bytes a code
//
// A keyframe's code q means the value offset + q × scale; the largest code (255, 65535) means unknown. A delta's
// code is the difference to the code before, modulo 256 or 65536: add it to every code of the tile, wrapping, and only
// then decode. A delta repeats offset and scale of its keyframe, and applies only to the state with the sequence number
// before it; a viewer that has another drops it and may ask {"op":"keyframe","run":…}. A keyframe comes every 5 s, when
// values leave the range of the last one, after a subscription, a jump or a skip, and on request (at most one a second
// is honoured). A value differs from the exact one by at most half of scale, which is at most 1/200 of the range of
// the tile's values at the keyframe, or 1/50000 in 16 bits (small whole numbers, such as states, are exact); exact values come by HTTP.
//
// Golden frames lie in testdata: NAME.bin beside NAME.json, which says what it decodes to. Those of a series (001, 002
// …) are to be applied in order.
//
// # HTTP
//
// All below /api. Answers are JSON, UTF-8; an error has a status of 4xx or 5xx and the body of [Error]. GET is for
// every role. What changes something is POST or DELETE, needs the role operator (but for login, logout and ticket),
// the header "X-Halltwin: 1", an Origin that is this server if there is one, and content type application/json; a body
// is at most 64 KiB. RUN stands for the id of a run, as one path segment, percent-encoded.
//
//	GET    /api/server                   [Server]: version, whether one must log in, the run to show first
//	POST   /api/login                    {"token":"…"} → [Server]; sets a cookie that scripts cannot read
//	POST   /api/logout                   → [Server]
//	POST   /api/ticket                   → {"ticket":"…","expires_s":30}
//	GET    /api/runs                     {"runs":[RunInfo …]}, the newest first
//	GET    /api/runs/RUN                 [RunInfo]
//	DELETE /api/runs/RUN                 discards a fork
//	GET    /api/runs/RUN/site            [Site]: the tree of things with names as ranges, and the floor plan
//	GET    /api/runs/RUN/plant           [plant.Plant]: one-line diagram and cooling graph, limits of the hardware
//	GET    /api/runs/RUN/channels        [Registry]: channels, what can be set, verbs by kind
//	GET    /api/runs/RUN/values          ?subject=hall-0/row-1/rack-3&t=43200 → [Values]: every channel of one thing
//	GET    /api/runs/RUN/value           ?channel=rack.power&index=3&t=43200 → [Values] of one
//	GET    /api/runs/RUN/history         ?channel=…&subject=…|index=…&level=…&from=…&to=…&points=… → [History]
//	GET    /api/runs/RUN/export          as history, with &format=csv|json&exact=1: a file to save
//	GET    /api/runs/RUN/events          ?from=…&to=…&severity=…&subject=…&search=…&after=ID&limit=… → [Events]
//	GET    /api/runs/RUN/reality         ?channel=NAME → [Reality]: of a twin beside a real site, with the things of a channel
//	POST   /api/runs/RUN/outlook         [Asking] → [Outlook]: what lies ahead of such a twin, if something is done now
//	GET    /api/runs/RUN/tree            ?event=ID → [Events]: the event, what caused it and all that followed
//	GET    /api/runs/RUN/now             ?t=… → [Now]: what does not work, what batteries have left
//	GET    /api/runs/RUN/ticks           ?buckets=… → [Ticks]: events by time and severity, and each fault
//	GET    /api/runs/RUN/jobs            ?from=…&to=…&at=…&index=…&search=…&limit=…&buckets=… → [Jobs]
//	GET    /api/runs/RUN/summary         the summary as in summary.json; 404 while the run goes on
//	GET    /api/runs/RUN/files           {"files":[{"name","bytes","about"} …]}
//	GET    /api/runs/RUN/files/NAME      one of them
//	GET    /api/compare?a=RUN&b=RUN      [Comparison]
//	POST   /api/runs/RUN/actions         [Act] → [Acted]
//	POST   /api/runs/RUN/control         [Control] → {"status":…}
//	POST   /api/runs/RUN/fork            [Forking] → [RunInfo] of the fork
//
// Lists that repeat are packed as runs: [[8,4],[1,2]] is eight times 4 and once 2.
//
// # Doing something
//
//	POST /api/runs/first-run/actions
//	{"verb":"fail","selector":"crah[0]","for":"2 h","text":"belt"}
//	{"at":43200.001,"line":"- {at: 43200.001 s, fail: \"crah[0]\", for: 7200 s}","targets":1,"done":true}
//
// "line" is the entry of a scenario's timeline that does the same: copy as scenario. With "dry":true nothing is
// done but the check, also on a finished run and by a viewer. "value" and "for" are written with their unit, "24
// degC". A submit states the job as a scenario does: {"verb":"submit","job":{"name":"probe","gpus":8,"work":"2 h"}}. Who did it is written to
// the run's actions.log beside the action.
//
//	POST /api/runs/first-run/fork
//	{"t":43200,"until":50400,"actions":[{"verb":"fail","selector":"crah[1]"}]}
//
// starts a run of mode FORK at t ("now" if left out; any time of a recorded run), with the actions done there, that runs
// ahead by itself to "until" (the end if left out) as fast as it can. It is a run as any other, its "base" is the id of
// the run that it left and "forked" the time: open it beside the base to show it as a ghost. Forks are few and short-lived: the
// oldest finished one goes when a new one needs its place.
package wire
