package document

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/halltwin/halltwin/models/suggest"
)

// Resolve expands every `use` of a document, deeply, and lays the keys beside it over the part. The result is
// as whole as can be even when there are errors, so that decoding it can report the others at once.
func (l *Loader) Resolve(v *Value) (*Value, Diagnostics) {
	if v == nil {
		return nil, nil
	}
	r := resolver{loader: l, limits: l.limits(), counts: map[*Value]int{}}
	out := r.resolve(v, "", []string{v.Pos.File})
	return out, r.errors.Sorted()
}

// resolver walks one document.
type resolver struct {
	loader *Loader
	limits Limits
	nodes  int            // brought in by parts so far
	counts map[*Value]int // of each part
	errors Diagnostics
}

// resolve expands the uses in v. files is the chain of files in which v stands, outermost first.
func (r *resolver) resolve(v *Value, at string, files []string) *Value {
	switch v.Kind {
	case List:
		return r.list(v, at, files)
	case Map:
		if use := v.entry("use"); use != nil {
			return r.expand(v, use, at, files)
		}
		if file := v.entry("calibration"); file != nil && file.Value.Kind == Scalar {
			return r.calibrated(v, file, at, files)
		}
		return r.entries(v, at, files)
	}
	return v
}

func (r *resolver) list(v *Value, at string, files []string) *Value {
	out := v
	for i, item := range v.Items {
		got := r.resolve(item, fmt.Sprintf("%s[%d]", at, i), files)
		if got == item {
			continue
		}
		if out == v {
			out = v.shallow()
		}
		out.Items[i] = got
	}
	return out
}

func (r *resolver) entries(v *Value, at string, files []string) *Value {
	out := v
	for i := range v.Entries {
		e := &v.Entries[i]
		got := r.resolve(e.Value, joinPath(at, keyStep(e.Key)), files)
		if got == e.Value {
			continue
		}
		if out == v {
			out = v.shallow()
		}
		out.Entries[i].Value = got
	}
	return out
}

// shallow copies a value and its own slices, not what they hold.
func (v *Value) shallow() *Value {
	out := *v
	out.Items = append([]*Value(nil), v.Items...)
	out.Entries = append([]Entry(nil), v.Entries...)
	return &out
}

// expand replaces a map that has a `use` by the part with the other keys laid over it.
func (r *resolver) expand(v *Value, use *Entry, at string, files []string) *Value {
	over := *v
	over.Entries = make([]Entry, 0, len(v.Entries)-1)
	for _, e := range v.Entries {
		if e.Key != "use" {
			over.Entries = append(over.Entries, e)
		}
	}
	patch := r.resolve(&over, at, files)
	part, name := r.part(use, at, files)
	if part == nil {
		out := *patch
		out.broken = true
		return &out
	}
	if part.Kind == Scalar && len(over.Entries) > 0 {
		r.fail(use.Value, at, "the part "+name+" is a single value, which nothing can override", "remove the keys beside use")
		return part
	}
	out := part
	if len(patch.Entries) > 0 {
		var m merger
		out = m.merge(part, patch, at)
		r.errors = append(r.errors, m.errors...)
	}
	whole := *out
	whole.Part = name
	// What is missing from the whole is told where the part is used, in the file that the person edits.
	whole.Pos, whole.Used = v.Pos, v.Used
	return &whole
}

// calibrated lays the keys of a map over those of the file that its `calibration` names: what was fitted stands over the type,
// what is written beside it over both. The file has a calibration of its own, a map that says where its figures come from.
func (r *resolver) calibrated(v *Value, file *Entry, at string, files []string) *Value {
	over := *v
	over.Entries = make([]Entry, 0, len(v.Entries)-1)
	for _, e := range v.Entries {
		if e.Key != "calibration" {
			over.Entries = append(over.Entries, e)
		}
	}
	patch := r.entries(&over, at, files)
	beside := *file.Value
	if !strings.HasPrefix(beside.Text, ".") && !filepath.IsAbs(beside.Text) {
		beside.Text = "./" + beside.Text
	}
	part, name := r.part(&Entry{Key: file.Key, Pos: file.Pos, Used: file.Used, Value: &beside}, at, files)
	if part == nil {
		out := *patch
		out.broken = true
		return &out
	}
	if c := part.entry("calibration"); part.Kind != Map || c == nil || c.Value.Kind != Map {
		r.fail(file.Value, joinPath(at, "calibration"), name+" is no calibration", "write one with halltwin calibrate")
		return patch
	}
	var m merger
	out := *m.merge(part, patch, at)
	r.errors = append(r.errors, m.errors...)
	out.Pos, out.Used, out.Part = v.Pos, v.Used, ""
	return &out
}

// part loads what a `use` names and resolves it. It returns nil after reporting why it cannot.
func (r *resolver) part(use *Entry, at string, files []string) (*Value, string) {
	v, where := use.Value, joinPath(at, "use")
	if v.Kind != Scalar || v.Text == "" {
		r.fail(v, where, "use names one part, this is "+v.Kind.String(), "write use: sites/h100-hall-1k or use: ./part.yaml")
		return nil, ""
	}
	name, file, load := r.find(v, where)
	if load == nil {
		return nil, ""
	}
	for i, f := range files {
		if f == file {
			r.fail(v, where, "this part uses itself: "+strings.Join(append(files[i:len(files):len(files)], file), " → "), "break the circle")
			return nil, ""
		}
	}
	if len(files) > r.limits.Depth {
		r.fail(v, where, fmt.Sprintf("more than %d parts use each other in a chain", r.limits.Depth), "")
		return nil, ""
	}
	root, ds := load()
	link := &Use{At: v.Pos, By: v.Used}
	for _, d := range ds {
		if len(r.errors) >= mostErrors {
			break
		}
		if d.Line == 0 {
			// The file itself cannot be had: that is a fault of the line that names it.
			d.Pos, d.Span = v.Pos, v.span()
			d.Used = v.Used.Chain()
		} else {
			d.Used = link.Chain()
		}
		d.Path = where
		r.errors = append(r.errors, d)
	}
	if root == nil {
		return nil, ""
	}
	if !r.admit(root, v, where) {
		return nil, ""
	}
	c := copier{link: link}
	part := r.resolve(c.copy(root), at, append(files[:len(files):len(files)], file))
	if len(ds) > 0 {
		part = part.shallow()
		part.broken = true
	}
	return part, name
}

