package document

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
)

// syntax puts an error of the YAML reader into words that say what to do.
func syntax(name string, text []byte, err error) Diagnostic {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		return errorf(Pos{File: name}, CodeSyntax, "%v", err)
	}
	mark := Pos{name, max(1, e.Mark.Line), max(1, e.Mark.Column)}
	begin := Pos{name, e.ContextMark.Line, e.ContextMark.Column}
	at := runeAt(text, mark)
	d := Diagnostic{Code: CodeSyntax, Pos: mark, Span: 1}
	has := func(part string) bool {
		return strings.Contains(e.Message, part) || strings.Contains(e.ContextMsg, part)
	}
	opened := func(msg, what string) {
		d.Msg, d.Fix = msg, "add "+what
		if begin.Line > 0 {
			d.Pos, d.Related = begin, []Related{{mark, "it should end before here"}}
		}
	}
	switch {
	case has("tab character") || has("cannot start any token") && at == '\t':
		d.Msg, d.Fix = "a tab indents this line", "indent with spaces"
	case has("cannot start any token"):
		d.Msg, d.Fix = fmt.Sprintf("a value cannot begin with %q", string(at)), "put the text in quotes"
	case has("mapping values are not allowed"):
		d.Msg, d.Fix = "a colon stands where no key can be", "put the text in quotes if the colon is part of it; otherwise check the indentation"
	case has("did not find expected ',' or '") && (at == '[' || at == '{'):
		d.Msg, d.Fix = fmt.Sprintf("%q cannot stand in a bare text inside braces or brackets", string(at)),
			fmt.Sprintf("put the text in quotes: %q", flowWord(text, mark))
	case has("',' or ']'"):
		opened("this list is not closed", "the missing ] or comma")
	case has("',' or '}'"):
		opened("this map is not closed", "the missing } or comma")
	case has("unexpected end of stream") && has("quoted scalar"):
		opened("this text has no closing quote", "it")
	case has("unexpected document indicator"):
		opened("this text has no closing quote", "it")
	case has("could not find expected ':'"):
		d.Msg, d.Fix = "a key without its colon", "write key: value"
		if begin.Line > 0 {
			d.Pos = begin
		}
	case has("did not find expected key") && (at == '}' || at == ']'):
		d.Msg, d.Fix = fmt.Sprintf("this %q closes nothing", string(at)), "remove it"
	case has("did not find expected key") && follows(text, mark):
		d.Msg, d.Fix = "text follows a value that has ended", "put all of it in quotes"
	case has("did not find expected key"):
		d.Msg, d.Fix = "a key is due here", "keys of one map begin in one column"
	case has("did not find expected '-' indicator"):
		d.Msg, d.Fix = "a list item is due here", "items of one list begin with a dash in one column"
	case has("unknown anchor"):
		d.Msg, d.Fix = "a bare * begins an alias, which the scenario language leaves out", "put the text in quotes"
	case has("alphabetic or numeric character"):
		d.Msg, d.Fix = "a bare * or & cannot begin a value", "put the text in quotes"
	case has("exceeded max depth") || has("depth"):
		d.Code, d.Msg = CodeLimit, "too many maps and lists are within each other"
	case has("unknown escape character") || has("escape"):
		d.Msg, d.Fix = "an unknown escape in double quotes", `write \\ for a backslash, or use single quotes`
	default:
		d.Msg = e.Message
		if e.ContextMsg != "" {
			d.Msg += " " + e.ContextMsg
		}
	}
	return d
}

// runeAt returns the character at a place, 0 when there is none.
func runeAt(text []byte, p Pos) rune {
	rest := lineOf(text, p.Line)
	for range p.Col - 1 {
		_, size := utf8.DecodeRune(rest)
		rest = rest[size:]
	}
	if len(rest) == 0 {
		return 0
	}
	r, _ := utf8.DecodeRune(rest)
	return r
}

// follows tells whether a place comes after a closing quote or bracket on its line.
func follows(text []byte, p Pos) bool {
	line := []rune(string(lineOf(text, p.Line)))
	before := strings.TrimRight(string(line[:min(p.Col-1, len(line))]), " ")
	return before != "" && strings.ContainsRune(`"']}`, rune(before[len(before)-1]))
}

// lineOf returns a line of the text, counted from 1, without its end.
func lineOf(text []byte, line int) []byte {
	for ; line > 1; line-- {
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			return nil
		}
		text = text[i+1:]
	}
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	return bytes.TrimSuffix(text, []byte("\r"))
}

// flowWord returns the bare text around a bracket, as far as it would go in quotes: crah[0] at its bracket.
func flowWord(text []byte, p Pos) string {
	line := []rune(string(lineOf(text, p.Line)))
	from := min(p.Col-1, len(line))
	to := from
	for from > 0 && !strings.ContainsRune(`,{[:"' `, line[from-1]) {
		from--
	}
	for to < len(line) && !strings.ContainsRune(`,} "'`, line[to]) {
		to++
	}
	word := string(line[from:to])
	if strings.Count(word, "[") < strings.Count(word, "]") {
		word = strings.TrimSuffix(word, "]")
	}
	return word
}
