package viz

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/viz/store"
	"github.com/halltwin/halltwin/viz/wire"
)

func internal(err error) *wire.Error {
	return &wire.Error{Code: wire.CodeInternal, Text: err.Error()}
}

func getSite(_ http.ResponseWriter, _ *http.Request, r *Run) (any, error) {
	return drawSite(r.header.Site), nil
}

func getPlant(_ http.ResponseWriter, _ *http.Request, r *Run) (any, error) {
	if r.spec.Plant == nil {
		return nil, &wire.Error{Code: wire.CodeUnknownSubject, Text: "the plant of this run is not known", Fix: r.spec.Why}
	}
	return r.spec.Plant, nil
}

func (r *Run) provenance() string {
	if r.header.Source == record.Measured {
		return string(record.ProvMeasured)
	}
	return string(record.ProvModelled)
}

func getChannels(_ http.ResponseWriter, _ *http.Request, r *Run) (any, error) {
	g := &wire.Registry{Channels: []wire.Channel{}, Settings: []wire.Setting{}, Verbs: []wire.Verb{}, States: []wire.State{}, Kinds: []string{}}
	for i, c := range r.channels {
		x := wire.Channel{ID: uint16(i), Name: c.Name, Unit: c.Unit, Symbol: record.Symbol(c.Unit), Kind: c.Kind.String(), Type: c.Type.String(),
			Reduce: c.Reduce.String(), Doc: c.Doc, Provenance: r.provenance(), Thresholds: thresholds(c, r.spec.Plant)}
		x.Low, x.High = scaleOf(c)
		g.Channels = append(g.Channels, x)
	}
	t := r.header.Site
	for _, s := range action.Settings() {
		if t.Count(s.Kind) > 0 {
			g.Settings = append(g.Settings, wire.Setting{Kind: s.Kind.String(), Field: s.Field, Unit: s.Quantity.SI(), Min: s.Min, Max: s.Max, Doc: s.Doc})
		}
	}
	for v := action.Fail; v <= action.Note; v++ {
		g.Verbs = append(g.Verbs, wire.Verb{Name: v.String(), Kinds: kindsOf(v, t)})
	}
	for _, s := range channel.States() {
		g.States = append(g.States, wire.State(s))
	}
	for k := range facility.NumKinds {
		g.Kinds = append(g.Kinds, k.String())
	}
	return g, nil
}

// kindsOf lists what a verb can be said of.
func kindsOf(v action.Verb, t *facility.Tree) []string {
	kinds := []string{}
	for k := range facility.NumKinds {
		ok := false
		switch v {
		case action.Fail, action.Repair:
			ok = k != facility.Site && k != facility.Service && k != facility.Job
		case action.Drain, action.Undrain:
			ok = k <= facility.Node || k == facility.Leaf
		case action.Set:
			ok = slices.ContainsFunc(action.Settings(), func(s action.Setting) bool { return s.Kind == k })
		case action.Submit:
			ok = k == facility.Site
		}
		if ok && t.Count(k) > 0 {
			kinds = append(kinds, k.String())
		}
	}
	return kinds
}

// subject reads what thing is asked for, by its name, or by its number among those of a channel or kind.
func (r *Run) subject(q *http.Request, otherwise facility.Kind) (facility.Ref, error) {
	t := r.header.Site
	if name := q.URL.Query().Get("subject"); name != "" && name != "site" {
		ref, err := t.Parse(name)
		if err != nil {
			return ref, &wire.Error{Code: wire.CodeUnknownSubject, Text: clip(err.Error())}
		}
		return ref, nil
	} else if name == "site" {
		return facility.Ref{}, nil
	}
	k := otherwise
	if name := q.URL.Query().Get("kind"); name != "" {
		var ok bool
		if k, ok = facility.ParseKind(name); !ok {
			return facility.Ref{}, &wire.Error{Code: wire.CodeUnknownSubject, Text: clip(name) + " is no kind of thing"}
		}
	}
	i, err := number(q, "index", -1)
	if err != nil {
		return facility.Ref{}, err
	}
	if i < 0 || i != math.Trunc(i) || int(min(i, math.MaxInt32)) >= t.Count(k) {
		return facility.Ref{}, &wire.Error{Code: wire.CodeUnknownSubject, Text: fmt.Sprintf("say subject=NAME, or kind=… and index=… from 0 to %d", t.Count(k)-1)}
	}
	return facility.Ref{Kind: k, Index: int32(i)}, nil
}

