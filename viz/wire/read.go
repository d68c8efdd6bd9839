package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// ops are the requests of a viewer.
var ops = []string{"open", "close", "subscribe", "keyframe", "seek", "play", "pause", "step", "follow", "ping"}

// ParseRequest reads a message of a viewer and checks what can be checked without a run. Every error is an *[Error]
// with the id of the request, where that could be read.
func ParseRequest(b []byte) (*Request, error) {
	if len(b) > MaxMessage {
		return nil, &Error{Type: "error", Code: CodeMalformed, Text: fmt.Sprintf("a message of %d bytes: %d are the most", len(b), MaxMessage)}
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var r Request
	if err := d.Decode(&r); err != nil {
		return nil, &Error{Type: "error", ID: r.ID, Code: CodeMalformed, Text: err.Error()}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, &Error{Type: "error", ID: r.ID, Code: CodeMalformed, Text: "something follows the object"}
	}
	if err := r.check(); err != nil {
		err.Type, err.ID = "error", r.ID
		return nil, err
	}
	return &r, nil
}

func (r *Request) check() *Error {
	bad := func(format string, args ...any) *Error {
		return &Error{Code: CodeBadValue, Text: fmt.Sprintf(format, args...)}
	}
	if !slices.Contains(ops, r.Op) {
		return &Error{Code: CodeUnknownOp, Text: fmt.Sprintf("%q is no request", r.Op), Fix: fmt.Sprintf("known are %v", ops)}
	}
	if r.Run == "" && r.Op != "ping" {
		return bad("%s needs a run", r.Op)
	}
	if len(r.Subscriptions) > MaxSubscriptions {
		return &Error{Code: CodeTooMany, Text: fmt.Sprintf("%d subscriptions: %d are the most", len(r.Subscriptions), MaxSubscriptions)}
	}
	for i := range r.Subscriptions {
		s := &r.Subscriptions[i]
		if s.Bits != 0 && s.Bits != 8 && s.Bits != 16 {
			return bad("%s in %d bits: 8 or 16 are known", s.Channel, s.Bits)
		}
		if len(s.Ranges) > MaxRanges {
			return &Error{Code: CodeTooMany, Text: fmt.Sprintf("%d ranges of %s: %d are the most", len(s.Ranges), s.Channel, MaxRanges)}
		}
		for _, x := range s.Ranges {
			if x[0] < 0 || x[1] < x[0] || x[1] > math.MaxInt32 {
				return bad("range [%d, %d) of %s", x[0], x[1], s.Channel)
			}
		}
	}
	switch r.Op {
	case "seek":
		if r.T == nil || !finite(*r.T) {
			return bad("seek needs a time t, in s")
		}
	case "play":
		if r.Speed == nil || *r.Speed == 0 || math.Abs(*r.Speed) > 1e7 {
			return bad("play needs a speed in simulated seconds a second, up to 1e7, negative for backwards")
		}
	case "step":
		if r.Steps == 0 || r.Steps > 1e6 || r.Steps < -1e6 {
			return bad("step needs steps: how many samples on, or back")
		}
	case "open":
		if !slices.Contains([]string{"", "none", "detail", "info", "warning", "critical"}, r.Events) {
			return bad("events of severity %q: none, detail, info, warning and critical are known", r.Events)
		}
	}
	return nil
}
