package main

import (
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/rundir"
	"github.com/halltwin/halltwin/twin/session"
)

// logbook is a run directory that also gets the actions of the timeline, up to where the run came, and between them what was
// done by hand.
type logbook struct {
	*rundir.Writer
	plan *scenarios.Plan
	next int // of the timeline
}

// did writes what somebody did by hand. The run calls it between two bits of the recording.
func (l *logbook) did(at float64, entry, who string) {
	l.upTo(at)
	_ = l.Action(entry, session.Signed(who)) // Close tells
}

// upTo writes the actions of the timeline that come before or at a time.
func (l *logbook) upTo(at float64) {
	for ; l.next < len(l.plan.Actions) && l.plan.Actions[l.next].At <= at; l.next++ {
		a := l.plan.Actions[l.next]
		if err := l.Action(session.Entry(a), a.Origin); err != nil {
			break // Close tells
		}
	}
}

// Close writes the actions and closes the directory.
func (l *logbook) Close(s *record.Summary) error {
	if s != nil {
		l.upTo(s.Reached)
	}
	return l.Writer.Close(s)
}
