package document

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/suggest"
)

// Decode fills the struct that into points to from a resolved document, strictly: an unknown key, a missing
// unit, a value out of range, each is a diagnostic, and all are found at once. Keys that are not given take the
// default of their field; a struct that is not given takes the defaults of its fields; a pointer that is not
// given stays nil. Each struct without errors of its own is then asked to Validate itself, inner ones first.
//
// Decode panics when the tags of the struct are wrong, which [Verify] finds in a test.
func Decode(v *Value, into any) Diagnostics {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		panic(fmt.Sprintf("document: Decode into %T, a pointer is due", into))
	}
	if v == nil {
		return nil
	}
	s := mustShape(target.Type().Elem())
	var d decoder
	d.value(v, target.Elem(), s, &node{value: v})
	return d.errors.Sorted()
}

// notes may stand in any map that describes a thing: words for the reader, which no model reads.
var notes = [...]string{"title", "about", "source"}

func isNote(key string) bool { return key == notes[0] || key == notes[1] || key == notes[2] }

// decoder decodes one document.
type decoder struct{ errors Diagnostics }

// node is the way from the root to the value at hand. Paths are written out only when something is wrong.
type node struct {
	up    *node
	key   string // of a map or struct, "" for an item
	item  int
	entry *Entry
	value *Value
	field *field // whose tags govern the value
}

func (n *node) path() string {
	switch {
	case n.up == nil:
		return n.key
	case n.key == "":
		return n.up.path() + "[" + strconv.Itoa(n.item) + "]"
	}
	return joinPath(n.up.path(), keyStep(n.key))
}

// short is the end of the path that a message needs: "ups.rating".
func (n *node) short() string {
	path := n.path()
	if n.up != nil && n.up.key != "" && n.key != "" {
		return joinPath(keyStep(n.up.key), keyStep(n.key))
	}
	if n.up != nil && n.key != "" && n.up.key == "" && n.up.up != nil && n.up.up.key != "" {
		return fmt.Sprintf("%s[%d].%s", keyStep(n.up.up.key), n.up.item, keyStep(n.key))
	}
	return path
}

// fail reports a fault of the value at n.
func (d *decoder) fail(n *node, code, msg, fix string) {
	if len(d.errors) >= mostErrors {
		return
	}
	e := Diagnostic{Code: code, Path: n.path(), Msg: msg, Fix: fix}
	at := n
	for at.value.Default != nil && at.up != nil {
		at = at.up // nobody wrote it: point at what holds it
	}
	e.point(at.value, at.entry, at == n)
	d.errors = append(d.errors, e)
}

// value decodes v into target.
func (d *decoder) value(v *Value, target reflect.Value, s *shape, n *node) {
	switch s.form {
	case formRaw:
		target.Set(reflect.ValueOf(v))
		return
	case formPointer:
		p := reflect.New(s.elem.typ)
		d.value(v, p.Elem(), s.elem, n)
		target.Set(p)
		return
	case formList:
		d.list(v, target, s, n)
		return
	case formMap:
		d.mapOf(v, target, s, n)
		return
	case formStruct:
		if v.Kind == Scalar && s.word {
			d.short(v, target, s, n)
			return
		}
		d.structure(s.longhand(v), target, s, n)
		return
	}
	if v.Kind != Scalar {
		if !v.broken {
			d.wrongForm(v, s, n)
		}
		return
	}
	d.scalar(v, target, s, n)
}

// longhand writes a struct given as a list as the map with the key that the list stands for.
func (s *shape) longhand(v *Value) *Value {
	if v.Kind != List || s.listed == nil {
		return v
	}
	return &Value{Kind: Map, Pos: v.Pos, Used: v.Used, Default: v.Default,
		Entries: []Entry{{Key: s.listed.key, Pos: v.Pos, Used: v.Used, Value: v}}}
}

// short decodes a struct that is written as one text: it has the defaults of its fields, then what the text says.
func (d *decoder) short(v *Value, target reflect.Value, s *shape, n *node) {
	before := len(d.errors)
	for _, f := range s.fields {
		if !f.required {
			d.absent(v, target.FieldByIndex(f.index), f, n)
		}
	}
	d.word(v, target, n)
	if s.validate && len(d.errors) == before {
		d.validate(v, target, n)
	}
}

