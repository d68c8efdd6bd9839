package document

import (
	"fmt"
	"slices"

	"github.com/halltwin/halltwin/models/suggest"
)

// Merge lays a patch over a base and returns the result; neither is changed.
//
//   - A map is merged key by key, deeply. A key that the patch sets to null is taken away.
//   - A list or a single value replaces what was there.
//   - {add: [...]} over a list appends to it. {remove: [...]} takes items away: a text removes the items of that
//     name or of that text, a map the items that say all it says.
//   - A map that began with `use` replaces: whoever names a part wants that part, not a blend with the old one.
func Merge(base, patch *Value) (*Value, Diagnostics) {
	var m merger
	out := m.merge(base, patch, "")
	return out, m.errors
}

type merger struct{ errors Diagnostics }

func (m *merger) merge(base, patch *Value, path string) *Value {
	switch {
	case patch == nil:
		return base
	case base == nil || patch.Part != "":
		return patch
	case base.Kind == Map && patch.Kind == Map:
		return m.maps(base, patch, path)
	case base.Kind == List && patch.Kind == Map:
		return m.lists(base, patch, path)
	}
	return patch
}

func (m *merger) maps(base, patch *Value, path string) *Value {
	if len(patch.Entries) == 0 {
		return base
	}
	out := *base
	out.Pos, out.Used = patch.Pos, patch.Used
	out.broken = base.broken || patch.broken
	out.Entries = slices.Clone(base.Entries)
	var index map[string]int
	if len(out.Entries)+len(patch.Entries) > smallMap {
		index = make(map[string]int, len(out.Entries)+len(patch.Entries))
		for i := range out.Entries {
			index[out.Entries[i].Key] = i
		}
	}
	removed := false
	for _, e := range patch.Entries {
		i := out.find(e.Key, index)
		if i < 0 {
			if index != nil {
				index[e.Key] = len(out.Entries)
			}
			out.Entries = append(out.Entries, e)
			continue
		}
		if e.Value.Kind == Null && e.Value.Text != "" {
			out.Entries[i].Value = nil
			removed = true
			continue
		}
		e.Value = m.merge(out.Entries[i].Value, e.Value, joinPath(path, keyStep(e.Key)))
		out.Entries[i] = e
	}
	if removed {
		out.Entries = slices.DeleteFunc(out.Entries, func(e Entry) bool { return e.Value == nil })
	}
	return &out
}

// lists applies {add: ..., remove: ...} to a list.
func (m *merger) lists(base, patch *Value, path string) *Value {
	if patch.broken {
		return base
	}
	if len(patch.Entries) == 0 {
		m.fail(patch, path, "an empty map cannot override a list", "write [] for an empty list")
		return base
	}
	items := base.Items
	for _, e := range patch.Entries {
		if e.Key != "add" && e.Key != "remove" {
			d := Diagnostic{Code: CodePatch, Pos: e.Pos, Span: len([]rune(e.Key)), Used: e.Used.Chain(), Path: joinPath(path, keyStep(e.Key)),
				Msg: fmt.Sprintf("%q cannot override a list", clip(e.Key)), Fix: "write a whole list, {add: [...]} or {remove: [...]}"}
			m.errors = append(m.errors, d)
			continue
		}
		if e.Value.Kind != List {
			m.fail(e.Value, joinPath(path, e.Key), e.Key+" needs a list, this is "+e.Value.Kind.String(), "write "+e.Key+": [...]")
			continue
		}
	}
	// Whatever the order in which they are written, what is removed is of the base.
	if remove := patch.Get("remove"); remove != nil && remove.Kind == List {
		items = m.remove(base, remove, joinPath(path, "remove"))
	}
	if add := patch.Get("add"); add != nil && add.Kind == List {
		items = append(slices.Clip(items), add.Items...)
	}
	out := *base
	out.Items, out.Pos, out.Used = items, patch.Pos, patch.Used
	return &out
}

func (m *merger) fail(v *Value, path, msg, fix string) {
	if len(m.errors) >= mostErrors {
		return
	}
	m.errors = append(m.errors, Diagnostic{Code: CodePatch, Pos: v.Pos, Span: v.span(), Used: v.Used.Chain(), Path: path, Msg: msg, Fix: fix})
}

// mostComparisons bounds the work of one `remove` by keys.
const mostComparisons = 20_000_000

// remove returns the items of a list without those that a list of patterns names.
func (m *merger) remove(base, patterns *Value, path string) []*Value {
	names := map[string]bool{} // whether an item of that name was found
	var shapes []*Value
	for _, p := range patterns.Items {
		if p.Kind == Scalar {
			names[p.Text] = false
		} else {
			shapes = append(shapes, p)
		}
	}
	if len(shapes) > 0 && len(shapes)*base.Count() > mostComparisons {
		m.fail(patterns, path, "so many items cannot be removed by their keys", "name the items, or write the whole list")
		return base.Items
	}
	found := make(map[*Value]bool, len(shapes))
	kept := make([]*Value, 0, len(base.Items))
	for _, item := range base.Items {
		gone := false
		if name, ok := item.name(); ok {
			if _, gone = names[name]; gone {
				names[name] = true
			}
		}
		for _, p := range shapes {
			if matches(item, p) {
				gone, found[p] = true, true
			}
		}
		if !gone {
			kept = append(kept, item)
		}
	}
	for i, p := range patterns.Items {
		if found[p] || p.Kind == Scalar && names[p.Text] {
			continue
		}
		what := "this"
		if p.Kind == Scalar {
			what = fmt.Sprintf("%q", clip(p.Text))
		}
		fix := ""
		if len(m.errors) < mostSuggestions {
			fix = removable(base, p)
		}
		m.fail(p, fmt.Sprintf("%s[%d]", path, i), "nothing in the list matches "+what, fix)
	}
	return kept
}

// name is what a `remove` calls an item of a list: the name of a map, the text of a single value.
func (v *Value) name() (string, bool) {
	if v.Kind == Map {
		v = v.Get("name")
	}
	if v == nil || v.Kind != Scalar {
		return "", false
	}
	return v.Text, true
}

// matches tells whether an item says all that a pattern says.
func matches(item, pattern *Value) bool {
	if pattern.Kind != Map {
		return same(item, pattern)
	}
	if item.Kind != Map || len(pattern.Entries) == 0 {
		return false
	}
	get := item.getter()
	for _, e := range pattern.Entries {
		if got := get(e.Key); got == nil || !same(got, e.Value) {
			return false
		}
	}
	return true
}

// same tells whether two values say the same, whatever their places and the order of keys.
func same(a, b *Value) bool {
	if a.Kind != b.Kind || a.Kind == Scalar && a.Text != b.Text || len(a.Items) != len(b.Items) || len(a.Entries) != len(b.Entries) {
		return false
	}
	for i := range a.Items {
		if !same(a.Items[i], b.Items[i]) {
			return false
		}
	}
	get := b.getter()
	for _, e := range a.Entries {
		if other := get(e.Key); other == nil || !same(e.Value, other) {
			return false
		}
	}
	return true
}

// removable suggests what a `remove` could name.
func removable(list, pattern *Value) string {
	var names []string
	for _, item := range list.Items[:min(len(list.Items), 1000)] {
		if name, ok := item.name(); ok {
			names = append(names, name)
		}
	}
	if pattern.Kind == Scalar {
		if alt := suggest.Closest(pattern.Text, names); alt != "" {
			return fmt.Sprintf("did you mean %q?", alt)
		}
	}
	if len(names) > 0 {
		return "the list has " + oneOf(names)
	}
	return "its items have no names: say which by their keys, such as {remove: [{fail: utility-a}]}"
}
