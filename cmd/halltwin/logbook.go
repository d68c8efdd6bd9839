package main

import (
	"strings"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/rundir"
)

// logbook is a run directory that also gets the actions of the timeline, up to where the run came.
type logbook struct {
	*rundir.Writer
	plan *scenarios.Plan
}

// Close writes the actions and closes the directory.
func (l *logbook) Close(s *record.Summary) error {
	if s != nil {
		for i := range l.plan.Actions {
			a := &l.plan.Actions[i]
			if a.At > s.Reached {
				break
			}
			if err := l.Action(entryOf(*a), a.Origin); err != nil {
				break // Close tells
			}
		}
	}
	return l.Writer.Close(s)
}

// entryOf writes an action as the entry of a timeline.
func entryOf(a action.Action) string {
	if a.Origin = ""; a.Verb != action.Note {
		a.Text = ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(a.Line(), "- "), " # ")
}