// wrongForm reports a list where a map is due, and the like.
func (d *decoder) wrongForm(v *Value, s *shape, n *node) {
	if v.Kind == Null {
		what := "the key"
		if n.key == "" {
			what = "the item"
		}
		d.fail(n, CodeKind, n.name()+" has no value", "write "+s.example(n.field)+", or leave "+what+" out")
		return
	}
	d.fail(n, CodeKind, n.name()+" is "+v.Kind.String()+", "+s.noun()+" is due", "write "+s.example(n.field))
}

// name is what a message calls the value.
func (n *node) name() string {
	if n.key == "" && n.up == nil {
		return "the document"
	}
	if n.key == "" && n.up.key != "" {
		return fmt.Sprintf("%s[%d]", n.up.key, n.item)
	}
	return n.short()
}

func (d *decoder) list(v *Value, target reflect.Value, s *shape, n *node) {
	items := v.Items
	if v.Kind == Map && len(v.Entries) == 1 && v.Entries[0].Key == "add" && v.Entries[0].Value.Kind == List {
		items = v.Entries[0].Value.Items // an {add: [...]} that found nothing to add to
	} else if v.Kind != List {
		if !v.broken {
			d.wrongForm(v, s, n)
		}
		return
	}
	out := reflect.MakeSlice(s.typ, len(items), len(items))
	for i, item := range items {
		d.value(item, out.Index(i), s.elem, &node{up: n, item: i, value: item, field: n.field})
	}
	target.Set(out)
}

func (d *decoder) mapOf(v *Value, target reflect.Value, s *shape, n *node) {
	if v.Kind != Map {
		if !v.broken {
			d.wrongForm(v, s, n)
		}
		return
	}
	out := reflect.MakeMapWithSize(s.typ, len(v.Entries))
	for i := range v.Entries {
		e := &v.Entries[i]
		if e.Value.Kind == Null && e.Value.Text != "" {
			continue
		}
		elem := reflect.New(s.elem.typ).Elem()
		d.value(e.Value, elem, s.elem, &node{up: n, key: e.Key, entry: e, value: e.Value, field: n.field})
		out.SetMapIndex(reflect.ValueOf(e.Key).Convert(s.typ.Key()), elem)
	}
	target.Set(out)
}

func (d *decoder) structure(v *Value, target reflect.Value, s *shape, n *node) {
	if v.Kind != Map {
		if !v.broken {
			d.wrongForm(v, s, n)
		}
		return
	}
	before := len(d.errors)
	given := make([]bool, len(s.fields))
	for i := range v.Entries {
		e := &v.Entries[i]
		k, known := s.byKey[e.Key]
		if !known {
			d.unknown(e, s, n)
			continue
		}
		if e.Value.Kind == Null && e.Value.Text != "" {
			continue // null takes a key away
		}
		given[k] = true
		f := s.fields[k]
		d.value(e.Value, target.FieldByIndex(f.index), f.shape, &node{up: n, key: e.Key, entry: e, value: e.Value, field: f})
	}
	for k, f := range s.fields {
		if !given[k] {
			d.absent(v, target.FieldByIndex(f.index), f, n)
		}
	}
	if s.validate && len(d.errors) == before && !v.broken {
		d.validate(v, target, n)
	}
}

// absent fills in a field that was not given.
func (d *decoder) absent(v *Value, target reflect.Value, f *field, n *node) {
	switch {
	case f.required:
		if !v.broken {
			d.fail(n, CodeRequired, fmt.Sprintf("%s needs %q", n.in(), f.key), "write "+f.key+": "+sketch(f)+hint(f.doc))
		}
	case f.def != nil:
		d.value(f.def, target, f.shape, &node{up: n, key: f.key, value: f.def, field: f})
	case f.shape.form == formStruct:
		nothing := &Value{Kind: Map, Default: &Default{Source: f.source}, Used: v.Used, broken: v.broken}
		d.structure(nothing, target, f.shape, &node{up: n, key: f.key, value: nothing, field: f})
	}
}