// getValues answers with exact values: of all channels of a thing, or of the one asked for.
func getValues(_ http.ResponseWriter, q *http.Request, r *Run) (any, error) {
	t, err := number(q, "t", math.Inf(1))
	if err != nil {
		return nil, err
	}
	var only *channel.Channel
	kind := facility.Site
	if name := q.URL.Query().Get("channel"); name != "" {
		c, _, e := r.lookup(name)
		if e != nil {
			return nil, e
		}
		only, kind = c, c.Kind
	}
	ref, err := r.subject(q, kind)
	if err != nil {
		return nil, err
	}
	tree := r.header.Site
	out := &wire.Values{Subject: tree.NameOf(ref), Kind: ref.Kind.String(), Index: ref.Index, Model: tree.ModelOf(ref), T: min(t, r.standing().head), Values: []wire.Value{}}
	var looked []*channel.Channel
	for _, c := range r.channels {
		if only != nil && c != only || only == nil && c.Kind != ref.Kind || !store.Above(tree, ref.Kind, c.Kind) {
			continue
		}
		looked = append(looked, c)
		v, at, err := r.one(c, ref, t)
		if err != nil {
			return nil, err
		}
		out.Values = append(out.Values, wire.Value{Channel: c.Name, Value: wire.Number(v), Unit: c.Unit, T: at, Provenance: r.provenance()})
	}
	r.hub.ask(looked...)
	return out, nil
}

// one returns the value of a channel for a thing, or for all that it contains, and the time of its sample, or 0.
func (r *Run) one(c *channel.Channel, ref facility.Ref, t float64) (v, at float64, err error) {
	values, at, err := r.samples.At(c, t)
	if err != nil || values == nil {
		return math.NaN(), 0, err
	}
	lo, hi := r.header.Site.Descendants(ref, c.Kind)
	return store.Reduce(c.Reduce, values[min(int(lo), len(values)):min(int(hi), len(values))]), at, nil
}

// points of a history, unless asked otherwise, and at most.
const (
	usualPoints = 600
	mostPoints  = 20_000
)

// getHistory answers with a channel in time.
func getHistory(_ http.ResponseWriter, q *http.Request, r *Run) (any, error) {
	points, err := count(q, "points", usualPoints, mostPoints)
	if err != nil {
		return nil, err
	}
	return r.history(q, points)
}

