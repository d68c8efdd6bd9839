package scenarios

import (
	"errors"
	"fmt"
	"strings"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/scenarios/expect"
)

// few bounds what is recorded unasked: values of one channel in a whole run.
const few = 500_000

// record finds the channels to record. The site's own gauges are always among them: they are few, and the report draws
// them. So is the state of things of which anything is recorded: it says what their other values are worth. And unless
// things are selected, so are the gauges of the plant, the power and inlet temperature of racks and the state of everything,
// as long as they are few enough in this run: a run is to be understood afterwards.
func (c *compiler) record() {
	r := &c.spec.Record
	patterns := r.Channels
	seen := map[channel.ID]bool{}
	for i, pattern := range patterns {
		found, err := channel.Match(pattern)
		if err != nil {
			c.fail(fmt.Sprintf("record.channels[%d]", i), "channel", err.Error(), "")
			continue
		}
		for _, ch := range found {
			seen[ch.ID] = true
		}
	}
	all := channel.All()
	var kinds [facility.NumKinds]bool
	for i := range all {
		kinds[all[i].Kind] = kinds[all[i].Kind] || seen[all[i].ID]
	}
	for i := range all {
		ch := &all[i]
		n := c.plan.Tree.Count(ch.Kind)
		if ch.Kind != facility.Job && n == 0 {
			continue
		}
		state := ch.Kind != facility.Job && strings.HasSuffix(ch.Name, ".state")
		switch samples := c.plan.Duration / c.plan.Every; {
		case seen[ch.ID],
			ch.Kind == facility.Site && ch.Type == channel.Gauge,
			kinds[ch.Kind] && strings.HasSuffix(ch.Name, ".state"),
			r.Select == "" && (state || usual(ch)) && float64(n)*samples <= few:
			c.plan.Channels = append(c.plan.Channels, ch)
		}
	}
	if r.Select != "" {
		c.plan.Only = c.selected("record.select", r.Select)
	}
}

// usual reports whether a channel is one that is recorded unasked: a gauge of the plant or of storage, or what racks are judged by.
func usual(ch *channel.Channel) bool {
	if ch.Kind >= facility.Utility && ch.Kind <= facility.Pump || ch.Kind == facility.Storage {
		return ch.Type == channel.Gauge
	}
	return ch.Name == "rack.power" || ch.Name == "rack.inlet_temperature"
}

// expect compiles the targets.
func (c *compiler) expect() {
	for i := range c.spec.Expect {
		s := &c.spec.Expect[i]
		path := fmt.Sprintf("expect[%d]", i)
		e, err := expect.Compile(s.That)
		if err != nil {
			c.failExpr(path+".that", s.That, err)
			continue
		}
		for _, r := range e.Reductions {
			if k := r.Channel.Kind; c.plan.Tree.Count(k) == 0 || k == facility.Job {
				c.fail(path+".that", "channel", fmt.Sprintf("the site has no %s, so %s has no values", k, r.Channel.Name), "")
			}
		}
		name := s.Name
		if name == "" {
			name = s.That
		}
		x := Expect{Name: name, Expr: e, Path: path, From: s.During.From, To: c.plan.Duration}
		if s.During.To > 0 {
			x.To = s.During.To
			if x.From >= c.plan.Duration {
				c.fail(path+".during", "range", "the window begins after the run has ended", "")
			}
		}
		if s.Where != "" {
			x.Where = c.selected(path+".where", s.Where)
		}
		c.plan.Expect = append(c.plan.Expect, x)
	}
}

// failExpr reports an error inside an expression at its column.
func (c *compiler) failExpr(path, source string, err error) {
	var e *expect.Error
	if !errors.As(err, &e) {
		c.fail(path, "expect", err.Error(), "")
		return
	}
	c.fail(path, "expect", e.Msg, e.Fix)
	d := &c.ds[len(c.ds)-1]
	v, ok := c.whole.Lookup(path)
	if !ok || v.Text != source || strings.Contains(source, "\n") {
		return
	}
	d.Pos.Col += e.Offset
	if v.Quoted {
		d.Pos.Col++
	}
	d.Span = e.Span
}