// sketch is what could stand after a missing key.
func sketch(f *field) string {
	switch s := f.shape.base(); s.form {
	case formText, formWord:
		if f.enum == nil {
			return "…"
		}
	case formList:
		return "[…]"
	}
	return f.shape.example(f)
}

func hint(doc string) string {
	if doc == "" {
		return ""
	}
	return " (" + doc + ")"
}

// in is what a message calls the map at n: "cdu".
func (n *node) in() string {
	for m := n; m != nil; m = m.up {
		if m.key != "" {
			if m != n {
				return fmt.Sprintf("%s[%d]", keyStep(m.key), n.item)
			}
			return keyStep(m.key)
		}
	}
	return "the document"
}

// unknown reports a key that no field has, unless it is a note.
func (d *decoder) unknown(e *Entry, s *shape, n *node) {
	if isNote(e.Key) {
		d.note(e, n)
		return
	}
	if n.value.Default != nil || len(d.errors) >= mostErrors {
		return
	}
	diagnostic := Diagnostic{Code: CodeKey, Pos: e.Pos, Span: len([]rune(e.Key)), Used: e.Used.Chain(),
		Path: joinPath(n.path(), keyStep(e.Key))}
	msg := fmt.Sprintf("unknown field %q in %s", clip(e.Key), n.in())
	if key, rest, ok := strings.Cut(e.Key, ":"); ok && e.Value.Kind == Null && s.has(key) {
		msg += fmt.Sprintf(" — write a space after the colon: %s: %s", key, clip(rest))
	} else if alt := suggest.Closest(e.Key, s.keys()); alt != "" {
		msg += fmt.Sprintf(" — did you mean %q?", alt)
	} else if deeper := s.below(e.Key, 3); deeper != "" {
		msg += fmt.Sprintf(" — did you mean %s?", deeper)
	} else {
		diagnostic.Fix = "it has " + oneOf(s.keys())
	}
	diagnostic.Msg = msg
	d.errors = append(d.errors, diagnostic)
}

func (s *shape) has(key string) bool { _, ok := s.byKey[key]; return ok }

// below finds a key in the structs below s, as the path that should have been written.
func (s *shape) below(key string, depth int) string {
	if depth == 0 {
		return ""
	}
	for _, f := range s.fields {
		inner := f.shape.base()
		if inner.form != formStruct || inner == s {
			continue
		}
		if inner.has(key) {
			return f.key + "." + key
		}
	}
	for _, f := range s.fields {
		if inner := f.shape.base(); inner.form == formStruct && inner != s {
			if path := inner.below(key, depth-1); path != "" {
				return f.key + "." + path
			}
		}
	}
	return ""
}

// note checks that a note is text.
func (d *decoder) note(e *Entry, n *node) {
	v := e.Value
	ok := v.Kind == Scalar || v.Kind == Null
	if v.Kind == List {
		ok = true
		for _, item := range v.Items {
			ok = ok && item.Kind == Scalar
		}
	}
	if !ok {
		d.fail(&node{up: n, key: e.Key, entry: e, value: v}, CodeKind, e.Key+" is "+v.Kind.String()+", a text is due", "it is a note for the reader")
	}
}

// validate asks a struct whether it makes sense as a whole.
func (d *decoder) validate(v *Value, target reflect.Value, n *node) {
	check, ok := target.Addr().Interface().(validator)
	if !ok {
		return
	}
	check.Validate(func(path, msg string) {
		if len(d.errors) >= mostErrors {
			return
		}
		found, entry, exact := v.lookup(path)
		if entry == nil && found == v {
			entry = n.entry
		}
		e := Diagnostic{Code: CodeValue, Path: joinPath(n.path(), path), Msg: msg}
		if found.Default != nil {
			at := n
			for at.value.Default != nil && at.up != nil {
				at = at.up
			}
			found, entry, exact = at.value, at.entry, false
		}
		e.point(found, entry, exact)
		d.errors = append(d.errors, e)
	})
}
