package document

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/halltwin/halltwin/models/unit"
)

// form is what a scenario writes for a Go type.
type form uint8

const (
	formText     form = iota // string
	formBool                 // bool
	formInt                  // signed integers
	formUint                 // unsigned integers
	formFloat                // float64: a plain number
	formQuantity             // unit.*: a number with its unit
	formTime                 // time.Time
	formWord                 // encoding.TextUnmarshaler
	formPointer              // optional
	formList
	formMap
	formStruct
	formRaw // *Value: taken as written
)

// shape is all that the engine knows of a Go type. Decoding, completing, the schema and the reference are walks
// over shapes, so they cannot disagree.
type shape struct {
	form     form
	typ      reflect.Type
	kind     *unit.Kind     // of a quantity
	elem     *shape         // of a pointer, list or map
	fields   []*field       // of a struct, inlined ones included, in order
	byKey    map[string]int // into fields
	word     bool           // a struct that can also be written as one text
	listed   *field         // the field of a struct that stands for it when it is written as a list; nil for none
	validate bool           // has Validate(func(path, msg string))
	wants    bool           // an absent struct would still lack something required
}

// field is one key of a struct.
type field struct {
	key      string
	index    []int
	shape    *shape
	doc      string
	source   string
	text     string // of the default tag
	def      *Value // the default, parsed; nil when there is none
	enum     []string
	limits   *interval
	required bool
}

// validator is the hook of a spec for what tags cannot say. Paths are relative: "curve.k1".
type validator interface {
	Validate(fail func(path, msg string))
}

var (
	typeTime      = reflect.TypeFor[time.Time]()
	typeValue     = reflect.TypeFor[*Value]()
	typeText      = reflect.TypeFor[encoding.TextUnmarshaler]()
	typeValidator = reflect.TypeFor[validator]()
	typeQuantity  = reflect.TypeFor[interface{ Kind() *unit.Kind }]()
)

// shapes remembers the shape of every type seen: reflection is done once a type.
var shapes = struct {
	sync.RWMutex
	of       map[reflect.Type]*shape
	problems map[reflect.Type][]string
}{of: map[reflect.Type]*shape{}, problems: map[reflect.Type][]string{}}

// shapeOf returns the shape of a type and what is wrong with its tags.
func shapeOf(t reflect.Type) (*shape, []string) {
	shapes.RLock()
	s, ok := shapes.of[t]
	problems := shapes.problems[t]
	shapes.RUnlock()
	if ok {
		return s, problems
	}
	shapes.Lock()
	defer shapes.Unlock()
	// The walk shares nothing with other goroutines until it is done: a half-made shape must not be seen.
	w := shaper{seen: map[reflect.Type]*shape{}}
	s = w.shape(t)
	w.defaults()
	shapes.of[t], shapes.problems[t] = s, w.problems
	return s, w.problems
}

// mustShape is shapeOf for a spec that a program decodes into: a wrong tag is a bug in the program, not in a
// scenario, and stops it.
func mustShape(t reflect.Type) *shape {
	s, problems := shapeOf(t)
	if len(problems) > 0 {
		panic("document: " + strings.Join(problems, "\ndocument: "))
	}
	return s
}

// shaper makes the shapes of a type and of all that it holds.
type shaper struct {
	seen     map[reflect.Type]*shape
	structs  []*shape
	problems []string
}

func (w *shaper) fail(format string, args ...any) {
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

func (w *shaper) shape(t reflect.Type) *shape {
	if s, ok := w.seen[t]; ok {
		return s
	}
	s := &shape{typ: t}
	w.seen[t] = s
	pointer := reflect.PointerTo(t)
	switch {
	case t == typeValue:
		s.form = formRaw
	case t == typeTime:
		s.form = formTime
	case t.Kind() == reflect.Pointer:
		s.form, s.elem = formPointer, w.shape(t.Elem())
	case t.Kind() == reflect.Float64 && t.Implements(typeQuantity):
		s.form = formQuantity
		s.kind = reflect.Zero(t).Interface().(interface{ Kind() *unit.Kind }).Kind()
	case pointer.Implements(typeText) && !keyed(t):
		s.form = formWord
	default:
		w.plain(s)
	}
	s.validate = pointer.Implements(typeValidator)
	return s
}

// keyed tells whether a type is a struct with keys of its own, and not only a text.
func keyed(t reflect.Type) bool {
	for i := 0; t.Kind() == reflect.Struct && i < t.NumField(); i++ {
		if _, ok := t.Field(i).Tag.Lookup("yaml"); ok {
			return true
		}
	}
	return false
}

// plain fills in the shape of a type that has no text form of its own.
func (w *shaper) plain(s *shape) {
	switch t := s.typ; t.Kind() {
	case reflect.String:
		s.form = formText
	case reflect.Bool:
		s.form = formBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		s.form = formInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		s.form = formUint
	case reflect.Float64:
		s.form = formFloat
	case reflect.Slice:
		s.form, s.elem = formList, w.shape(t.Elem())
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			w.fail("%s: the keys of a map must be strings", t)
		}
		s.form, s.elem = formMap, w.shape(t.Elem())
	case reflect.Struct:
		s.form = formStruct
		s.word = reflect.PointerTo(t).Implements(typeText)
		s.byKey = map[string]int{}
		w.structs = append(w.structs, s)
		w.fields(s, t, nil)
	default:
		w.fail("%s: a scenario cannot hold this type", t)
	}
}

