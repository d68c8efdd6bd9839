package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
)

// maxRequests bounds the rows of a request trace, about 2 GB.
const maxRequests = 100_000_000

// RequestSpec is a trace of inference requests.
type RequestSpec struct {
	File     string            `yaml:"file" doc:"the trace; gzip is seen through" required:"true"`
	Format   string            `yaml:"format" doc:"how it is written: csv with a header (Azure LLM traces, BurstGPT and others are told by their headers) or JSON lines (Mooncake)" enum:"auto,csv,jsonl" default:"auto"`
	Columns  map[string]string `yaml:"columns" doc:"our name (time, input, output, count) to the header of the column"`
	Units    string            `yaml:"unit" doc:"unit of a column of times that holds numbers: s, ms, us, min or h" default:"s"`
	Zone     string            `yaml:"zone" doc:"offset of time stamps that have none" default:"+00:00"`
	Window   *Window           `yaml:"window" doc:"the part of the trace to take"`
	SkipBad  int               `yaml:"skip_bad" doc:"malformed rows to pass over before giving up" default:"0" range:"[0,)"`
	TimeGain unit.Ratio        `yaml:"time_scale" doc:"multiplies the time between requests" default:"1" range:"(0,)"`
	Scale    unit.Ratio        `yaml:"scale" doc:"multiplies the number of requests" default:"1" range:"(0,)"`
}

// RequestTrace is a series of requests as it was read.
type RequestTrace struct {
	workload.Requests
	Zero    time.Time // the instant of t = 0; zero where the trace does not tell
	Rows    int
	Skipped int
	// PrefixHits is the share of the prompt tokens that stood at the begin of an earlier prompt too, where the trace tells by
	// hashes of blocks; else NaN. It is what a prefix cache finds that forgets nothing.
	PrefixHits float64
}

// requestColumns are the headers of the published traces: Azure LLM inference 2023 and 2024 (TIMESTAMP, ContextTokens,
// GeneratedTokens), BurstGPT (Timestamp, Request tokens, Response tokens), and those of this project's own files.
var requestColumns = [4][]string{
	{"time", "time_s", "timestamp", "arrival_time", "arrived_at"},
	{"input", "input_tokens", "ContextTokens", "Request tokens", "input_length", "prompt_tokens", "num_prefill_tokens"},
	{"output", "output_tokens", "GeneratedTokens", "Response tokens", "output_length", "completion_tokens", "num_decode_tokens"},
	{"count", "requests", "weight"},
}

var requestNames = [4]string{"time", "input", "output", "count"}

// ReadRequests reads a request trace. Rows may come in any order. Scale multiplies the weight of the rows, so that the mix of
// lengths stays as it is.
//
// A CSV may begin with comment lines; "# period: 24 h" declares that the series may be repeated.
func ReadRequests(spec *RequestSpec, open Opener) (*RequestTrace, error) {
	src, err := openSource(spec.File, open)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	r := &requestReader{spec: spec, name: src.name, factor: 1}
	if f, known := unitFactors[spec.Units]; known && f > 0 {
		r.factor = f
	} else {
		return nil, fmt.Errorf("unit: unknown unit %q: write s, ms, us, min or h", spec.Units)
	}
	if r.zone, _, err = zoneOffset(spec.Zone); err != nil {
		return nil, err
	}
	lines := spec.Format == "jsonl"
	if spec.Format == "" || spec.Format == "auto" {
		if lines, err = isJSON(src); err != nil {
			return nil, err
		}
	}
	if lines {
		err = r.readJSON(src)
	} else {
		err = r.readTable(src)
	}
	if err != nil {
		return nil, err
	}
	return r.finish()
}

type requestReader struct {
	spec    *RequestSpec
	name    string
	factor  float64
	zone    float64
	stamped bool
	numbers bool
	trace   RequestTrace
	blocks  map[int64]struct{} // hashes seen, of the first that came
	found   [2]float64         // tokens found in them, and all of rows with hashes
}

// skipBad passes over a malformed row while the spec allows it.
func (r *requestReader) skipBad(err error) error {
	if err == nil || r.trace.Skipped >= r.spec.SkipBad {
		return err
	}
	r.trace.Skipped++
	return nil
}

