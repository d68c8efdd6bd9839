package main

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/twin/live"
	"github.com/halltwin/halltwin/viz"
	"github.com/halltwin/halltwin/viz/wire"
)

var _ viz.Witness = (*liveDriver)(nil)

// The most that a viewer is shown at once.
const (
	mostHosts  = 4096
	mostThings = 500
)

// known returns a number that JSON can carry, nil where there is none.
func known(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// Reality tells viewers how the twin and its site stand to one another.
func (d *liveDriver) Reality(ctx context.Context, channel string) (*wire.Reality, error) {
	var r *live.Report
	var things []live.Compared
	err := d.run.Do(ctx, func(t *live.Twin) error {
		r = t.Report()
		if channel != "" {
			things = t.Compare(channel)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return reality(r, things), nil
}

func reality(r *live.Report, things []live.Compared) *wire.Reality {
	out := &wire.Reality{At: r.At, Sources: []wire.RealSource{}, Hosts: []wire.RealHost{}, Silent: r.Silent, Conflicts: append([]string{}, r.Conflicts...), Held: []wire.RealHeld{},
		Late: r.Late, Channels: []wire.RealChannel{}, Alarms: []wire.RealAlarm{}, Jobs: wire.RealJobs{Running: r.Running, Waiting: r.Waiting, Missed: r.Missed, Adrift: r.Adrift}}
	for _, s := range r.Sources {
		out.Sources = append(out.Sources, wire.RealSource{Name: s.Name, Age: known(s.Good), Fault: s.Fault, Faults: s.Faults, Readings: s.Values})
	}
	for _, m := range r.Matches[:min(len(r.Matches), mostHosts)] {
		out.Hosts = append(out.Hosts, wire.RealHost{Host: m.Host, Node: m.Node, How: m.How, Age: known(m.Age), Silent: m.Silent})
	}
	for _, h := range r.Held[:min(len(r.Held), mostThings)] {
		out.Held = append(out.Held, wire.RealHeld{Of: h.Thing, What: h.Quantity, Why: h.Why, Count: h.Count})
	}
	for _, c := range r.Channels {
		x := wire.RealChannel{Name: c.Name, Things: c.Subjects, Of: c.Of, Measured: known(c.Measured), Residual: known(c.Residual), Input: c.Input}
		if !c.Input {
			x.Model, x.Expected = known(c.Model), known(c.Expected)
		}
		out.Channels = append(out.Channels, x)
	}
	for _, a := range r.Alarms {
		subject, channel, _ := strings.Cut(a, ": ")
		out.Alarms = append(out.Alarms, wire.RealAlarm{Subject: subject, Channel: channel})
	}
	if s := r.Score; s.Count > 0 {
		out.Score = &wire.RealScore{Channel: s.Channel, Count: s.Count, Error: s.Error, Persistence: s.Persistence, Covered: s.Covered}
	}
	slices.SortStableFunc(things, func(a, b live.Compared) int { return cmp.Compare(weight(&b), weight(&a)) })
	for _, c := range things[:min(len(things), mostThings)] {
		out.Things = append(out.Things, wire.RealThing{Subject: c.Name, Measured: known(c.Measured), Age: c.Age, Model: known(c.Model), Expected: known(c.Expected),
			Residual: known(c.Measured - c.Expected), Interval: known(c.Interval)})
	}
	return out
}

// weight orders things by how far they are from what is expected.
func weight(c *live.Compared) float64 {
	if d := math.Abs(c.Measured - c.Expected); !math.IsNaN(d) {
		return d
	}
	return -1
}

// Outlook foretells for viewers.
func (d *liveDriver) Outlook(ctx context.Context, acts []action.Action, ahead float64) (*wire.Outlook, error) {
	began := time.Now()
	var o *live.Outlook
	now := 0.0
	err := d.run.Do(ctx, func(t *live.Twin) (err error) {
		_, now = t.Now()
		o, err = t.Ask(ctx, acts, ahead)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &wire.Outlook{Mean: o.IT, Low: o.Low, High: o.High, Racks: o.Racks, Interrupted: o.Interrupted, Hottest: o.Hottest, Inlet: o.HottestInlet,
		Running: int(o.Running), Queued: int(o.Queued), Took: time.Since(began).Seconds()}
	for _, t := range o.At {
		out.T = append(out.T, now+t)
	}
	return out, nil
}
