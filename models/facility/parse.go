package facility

import (
	"fmt"
	"strings"
)

// part is one step of a selector's path.
type part struct {
	at, length int    // where it stands in the expression
	word       string // a kind, a numbered name or a name of one's own
	own        bool   // word is a name of one's own
	indexed    bool
	from, to   int32  // inclusive, when indexed
	model      string // from {model=…}, or ""
}

// parseSelector reads the grammar
//
//	selector = part { "/" part }
//	part     = word [ "[" ( "*" | n | n ".." n ) "]" ] [ "{" "model" "=" text "}" ]
func parseSelector(expr string) ([]part, error) {
	fail := func(at, length int, msg, fix string) error {
		return &SelectorError{Expr: expr, Offset: at, Length: length, Msg: msg, Fix: fix}
	}
	if len(expr) > maxSelector {
		return nil, &SelectorError{Expr: expr[:32] + "…", Length: 1, Msg: fmt.Sprintf("it is longer than %d bytes", maxSelector)}
	}
	var parts []part
	for i := 0; ; {
		p := part{at: i}
		for i < len(expr) && isWord(expr[i]) {
			i++
		}
		p.word = expr[p.at:i]
		if p.word == "" {
			if i == len(expr) {
				return nil, fail(i, 0, "it ends where a kind or a name is due", `write one such as "rack[0..3]" or "utility-a"`)
			}
			return nil, fail(i, 1, fmt.Sprintf("%q stands where a kind or a name is due", runeAt(expr, i)), `write one such as "rack[0..3]" or "utility-a"`)
		}
		if i < len(expr) && expr[i] == '[' {
			end := strings.IndexByte(expr[i:], ']')
			if end < 0 {
				return nil, fail(i, len(expr)-i, `"[" is not closed`, `write "]" after the index`)
			}
			if msg, fix := p.index(expr[i+1 : i+end]); msg != "" {
				return nil, fail(i, end+1, msg, fix)
			}
			i += end + 1
		}
		if i < len(expr) && expr[i] == '{' {
			end := strings.IndexByte(expr[i:], '}')
			if end < 0 {
				return nil, fail(i, len(expr)-i, `"{" is not closed`, `write "}" after the model`)
			}
			key, value, ok := strings.Cut(expr[i+1:i+end], "=")
			p.model = strings.TrimSpace(value)
			if !ok || strings.TrimSpace(key) != "model" || p.model == "" {
				return nil, fail(i, end+1, "things can be filtered by model only", "write {model=h100-sxm}, for example")
			}
			i += end + 1
		}
		p.length = i - p.at
		parts = append(parts, p)
		if i == len(expr) {
			return parts, nil
		}
		if expr[i] != '/' {
			return nil, fail(i, 1, fmt.Sprintf("%q is unexpected after %s", runeAt(expr, i), expr[p.at:i]), `an index comes before a model, and "/" before the next part`)
		}
		if len(parts) >= int(NumKinds) {
			return nil, fail(i, 1, "the path is deeper than any site", "")
		}
		i++
	}
}

// index reads what stands between brackets; it returns what is wrong with it and the fix, or "".
func (p *part) index(text string) (msg, fix string) {
	const write = "write [3], [0..3] or [*]"
	text = strings.TrimSpace(text)
	if text == "*" {
		return "", ""
	}
	from, to, ranged := strings.Cut(text, "..")
	var ok bool
	if p.from, ok = number(strings.TrimSpace(from)); !ok {
		return fmt.Sprintf("%q is no index", text), write
	}
	p.to = p.from
	if ranged {
		if p.to, ok = number(strings.TrimSpace(to)); !ok {
			return fmt.Sprintf("%q is no range", text), write
		}
	}
	if p.to < p.from {
		return fmt.Sprintf("the range %s runs backwards", text), fmt.Sprintf("write [%d..%d]", p.to, p.from)
	}
	p.indexed = true
	return "", ""
}

func runeAt(s string, i int) string {
	for _, r := range s[i:] {
		return string(r)
	}
	return ""
}

// SplitField separates a selector from the field or channel after it, at the first dot outside brackets:
// "gpu[*].power_limit" is "gpu[*]" and "power_limit", "site.liquid.supply" is "site" and "liquid.supply". Without a
// field it returns the whole and "".
func SplitField(expr string) (selector, field string) {
	inside := false
	for i := range len(expr) {
		switch expr[i] {
		case '[', '{':
			inside = true
		case ']', '}':
			inside = false
		case '.':
			if !inside {
				return expr[:i], expr[i+1:]
			}
		}
	}
	return expr, ""
}