// fields adds the fields of a struct, those of inlined structs in their place.
func (w *shaper) fields(s *shape, t reflect.Type, index []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("yaml")
		key, option, _ := strings.Cut(tag, ",")
		where := t.String() + "." + f.Name
		at := append(index[:len(index):len(index)], i)
		switch {
		case key == "-" || !f.IsExported() && !f.Anonymous:
			continue
		case option == "inline":
			if f.Type.Kind() != reflect.Struct {
				w.fail("%s: only a struct can be inline", where)
				continue
			}
			w.fields(s, f.Type, at)
			continue
		case !f.IsExported():
			continue
		case !tagged || key == "":
			w.fail("%s: the yaml tag is missing", where)
			continue
		case key == "use":
			w.fail(`%s: the key "use" is taken by the language`, where)
			continue
		}
		if _, twice := s.byKey[key]; twice {
			w.fail("%s: the key %q is taken already", where, key)
			continue
		}
		s.byKey[key] = len(s.fields)
		made := w.field(f, key, where, at)
		s.fields = append(s.fields, made)
		if f.Tag.Get("short") == "list" {
			s.listed = made
			if made.shape.form != formList {
				w.fail("%s: only a list can be what the struct is written as", where)
			}
		}
	}
}

func (w *shaper) field(f reflect.StructField, key, where string, index []int) *field {
	out := &field{key: key, index: index, shape: w.shape(f.Type), doc: f.Tag.Get("doc"), source: f.Tag.Get("source"),
		required: f.Tag.Get("required") == "true"}
	if out.doc == "" {
		w.fail("%s: the doc tag is missing", where)
	}
	if enum := f.Tag.Get("enum"); enum != "" {
		for word := range strings.SplitSeq(enum, ",") {
			out.enum = append(out.enum, strings.TrimSpace(word))
		}
	}
	if text, ok := f.Tag.Lookup("range"); ok {
		limits, err := parseInterval(text)
		if err != nil {
			w.fail("%s: %v", where, err)
		}
		out.limits = limits
	}
	if text, ok := f.Tag.Lookup("default"); ok {
		out.text = text
		v, ds := parseDefault(text)
		if len(ds) > 0 {
			w.fail("%s: default %q: %s", where, text, ds[0].Msg)
		} else {
			out.def = v.asDefault(out.source)
		}
	}
	if out.required && out.def != nil {
		w.fail("%s: what is required has no use for a default", where)
	}
	return out
}

// parseDefault reads the text of a default tag as the YAML that a person would write.
func parseDefault(text string) (*Value, Diagnostics) {
	if text == "" {
		return &Value{Kind: Scalar, Quoted: true}, nil
	}
	return parse("default", []byte(text), DefaultLimits)
}

// asDefault marks a tree as not written by anybody.
func (v *Value) asDefault(source string) *Value {
	out := v.shallow()
	out.Pos, out.Default = Pos{}, &Default{Source: source}
	for i := range out.Items {
		out.Items[i] = out.Items[i].asDefault(source)
	}
	for i := range out.Entries {
		out.Entries[i].Pos = Pos{}
		out.Entries[i].Value = out.Entries[i].Value.asDefault(source)
	}
	return out
}

// defaults checks that every default can be decoded into its field and finds which absent structs would lack
// something.
func (w *shaper) defaults() {
	if len(w.problems) > 0 {
		return
	}
	for _, s := range w.structs {
		for _, f := range s.fields {
			if f.def == nil {
				continue
			}
			d := decoder{}
			d.value(f.def, reflect.New(f.shape.typ).Elem(), f.shape, &node{key: f.key, field: f, value: f.def})
			for _, e := range d.errors {
				w.fail("%s: key %q: default %q: %s: %s", s.typ, f.key, f.text, e.Msg, e.Fix)
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, s := range w.structs {
			if s.wants {
				continue
			}
			s.wants = slices.ContainsFunc(s.fields, func(f *field) bool {
				return f.required || f.def == nil && f.shape.form == formStruct && f.shape.wants
			})
			changed = changed || s.wants
		}
	}
}

// keys returns the keys of a struct in order.
func (s *shape) keys() []string {
	out := make([]string, len(s.fields))
	for i, f := range s.fields {
		out[i] = f.key
	}
	return out
}

// base is the shape below pointers.
func (s *shape) base() *shape {
	for s.form == formPointer {
		s = s.elem
	}
	return s
}

// Verify returns everything wrong with the tags of a spec: a missing doc, a default that its own field would
// refuse. Decode panics on such a spec; a test calls Verify to say so earlier.
func Verify(spec any) error {
	_, problems := shapeOf(indirect(reflect.TypeOf(spec)))
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("document: %s", strings.Join(problems, "\n"))
}

func indirect(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}
