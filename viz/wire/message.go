package wire

import "encoding/json"

// Limits of a viewer's messages.
const (
	MaxMessage       = 16 << 10 // bytes
	MaxSubscriptions = 64       // of a run
	MaxRanges        = 64       // of a subscription
	MaxRuns          = 8        // that a viewer attends at a time
)

// The modes of a run.
const (
	Live   = "LIVE"   // measured, now
	Twin   = "TWIN"   // simulated, now
	Replay = "REPLAY" // finished
	Fork   = "FORK"   // a what-if that left another run
)

// The states of a run.
const (
	Running  = "running"
	Paused   = "paused"
	Finished = "finished"
	Stopped  = "stopped" // before its end, by a person or a crash
	Failed   = "failed"
)

// What an error answers with.
const (
	CodeMalformed      = "malformed"       // it could not be read
	CodeUnknownOp      = "unknown-op"      // no such request
	CodeUnknownRun     = "unknown-run"     // no run of this id
	CodeUnknownChannel = "unknown-channel" // not recorded in this run
	CodeUnknownSubject = "unknown-subject" // no such thing
	CodeNotOpen        = "not-open"        // the viewer does not attend this run
	CodeBadValue       = "bad-value"       // out of range
	CodeTooMany        = "too-many"        // beyond a limit
	CodeForbidden      = "forbidden"       // the role or the origin does not allow it
	CodeLogin          = "login"           // nobody has logged in
	CodeNotLive        = "not-live"        // the run has ended, or cannot be acted upon
	CodeInternal       = "internal"        // a mistake of the server
)

// Request is a message of a viewer.
type Request struct {
	Op            string         `json:"op"`
	ID            int64          `json:"id,omitempty"`
	Run           string         `json:"run,omitempty"`
	Events        string         `json:"events,omitempty"` // open: the least severity, "none"
	Subscriptions []Subscription `json:"subscriptions,omitempty"`
	T             *float64       `json:"t,omitempty"`
	Speed         *float64       `json:"speed,omitempty"`
	Steps         int            `json:"steps,omitempty"`
}

// Subscription asks for a channel at a level.
type Subscription struct {
	Channel string     `json:"channel"`
	Level   string     `json:"level,omitempty"`
	Ranges  [][2]int64 `json:"ranges,omitempty"`
	Bits    int        `json:"bits,omitempty"`
}

// Hello opens a connection.
type Hello struct {
	Type     string `json:"type"` // "hello"
	Protocol int    `json:"protocol"`
	Version  string `json:"version"`
	Role     string `json:"role"`
	Who      string `json:"who"`
}

// Opened answers open.
type Opened struct {
	Type   string  `json:"type"` // "opened"
	ID     int64   `json:"id,omitempty"`
	Run    string  `json:"run"`
	Number uint32  `json:"number"`
	Mode   string  `json:"mode"`
	Status *Status `json:"status"`
}

// Done answers subscribe ("subscribed"), close ("closed"), keyframe ("keyframe") and ping ("pong").
type Done struct {
	Type string `json:"type"`
	ID   int64  `json:"id,omitempty"`
	Run  string `json:"run,omitempty"`
	Why  string `json:"why,omitempty"` // of a run that closed by itself
}

// Status says where a run and its viewer stand.
type Status struct {
	Type     string  `json:"type"` // "status"
	ID       int64   `json:"id,omitempty"`
	Run      string  `json:"run"`
	Stream   uint32  `json:"stream"`
	T        float64 `json:"t"`
	Head     float64 `json:"head"`
	End      float64 `json:"end"`
	Follow   bool    `json:"follow"`
	Playing  bool    `json:"playing"`
	Speed    float64 `json:"speed"`
	State    string  `json:"state"`
	RunSpeed float64 `json:"run_speed"`
	Skipped  int64   `json:"skipped"`
}

// Happened carries events as they happen.
type Happened struct {
	Type   string            `json:"type"` // "events"
	Run    string            `json:"run"`
	Events []json.RawMessage `json:"events"` // as in Events
}

// Skipped says that events were dropped for a slow viewer.
type Skipped struct {
	Type   string `json:"type"` // "skipped"
	Run    string `json:"run"`
	Events int64  `json:"events"`
}

// Changed says that the catalogue of runs is another: a fork began, a run ended.
type Changed struct {
	Type string `json:"type"` // "runs"
}

// Error is what is wrong with a request; over HTTP it has no type and no id.
type Error struct {
	Type string `json:"type,omitempty"` // "error"
	ID   int64  `json:"id,omitempty"`
	Code string `json:"code"`
	Text string `json:"text"`
	Fix  string `json:"fix,omitempty"`
}

func (e *Error) Error() string {
	if e.Fix == "" {
		return e.Text
	}
	return e.Text + ": " + e.Fix
}
