package facility

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/models/suggest"
)

// Span is a contiguous range of things: those of Kind with Lo ≤ index < Hi.
type Span struct {
	Kind   Kind
	Lo, Hi int32
}

// SelectorError is a selector that cannot be read or that matches nothing.
type SelectorError struct {
	Expr   string // the whole selector
	Offset int    // byte offset in Expr of what is wrong
	Length int    // of what is wrong, in bytes; at least 1 unless at the end
	Msg    string // what is wrong
	Fix    string // what to write instead, or ""
}

func (e *SelectorError) Error() string {
	text := fmt.Sprintf("selector %q: %s", e.Expr, e.Msg)
	if e.Fix != "" {
		text += ": " + e.Fix
	}
	return text
}

// maxSelector bounds the length of a selector in bytes; a path through all kinds is far shorter.
const maxSelector = 1024

// Select returns what a selector matches, ordered by kind and index, each thing once. A selector that matches
// nothing is an error; every error is a *[SelectorError].
func (t *Tree) Select(expr string) ([]Ref, error) {
	spans, err := t.Spans(expr)
	if err != nil {
		return nil, err
	}
	n := 0
	for _, s := range spans {
		n += int(s.Hi - s.Lo)
	}
	refs := make([]Ref, 0, n)
	for _, s := range spans {
		for i := s.Lo; i < s.Hi; i++ {
			refs = append(refs, Ref{s.Kind, i})
		}
	}
	return refs, nil
}

// Spans returns what a selector matches as maximal ranges, ordered by kind and index: "gpu[*]" is one span in a
// hall of any size.
func (t *Tree) Spans(expr string) ([]Span, error) {
	parts, err := parseSelector(expr)
	if err != nil {
		return nil, err
	}
	set := []Span{{Site, 0, 1}}
	for i := range parts {
		p := &parts[i]
		kinds, err := t.kindsOf(expr, p)
		if err != nil {
			return nil, err
		}
		var next []Span
		for _, k := range kinds {
			next = t.narrow(next, t.descend(set, k), p)
		}
		if len(next) == 0 {
			return nil, t.nothing(expr, parts[:i+1], set, kinds)
		}
		set = next
	}
	return set, nil
}

// Parse finds the one thing of the given name. A shorter path will do where it is unambiguous.
func (t *Tree) Parse(name string) (Ref, error) {
	spans, err := t.Spans(name)
	if err != nil {
		return Ref{}, err
	}
	if len(spans) == 1 && spans[0].Hi-spans[0].Lo == 1 {
		return Ref{spans[0].Kind, spans[0].Lo}, nil
	}
	first, last := spans[0], spans[len(spans)-1]
	return Ref{}, &SelectorError{Expr: name, Length: len(name),
		Msg: fmt.Sprintf("this is more than one thing, %s to %s", t.NameOf(Ref{first.Kind, first.Lo}), t.NameOf(Ref{last.Kind, last.Hi - 1})),
		Fix: "write the whole path of one of them"}
}

// Descendants returns the range [lo, hi) of the things of kind k inside r; r is inside itself.
func (t *Tree) Descendants(r Ref, k Kind) (lo, hi int32) {
	s := t.descendSpan(Span{r.Kind, r.Index, r.Index + 1}, k)
	return s.Lo, s.Hi
}

