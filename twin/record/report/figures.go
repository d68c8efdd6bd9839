package report

import (
	"fmt"
	"html/template"
	"math"
	"regexp"
	"strings"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/series"
)

// figure is one chart with all that stands around it.
type figure struct {
	ID      string
	Title   string
	Unit    string
	Says    string // in a sentence
	Wide    bool
	Legend  []legend
	Drawing template.HTML
	Table   table
	Data    string // where the values lie
	Command string
}

type legend struct{ Class, Name string }

type table struct {
	Head []string
	Rows [][]string
}

// tableRows is about how many rows stand behind a chart.
const tableRows = 24

// builder makes the figures of one run.
type builder struct {
	store *series.Store
	clock clock
	marks []record.Event
}

func newBuilder(s *series.Store) *builder {
	b := &builder{store: s, clock: clock{s.Header}}
	for _, e := range s.Events {
		if e.Severity == record.Critical && len(b.marks) < 24 {
			b.marks = append(b.marks, e)
		}
	}
	return b
}

// figures returns those that the recording holds data for, in the order of a reader's questions: how much
// power, how efficient, how hot, how busy, how it waited, and what the weather was.
func (b *builder) figures() []figure {
	var list []figure
	for _, f := range []*figure{b.power(), b.pue(), b.inlet(), b.carpet(), b.gpus(), b.jobs(), b.throttled(), b.requests(), b.answers(), b.kept(), b.replicas(), b.storage(), b.fill(), b.weather()} {
		if f != nil {
			list = append(list, *f)
		}
	}
	return list
}

// whole picks a bucket's reduced value with its range over time.
func whole(x series.Bucket) point { return point{x.At, x.Min, x.Mean, x.Max} }

func (b *builder) lane(name, class, channel string, n int, band bool) (lane, bool) {
	x := b.store.Find(channel)
	if x == nil {
		return lane{}, false
	}
	return lane{name: name, class: class, unit: x.Channel.Unit, band: band, points: points(x, n, whole)}, true
}

func (b *builder) power() *figure {
	c := chart{clock: b.clock, wide: true, stacked: true, marks: b.marks, limits: b.limits("site.power")}
	for _, p := range []struct{ name, class, channel string }{
		{"computing", "c1", "site.it_power"}, {"losses", "c2", "site.loss_power"}, {"cooling", "c3", "site.cooling_power"},
	} {
		if l, ok := b.lane(p.name, p.class, p.channel, 480, false); ok && (len(c.lanes) == 0 || len(l.points) == len(c.lanes[0].points)) {
			c.lanes = append(c.lanes, l)
		}
	}
	if len(c.lanes) < 2 {
		c.stacked, c.zero, c.lanes = false, true, nil
		if l, ok := b.lane("site", "c1", "site.power", 480, true); ok {
			c.lanes = append(c.lanes, l)
		}
	}
	says := b.says("site.power", "Mean %s, peak %s at %s.")
	return b.finish("power", "Site power", says, &c, "site")
}

func (b *builder) pue() *figure {
	c := chart{clock: b.clock, span: 0.1, marks: b.marks, limits: b.limits("site.pue", "pue")}
	if l, ok := b.lane("PUE", "c4", "site.pue", 320, true); ok {
		c.lanes = append(c.lanes, l)
	}
	return b.finish("pue", "Power usage effectiveness", b.says("site.pue", "Mean %s, highest %s at %s."), &c, "site")
}

func (b *builder) inlet() *figure {
	for _, f := range []struct{ channel, title, id string }{
		{"rack.inlet_temperature", "Rack inlet temperature", "inlet"},
		{"rack.liquid_temperature", "Rack coolant temperature", "coolant"},
	} {
		x := b.store.Find(f.channel)
		if x == nil {
			continue
		}
		c := chart{clock: b.clock, span: 4, marks: b.marks, limits: b.limits(f.channel), lanes: []lane{
			{name: "hottest", class: "c5", unit: x.Channel.Unit, points: points(x, 320, func(k series.Bucket) point {
				return point{k.At, k.High, k.High, k.High}
			})},
			{name: "coolest", class: "c5 faint", unit: x.Channel.Unit, band: true, points: points(x, 320, func(k series.Bucket) point {
				return point{k.At, k.Low, k.Low, k.High}
			})},
		}}
		hot := x.Buckets[0]
		for _, k := range x.Buckets {
			if k.N > 0 && (hot.N == 0 || k.High > hot.High) {
				hot = k
			}
		}
		says := fmt.Sprintf("Hottest %s at %s, %s.", record.Show(hot.High, x.Channel.Unit),
			b.store.Header.SubjectName(x.Channel.Kind, hot.Worst), b.clock.short(hot.At))
		return b.finish(f.id, f.title, says, &c, "rack")
	}
	return nil
}

func (b *builder) gpus() *figure {
	c := chart{clock: b.clock, stacked: true, whole: true, marks: b.marks}
	for _, p := range []struct{ name, class, channel string }{
		{"busy", "c1", "gpus.busy"}, {"free", "c6", "gpus.free"}, {"down", "c5", "gpus.down"},
	} {
		if l, ok := b.lane(p.name, p.class, p.channel, 320, false); ok && (len(c.lanes) == 0 || len(l.points) == len(c.lanes[0].points)) {
			c.lanes = append(c.lanes, l)
		}
	}
	return b.finish("gpus", "GPUs", b.says("gpus.busy", "Busy: mean %s, most %s at %s."), &c, "site")
}

