package live

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/reading"
	"github.com/halltwin/halltwin/twin/record"
)

// A host is silent when it has told nothing for slack times as long as usually, and for leastSilence s.
const (
	slack        = 4.0
	leastSilence = 10.0
)

// hostState is how regularly a host tells something.
type hostState struct {
	at     float64 // of its newest reading, s since 1970
	gap    float64 // usual time between readings, s
	silent bool
}

// hearHost notes that a host has told something.
func (t *Twin) hearHost(v *reading.Value) {
	switch v.Kind {
	case "gpu", "cpu", "node":
	default:
		return
	}
	h := t.hosts[v.Host]
	if h == nil {
		h = &hostState{at: math.Inf(-1)}
		t.hosts[v.Host] = h
		t.heard = append(t.heard, v.Host)
	}
	if gap := float64(v.At) - h.at; gap > 0 {
		if !math.IsInf(gap, 0) && gap < stale {
			h.gap += (gap - h.gap) / 8
		}
		h.at = float64(v.At)
	}
}

// listen tells of hosts that have fallen silent, and of those that are back.
func (t *Twin) listen() {
	for _, name := range t.heard {
		h := t.hosts[name]
		age := t.now - h.at
		switch quiet := age > max(leastSilence, slack*h.gap); {
		case quiet && !h.silent:
			h.silent = true
			t.tell(record.Event{Severity: record.Warning, Type: "host.silent", Subject: name, Text: fmt.Sprintf("tells nothing for %.0f s", age)})
		case !quiet && h.silent:
			h.silent = false
			t.tell(record.Event{Severity: record.Info, Type: "host.back", Subject: name, Text: "tells again"})
		}
	}
}