func (r *requestReader) readTable(src *source) error {
	t := newTable(src.name, src, ',')
	t.skip = '#'
	t.note = func(comment []byte) {
		key, value, _ := strings.Cut(strings.TrimSpace(strings.TrimLeft(string(comment), "# ")), ":")
		if key == "period" {
			if d, err := unit.Parse[unit.Duration](strings.TrimSpace(value)); err == nil && d > 0 {
				r.trace.Period = float64(d)
			}
		}
	}
	if err := t.readHeader(); err != nil {
		return err
	}
	for _, name := range sortedKeys(r.spec.Columns) {
		if name != "time" && name != "input" && name != "output" && name != "count" {
			return fmt.Errorf("columns: unknown name %q: write time, input, output or count", name)
		}
	}
	var at [4]int
	for i, names := range requestColumns {
		if own, ok := r.spec.Columns[requestNames[i]]; ok {
			names = []string{own}
		}
		if at[i] = t.column(names...); at[i] < 0 && i < 3 {
			return fileError(t.name, "no column tells the %s of a request: name it under columns.%s; the header has %s", requestNames[i], requestNames[i], list(t.header))
		}
	}
	for {
		ok, err := t.row()
		if !ok {
			return err
		}
		r.trace.Rows++
		if err == nil {
			err = r.row(t, at)
		}
		if err = r.skipBad(err); err != nil {
			return err
		}
	}
}

func (r *requestReader) row(t *table, at [4]int) error {
	bad := func(i int, what string) error {
		return &Error{File: t.name, Line: t.line, Column: t.header[at[i]], Msg: quote(t.fields[at[i]]) + " is " + what}
	}
	when, ok := r.instant(t.fields[at[0]])
	if !ok {
		return bad(0, "neither a number nor a time stamp such as 2023-11-16 18:17:03.97")
	}
	input, ok := tokens(t.fields[at[1]])
	if !ok {
		return bad(1, "no number of tokens")
	}
	output, ok := tokens(t.fields[at[2]])
	if !ok {
		return bad(2, "no number of tokens")
	}
	count := 1.0
	if at[3] >= 0 {
		if count, ok = parseNumber(t.fields[at[3]]); !ok || count < 0 || count > 1e9 {
			return bad(3, "no number of requests")
		}
	}
	return r.add(when, input, output, count, at[3] >= 0, t.line)
}

func (r *requestReader) instant(raw []byte) (float64, bool) {
	if v, ok := parseNumber(raw); ok {
		r.numbers = true
		return v * r.factor, !r.stamped && math.Abs(v*r.factor) < 1e11
	}
	v, zoned, ok := parseStamp(raw)
	if !ok || r.numbers {
		return 0, false
	}
	r.stamped = true
	if !zoned {
		v -= r.zone
	}
	return v, true
}

func tokens(raw []byte) (int32, bool) {
	v, ok := parseNumber(raw)
	return int32(min(v, 1e9)), ok && v >= 0 && v <= 1e9
}

func (r *requestReader) add(when float64, input, output int32, count float64, weighted bool, line int) error {
	if len(r.trace.T) >= maxRequests {
		return &Error{File: r.name, Line: line, Msg: fmt.Sprintf("more than %d rows: take a part of the trace", maxRequests)}
	}
	r.trace.T = append(r.trace.T, when)
	r.trace.Input = append(r.trace.Input, input)
	r.trace.Output = append(r.trace.Output, output)
	if weighted {
		r.trace.Count = append(r.trace.Count, float32(count))
	}
	return nil
}

// maxBlocks bounds the blocks of prompts that are remembered, about 200 MB; blockTokens are the tokens of each, in Mooncake's
// traces.
const (
	maxBlocks   = 1 << 22
	blockTokens = 512
)

// requestLine is a line of a Mooncake trace.
type requestLine struct {
	Timestamp *float64 `json:"timestamp"` // ms
	Input     *float64 `json:"input_length"`
	Output    *float64 `json:"output_length"`
	Hashes    []int64  `json:"hash_ids"` // of blocks of the prompt with all before them
}

