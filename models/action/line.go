package action

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

// longestLine bounds a line of the log, in bytes.
const longestLine = 1 << 16

// Line returns the action as one line of the action log, without a line end. It is an entry of a timeline as a
// scenario writes it, followed by a comment that says where the action came from and why:
//
//   - {at: 43200 s, fail: "crah[0]", for: 7200 s} # timeline
//   - {at: 10800 s, set: {"gpu[*].power_limit": 600 W}} # ui
//   - {at: 63017.5 s, fail: "hall-0/row-1/rack-3/node-0"} # process: "PSU"
//
// [ParseLine] reads it back without loss; only the targets are not written, because the selector says them.
func (a *Action) Line() string {
	b := append([]byte("- {at: "), strconv.FormatFloat(a.At, 'g', -1, 64)...)
	b = append(append(b, " s, "...), a.Verb.String()...)
	b = append(b, ": "...)
	switch a.Verb {
	case Set:
		b = append(appendQuoted(append(b, '{'), a.Selector+"."+a.Field), ": "...)
		b = append(append(b, FormatValue(a.Field, a.Value)...), '}')
	case Submit:
		b = strconv.AppendInt(b, int64(a.Job), 10)
	case Note:
		b = appendQuoted(b, a.Text)
	default:
		b = appendQuoted(b, a.Selector)
	}
	if a.For != 0 {
		b = append(b, ", for: "...)
		b = append(strconv.AppendFloat(b, a.For, 'g', -1, 64), " s"...)
	}
	b = append(append(b, "} # "...), a.Origin...)
	if a.Verb != Note && a.Text != "" {
		b = appendQuoted(append(b, ": "...), a.Text)
	}
	return string(b)
}

// appendQuoted appends text between double quotes, in the escapes that Go and YAML share.
func appendQuoted(b []byte, text string) []byte {
	return strconv.AppendQuote(b, strings.ToValidUTF8(text, "\uFFFD"))
}

// LineError is a line that is no action.
type LineError struct {
	Column int // in bytes, from 1
	Msg    string
}

func (e *LineError) Error() string { return fmt.Sprintf("action log, column %d: %s", e.Column, e.Msg) }

// ParseLine reads one line of the action log. Its targets are found with [Action.Resolve]. Every error is a
// *[LineError].
func ParseLine(line string) (Action, error) {
	p := parser{text: line}
	var a Action
	if len(line) > longestLine {
		p.fail("the line is longer than %d bytes", longestLine)
	} else {
		a = p.line()
	}
	if p.err != nil {
		return Action{}, p.err
	}
	return a, nil
}

// Resolve finds the targets of the action in a site.
func (a *Action) Resolve(t *facility.Tree) error {
	if a.Verb == Submit || a.Verb == Note {
		return nil
	}
	targets, err := t.Select(a.Selector)
	if err != nil {
		return err
	}
	if a.Verb == Set {
		s, err := LookupSetting(targets[0].Kind, a.Field)
		if err != nil {
			return err
		}
		if err := s.Check(a.Value); err != nil {
			return err
		}
	}
	a.Targets = targets
	return nil
}

// parser reads the small part of YAML in which lines are written. The first error sticks.
type parser struct {
	text  string
	at    int
	token int // where the last scalar began
	err   error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = &LineError{p.at + 1, fmt.Sprintf(format, args...)}
	}
}

// wrong fails at the scalar just read.
func (p *parser) wrong(format string, args ...any) {
	if p.err == nil {
		p.at = p.token
		p.fail(format, args...)
	}
}

func (p *parser) space() {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
}

// accept steps over a mark if it stands next.
func (p *parser) accept(mark string) bool {
	p.space()
	if !strings.HasPrefix(p.text[p.at:], mark) {
		return false
	}
	p.at += len(mark)
	return true
}

func (p *parser) expect(mark string) {
	if p.err == nil && !p.accept(mark) {
		p.fail("%q is due", mark)
	}
}

// scalar reads a quoted text, or a bare one that ends at a mark of a mapping.
func (p *parser) scalar() string {
	p.space()
	p.token = p.at
	rest := p.text[p.at:]
	if strings.HasPrefix(rest, `"`) {
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			p.fail("the quoted text does not end")
			return ""
		}
		text, err := strconv.Unquote(quoted)
		if err != nil {
			p.fail("the quoted text has a broken escape")
		}
		p.at += len(quoted)
		return text
	}
	n := strings.IndexAny(rest, `,:{}#"`)
	if n < 0 {
		n = len(rest)
	}
	text := strings.TrimSpace(rest[:n])
	if text == "" {
		p.fail("a key or a value is due")
	}
	p.at += n
	return text
}

func (p *parser) line() Action {
	var a Action
	p.expect("-")
	p.expect("{")
	seen := map[string]bool{}
	verb := ""
	for p.err == nil {
		key := p.scalar()
		if seen[key] {
			p.wrong("%q stands twice", key)
		}
		seen[key] = true
		p.expect(":")
		if p.err != nil {
			break
		}
		switch key {
		case "at":
			a.At = p.seconds()
		case "for":
			a.For = p.seconds()
			if a.For < 0 {
				p.wrong("a negative time")
			}
		default:
			v, ok := ParseVerb(key)
			if !ok || verb != "" {
				p.wrong("%q is not at, for or the one thing that is done", key)
				break
			}
			verb, a.Verb = key, v
			p.object(&a)
		}
		if p.accept("}") {
			break
		}
		p.expect(",")
	}
	switch {
	case p.err != nil:
	case verb == "":
		p.fail("it says nothing to do")
	case !seen["at"]:
		p.fail("it has no time: at is due")
	}
	p.expect("#")
	p.comment(&a)
	return a
}

// object reads what the verb is about.
func (p *parser) object(a *Action) {
	switch a.Verb {
	case Set:
		p.expect("{")
		key := p.scalar()
		p.expect(":")
		if p.err != nil {
			return
		}
		a.Selector, a.Field = facility.SplitField(key)
		q := quantityOf(a.Field)
		if q == nil {
			p.wrong("nothing has a setting %q", a.Field)
			return
		}
		a.Value = p.quantity(q)
		p.expect("}")
	case Submit:
		text := p.scalar()
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 {
			p.wrong("%q is no number of a job", text)
		}
		a.Job = int32(n)
	case Note:
		a.Text = p.scalar()
	default:
		a.Selector = p.scalar()
	}
}

// comment reads the origin and the cause.
func (p *parser) comment(a *Action) {
	if p.err != nil {
		return
	}
	p.space()
	rest := p.text[p.at:]
	if n := strings.Index(rest, `: "`); n >= 0 && a.Verb != Note {
		a.Origin = rest[:n]
		p.at += n + 1
		a.Text = p.scalar()
		p.space()
	} else {
		a.Origin = strings.TrimRight(rest, " ")
		p.at = len(p.text)
	}
	if p.at < len(p.text) {
		p.fail("the line goes on after its end")
	}
	for i := range len(a.Origin) {
		if c := a.Origin[i]; c <= ' ' || c >= 0x7f {
			p.fail("the origin is one word")
			return
		}
	}
}

func (p *parser) seconds() float64 { return p.quantity(unit.DurationKind) }

func (p *parser) quantity(k *unit.Kind) float64 {
	text := p.scalar()
	if p.err != nil {
		return 0
	}
	v, err := k.Parse(text)
	if err != nil {
		p.wrong("%v", err)
	}
	return v
}