// kindsOf returns the kinds that a part may match and, for a numbered name, turns it into an index.
func (t *Tree) kindsOf(expr string, p *part) ([]Kind, error) {
	if k, ok := ParseKind(p.word); ok {
		return []Kind{k}, nil
	}
	var kinds []Kind
	for k := range NumKinds {
		if slices.Contains(t.Levels[k].Names, p.word) {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) > 0 {
		p.own = true
		return kinds, nil
	}
	if k, n, ok := numbered(p.word); ok {
		if p.indexed {
			return nil, &SelectorError{Expr: expr, Offset: p.at, Length: p.length,
				Msg: fmt.Sprintf("%s has a number already", p.word), Fix: fmt.Sprintf("write %s or %s[%d]", p.word, k, p.from)}
		}
		p.indexed, p.from, p.to = true, n, n
		return []Kind{k}, nil
	}
	return nil, t.unknown(expr, p)
}

// descend returns everything of kind k inside a set.
func (t *Tree) descend(set []Span, k Kind) []Span {
	var out []Span
	for _, s := range set {
		if s.Kind == k && k != Site {
			continue // a thing is not its own descendant
		}
		if in := t.descendSpan(s, k); in.Lo < in.Hi {
			out = append(out, in)
		}
	}
	// Spans of several kinds (a hall and a row of one name) may hold the same things, or hold them out of order.
	slices.SortFunc(out, func(a, b Span) int { return int(a.Lo) - int(b.Lo) })
	merged := out[:0]
	for _, s := range out {
		merged = join(merged, s)
	}
	return merged
}

// descendSpan maps a range of things to the range of things of kind k inside it. Both are contiguous because
// indices run in order of the tree.
func (t *Tree) descendSpan(s Span, k Kind) Span {
	if s.Kind == k {
		return s
	}
	if k == Site {
		return Span{Kind: k}
	}
	l := &t.Levels[k]
	if l.Parent == k || len(l.First) == 0 {
		return Span{Kind: k}
	}
	p := t.descendSpan(s, l.Parent)
	last := int32(len(l.First) - 1)
	return Span{k, l.First[min(p.Lo, last)], l.First[min(p.Hi, last)]}
}

// narrow appends to out the things of the candidate spans, all of one kind, that a part's index, name and model
// allow.
func (t *Tree) narrow(out, candidates []Span, p *part) []Span {
	if !p.indexed && !p.own && p.model == "" {
		for _, s := range candidates {
			out = join(out, s)
		}
		return out
	}
	for _, s := range candidates {
		l := &t.Levels[s.Kind]
		if p.own || p.model != "" {
			for i := s.Lo; i < s.Hi; i++ {
				if (!p.own || l.own(i) == p.word) && (p.model == "" || l.model(i) == p.model) &&
					(!p.indexed || l.Local[i] >= p.from && l.Local[i] <= p.to) {
					out = join(out, Span{s.Kind, i, i + 1})
				}
			}
			continue
		}
		// One range a parent, without looking at each child.
		for i := s.Lo; i < s.Hi; {
			end := min(s.Hi, l.First[l.Up[i]+1])
			base := i - l.Local[i]
			out = join(out, Span{s.Kind, max(i, base+p.from), min(end, base+p.to+1)})
			i = end
		}
	}
	return out
}

// join appends a span, merging it with the last one where they touch and dropping it where it is empty.
func join(out []Span, s Span) []Span {
	if s.Lo >= s.Hi {
		return out
	}
	if n := len(out); n > 0 && out[n-1].Kind == s.Kind && out[n-1].Hi >= s.Lo {
		out[n-1].Hi = max(out[n-1].Hi, s.Hi)
		return out
	}
	return append(out, s)
}

// unknown is the error for a word that is neither a kind nor a name here.
func (t *Tree) unknown(expr string, p *part) error {
	e := &SelectorError{Expr: expr, Offset: p.at, Length: max(1, len(p.word)), Msg: fmt.Sprintf("there is no kind and no thing called %q", p.word)}
	tail := ""
	if cut := strings.LastIndexByte(p.word, '-'); cut > 0 {
		if _, ok := number(p.word[cut+1:]); ok {
			tail = p.word[cut:]
		}
	}
	own := t.ownNames()
	var words []string
	candidates := own
	for k := range NumKinds {
		if k == Site || t.Count(k) > 0 {
			words = append(words, k.String())
			candidates = append(candidates, k.String()+tail)
		}
	}
	if w := suggest.Closest(p.word, candidates); w != "" {
		e.Fix = fmt.Sprintf("did you mean %q?", w)
		return e
	}
	e.Fix = "this site has " + strings.Join(words, ", ")
	if len(own) > 0 {
		if len(own) > 8 {
			own = append(own[:8:8], "…")
		}
		e.Fix += "; by name " + strings.Join(own, ", ")
	}
	return e
}

func (t *Tree) ownNames() []string {
	var own []string
	for k := range NumKinds {
		for _, n := range t.Levels[k].Names {
			if n != "" && len(own) < 1000 {
				own = append(own, n)
			}
		}
	}
	return own
}

// nothing is the error for a part that matches nothing inside what came before it.
func (t *Tree) nothing(expr string, parts []part, before []Span, kinds []Kind) error {
	p := parts[len(parts)-1]
	k := kinds[0]
	e := &SelectorError{Expr: expr, Offset: p.at, Length: p.length}
	place := "this site"
	if len(parts) > 1 {
		place = expr[parts[0].at : p.at-1]
	}
	all := t.descend(before, k)
	if len(all) == 0 {
		e.Msg = fmt.Sprintf("there is no %s in %s", k, place)
		if t.Count(k) > 0 {
			first := t.NameOf(Ref{k, 0})
			e.Fix = fmt.Sprintf("the first %s of the site is %s", k, first)
		} else if have := t.inside(before); len(have) > 0 {
			e.Fix = fmt.Sprintf("it has %s", strings.Join(have, ", "))
		}
		return e
	}
	l := &t.Levels[k]
	if p.model != "" {
		e.Msg = fmt.Sprintf("no %s in %s is of model %s", k, place, p.model)
		if w := suggest.Closest(p.model, l.Models); w != "" {
			e.Fix = fmt.Sprintf("did you mean %q?", w)
		} else if len(l.Models) > 0 {
			e.Fix = "the models are " + strings.Join(l.Models, ", ")
		}
		return e
	}
	most := int32(0)
	for _, s := range all {
		for i := s.Lo; i < s.Hi; i = l.First[l.Up[i]+1] {
			last := min(s.Hi, l.First[l.Up[i]+1]) - 1
			most = max(most, l.Local[last])
		}
	}
	if p.own {
		e.Msg = fmt.Sprintf("%s is not in %s", p.word, place)
		return e
	}
	e.Msg = fmt.Sprintf("there is no %s in %s", expr[p.at:p.at+p.length], place)
	if most == 0 {
		e.Fix = fmt.Sprintf("there is only %s[0]", k)
	} else {
		e.Fix = fmt.Sprintf("there are %s[0..%d]", k, most)
	}
	return e
}

// inside lists the kinds that occur in a set.
func (t *Tree) inside(set []Span) []string {
	var have []string
	for k := range NumKinds {
		if k != Site && len(t.descend(set, k)) > 0 {
			have = append(have, k.String())
		}
	}
	return have
}
