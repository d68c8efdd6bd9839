package trace

import (
	"bytes"
	"fmt"
	"math"
	"strings"
)

// bound is a column of a dialect that the header has.
type bound struct {
	field  Field
	at     int
	factor float64
	slurm  bool
}

// readTable reads a job table with a header: sacct, Helios, Philly, Acme, openb, Eagle, Tiresias or any CSV whose columns
// the spec names.
func readTable(src *source, spec *Spec) (*Trace, error) {
	head, err := src.head()
	if err != nil {
		return nil, err
	}
	t := newTable(src.name, src, separator(firstLine(head)))
	if err := t.readHeader(); err != nil {
		return nil, err
	}
	d, err := findDialect(t, spec.Format)
	if err != nil {
		return nil, err
	}
	columns, err := bind(t, d, spec)
	if err != nil {
		return nil, err
	}
	c, err := newCollector(spec, d.name)
	if err != nil {
		return nil, err
	}
	c.clock = d.clock
	p := &rowParser{table: t, dialect: d, columns: columns}
	if p.zone, _, err = zoneOffset(spec.Zone); err != nil {
		return nil, err
	}
	var rec record
	for {
		ok, err := t.row()
		if !ok {
			if err != nil {
				return nil, err
			}
			break
		}
		c.trace.Rows++
		if err == nil {
			rec.reset()
			var skip bool
			if skip, err = p.parse(&rec); skip {
				c.trace.drop("job steps", 1)
				continue
			}
		}
		if p.stamped {
			c.clock = true
		}
		if err == nil {
			if bad := c.add(&rec); bad != nil {
				err = p.fail(bad.field, "%s", bad.msg)
			}
		}
		if err != nil {
			if err = c.skipBad(err); err != nil {
				return nil, err
			}
		}
	}
	return c.finish()
}

// skipBad passes over a malformed row while the spec allows it.
func (c *collector) skipBad(err error) error {
	if c.trace.Skipped < c.spec.SkipBad {
		c.trace.Skipped++
		return nil
	}
	if c.spec.SkipBad == 0 {
		return err
	}
	return fmt.Errorf("%w (%d malformed rows were passed over, as skip_bad allows)", err, c.trace.Skipped)
}

func firstLine(head []byte) []byte {
	for line := range bytes.Lines(head) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line
		}
	}
	return nil
}

// separator guesses what separates the columns of a header.
func separator(line []byte) byte {
	best, count := byte(','), bytes.Count(line, []byte{','})
	for _, c := range []byte{'|', '\t', ';'} {
		if n := bytes.Count(line, []byte{c}); n > count {
			best, count = c, n
		}
	}
	return best
}

// findDialect returns the dialect that the spec names, or the first whose marks the header has.
func findDialect(t *table, format string) (*dialect, error) {
	named := false
	for i := range dialects {
		d := &dialects[i]
		if format != "auto" && d.name != format {
			continue
		}
		named = true
		if d.matches(t) {
			return d, nil
		}
	}
	if !named {
		return nil, fileError(t.name, "format %s is not a table", format)
	}
	for i := range dialects {
		if d := &dialects[i]; d.name == format {
			return nil, fileError(t.name, "this is no %s trace: its header lacks %s; it has %s", format, strings.Join(missing(t, d.marks), ", "), list(t.header))
		}
	}
	return nil, fileError(t.name, "the format cannot be told from the header %s: state format and columns", list(t.header))
}

func (d *dialect) matches(t *table) bool { return len(missing(t, d.marks)) == 0 }

func missing(t *table, names []string) []string {
	var out []string
	for _, name := range names {
		if t.column(name) < 0 {
			out = append(out, name)
		}
	}
	return out
}

func list(header []string) string {
	const most = 24
	if len(header) > most {
		return strings.Join(header[:most], ", ") + ", …"
	}
	return strings.Join(header, ", ")
}

