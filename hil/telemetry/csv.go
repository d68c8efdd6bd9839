package telemetry

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

// layout is how a CSV file says whose sample a row is.
type layout struct {
	time                                         int
	unit                                         float64 // s of one unit of a number in the time column
	device, host, uuid, model, driver, run, user int
	values                                       []column
	wide                                         []wideColumn
	guess                                        bool // no column names the device: it follows from the rhythm of the rows
}

type column struct {
	at int
	meaning
}

// wideColumn is a quantity of one of several devices in one row: gpu3_bmc_temp_c, node_2_w.
type wideColumn struct {
	at     int
	device string
	meaning
}

var wideNames = []struct {
	match *regexp.Regexp
	kind  string
	meaning
}{
	{regexp.MustCompile(`^gpu_?(\d+)_(?:bmc_)?temp_c$`), "", meaning{Temperature, 1}},
	{regexp.MustCompile(`^gpu_?(\d+)_power_w$`), "", meaning{Power, 1}},
	{regexp.MustCompile(`^node_?(\d+)_w$`), "node-", meaning{Power, 1}},
	{regexp.MustCompile(`^sw_?(\d+)_w$`), "switch-", meaning{Power, 1}},
}

// recognise returns the layout of a CSV header; an error says what is missing.
func recognise(head []string) (*layout, error) {
	l := &layout{time: -1, unit: 1, device: -1, host: -1, uuid: -1, model: -1, driver: -1, run: -1, user: -1}
	set := func(at *int, i int) {
		if *at < 0 {
			*at = i
		}
	}
	for i, h := range head {
		name := plain(h)
		switch name {
		case "timestamp", "time", "t_s", "unix_s":
			set(&l.time, i)
		case "timestamp_ms", "unix_ms":
			set(&l.time, i)
			l.unit = 1e-3
		case "gpu", "index", "gpu_id", "device", "slot":
			set(&l.device, i)
		case "host", "hostname", "node":
			set(&l.host, i)
		case "uuid", "gpu_uuid":
			set(&l.uuid, i)
		case "gpu_model", "model", "name", "gpu_name":
			set(&l.model, i)
		case "driver_version", "driver":
			set(&l.driver, i)
		case "run", "run_id":
			set(&l.run, i)
		case "user", "username":
			set(&l.user, i)
		default:
			if m, ok := columns[name]; ok && !slices.ContainsFunc(l.values, func(c column) bool { return c.q == m.q && plain(head[c.at]) != name && !directions(name) }) {
				l.values = append(l.values, column{i, m})
				continue
			}
			for _, w := range wideNames {
				if m := w.match.FindStringSubmatch(name); m != nil {
					l.wide = append(l.wide, wideColumn{i, w.kind + m[1], w.meaning})
				}
			}
		}
	}
	switch {
	case l.time < 0:
		return nil, fmt.Errorf("no column of times: timestamp, t_s or unix_ms is needed, there are %s", strings.Join(head, ", "))
	case len(l.values)+len(l.wide) == 0:
		return nil, fmt.Errorf("no column that is known, such as power.draw [W] or power_w; there are %s", strings.Join(head, ", "))
	}
	l.guess = l.device < 0 && l.uuid < 0 && l.host < 0 && l.run < 0 && len(l.wide) == 0
	return l, nil
}

// directions reports whether a column is one direction of a link, which is added to the other.
func directions(name string) bool {
	return strings.Contains(name, "tx") || strings.Contains(name, "rx")
}

var stampLayouts = []string{"2006/01/02 15:04:05.000", "2006/01/02 15:04:05", "2006-01-02 15:04:05.000", "2006-01-02 15:04:05", time.RFC3339Nano,
	"01-02-2006 15:04:05.000"}

// stamp reads a time: a number of units, or a date, which is taken as UTC where it names no zone.
func stamp(s string, unit float64) float64 {
	s = strings.TrimSpace(s)
	if v, ok := number(s); ok && !strings.Contains(s, " ") {
		return v * unit
	}
	for _, layout := range stampLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return float64(t.UnixMicro()) / 1e6
		}
	}
	return math.NaN()
}

// readCSV reads rows under a header.
func readCSV(in io.Reader) (*Log, error) {
	rows := csv.NewReader(in)
	rows.ReuseRecord, rows.FieldsPerRecord, rows.LazyQuotes, rows.TrimLeadingSpace = true, -1, true, true
	head, err := rows.Read()
	if err != nil {
		return nil, err
	}
	head = slices.Clone(head)
	l, err := recognise(head)
	if err != nil {
		return nil, err
	}
	b := newBuilder()
	var guess []guessed
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := rows.FieldPos(0)
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			b.find("broken row", "the row is left out", "line %d: %v", bad.Line, bad.Err)
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(row) != len(head) {
			b.find("broken row", "the row is left out", "line %d has %d fields of %d", line, len(row), len(head))
			continue
		}
		if b.rows+len(guess) >= mostRows {
			b.find("flood of rows", fmt.Sprintf("those after the first %d are left out", mostRows), "line %d", line)
			break
		}
		t := stamp(row[l.time], l.unit)
		if l.guess {
			guess = append(guess, guessed{line, t, l.read(b, line, row)})
			continue
		}
		l.row(b, line, row, t)
	}
	if l.guess {
		assign(b, guess)
	}
	format := "telemetry CSV"
	switch {
	case slices.ContainsFunc(head, func(h string) bool { return plain(h) == "power.draw" }):
		format = "nvidia-smi CSV"
	case len(l.wide) > 0 && strings.HasPrefix(l.wide[0].device, "node-"):
		format = "MLPerf power CSV"
	case len(l.wide) > 0:
		format = "baseboard CSV"
	}
	return b.log(format), nil
}

