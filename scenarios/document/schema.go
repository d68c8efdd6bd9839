package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/halltwin/halltwin/models/unit"
)

// Schema returns the JSON Schema (draft 2020-12) of the files that decode into a spec, so that an editor
// completes and documents every key and its unit. Id is the address under which the schema is published.
//
// The schema accepts every file that [Decode] accepts, overrides included. It is laxer where only the resolved
// document tells: a required key is demanded at the top alone, because a part may bring the others.
func Schema(spec any, id string) ([]byte, error) {
	if err := Verify(spec); err != nil {
		return nil, err
	}
	root := mustShape(indirect(reflect.TypeOf(spec)))
	e := emitter{names: map[*shape]string{}, defs: object{}}
	out := object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", id},
		ref(e.name(root)),
	}
	if required := requiredKeys(root); len(required) > 0 {
		out = append(out, member{"anyOf", []any{object{{"required", required}}, object{{"required", []string{"use"}}}}})
	}
	slices.SortFunc(e.defs, func(a, b member) int { return strings.Compare(a.key, b.key) })
	out = append(out, member{"$defs", e.defs})
	raw, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("document: schema: %w", err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, raw, "", "  "); err != nil {
		return nil, fmt.Errorf("document: schema: %w", err)
	}
	pretty.WriteByte('\n')
	return pretty.Bytes(), nil
}

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := enc.Encode(m.key); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := enc.Encode(m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// emitter writes each struct and each kind of quantity once, under $defs.
type emitter struct {
	names map[*shape]string
	defs  object
}

func (e *emitter) has(name string) bool {
	return slices.ContainsFunc(e.defs, func(m member) bool { return m.key == name })
}

func ref(name string) member { return member{"$ref", "#/$defs/" + name} }

// name returns the name under which a struct stands in $defs, and makes the definition when it is new.
func (e *emitter) name(s *shape) string {
	if name, ok := e.names[s]; ok {
		return name
	}
	name := s.title()
	for i := 2; e.has(name); i++ {
		name = s.title() + "-" + strconv.Itoa(i)
	}
	e.names[s] = name
	at := len(e.defs)
	e.defs = append(e.defs, member{key: name})
	e.defs[at].value = e.structure(s)
	return name
}

// title names a struct for a person: power.UPSSpec is "power.ups", power.Spec "power".
func (s *shape) title() string {
	pkg, name, ok := strings.Cut(s.typ.String(), ".")
	if !ok {
		pkg, name = "", pkg
	}
	name = strings.TrimSuffix(name, "Spec")
	var b strings.Builder
	b.WriteString(pkg + ".")
	for i, c := range name {
		if i > 0 && unicode.IsUpper(c) && unicode.IsLower(rune(name[i-1])) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return strings.Trim(b.String(), ".")
}

// structure is the schema of a map with known keys.
func (e *emitter) structure(s *shape) object {
	properties := object{{"use", object{{"type", "string"}, {"description", "a part of the library, or ./file.yaml; the keys beside it override the part"}}}}
	for _, note := range notes {
		if !s.has(note) {
			properties = append(properties, member{note, object{{"description", "a note for the reader"}, {"type", []string{"string", "array", "null"}}}})
		}
	}
	for _, f := range s.fields {
		properties = append(properties, member{f.key, e.field(f)})
	}
	types := []string{"object", "null"}
	if s.word {
		types = append(types, scalarTypes...)
	}
	if s.listed == nil {
		return object{{"type", types}, {"properties", properties}, {"additionalProperties", false}}
	}
	out := object{{"type", append(types, "array")}, {"properties", properties}, {"additionalProperties", false}}
	return append(out, member{"items", e.shape(s.listed.shape.elem, s.listed)})
}

// field is the schema of a value with what its tags add.
func (e *emitter) field(f *field) object {
	out := e.shape(f.shape, f)
	doc := f.doc
	if f.source != "" && f.def != nil {
		doc += "\n\nDefault " + f.text + " (" + f.source + ")."
	}
	if f.required {
		doc += "\n\nRequired."
	}
	if f.limits != nil {
		doc += "\n\nIt must be " + f.limits.text(quantityKind(f.shape)) + "."
	}
	out = append(out, member{"description", doc})
	if f.def != nil {
		out = append(out, member{"default", f.def.json(f.shape)})
	}
	return out
}

// quantityKind is the kind of the quantity that a shape holds, directly or in a list or map.
func quantityKind(s *shape) *unit.Kind {
	for s.elem != nil {
		s = s.elem
	}
	return s.kind
}

// scalarTypes are the JSON types by which bare YAML text may reach a validator.
var scalarTypes = []string{"string", "number", "boolean"}

// shape is the schema of a value. The tags of f, which may be nil, hold for what is inside lists too.
func (e *emitter) shape(s *shape, f *field) object {
	switch s.form {
	case formPointer:
		return e.shape(s.elem, f)
	case formBool:
		return object{{"type", []string{"boolean", "null"}}}
	case formInt, formUint:
		return append(object{{"type", []string{"integer", "string", "null"}}, {"pattern", `^[+-]?[0-9_]+$`}}, bounds(f)...)
	case formFloat:
		return append(object{{"type", []string{"number", "string", "null"}}, {"pattern", `^` + numberPattern + `$`}}, bounds(f)...)
	case formQuantity:
		out := object{ref(e.quantity(s.kind))}
		if s.kind.Plain {
			out = append(out, bounds(f)...)
		}
		return out
	case formTime:
		return object{ref(e.timeStamp())}
	case formStruct:
		return object{ref(e.name(s))}
	case formList:
		items := e.shape(s.elem, f)
		patch := object{{"type", "object"}, {"properties", object{{"use", object{{"type", "string"}}},
			{"add", object{{"type", "array"}, {"items", items}}}, {"remove", object{{"type", "array"}}}}},
			{"additionalProperties", false}, {"minProperties", 1}}
		return object{{"anyOf", []any{object{{"type", "array"}, {"items", items}}, patch, object{{"type", "null"}}}}}
	case formMap:
		return object{{"type", []string{"object", "null"}}, {"additionalProperties", e.shape(s.elem, f)},
			{"properties", object{{"use", object{{"type", "string"}}}}}}
	case formRaw:
		return object{}
	}
	if f != nil && f.enum != nil {
		words := make([]any, 0, len(f.enum)+1)
		for _, w := range f.enum {
			words = append(words, w)
			if w == "true" || w == "false" {
				words = append(words, w == "true")
			} else if n, err := strconv.ParseFloat(w, 64); err == nil {
				words = append(words, n)
			}
		}
		return object{{"enum", append(words, nil)}}
	}
	return object{{"type", append(scalarTypes[:len(scalarTypes):len(scalarTypes)], "null")}}
}

// bounds are the JSON Schema words for a range of plain numbers.
func bounds(f *field) object {
	var out object
	if f == nil || f.limits == nil {
		return out
	}
	for _, b := range []struct {
		v            float64
		open         bool
		word, strict string
	}{{f.limits.low, f.limits.openLow, "minimum", "exclusiveMinimum"}, {f.limits.high, f.limits.openHigh, "maximum", "exclusiveMaximum"}} {
		if math.IsInf(b.v, 0) {
			continue
		}
		word := b.word
		if b.open {
			word = b.strict
		}
		out = append(out, member{word, b.v})
	}
	return out
}

const numberPattern = `[+-]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)([eE][+-]?[0-9]+)?`

// quantity returns the name of the definition of a kind of quantity.
func (e *emitter) quantity(k *unit.Kind) string {
	name := "unit." + strings.ReplaceAll(k.Name, " ", "-")
	if e.has(name) {
		return name
	}
	symbols := make([]string, 0, len(k.Units))
	for _, u := range k.Units {
		if u.Symbol != "" {
			symbols = append(symbols, regexp.QuoteMeta(u.Symbol))
		}
	}
	types := []string{"string", "null"}
	optional := ""
	if k.Plain {
		types, optional = []string{"number", "string", "null"}, "?"
	}
	e.defs = append(e.defs, member{name, object{
		{"type", types},
		{"pattern", `^\s*` + numberPattern + `\s*(` + strings.Join(symbols, "|") + `)` + optional + `\s*$`},
		{"title", k.Name},
		{"examples", []string{k.Example}},
		{"patternErrorMessage", "write " + k.Example},
	}})
	return name
}

func (e *emitter) timeStamp() string {
	const name = "time"
	if !e.has(name) {
		e.defs = append(e.defs, member{name, object{
			{"type", []string{"string", "null"}},
			{"pattern", `^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$`},
			{"title", "time stamp with offset"},
			{"examples", []string{"2025-07-15T00:00:00-05:00"}},
		}})
	}
	return name
}

// requiredKeys are the keys without which a file cannot be complete.
func requiredKeys(s *shape) []string {
	var out []string
	for _, f := range s.fields {
		if f.required {
			out = append(out, f.key)
		}
	}
	return out
}

// json is a default as an editor inserts it.
func (v *Value) json(s *shape) any {
	s = s.base()
	switch v.Kind {
	case Null:
		return nil
	case List:
		out := make([]any, len(v.Items))
		for i, item := range v.Items {
			out[i] = item.json(elemOf(s))
		}
		return out
	case Map:
		out := object{}
		for _, e := range v.Entries {
			inner := elemOf(s)
			if k, ok := s.byKey[e.Key]; ok {
				inner = s.fields[k].shape
			}
			out = append(out, member{e.Key, e.Value.json(inner)})
		}
		return out
	}
	switch s.form {
	case formBool:
		return v.Text == "true"
	case formInt, formUint, formFloat, formQuantity:
		if n, err := strconv.ParseFloat(v.Text, 64); err == nil && !math.IsInf(n, 0) && !math.IsNaN(n) {
			return json.Number(v.Text)
		}
	}
	return v.Text
}

func elemOf(s *shape) *shape {
	if s.elem != nil {
		return s.elem
	}
	return s
}