// bind finds the columns of a dialect in the header; what the spec names goes before.
func bind(t *table, d *dialect, spec *Spec) ([]bound, error) {
	var out []bound
	own := map[Field]bool{}
	for _, name := range sortedKeys(spec.Columns) {
		f, ok := fieldNamed(name)
		if !ok {
			return nil, fmt.Errorf("columns: unknown name %q: write one of %s", name, strings.Join(fieldNames(), ", "))
		}
		at := t.column(spec.Columns[name])
		if at < 0 {
			return nil, fileError(t.name, "columns.%s: there is no column %q; the header has %s", name, spec.Columns[name], list(t.header))
		}
		own[f] = true
		out = append(out, bound{field: f, at: at, factor: 1})
	}
	for _, c := range d.columns {
		if own[c.field] {
			continue
		}
		if at := t.column(c.names...); at >= 0 {
			out = append(out, bound{field: c.field, at: at, factor: unitFactors[c.unit], slurm: c.unit == "slurm"})
		}
	}
	for i := range out {
		if u, ok := spec.Units[out[i].field.String()]; ok {
			factor, known := unitFactors[u]
			if !known {
				return nil, fmt.Errorf("units.%s: unknown unit %q: write one of %s", out[i].field, u, strings.Join(sortedKeys(unitFactors), ", "))
			}
			out[i].factor, out[i].slurm = factor, u == "slurm"
		}
	}
	has := map[Field]bool{}
	for _, b := range out {
		has[b.field] = true
	}
	if !has[Submit] {
		return nil, fileError(t.name, "no column tells when a job was submitted: name it under columns.submit; the header has %s", list(t.header))
	}
	if spec.Replay && !(has[Start] && has[NodeList]) {
		return nil, fileError(t.name, "replay needs to know when and on which nodes a job ran: name columns.start and columns.node_list; the header has %s", list(t.header))
	}
	if !has[Run] && !(has[Start] && has[End]) {
		return nil, fileError(t.name, "no column tells how long a job ran: name columns.run, or columns.start and columns.end; the header has %s", list(t.header))
	}
	return out, nil
}

// rowParser reads the fields of a row into a record.
type rowParser struct {
	table   *table
	dialect *dialect
	columns []bound
	zone    float64 // s east of Greenwich
	stamped bool    // a time stamp was met, so times are unix seconds
	numbers bool    // a plain number was met in a column of times
	perCore bool
	perNode bool
}

func (p *rowParser) fail(f Field, format string, args ...any) error {
	column := ""
	for _, b := range p.columns {
		if b.field == f {
			column = p.table.header[b.at]
			break
		}
	}
	return &Error{File: p.table.name, Line: p.table.line, Column: column, Msg: fmt.Sprintf(format, args...)}
}

// parse fills r. skip is true for a row that is part of a job and not one.
func (p *rowParser) parse(r *record) (skip bool, err error) {
	share := math.NaN()
	var alloc tres
	perNodeGPUs := math.NaN()
	p.perCore, p.perNode = false, false
	for _, b := range p.columns {
		raw := bytes.TrimSpace(p.table.fields[b.at])
		switch b.field {
		case ID:
			if p.dialect.steps && bytes.IndexByte(raw, '.') >= 0 {
				return true, nil
			}
			r.id = raw
			continue
		case Name:
			r.name = raw
			continue
		case User:
			r.user = raw
			continue
		case Queue:
			r.queue = raw
			continue
		case State:
			if !isNull(raw) {
				r.state = stateWord(raw)
			}
			continue
		}
		if isNull(raw) {
			continue
		}
		bad := func() (bool, error) {
			return false, &Error{File: p.table.name, Line: p.table.line, Column: p.table.header[b.at], Msg: quote(raw) + " is " + p.expected(b, raw)}
		}
		switch b.field {
		case Submit, Start, End:
			v, ok := p.instant(raw, b.factor)
			if !ok {
				return bad()
			}
			switch b.field {
			case Submit:
				r.submit = v
			case Start:
				r.start = v
			default:
				r.end = v
			}
		case TRES:
			t, ok := parseTRES(raw)
			if !ok {
				return bad()
			}
			if alloc == (tres{}) {
				alloc = t
			}
		case GRES:
			v, ok := parseGRES(raw)
			if !ok {
				return bad()
			}
			if math.IsNaN(perNodeGPUs) {
				perNodeGPUs = v
			}
		case NodeList:
			list, err := parseRanges(raw, r.list, maxNodes)
			if err != nil {
				return bad()
			}
			r.list = list
		default:
			v, ok := p.amount(raw, b)
			if !ok {
				return bad()
			}
			if v < 0 && b.field != Priority {
				if v == -b.factor && b.field != Run {
					continue // -1 is "not told" in logs that know no null
				}
				return bad()
			}
			if b.field == Share {
				share = v
			} else {
				r.set(b.field, v)
			}
		}
	}
	r.merge(alloc, perNodeGPUs, share)
	if p.perCore {
		r.memory *= max(zeroNaN(r.cores), 1)
	} else if p.perNode {
		r.memory *= max(zeroNaN(r.nodes), 1)
	}
	return false, nil
}

