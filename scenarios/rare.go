package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
)

// RareSpec is an event so rare that futures are split on the way to it.
type RareSpec struct {
	Name    string   `yaml:"name" doc:"what the event is called in the outcome"`
	Channel string   `yaml:"channel" doc:"gauge that says how near the event is, of the site or of its things: nodes.down, rack.inlet_temperature, ups.charge" required:"true"`
	Where   string   `yaml:"where" doc:"selector of the things that count; all of them by default"`
	Above   string   `yaml:"above" doc:"the event: the gauge of any of them comes to this or more, at a sample (record.every), before the run ends"`
	Below   string   `yaml:"below" doc:"the event, instead: it falls to this or less"`
	Levels  []string `yaml:"levels" short:"list" doc:"levels of the gauge on the way, in the order in which they are met; a future that comes to one is split. Good levels are each met by a fifth to a twentieth of those that met the one before"`
	Copies  int      `yaml:"copies" doc:"futures that one becomes at each level; about one over the share that goes on to the next" default:"10" range:"[2,1000]"`
}

// mostSplit bounds how many futures one may become at most.
const mostSplit = 1e9

// Validate checks what tags cannot say.
func (s *RareSpec) Validate(fail func(path, msg string)) {
	if (s.Above == "") == (s.Below == "") {
		fail("", "says what the event is by one of above and below")
	}
	n := 1.0
	for range s.Levels {
		n *= float64(s.Copies)
	}
	if n > mostSplit {
		fail("copies", fmt.Sprintf("%d copies at each of %d levels are up to %.3g futures of one: write fewer", s.Copies, len(s.Levels), n))
	}
}

// Title names the event: as the scenario does, or "nodes.down ≥ 6".
func (s *RareSpec) Title() string {
	switch {
	case s.Name != "":
		return s.Name
	case s.Below != "":
		return s.Channel + " ≤ " + s.Below
	}
	return s.Channel + " ≥ " + s.Above
}

// Rare is a compiled rare event.
type Rare struct {
	Name     string
	Channel  *channel.Channel
	Subjects []int32   // that count; nil for all
	Falling  bool      // danger is low values
	Levels   []float64 // in the order in which they are met; the last is the event
	Text     []string  // of them, as they were written
	Copies   int
}

// experiment compiles what an experiment says of each of its runs.
func (c *compiler) experiment() {
	e := &c.spec.Experiment
	if c.plan.WarmUp = float64(e.WarmUp); c.plan.WarmUp >= c.plan.Duration {
		c.fail("experiment.warm_up", "range", fmt.Sprintf("%s is not shorter than the run of %s: its replicas would all be the same", e.WarmUp, c.spec.Duration), "")
	}
	c.rare()
}

// rare compiles the rare event of the experiment.
func (c *compiler) rare() {
	s := c.spec.Experiment.Rare
	if s == nil {
		return
	}
	const path = "experiment.rare"
	found, err := channel.Match(s.Channel)
	switch {
	case err != nil:
		c.fail(path+".channel", "channel", err.Error(), "")
		return
	case len(found) > 1:
		c.fail(path+".channel", "channel", fmt.Sprintf("%q means %d channels", s.Channel, len(found)), "name one")
		return
	}
	ch, _ := channel.Lookup(found[0].Name)
	if ch.Type != channel.Gauge || ch.Kind == facility.Job || strings.HasSuffix(ch.Name, ".state") {
		c.fail(path+".channel", "channel", ch.Name+" tells of no danger that comes and goes", "name a gauge of the site or of its equipment, such as nodes.down or rack.inlet_temperature")
		return
	}
	if ch.Kind != facility.Site && c.plan.Tree.Count(ch.Kind) == 0 {
		c.fail(path+".channel", "channel", fmt.Sprintf("the site has no %s, so %s has no values", ch.Kind, ch.Name), "")
		return
	}
	r := &Rare{Name: s.Title(), Channel: ch, Falling: s.Below != "", Copies: s.Copies, Text: append(slices.Clone(s.Levels), s.Above+s.Below)}
	if s.Where != "" {
		for _, ref := range c.selected(path+".where", s.Where) {
			if ref.Kind != ch.Kind {
				c.fail(path+".where", "selector", fmt.Sprintf("%s is a gauge of each %s, and this selects a %s", ch.Name, ch.Kind, ref.Kind), "")
				return
			}
			r.Subjects = append(r.Subjects, ref.Index)
		}
	}
	for i, text := range r.Text {
		at := fmt.Sprintf("%s.levels[%d]", path, i)
		if i == len(s.Levels) {
			at = path + map[bool]string{true: ".below", false: ".above"}[r.Falling]
		}
		v, err := ch.Quantity().Parse(text)
		if err != nil {
			c.fail(at, "units", err.Error(), "")
			return
		}
		if i > 0 && (v <= r.Levels[i-1]) != r.Falling || i > 0 && v == r.Levels[i-1] {
			c.fail(at, "range", fmt.Sprintf("%s is not beyond the level before it, %s", text, r.Text[i-1]), "write levels in the order in which they are met, the event last")
			return
		}
		r.Levels = append(r.Levels, v)
	}
	c.plan.Rare = r
}

// Beyond tells whether a value of the gauge is at a level or beyond it; one that is not known is not.
func (r *Rare) Beyond(v float64, level int) bool {
	if r.Falling {
		return v <= r.Levels[level]
	}
	return v >= r.Levels[level]
}
