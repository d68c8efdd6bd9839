package scenarios

import (
	"fmt"
	"slices"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/facility"
)

// timeline resolves the targets and values of the actions.
func (c *compiler) timeline() {
	for i := range c.spec.Timeline {
		s := &c.spec.Timeline[i]
		path := fmt.Sprintf("timeline[%d]", i)
		if float64(s.At) > c.plan.Duration {
			c.plan.Notes = append(c.plan.Notes, fmt.Sprintf("%s at %s comes after the end of the run and never happens", path, s.At))
			continue
		}
		a := action.Action{At: float64(s.At), For: float64(s.For), Origin: "timeline"}
		switch {
		case s.Fail != "":
			c.target(a, action.Fail, path+".fail", s.Fail)
		case s.Repair != "":
			c.target(a, action.Repair, path+".repair", s.Repair)
		case s.Drain != "":
			c.target(a, action.Drain, path+".drain", s.Drain)
		case s.Undrain != "":
			c.target(a, action.Undrain, path+".undrain", s.Undrain)
		case s.Note != "":
			a.Verb, a.Text = action.Note, s.Note
			c.plan.Actions = append(c.plan.Actions, a)
		case len(s.Set) > 0:
			c.settings(a, path+".set", s.Set)
		}
	}
	slices.SortStableFunc(c.plan.Actions, func(a, b action.Action) int {
		switch {
		case a.At < b.At:
			return -1
		case a.At > b.At:
			return 1
		}
		return 0
	})
}

// failable are the kinds that can fail or be repaired.
func failable(k facility.Kind) bool { return k != facility.Service && k != facility.Job }

func (c *compiler) target(a action.Action, verb action.Verb, path, selector string) {
	a.Verb, a.Selector = verb, selector
	a.Targets = c.selected(path, selector)
	for _, r := range a.Targets {
		if (verb == action.Drain || verb == action.Undrain) && (r.Kind > facility.Node && r.Kind != facility.Leaf) {
			c.fail(path, "selector", fmt.Sprintf("a %s holds no jobs, so it cannot be drained", r.Kind), "drain nodes, racks, rows, halls or leaves")
			return
		}
		if !failable(r.Kind) {
			c.fail(path, "selector", fmt.Sprintf("a %s cannot fail", r.Kind), "")
			return
		}
	}
	c.plan.Actions = append(c.plan.Actions, a)
}

// settings adds one action for each setting, in the order of their selectors.
func (c *compiler) settings(a action.Action, path string, set map[string]string) {
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, key := range keys {
		at := fmt.Sprintf("%s[%q]", path, key)
		selector, field := facility.SplitField(key)
		if field == "" {
			c.fail(path, "selector", fmt.Sprintf("%q names no setting", key), `write selector.setting, for example "gpu[*].power_limit"`)
			continue
		}
		targets := c.selected(path, selector)
		if len(targets) == 0 {
			continue
		}
		s, err := action.LookupSetting(targets[0].Kind, field)
		if err != nil {
			c.fail(path, "setting", err.Error(), "")
			continue
		}
		v, err := s.Quantity.Parse(set[key])
		if err != nil {
			c.fail(at, "units", err.Error(), "")
			continue
		}
		if err := s.Check(v); err != nil {
			c.fail(at, "range", err.Error(), "")
			continue
		}
		one := a
		one.Verb, one.Selector, one.Field, one.Value, one.Targets = action.Set, selector, field, v, targets
		c.plan.Actions = append(c.plan.Actions, one)
	}
}