// history reads a channel of one thing, or of all things in one, in at most so many buckets.
func (r *Run) history(q *http.Request, points int) (*wire.History, error) {
	c, _, e := r.lookup(q.URL.Query().Get("channel"))
	if e != nil {
		return nil, e
	}
	from, to, err := span(q, 0, r.standing().head)
	if err != nil {
		return nil, err
	}
	ref := facility.Ref{}
	level, e := r.level(c, q.URL.Query().Get("level"))
	switch {
	case e != nil:
		return nil, e
	case q.URL.Query().Get("subject") != "" || q.URL.Query().Get("index") != "":
		if ref, err = r.subject(q, level); err != nil {
			return nil, err
		}
	}
	tree := r.header.Site
	if !store.Above(tree, ref.Kind, c.Kind) {
		return nil, &wire.Error{Code: wire.CodeUnknownSubject, Text: fmt.Sprintf("no %s is in a %s, so it has no %s", c.Kind, ref.Kind, c.Name)}
	}
	lo, hi := tree.Descendants(ref, c.Kind)
	h := &wire.History{Command: r.header.Command, Channel: c.Name, Subject: tree.NameOf(ref), Unit: c.Unit, From: from, To: to, T: []float64{}, Min: []wire.Number{}, Max: []wire.Number{}, Mean: []wire.Number{}}
	if hi-lo > 1 {
		h.Reduce = c.Reduce.String()
	}
	s := newBuckets(from, to, points)
	ctx := q.Context()
	err = r.samples.Scan(c, lo, hi, from, to, func(t float64, values []float64) error {
		s.add(t, store.Reduce(c.Reduce, values))
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	s.write(h)
	r.hub.ask(c)
	return h, nil
}

// samplesIn gathers samples into buckets of equal length, and keeps them apart as long as there are no more than buckets.
type samplesIn struct {
	from, width float64
	points      int
	exactT      []float64
	exactV      []float64
	many        bool
	n           []int
	min, max    []float64
	sum         []float64
}

func newBuckets(from, to float64, points int) *samplesIn {
	return &samplesIn{from: from, width: max((to-from)/float64(points), 1e-9), points: points}
}

func (s *samplesIn) add(t, v float64) {
	if !s.many {
		s.exactT, s.exactV = append(s.exactT, t), append(s.exactV, v)
		if len(s.exactT) <= s.points {
			return
		}
		s.many = true
		s.n, s.min, s.max, s.sum = make([]int, s.points), make([]float64, s.points), make([]float64, s.points), make([]float64, s.points)
		for i := range s.exactT {
			s.put(s.exactT[i], s.exactV[i])
		}
		return
	}
	s.put(t, v)
}

func (s *samplesIn) put(t, v float64) {
	if math.IsNaN(v) {
		return
	}
	i := min(max(int((t-s.from)/s.width), 0), s.points-1)
	if s.n[i] == 0 {
		s.min[i], s.max[i] = v, v
	}
	s.n[i]++
	s.min[i], s.max[i], s.sum[i] = min(s.min[i], v), max(s.max[i], v), s.sum[i]+v
}

func (s *samplesIn) write(h *wire.History) {
	if h.Exact = !s.many; h.Exact {
		for i, t := range s.exactT {
			v := wire.Number(s.exactV[i])
			h.T, h.Min, h.Max, h.Mean = append(h.T, t), append(h.Min, v), append(h.Max, v), append(h.Mean, v)
		}
		return
	}
	h.Bucket = s.width
	for i, n := range s.n {
		if n > 0 {
			h.T = append(h.T, s.from+float64(i)*s.width)
			h.Min, h.Max, h.Mean = append(h.Min, wire.Number(s.min[i])), append(h.Max, wire.Number(s.max[i])), append(h.Mean, wire.Number(s.sum[i]/float64(n)))
		}
	}
}

// mostExported bounds the samples of a file that is exported.
const mostExported = 2_000_000

// getExport answers with the samples of a history as a file.
func getExport(w http.ResponseWriter, q *http.Request, r *Run) (any, error) {
	points := mostExported
	if q.URL.Query().Get("points") != "" {
		var err error
		if points, err = count(q, "points", usualPoints, mostPoints); err != nil {
			return nil, err
		}
	}
	h, err := r.history(q, points)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	format := q.URL.Query().Get("format")
	switch format {
	case "", "csv":
		format = "csv"
		name := h.Channel
		if h.Unit != "" {
			name += " (" + h.Unit + ")"
		}
		if h.Exact {
			fmt.Fprintf(&b, "t (s),time,%s\n", name)
		} else {
			fmt.Fprintf(&b, "t (s),time,min %s,max %s,mean %s\n", name, name, name)
		}
		for i, t := range h.T {
			b.WriteString(strconv.FormatFloat(t, 'g', -1, 64) + "," + r.header.At(t).Format("2006-01-02T15:04:05Z07:00"))
			if !h.Exact {
				b.WriteString("," + cell(h.Min[i]) + "," + cell(h.Max[i]))
			}
			b.WriteString("," + cell(h.Mean[i]) + "\n")
		}
	case "json":
		if err := json.NewEncoder(&b).Encode(h); err != nil {
			return nil, err
		}
	default:
		return nil, &wire.Error{Code: wire.CodeBadValue, Text: "format is csv or json"}
	}
	w.Header().Set("Content-Type", map[string]string{"csv": "text/csv; charset=utf-8", "json": "application/json"}[format])
	name := strings.NewReplacer("/", "-", " ", "-").Replace(r.spec.ID + "-" + h.Channel + "-" + h.Subject + "." + format)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	send(w, q, b.Bytes())
	return nil, nil
}

func cell(v wire.Number) string {
	if math.IsNaN(float64(v)) {
		return ""
	}
	return strconv.FormatFloat(float64(v), 'g', -1, 64)
}

// mostFaults bounds the list of what does not work.
const mostFaults = 200

// getNow answers with what does not work at a time.
func getNow(_ http.ResponseWriter, q *http.Request, r *Run) (any, error) {
	t, err := number(q, "t", math.Inf(1))
	if err != nil {
		return nil, err
	}
	now := &wire.Now{T: min(t, r.standing().head), Faults: []wire.Fault{}, UPS: []wire.Autonomy{}, Counts: map[string]map[string]int{}}
	states, tree := channel.States(), r.header.Site
	for worst := len(states) - 1; worst >= channel.OnBattery; worst-- {
		for _, c := range r.channels {
			if c.Kind == facility.Job || !strings.HasSuffix(c.Name, ".state") {
				continue
			}
			values, _, err := r.samples.At(c, t)
			if err != nil {
				return nil, err
			}
			for i, v := range values {
				if int(v) != worst {
					continue
				}
				if now.Total++; len(now.Faults) < mostFaults {
					now.Faults = append(now.Faults, r.fault(facility.Ref{Kind: c.Kind, Index: int32(i)}, states[worst].Name, t))
				}
			}
		}
	}
	for _, c := range r.channels {
		if c.Kind == facility.Job || !strings.HasSuffix(c.Name, ".state") {
			continue
		}
		values, _, err := r.samples.At(c, t)
		if err != nil {
			return nil, err
		}
		counts := map[string]int{}
		for _, v := range values {
			if v >= 0 && int(v) < len(states) {
				counts[states[int(v)].Name]++
			} else {
				counts["unknown"]++
			}
		}
		now.Counts[c.Kind.String()] = counts
	}
	for i := range tree.Count(facility.UPS) {
		ref := facility.Ref{Kind: facility.UPS, Index: int32(i)}
		u := wire.Autonomy{Index: int32(i), Subject: tree.NameOf(ref), State: "unknown", Charge: wire.Number(math.NaN()), Autonomy: wire.Number(math.NaN())}
		for name, into := range map[string]*wire.Number{"ups.charge": &u.Charge, "ups.autonomy": &u.Autonomy} {
			if id, ok := r.ids[name]; ok {
				v, _, err := r.one(r.channels[id], ref, t)
				if err != nil {
					return nil, err
				}
				*into = wire.Number(v)
			}
		}
		if id, ok := r.ids["ups.state"]; ok {
			if v, _, err := r.one(r.channels[id], ref, t); err == nil && v >= 0 && int(v) < len(states) {
				u.State = states[int(v)].Name
			}
		}
		now.UPS = append(now.UPS, u)
	}
	return now, nil
}

func (r *Run) fault(ref facility.Ref, state string, t float64) wire.Fault {
	f := wire.Fault{Kind: ref.Kind.String(), Index: ref.Index, Subject: r.header.Site.NameOf(ref), State: state, Since: wire.Number(math.NaN())}
	if e, ok := r.log.Last(f.Subject, t); ok {
		f.Since, f.Event = wire.Number(e.Time), e.ID
	}
	return f
}