// cache looks a prompt up in what was seen before, and remembers it.
func (r *requestReader) cache(input float64, hashes []int64) {
	if len(hashes) == 0 {
		return
	}
	if r.blocks == nil {
		r.blocks = map[int64]struct{}{}
	}
	lead := 0
	for lead < len(hashes) {
		if _, ok := r.blocks[hashes[lead]]; !ok {
			break
		}
		lead++
	}
	for _, h := range hashes[lead:] {
		if len(r.blocks) < maxBlocks {
			r.blocks[h] = struct{}{}
		}
	}
	r.found[0] += math.Min(input, blockTokens*float64(lead))
	r.found[1] += input
}

// readJSON reads JSON lines with timestamp (ms), input_length and output_length.
func (r *requestReader) readJSON(src *source) error {
	t := newTable(src.name, src, '|') // no quotes: a record is a line
	for {
		line, err := t.record()
		if line == nil || err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		r.trace.Rows++
		if err := r.skipBad(r.jsonRow(line, t)); err != nil {
			return err
		}
	}
}

func (r *requestReader) jsonRow(line []byte, t *table) error {
	fail := func(format string, args ...any) error {
		return &Error{File: t.name, Line: t.line, Msg: fmt.Sprintf(format, args...)}
	}
	var l requestLine
	if err := json.Unmarshal(line, &l); err != nil {
		return fail("this is no JSON object with timestamp, input_length and output_length: %v", err)
	}
	if l.Timestamp == nil || l.Input == nil || l.Output == nil {
		return fail("timestamp, input_length or output_length is missing")
	}
	if math.Abs(*l.Timestamp) > 1e14 || *l.Input < 0 || *l.Output < 0 || *l.Input > 1e9 || *l.Output > 1e9 {
		return fail("a number is out of range")
	}
	r.cache(*l.Input, l.Hashes)
	return r.add(*l.Timestamp/1000, int32(*l.Input), int32(*l.Output), 1, false, t.line)
}

// finish lays the requests into the run.
func (r *requestReader) finish() (*RequestTrace, error) {
	t := &r.trace
	t.Sort()
	t.PrefixHits = math.NaN()
	if r.found[1] > 0 {
		t.PrefixHits = r.found[0] / r.found[1]
	}
	origin := 0.0
	if r.stamped && len(t.T) > 0 {
		origin = t.T[0]
		t.Zero = stampTime(origin)
	}
	zero := origin
	if w := r.spec.Window; w != nil {
		from, to := 0, len(t.T)
		if at, ok, err := r.edge(w.From, origin); err != nil {
			return nil, fmt.Errorf("window.from: %w", err)
		} else if ok {
			from, zero = t.Seek(at), at
		}
		if at, ok, err := r.edge(w.To, origin); err != nil {
			return nil, fmt.Errorf("window.to: %w", err)
		} else if ok {
			to = max(t.Seek(at), from)
		}
		t.T, t.Input, t.Output = t.T[from:to], t.Input[from:to], t.Output[from:to]
		if t.Count != nil {
			t.Count = t.Count[from:to]
		}
		t.Period = 0 // a part does not repeat like the whole
		if r.stamped {
			t.Zero = stampTime(zero)
		}
	}
	gain := 1.0
	if r.spec.TimeGain > 0 {
		gain = float64(r.spec.TimeGain)
	}
	for i := range t.T {
		t.T[i] = (t.T[i] - zero) * gain
	}
	t.Period *= gain
	if s := float64(r.spec.Scale); s > 0 && s != 1 {
		if t.Count == nil {
			t.Count = make([]float32, len(t.T))
			for i := range t.Count {
				t.Count[i] = 1
			}
		}
		for i := range t.Count {
			t.Count[i] *= float32(s)
		}
	}
	return t, nil
}

func (r *requestReader) edge(p Point, zero float64) (at float64, set bool, err error) {
	if p == "" {
		return 0, false, nil
	}
	stamp, since, err := p.parse()
	if err != nil {
		return 0, false, err
	}
	if stamp.IsZero() {
		return zero + since, true, nil
	}
	if !r.stamped {
		return 0, false, fmt.Errorf("this trace counts seconds and does not say since when: write a time since its zero (36 h)")
	}
	return float64(stamp.UnixNano()) / 1e9, true, nil
}