func (b *builder) jobs() *figure {
	c := chart{clock: b.clock, zero: true, whole: true, marks: b.marks}
	for _, p := range []struct{ name, class, channel string }{{"running", "c1", "jobs.running"}, {"queued", "c2", "jobs.queued"}} {
		if l, ok := b.lane(p.name, p.class, p.channel, 320, false); ok {
			c.lanes = append(c.lanes, l)
		}
	}
	return b.finish("jobs", "Jobs", b.says("jobs.queued", "Queued: mean %s, most %s at %s."), &c, "site")
}

func (b *builder) throttled() *figure {
	c := chart{clock: b.clock, zero: true, whole: true, marks: b.marks}
	if l, ok := b.lane("throttled", "c5", "gpus.throttled", 320, true); ok {
		c.lanes = append(c.lanes, l)
	}
	says := b.says("gpus.throttled", "Mean %s, most %s at %s.")
	if x := b.store.Find("gpus.throttled"); x != nil && peak(x).Max == 0 {
		says = "None, at any time."
	}
	return b.finish("throttled", "GPUs slowed by heat", says, &c, "site")
}

func (b *builder) weather() *figure {
	c := chart{clock: b.clock}
	for _, p := range []struct{ name, class, channel string }{{"dry bulb", "c2", "weather.dry_bulb"}, {"wet bulb", "c3", "weather.wet_bulb"}} {
		if l, ok := b.lane(p.name, p.class, p.channel, 320, false); ok {
			c.lanes = append(c.lanes, l)
		}
	}
	return b.finish("weather", "Outdoor air", b.says("weather.dry_bulb", "Dry bulb: mean %s, highest %s at %s."), &c, "site")
}

// finish draws a chart and surrounds it with its words. A chart without data is left out.
func (b *builder) finish(id, title, says string, c *chart, level string) *figure {
	for _, l := range c.lanes {
		if len(l.points) == 0 {
			return nil
		}
	}
	if len(c.lanes) == 0 {
		return nil
	}
	f := &figure{ID: id, Title: title, Says: says, Wide: c.wide}
	f.Drawing = template.HTML(c.draw(id, title, says)) //nolint:gosec // the draw.Canvas escapes every text
	f.Unit = c.symbol
	f.Table.Head = []string{"time"}
	var columns []string
	for _, l := range c.lanes {
		f.Legend = append(f.Legend, legend{l.class, l.name})
		head := l.name
		if c.symbol != "" {
			head += ", " + c.symbol
		}
		f.Table.Head = append(f.Table.Head, head)
	}
	if len(f.Legend) == 1 && !c.stacked {
		f.Legend = nil
	}
	f.Table.Rows = c.rows()
	for _, ch := range b.store.Header.Channels {
		if ch.Kind.String() == level && b.used(id, ch.Name) {
			columns = append(columns, record.FieldName(ch))
		}
	}
	f.Data = "metrics/" + level + ".parquet: " + strings.Join(columns, ", ")
	f.Command = b.store.Header.Command
	return f
}

// channels says which channels each figure shows.
var channels = map[string][]string{
	"power":     {"site.power", "site.it_power", "site.loss_power", "site.cooling_power"},
	"pue":       {"site.pue"},
	"inlet":     {"rack.inlet_temperature"},
	"coolant":   {"rack.liquid_temperature"},
	"carpet":    {"rack.inlet_temperature"},
	"gpus":      {"gpus.busy", "gpus.free", "gpus.down"},
	"jobs":      {"jobs.running", "jobs.queued"},
	"throttled": {"gpus.throttled"},
	"storage":   {"storage.write", "storage.read", "storage.rebuild"},
	"fill":      {"storage.fill"},
	"weather":   {"weather.dry_bulb", "weather.wet_bulb"},
}

func (b *builder) used(id, channel string) bool {
	for _, c := range channels[id] {
		if c == channel {
			return true
		}
	}
	return false
}

// rows is the table behind a chart.
func (c *chart) rows() [][]string {
	var list [][]string
	base := c.lanes[0].points
	step := max(1, (len(base)+tableRows-1)/tableRows)
	for i := 0; i < len(base); i += step {
		row := []string{c.clock.short(base[i].t)}
		for _, l := range c.lanes {
			p, _ := nearest(l.points, base[i].t)
			row = append(row, record.Digits(p.v/c.factor, 4))
		}
		list = append(list, row)
	}
	return list
}

func peak(x *series.Series) series.Bucket {
	var best series.Bucket
	for _, k := range x.Buckets {
		if k.N > 0 && (best.N == 0 || k.Max > best.Max) {
			best = k
		}
	}
	return best
}

// says puts a channel's mean, greatest value and its moment into a sentence.
func (b *builder) says(channel, format string) string {
	x := b.store.Find(channel)
	if x == nil {
		return ""
	}
	sum, n := 0.0, 0
	for _, k := range x.Buckets {
		sum += k.Mean * float64(k.N)
		n += k.N
	}
	top := peak(x)
	return fmt.Sprintf(format, record.Show(sum/float64(n), x.Channel.Unit), record.Show(top.Max, x.Channel.Unit), b.clock.short(top.At))
}

// limits finds the expectations on a channel that compare it with a number.
func (b *builder) limits(names ...string) []limit {
	if b.store.Summary == nil {
		return nil
	}
	var list []limit
	for _, e := range b.store.Summary.Expectations {
		for _, n := range names {
			word := regexp.MustCompile(`(^|[^\w.])` + regexp.QuoteMeta(n) + `($|[^\w.])`)
			if word.MatchString(e.Expr) && !math.IsNaN(e.Target) && e.Op != "" {
				list = append(list, limit{e.Target, e.Name + " " + e.Op + " " + record.Show(e.Target, e.Unit)})
				break
			}
		}
	}
	return list
}
