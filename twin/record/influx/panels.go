package influx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// Panel is one chart: channels of one level, subject and unit that are reduced alike.
type Panel struct {
	Level    facility.Kind
	Subject  string // what stands before the dot: "site", "jobs", "rack"
	Unit     string
	Window   string // Flux function over a window
	Things   string // Flux function over things, or "" where there is one
	Channels []*channel.Channel
}

// Panels are the charts of all channels, ordered by level, the site first.
func Panels() []Panel {
	var list []Panel
	all := channel.All()
	for k := range facility.NumKinds {
		for i := range all {
			c := &all[i]
			if c.Kind != k {
				continue
			}
			p := Panel{Level: k, Subject: subject(c), Unit: c.Unit, Window: window(c), Things: things(c)}
			at := slices.IndexFunc(list, func(q Panel) bool {
				return q.Level == p.Level && q.Subject == p.Subject && q.Unit == p.Unit && q.Window == p.Window && q.Things == p.Things
			})
			if at < 0 {
				at = len(list)
				list = append(list, p)
			}
			list[at].Channels = append(list[at].Channels, c)
		}
	}
	return list
}

// subject is what a channel is shown with. Those of the site that have no subject are sums of the run.
func subject(c *channel.Channel) string {
	s, _, dotted := strings.Cut(c.Name, ".")
	if !dotted {
		return "run"
	}
	return s
}

// window is how the values of a window become one: risks keep their extreme, what accrues its last, the rest its mean.
func window(c *channel.Channel) string {
	switch {
	case c.Type != channel.Gauge:
		return "last"
	case c.Reduce == channel.Max:
		return "max"
	case c.Reduce == channel.Min:
		return "min"
	}
	return "mean"
}

// things is how the values of many things become one.
func things(c *channel.Channel) string {
	if c.Kind == facility.Site {
		return ""
	}
	switch c.Reduce {
	case channel.Sum:
		return "sum"
	case channel.Max:
		return "max"
	case channel.Min:
		return "min"
	}
	return "mean"
}

var thingsWords = map[string]string{"sum": "sum", "max": "highest", "min": "lowest", "mean": "mean"}

var acronyms = map[string]string{"gpu": "GPU", "gpus": "GPUs", "cdu": "CDU", "pdu": "PDU", "ups": "UPS", "crah": "CRAH", "it": "IT",
	"pue": "PUE", "ettr": "ETTR", "p95": "P95", "p99": "P99", "ttft": "TTFT", "tpot": "TPOT"}

// Title names the panel and says how things are aggregated.
func (p *Panel) Title() string {
	name := strings.ReplaceAll(p.Subject, "_", " ")
	if len(p.Channels) == 1 {
		name = strings.NewReplacer(".", " ", "_", " ").Replace(p.Channels[0].Name)
	} else if q := p.Channels[0].Quantity().Name; p.Unit != "" {
		name += " " + q
	}
	words := strings.Fields(name)
	for i, w := range words {
		words[i] = first(acronyms[w], w)
	}
	name = strings.Join(words, " ")
	name = strings.ToUpper(name[:1]) + name[1:]
	if p.Things != "" {
		name += ", " + thingsWords[p.Things] + " of all"
	}
	return name
}

// About is the documentation of the panel's channels.
func (p *Panel) About() string {
	lines := make([]string, len(p.Channels))
	for i, c := range p.Channels {
		lines[i] = record.FieldName(c) + ": " + c.Doc
	}
	return strings.Join(lines, "\n")
}

// Flux is the panel's query. Bucket, run, start, stop and every are Flux expressions: literals, or the variables of a
// dashboard.
func (p *Panel) Flux(bucket, run, start, stop, every string) string {
	fields := make([]string, len(p.Channels))
	for i, c := range p.Channels {
		fields[i] = fmt.Sprintf("r._field == %q", record.FieldName(c))
	}
	q := fmt.Sprintf("from(bucket: %s)\n  |> range(start: %s, stop: %s)\n  |> filter(fn: (r) => r._measurement == %q and r.run == %s)\n  |> filter(fn: (r) => %s)\n",
		bucket, start, stop, record.LevelName(p.Level), run, strings.Join(fields, " or "))
	if p.Level == facility.Job && p.Things == "sum" { // jobs of one instant share a series and differ by nanoseconds
		q += "  |> truncateTimeColumn(unit: 1s)\n  |> group(columns: [\"_field\", \"_time\"])\n  |> sum()\n  |> group(columns: [\"_field\"])\n  |> sort(columns: [\"_time\"])\n"
		return q + fmt.Sprintf("  |> aggregateWindow(every: %s, fn: mean, createEmpty: false)\n  |> keep(columns: [\"_time\", \"_field\", \"_value\"])\n", every)
	}
	q += fmt.Sprintf("  |> aggregateWindow(every: %s, fn: %s, createEmpty: false)\n", every, p.Window)
	if p.Things != "" {
		q += fmt.Sprintf("  |> group(columns: [\"_field\", \"_time\"])\n  |> %s()\n  |> group(columns: [\"_field\"])\n  |> sort(columns: [\"_time\"])\n", p.Things)
	}
	return q + "  |> keep(columns: [\"_time\", \"_field\", \"_value\"])\n"
}

// runsFlux lists the runs of a bucket.
func runsFlux(bucket string) string {
	return fmt.Sprintf("import \"influxdata/influxdb/schema\"\nschema.tagValues(bucket: %s, tag: \"run\", start: 1970-01-01T00:00:00Z)\n", bucket)
}