// admit counts the values of a part against the limit, and says so once when the document grows beyond it.
func (r *resolver) admit(root, use *Value, where string) bool {
	count, ok := r.counts[root]
	if !ok {
		count = root.Count()
		r.counts[root] = count
	}
	if r.nodes > r.limits.Nodes {
		return false
	}
	if r.nodes += count; r.nodes <= r.limits.Nodes {
		return true
	}
	r.errors = append(r.errors, Diagnostic{Code: CodeLimit, Pos: use.Pos, Span: use.span(), Used: use.Used.Chain(), Path: where,
		Msg: fmt.Sprintf("the document with its parts has more than %d keys and values", r.limits.Nodes),
		Fix: "say what repeats with counts instead of using a part many times"})
	return false
}

// find turns the text of a `use` into the part's name, its file and a function that loads it.
//
// A text that begins with ./ or ../ is a file beside the one that says so; any other is a part of the library.
// Parts of the library find only each other.
func (r *resolver) find(v *Value, where string) (name, file string, load func() (*Value, Diagnostics)) {
	l := r.loader
	text := v.Text
	here, inLibrary := strings.CutPrefix(v.Pos.File, LibraryPrefix)
	relative := strings.HasPrefix(text, "./") || strings.HasPrefix(text, "../")
	if relative && !inLibrary {
		p := filepath.ToSlash(filepath.Join(filepath.Dir(filepath.FromSlash(here)), filepath.FromSlash(withYAML(text))))
		return text, p, func() (*Value, Diagnostics) { return l.Load(p) }
	}
	p := withYAML(text)
	if relative {
		p = path.Join(path.Dir(here), p)
	}
	if filepath.IsAbs(text) || path.IsAbs(text) {
		r.fail(v, where, "an absolute path is not the same on another machine", "write a path that begins with ./ or ../")
		return "", "", nil
	}
	if !fs.ValidPath(p) {
		r.fail(v, where, fmt.Sprintf("%q is no name of a part", clip(text)), "write use: sites/h100-hall-1k or use: ./part.yaml")
		return "", "", nil
	}
	if l.Library == nil || !exists(l.Library, p) {
		r.unknown(v, where, text)
		return "", "", nil
	}
	return strings.TrimSuffix(p, ".yaml"), LibraryPrefix + p, func() (*Value, Diagnostics) { return l.loadPart(p) }
}

func withYAML(p string) string {
	if strings.HasSuffix(p, ".yaml") || strings.HasSuffix(p, ".yml") {
		return p
	}
	return p + ".yaml"
}

func exists(library fs.FS, p string) bool {
	info, err := fs.Stat(library, p)
	return err == nil && !info.IsDir()
}

// unknown reports a part that the library does not have, with the nearest names.
func (r *resolver) unknown(v *Value, where, text string) {
	if len(r.errors) >= mostErrors {
		return
	}
	var names []string
	if len(r.errors) < mostSuggestions {
		names = r.loader.libraryNames()
	}
	msg := fmt.Sprintf("the library has no part %q", clip(text))
	if alt := suggest.Closest(strings.TrimSuffix(text, ".yaml"), names); alt != "" {
		r.fail(v, where, msg+fmt.Sprintf(" — did you mean %q?", alt), "")
		return
	}
	dir, base := path.Split(strings.TrimSuffix(text, ".yaml"))
	var sameName, sameDir []string
	for _, n := range names {
		if path.Base(n) == base {
			sameName = append(sameName, n)
		}
		if dir != "" && strings.HasPrefix(n, dir) {
			sameDir = append(sameDir, n)
		}
	}
	switch {
	case len(sameName) > 0:
		r.fail(v, where, msg+fmt.Sprintf(" — did you mean %q?", sameName[0]), "")
	case len(sameDir) > 0:
		r.fail(v, where, msg, "it has "+oneOf(sameDir))
	default:
		r.fail(v, where, msg, "for a file beside this one write use: ./"+strings.TrimPrefix(clip(withYAML(text)), "/"))
	}
}

func (r *resolver) fail(v *Value, where, msg, fix string) {
	if len(r.errors) >= mostErrors {
		return
	}
	r.errors = append(r.errors, Diagnostic{Code: CodeUse, Pos: v.Pos, Span: v.span(), Used: v.Used.Chain(), Path: where, Msg: msg, Fix: fix})
}

// copier copies the tree of a part, so that each value knows by which use it came in.
type copier struct {
	link *Use
	slab []Value
}

func (c *copier) copy(v *Value) *Value {
	if len(c.slab) == 0 {
		c.slab = make([]Value, 32)
	}
	out := &c.slab[0]
	c.slab = c.slab[1:]
	*out = *v
	out.Used = c.link
	if v.Items != nil {
		out.Items = make([]*Value, len(v.Items))
		for i, item := range v.Items {
			out.Items[i] = c.copy(item)
		}
	}
	if v.Entries != nil {
		out.Entries = make([]Entry, len(v.Entries))
		for i, e := range v.Entries {
			e.Used, e.Value = c.link, c.copy(e.Value)
			out.Entries[i] = e
		}
	}
	return out
}