func field(row []string, i int) string {
	if i < 0 {
		return ""
	}
	return strings.Clone(strings.TrimSpace(row[i]))
}

// row adds what one row says.
func (l *layout) row(b *builder, line int, row []string, t float64) {
	k := key{run: field(row, l.run), host: field(row, l.host), device: field(row, l.device)}
	if k.device == "" && l.device < 0 {
		k.device = field(row, l.uuid)
	}
	if len(l.values) > 0 {
		s := b.device(line, k)
		if b.sample(line, s, t) {
			if s.Model == "" {
				s.UUID, s.Model, s.Driver, s.User = field(row, l.uuid), field(row, l.model), field(row, l.driver), field(row, l.user)
			}
			for _, v := range l.read(b, line, row) {
				b.value(line, s, v.q, v.v)
			}
		}
	}
	done := map[string]bool{}
	for _, w := range l.wide {
		s := b.device(line, key{k.run, k.host, w.device})
		if s == nil || (!done[w.device] && !b.sample(line, s, t)) {
			continue
		}
		done[w.device] = true
		if v, ok := l.number(b, line, row[w.at]); ok {
			b.value(line, s, w.q, v*w.scale)
		}
	}
}

type reading struct {
	q Quantity
	v float64
}

// read returns the values of a row.
func (l *layout) read(b *builder, line int, row []string) []reading {
	out := make([]reading, 0, len(l.values))
	for _, c := range l.values {
		if v, ok := l.number(b, line, row[c.at]); ok {
			out = append(out, reading{c.q, v * c.scale})
		}
	}
	return out
}

func (l *layout) number(b *builder, line int, text string) (float64, bool) {
	v, ok := number(text)
	if !ok {
		b.find("no number", "taken as missing", "line %d: %.40q", line, text)
		return 0, false
	}
	if math.IsNaN(v) {
		if strings.EqualFold(strings.TrimSpace(text), "nan") {
			b.find("NaN", "taken as missing", "line %d", line)
		}
		return 0, false
	}
	return v, true
}

// guessed is a row whose device is not said.
type guessed struct {
	line   int
	t      float64
	values []reading
}

// assign gives rows without a device to devices by their rhythm: where rows come in bursts of one size, as nvidia-smi writes
// them for several GPUs, the place in the burst is the device.
func assign(b *builder, rows []guessed) {
	n := burst(rows)
	place, last := 0, math.Inf(-1)
	gap := 0.0
	if n > 1 {
		gap = between(rows, n)
	}
	for _, r := range rows {
		if n > 1 && r.t-last > gap {
			place = 0
		}
		last = r.t
		s := b.device(r.line, key{device: fmt.Sprint(place % n)})
		place++
		if b.sample(r.line, s, r.t) {
			for _, v := range r.values {
				b.value(r.line, s, v.q, v.v)
			}
		}
	}
}

// burst returns the number of rows that come together, 1 where they come evenly.
func burst(rows []guessed) int {
	var d []float64
	for i := 1; i < len(rows); i++ {
		if x := rows[i].t - rows[i-1].t; x >= 0 {
			d = append(d, x)
		}
	}
	if len(d) < 8 {
		return 1
	}
	sorted := slices.Sorted(slices.Values(d))
	small, large := sorted[len(sorted)/4], sorted[len(sorted)*49/50]
	if large < 5*max(small, 1e-3) {
		return 1
	}
	count, run := map[int]int{}, 1
	bursts := 0
	for _, x := range d {
		if x > large/2 {
			count[run]++
			bursts++
			run = 0
		}
		run++
	}
	best := 1
	for n, c := range count {
		if c > count[best] || (c == count[best] && n < best) {
			best = n
		}
	}
	if best > 64 || count[best]*5 < bursts*4 {
		return 1
	}
	return best
}

// between returns the gap in s above which a new burst begins.
func between(rows []guessed, n int) float64 {
	var d []float64
	for i := n; i < len(rows); i++ {
		if x := rows[i].t - rows[i-n].t; x > 0 {
			d = append(d, x)
		}
	}
	if len(d) == 0 {
		return math.Inf(1)
	}
	slices.Sort(d)
	return d[len(d)/2] / 2
}
