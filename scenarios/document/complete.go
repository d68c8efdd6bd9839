package document

import (
	"fmt"
	"io"
	"reflect"
)

// Complete returns the document with the default of every field that was not given written into it, in the order
// of the spec. Each such value says that it is a default and where the figure comes from. A completed document
// decodes to the same spec as the original.
func Complete(v *Value, spec any) *Value {
	return complete(v, mustShape(indirect(reflect.TypeOf(spec))))
}

// Resolved writes the whole document as YAML with every default written out. A trailing comment tells where a
// value comes from when the scenario file itself does not say it: "default, typical" or the place in a part.
func Resolved(w io.Writer, v *Value, spec any) error {
	return Complete(v, spec).Print(w, true)
}

func complete(v *Value, s *shape) *Value {
	s = s.base()
	if s.form == formStruct {
		v = s.longhand(v)
	}
	switch {
	case s.form == formStruct && v.Kind == Map:
		return completeStruct(v, s)
	case s.form == formList && v.Kind == Map && v.Get("add") != nil && v.Get("add").Kind == List:
		return complete(v.Get("add"), s)
	case s.form == formList && v.Kind == List && holdsStructs(s):
		out := v.shallow()
		for i, item := range out.Items {
			out.Items[i] = complete(item, s.elem)
		}
		return out
	case s.form == formMap && v.Kind == Map && holdsStructs(s):
		out := v.shallow()
		for i := range out.Entries {
			out.Entries[i].Value = complete(out.Entries[i].Value, s.elem)
		}
		return out
	}
	return v
}

// holdsStructs tells whether there can be something to complete below a list or a map.
func holdsStructs(s *shape) bool {
	for s.form == formList || s.form == formMap || s.form == formPointer {
		s = s.elem
	}
	return s.form == formStruct
}

func completeStruct(v *Value, s *shape) *Value {
	out := *v
	out.Entries = make([]Entry, 0, len(v.Entries)+len(s.fields))
	given := make([]*Entry, len(s.fields))
	for i := range v.Entries {
		e := &v.Entries[i]
		if k, ok := s.byKey[e.Key]; !ok {
			out.Entries = append(out.Entries, *e) // a note
		} else if e.Value.Kind != Null {
			given[k] = e
		}
	}
	for k, f := range s.fields {
		switch {
		case given[k] != nil:
			e := *given[k]
			e.Value = complete(e.Value, f.shape)
			out.Entries = append(out.Entries, e)
		case f.def != nil:
			out.Entries = append(out.Entries, Entry{Key: f.key, Value: complete(f.def, f.shape)})
		case f.shape.form == formStruct:
			inner := complete(&Value{Kind: Map, Default: &Default{Source: f.source}}, f.shape)
			if len(inner.Entries) > 0 {
				out.Entries = append(out.Entries, Entry{Key: f.key, Value: inner})
			}
		}
	}
	return &out
}

// Change is a place where two documents differ. Before or After is nil where only the other says something.
type Change struct {
	Path          string
	Before, After *Value
}

// Diff returns where two documents differ, in the order of the first, then what only the second has. Lists of
// different lengths differ as a whole.
func Diff(a, b *Value) []Change {
	var out []Change
	diff(a, b, "", &out)
	return out
}

func diff(a, b *Value, path string, out *[]Change) {
	if a == nil || b == nil || a.Kind != b.Kind || a.Kind == List && len(a.Items) != len(b.Items) || a.Kind == Scalar && a.Text != b.Text {
		if a != b {
			*out = append(*out, Change{path, a, b})
		}
		return
	}
	for i := range a.Items {
		diff(a.Items[i], b.Items[i], fmt.Sprintf("%s[%d]", path, i), out)
	}
	before, after := a.getter(), b.getter()
	for _, e := range a.Entries {
		diff(e.Value, after(e.Key), joinPath(path, keyStep(e.Key)), out)
	}
	for _, e := range b.Entries {
		if before(e.Key) == nil {
			diff(nil, e.Value, joinPath(path, keyStep(e.Key)), out)
		}
	}
}
