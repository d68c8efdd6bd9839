package session

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/scenarios"
)

// Origin is what the log says of actions that a person took.
const Origin = "ui"

// Check finds the targets of an action in a plan, or says why it cannot be done.
func Check(a *action.Action, plan *scenarios.Plan) error {
	a.Origin = Origin
	if a.For < 0 {
		return fmt.Errorf("it cannot be undone after %g s", a.For)
	}
	if a.For > 0 && a.Verb != action.Fail && a.Verb != action.Set && a.Verb != action.Drain {
		return fmt.Errorf("only fail, set and drain can be undone after a time, %s cannot", a.Verb)
	}
	switch a.Verb {
	case action.Submit:
		return errors.New("say the whole job that is to be submitted")
	case action.Note:
		if strings.TrimSpace(a.Text) == "" {
			return errors.New("a note needs a text")
		}
		return nil
	}
	if err := a.Resolve(plan.Tree); err != nil {
		return err
	}
	for _, r := range a.Targets {
		switch {
		case (a.Verb == action.Drain || a.Verb == action.Undrain) && r.Kind > facility.Node && r.Kind != facility.Leaf:
			return fmt.Errorf("a %s holds no jobs, so it cannot be drained: drain nodes, racks, rows, halls or leaves", r.Kind)
		case (a.Verb == action.Fail || a.Verb == action.Repair) && !CanFail(r.Kind):
			return fmt.Errorf("a %s cannot fail", r.Kind)
		}
	}
	return nil
}

// CanFail reports whether things of a kind can fail and be repaired.
func CanFail(k facility.Kind) bool { return k != facility.Service && k != facility.Job }

// Entry writes an action as the entry of a timeline: {at: 43200 s, fail: "crah[0]"}.
func Entry(a action.Action) string {
	if a.Origin = ""; a.Verb != action.Note {
		a.Text = ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(a.Line(), "- "), " # ")
}

// Signed is the origin of what somebody did by hand, as the log has it behind an entry.
func Signed(who string) string {
	if who == "" {
		return Origin
	}
	return Origin + ": " + strconv.Quote(who)
}

// ByHand returns the entries of an actions.log that a person made, in order. Those of the timeline are in the scenario already.
func ByHand(log string) (entries []string) {
	for line := range strings.Lines(log) {
		if entry, origin, ok := cutComment(strings.TrimSpace(line)); ok && (origin == Origin || strings.HasPrefix(origin, Origin+":")) {
			entries = append(entries, entry)
		}
	}
	return entries
}

// cutComment separates "- {…} # origin" at the comment, which begins outside of quotes.
func cutComment(line string) (entry, comment string, ok bool) {
	line, ok = strings.CutPrefix(line, "- ")
	quoted := false
	for i := 0; ok && i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == '#' && !quoted && i > 0 && line[i-1] == ' ':
			return strings.TrimSpace(line[:i]), strings.TrimSpace(line[i+1:]), true
		}
	}
	return "", "", false
}
