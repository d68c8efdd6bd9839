package facility

import (
	"fmt"
	"strconv"
	"strings"
)

// NameOf returns the stable path of a thing: "hall-0/row-3/rack-7/node-2/gpu-5", "utility-a". The site itself is
// "site". Kinds that the tree does not hold, such as jobs, are named by their index: "job-17".
func (t *Tree) NameOf(r Ref) string { return string(t.AppendName(nil, r)) }

// AppendName appends the name of r to b.
func (t *Tree) AppendName(b []byte, r Ref) []byte {
	if r.Kind == Site {
		return append(b, "site"...)
	}
	var chain [NumKinds]Ref
	n := 0
	for r.Kind != Site && n < len(chain) {
		chain[n] = r
		n++
		l := &t.Levels[r.Kind]
		if r.Index < 0 || int(r.Index) >= l.Count() {
			break
		}
		r = Ref{l.Parent, l.Up[r.Index]}
	}
	for i := n - 1; i >= 0; i-- {
		b = t.appendPart(b, chain[i])
		if i > 0 {
			b = append(b, '/')
		}
	}
	return b
}

func (t *Tree) appendPart(b []byte, r Ref) []byte {
	l := &t.Levels[r.Kind]
	local := r.Index
	if r.Index >= 0 && int(r.Index) < l.Count() {
		if own := l.own(r.Index); own != "" {
			return append(b, own...)
		}
		local = l.Local[r.Index]
	}
	b = append(b, r.Kind.String()...)
	b = append(b, '-')
	return strconv.AppendInt(b, int64(local), 10)
}

// own returns the name that a site file gave to thing i, or "".
func (l *Level) own(i int32) string {
	if int(i) < len(l.Names) {
		return l.Names[i]
	}
	return ""
}

// model returns the hardware type of thing i, or "".
func (l *Level) model(i int32) string {
	if int(i) < len(l.Model) {
		if m := l.Model[i]; m >= 0 && int(m) < len(l.Models) {
			return l.Models[m]
		}
	}
	return ""
}

// ModelOf returns the hardware type of a thing, as the library names it, or "".
func (t *Tree) ModelOf(r Ref) string { return t.Levels[r.Kind].model(r.Index) }

// Rename gives things of kind k names of their own, by index; "" keeps the numbered name. A name is one part of
// a path, so it must be usable in a selector, must not be taken by another thing with a name of its own, and must
// not look like the numbered name of a different thing.
func (t *Tree) Rename(k Kind, names []string) error {
	l := &t.Levels[k]
	if len(names) > l.Count() {
		return fmt.Errorf("%d names for %d of %s", len(names), l.Count(), k)
	}
	taken := map[string]Ref{}
	for other := range NumKinds {
		if other == k {
			continue
		}
		for i, n := range t.Levels[other].Names {
			taken[n] = Ref{other, int32(i)}
		}
	}
	for i, n := range names {
		if n == "" {
			continue
		}
		if err := CheckName(n); err != nil {
			return err
		}
		if kind, local, ok := numbered(n); ok && (kind != k || local != l.Local[i]) {
			return fmt.Errorf("name %q of %s-%d is the numbered name of another thing", n, k, i)
		}
		if r, ok := taken[n]; ok && (r.Kind != k || l.Up[r.Index] == l.Up[i]) {
			return fmt.Errorf("name %q is given twice: to %s-%d and %s-%d", n, r.Kind, r.Index, k, i)
		}
		taken[n] = Ref{k, int32(i)}
	}
	l.Names = append([]string(nil), names...)
	return nil
}

// CheckName says why a name of one's own for a thing cannot be used, or returns nil: it begins with a letter,
// goes on with letters, digits, "-" and "_", and is not the name of a kind.
func CheckName(name string) error {
	if _, ok := ParseKind(name); ok {
		return fmt.Errorf("name %q is the name of a kind: it would select all of them", name)
	}
	if name == "" || len(name) > 64 {
		return fmt.Errorf("a name has 1 to 64 letters, %q has %d", name, len(name))
	}
	for i := range len(name) {
		if !isWord(name[i]) || i == 0 && !isLetter(name[i]) {
			return fmt.Errorf("name %q: a name begins with a letter and goes on with letters, digits, - and _", name)
		}
	}
	return nil
}

// numbered takes apart a numbered name: "rack-7" is rack 7. Numbers are unpadded, so that a thing has one name.
func numbered(part string) (Kind, int32, bool) {
	cut := strings.LastIndexByte(part, '-')
	if cut < 0 {
		return 0, 0, false
	}
	k, ok := ParseKind(part[:cut])
	if !ok {
		return 0, 0, false
	}
	n, ok := number(part[cut+1:])
	return k, n, ok
}

// number reads an unsigned, unpadded decimal index.
func number(s string) (int32, bool) {
	if s == "" || len(s) > 9 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	var n int32
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int32(s[i]-'0')
	}
	return n, true
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isWord(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' || c == '-' || c == '_' }
