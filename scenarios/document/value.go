package document

import (
	"cmp"
	"strconv"
	"strings"
)

// Pos is a place in a file. Line and Col count from 1; Col counts characters, not bytes.
type Pos struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Col  int    `json:"column"`
}

// String returns "file:line:column".
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Col)
}

// Compare orders places by file, line and column.
func (p Pos) Compare(q Pos) int {
	return cmp.Or(strings.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Col, q.Col))
}

// Kind is the form of a [Value].
type Kind uint8

// The forms of a value.
const (
	Null   Kind = iota // nothing was written, or null
	Scalar             // a text: a number, a quantity, a name
	List
	Map
)

// String returns the word that a message uses for the form.
func (k Kind) String() string {
	return [...]string{"nothing", "a single value", "a list", "a map"}[k]
}

// Value is one node of a document. Values are immutable once loaded: merging makes new ones and shares the
// unchanged parts.
type Value struct {
	Kind    Kind
	Text    string   // of a Scalar, quotes removed; of a Null, what was written ("null", "~" or "")
	Quoted  bool     // a Scalar that was written in quotes or as a block, hence a text and nothing else
	Items   []*Value // of a List
	Entries []Entry  // of a Map, in the order written
	Pos     Pos      // where the value begins
	Used    *Use     // how it came in; nil when it stands in the scenario file itself
	Default *Default // set when nobody wrote it
	Part    string   // of the root of a part that `use` brought in: the part's name

	block  bool // a Scalar written with | or >
	broken bool // something below could not be loaded and was reported; do not complain of what is missing
}

// Entry is one key of a map with its value.
type Entry struct {
	Key   string
	Pos   Pos
	Used  *Use
	Value *Value
}

// Use is one link of the chain by which a value came into the document.
type Use struct {
	At Pos  // where `use` stands
	By *Use // how that place came in itself
}

// Default says where a value that nobody wrote comes from.
type Default struct {
	Source string // as the spec says it: "typical", a citation; may be empty
}

// Chain returns the places by which the value came in, the nearest first.
func (u *Use) Chain() []Pos {
	var chain []Pos
	for ; u != nil; u = u.By {
		chain = append(chain, u.At)
	}
	return chain
}

// Get returns the value of a key of a map, or nil.
func (v *Value) Get(key string) *Value {
	if e := v.entry(key); e != nil {
		return e.Value
	}
	return nil
}

// Block tells whether a text was written over lines of its own, after | or >, so that places inside it cannot be
// counted from Pos.
func (v *Value) Block() bool { return v.block }

func (v *Value) entry(key string) *Entry {
	if v == nil {
		return nil
	}
	for i := range v.Entries {
		if v.Entries[i].Key == key {
			return &v.Entries[i]
		}
	}
	return nil
}

// getter returns Get, by an index when the map is large.
func (v *Value) getter() func(key string) *Value {
	if len(v.Entries) <= smallMap {
		return v.Get
	}
	index := make(map[string]*Value, len(v.Entries))
	for i := range v.Entries {
		index[v.Entries[i].Key] = v.Entries[i].Value
	}
	return func(key string) *Value { return index[key] }
}

// Lookup follows a path such as "site.power.feeds[1].name" and returns the value there. Where the path leads
// to something that was not written, it returns the nearest value above it, and false.
func (v *Value) Lookup(path string) (*Value, bool) {
	found, _, ok := v.lookup(path)
	return found, ok
}

// lookup also returns the entry by whose key the found value is known, if it has one.
func (v *Value) lookup(path string) (*Value, *Entry, bool) {
	var last *Entry
	for path != "" {
		var key string
		key, path = cutPath(path)
		switch {
		case strings.HasPrefix(key, "["):
			i, err := strconv.Atoi(strings.Trim(key, "[]"))
			if err != nil || i < 0 || i >= len(v.Items) {
				return v, last, false
			}
			v, last = v.Items[i], nil
		default:
			e := v.entry(key)
			if e == nil {
				return v, last, false
			}
			v, last = e.Value, e
		}
	}
	return v, last, true
}

// cutPath cuts the first step off a path: a key, a quoted key or an index in brackets.
func cutPath(path string) (step, rest string) {
	path = strings.TrimPrefix(path, ".")
	if strings.HasPrefix(path, `"`) {
		if quoted, err := strconv.QuotedPrefix(path); err == nil {
			if key, err := strconv.Unquote(quoted); err == nil {
				return key, path[len(quoted):]
			}
		}
	}
	if strings.HasPrefix(path, "[") {
		if end := strings.IndexByte(path, ']'); end >= 0 {
			return path[:end+1], path[end+1:]
		}
		return path, ""
	}
	if end := strings.IndexAny(path, ".["); end > 0 {
		return path[:end], path[end:]
	}
	return path, ""
}

// keyStep writes a key as a step of a path, in quotes when it holds a character that the path itself uses.
func keyStep(key string) string {
	if key == "" || strings.ContainsAny(key, ".[]\" \t") {
		return strconv.Quote(key)
	}
	return key
}

// joinPath joins two paths.
func joinPath(above, below string) string {
	if above == "" || below == "" || strings.HasPrefix(below, "[") {
		return above + below
	}
	return above + "." + below
}

// Diagnose makes a diagnostic about the value at path below v: how other packages report what only they can
// know, such as a selector that matches nothing. Fix may be empty.
func (v *Value) Diagnose(path, code, msg, fix string) Diagnostic {
	found, entry, ok := v.lookup(path)
	d := Diagnostic{Code: code, Path: path, Msg: msg, Fix: fix}
	d.point(found, entry, ok)
	return d
}

// point places a diagnostic on a value: on its text when it is a scalar, otherwise on the key that names it.
func (d *Diagnostic) point(v *Value, e *Entry, exact bool) {
	if e != nil && (!exact || v.Kind == Map || v.Kind == List || v.Kind == Null && v.Text == "") {
		d.Pos, d.Span, d.Used = e.Pos, len([]rune(e.Key)), e.Used.Chain()
		return
	}
	d.Pos, d.Used = v.Pos, v.Used.Chain()
	d.Span = v.span()
}

// span is the number of characters that the value takes on its first line, 0 when only the source text tells.
func (v *Value) span() int {
	if (v.Kind == Scalar || v.Kind == Null) && !v.Quoted {
		return max(1, len([]rune(v.Text)))
	}
	if v.Kind == Map && len(v.Entries) > 0 && v.Entries[0].Pos == v.Pos {
		return len([]rune(v.Entries[0].Key))
	}
	return 0
}

// Count returns the number of values in the tree.
func (v *Value) Count() int {
	n := 1
	for _, item := range v.Items {
		n += item.Count()
	}
	for i := range v.Entries {
		n += v.Entries[i].Value.Count()
	}
	return n
}