// set puts a number into its place, unless a better column has filled it.
func (r *record) set(f Field, v float64) {
	at := [numFields]*float64{Run: &r.run, Limit: &r.limit, GPUs: &r.gpus, Cores: &r.cores, Memory: &r.memory, Nodes: &r.nodes,
		Priority: &r.priority, GPUUtil: &r.util.GPU, CPUUtil: &r.util.CPU}[f]
	if math.IsNaN(*at) {
		*at = v
	}
}

// merge adds what Slurm's resource lists tell, and the fraction of a GPU.
func (r *record) merge(t tres, perNodeGPUs, share float64) {
	if t.nodes > 0 && !(r.nodes > 0) {
		r.nodes = t.nodes
	}
	if t.cpus > 0 {
		r.cores = t.cpus
	}
	if t.memory > 0 {
		r.memory = t.memory
	}
	if t.gpus > 0 {
		r.gpus = t.gpus
	} else if math.IsNaN(r.gpus) && !math.IsNaN(perNodeGPUs) {
		r.gpus = perNodeGPUs * max(zeroNaN(r.nodes), 1)
	}
	if share > 0 && share < 1 && r.gpus == 1 {
		r.gpus = share
	}
}

// instant reads a time: a number in the unit of its column, or a time stamp.
func (p *rowParser) instant(raw []byte, factor float64) (float64, bool) {
	if v, ok := parseNumber(raw); ok {
		if p.dialect.clock && v == 0 {
			return math.NaN(), true // Slurm's "not yet"
		}
		p.numbers = true
		return v * factor, !p.stamped || p.dialect.clock
	}
	v, zoned, ok := parseStamp(raw)
	if !ok || p.numbers && !p.dialect.clock {
		return 0, false // the zero of counted seconds is not that of the calendar
	}
	p.stamped = true
	if !zoned {
		v -= p.zone
	}
	return v, true
}

// slurmUnlimited is how Slurm's job table writes "no limit" (INFINITE of slurm.h) and "not set" (NO_VAL).
const (
	slurmNoValue   = 4294967294
	slurmUnlimited = 4294967295
)

func (p *rowParser) amount(raw []byte, b bound) (float64, bool) {
	if b.field == Limit {
		switch strings.ToLower(string(raw)) {
		case "unlimited", "partition_limit", "infinite":
			return 0, true
		}
	}
	if b.slurm && b.field == Memory {
		v, per, ok := parseSize(raw)
		p.perCore, p.perNode = per == 'c', per == 'n'
		return v, ok
	}
	if b.slurm {
		return parseSpan(raw)
	}
	v, ok := parseNumber(raw)
	if !ok && (b.field == Run || b.field == Limit) {
		return parseSpan(raw)
	}
	if b.field == Limit && (v == slurmUnlimited || v == slurmNoValue) {
		return 0, true
	}
	return v * b.factor, ok
}

// expected says what is wrong with a field and what would be right.
func (p *rowParser) expected(b bound, raw []byte) string {
	switch b.field {
	case Submit, Start, End:
		if _, ok := parseNumber(raw); ok {
			return "a number, but the rows before it have time stamps"
		}
		if _, _, ok := parseStamp(raw); ok {
			return "a time stamp, but the rows before it count from the trace's zero"
		}
		return "neither a number nor a time stamp such as 2017-10-03 08:15:00"
	case TRES:
		return "no list of resources such as cpu=64,mem=500G,gres/gpu=8"
	case GRES:
		return "no list of generic resources such as gpu:8"
	case NodeList:
		return "no list of node numbers such as 0-127 256"
	case Memory:
		if b.slurm {
			return "no amount of memory such as 500G"
		}
	case Run, Limit:
		return "no span of time, in s or as [days-]hours:minutes:seconds"
	}
	return "no number of at least 0"
}

// stateWord returns the first word of a state in lower case: "CANCELLED by 1234" and "CANCELLED+" are cancelled.
func stateWord(raw []byte) string {
	if i := bytes.IndexByte(raw, ' '); i >= 0 {
		raw = raw[:i]
	}
	raw = bytes.TrimSuffix(raw, []byte{'+'})
	if len(raw) > 0 && isDigit(raw[0]) {
		if v, ok := parseNumber(raw); ok && v >= 0 && v < 1<<32 {
			if base := int(v) & 0xff; base < len(slurmStates) {
				return slurmStates[base]
			}
		}
	}
	if len(raw) > 64 {
		raw = raw[:64]
	}
	return strings.ToLower(string(raw))
}
