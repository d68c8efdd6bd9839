package document

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Print writes the value as YAML that reads back as the same value. With comments, each value that the scenario
// file itself does not say is followed by where it comes from.
func (v *Value) Print(w io.Writer, comments bool) error {
	p := printer{w: bufio.NewWriter(w), comments: comments}
	switch v.Kind {
	case Map, List:
		if v.empty() {
			p.add(p.inline(v), origin(v))
		} else {
			p.block(v, 0, "")
		}
	default:
		p.add(p.inline(v), origin(v))
	}
	p.flush()
	return p.w.Flush()
}

// printer writes lines, the comments of neighbours in one column.
type printer struct {
	w        *bufio.Writer
	comments bool
	lines    []line
	silent   int // lines without a comment since the last with one
}

type line struct{ text, comment string }

// add queues a line, to be written when its group is complete: lines whose comments stand in one column. A group
// ends where several lines have no comment.
func (p *printer) add(text, comment string) {
	const apart, most = 6, 500
	if !p.comments {
		comment = ""
	}
	if comment == "" {
		p.silent++
	} else {
		if p.silent >= apart {
			p.flush()
		}
		p.silent = 0
	}
	p.lines = append(p.lines, line{strings.TrimRight(text, " "), comment})
	if len(p.lines) >= most {
		p.flush()
	}
}

func (p *printer) flush() {
	const widest = 56
	column := 0
	for _, l := range p.lines {
		if n := width(l.text); l.comment != "" && n <= widest {
			column = max(column, n)
		}
	}
	for _, l := range p.lines {
		_, _ = p.w.WriteString(l.text)
		if l.comment != "" {
			_, _ = p.w.WriteString(strings.Repeat(" ", max(0, column-width(l.text))) + "  # " + l.comment)
		}
		_ = p.w.WriteByte('\n')
	}
	p.lines = p.lines[:0]
}

// origin is the comment of a value: where it comes from, unless from the scenario itself.
func origin(v *Value) string {
	switch {
	case v.Default != nil && v.Default.Source != "":
		return "default, " + clean(v.Default.Source)
	case v.Default != nil:
		return "default"
	case v.Part != "":
		return v.Part
	case v.Used != nil:
		return v.Pos.File + ":" + strconv.Itoa(v.Pos.Line)
	}
	return ""
}

// block writes a map or a list over several lines. first, when not "", stands before the first line instead of
// the indentation: the dashes of the lists that this value begins.
func (p *printer) block(v *Value, indent int, first string) {
	margin := strings.Repeat(" ", indent)
	lead := margin
	if first != "" {
		lead = first
	}
	for _, item := range v.Items {
		if p.nests(item, indent+2) {
			p.block(item, indent+2, lead+"- ")
		} else {
			p.single(lead+"-", item, indent+2)
		}
		lead = margin
	}
	for i := range v.Entries {
		e := &v.Entries[i]
		key := lead + scalarText(&Value{Kind: Scalar, Text: e.Key, Quoted: true}, true) + ":"
		lead = margin
		if !p.nests(e.Value, indent+len(e.Key)+2) {
			p.single(key, e.Value, indent+2)
			continue
		}
		p.add(key, e.Value.Part)
		p.block(e.Value, indent+2, "")
	}
}

// single writes a value after its key or dash: on the same line, or below it when it is a text of several lines.
func (p *printer) single(lead string, v *Value, indent int) {
	mark, lines := paragraphs(v)
	if mark == "" {
		p.add(lead+" "+p.inline(v), origin(v))
		return
	}
	p.add(lead+" "+mark, origin(v))
	for _, l := range lines {
		p.add(strings.Repeat(" ", indent)+l, "")
	}
}

// paragraphs returns the lines of a text that can be written below its key, and the mark that says so.
func paragraphs(v *Value) (mark string, lines []string) {
	body := strings.TrimSuffix(v.Text, "\n")
	if v.Kind != Scalar || !strings.Contains(v.Text, "\n") || body == "" || strings.HasSuffix(body, "\n") {
		return "", nil
	}
	lines = strings.Split(body, "\n")
	for i, l := range lines {
		if l != strings.TrimRight(l, " \t") || i == 0 && (l == "" || l[0] == ' ' || l[0] == '\t') || l != "" && l[0] == '\t' || escapeControls(l) != l {
			return "", nil
		}
		for _, c := range l {
			if c < ' ' && c != '\t' || c == 0x2028 || c == 0x2029 {
				return "", nil
			}
		}
	}
	if body == v.Text {
		return "|-", lines
	}
	return "|", lines
}

// nests tells whether a value is written over several lines: maps and lists, except empty ones and short lists
// of single values.
func (p *printer) nests(v *Value, indent int) bool {
	const wide = 100
	if v.Kind != Map && v.Kind != List || v.empty() {
		return false
	}
	if v.Kind == Map {
		return true
	}
	n := indent
	for _, item := range v.Items {
		if item.Kind == Null || item.Kind == Map || item.Kind == List || p.comments && item.Pos.File != v.Items[0].Pos.File {
			return true // each item says where it comes from
		}
		if n += 2 + len(item.Text); n > wide {
			return true
		}
	}
	return false
}

func (v *Value) empty() bool { return len(v.Items) == 0 && len(v.Entries) == 0 }

// inline writes a value that takes one line.
func (p *printer) inline(v *Value) string {
	switch v.Kind {
	case Null:
		return v.Text // "" stays nothing: it is a mistake, null is not
	case Map:
		return "{}"
	case List:
		items := make([]string, len(v.Items))
		for i, item := range v.Items {
			items[i] = scalarText(item, true)
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return scalarText(v, false)
}

// scalarText writes a single value, in quotes where bare text would mean something else.
func scalarText(v *Value, inFlow bool) string {
	if bare(v.Text, inFlow) && !(v.Quoted && special(v.Text)) {
		return v.Text
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v.Text) // a string cannot fail
	return escapeControls(strings.TrimSuffix(b.String(), "\n"))
}

// escapeControls escapes what JSON leaves bare and a scenario file may not hold.
func escapeControls(s string) string {
	var b strings.Builder
	for _, c := range s {
		if c >= 0x7f && c < 0xa0 || c == 0xfeff || c == 0xfffe || c == 0xffff {
			fmt.Fprintf(&b, `\u%04X`, c)
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// bare tells whether text can stand without quotes.
func bare(text string, inFlow bool) bool {
	if text == "" || strings.TrimSpace(text) != text || len(text) > 1000 {
		return false
	}
	if strings.ContainsRune("-?:,[]{}#&*!|>'\"%@`~=<", rune(text[0])) {
		if text[0] != '-' || len(text) == 1 || !(text[1] >= '0' && text[1] <= '9' || text[1] == '.') {
			return text == "~"
		}
	}
	for i, c := range text {
		switch {
		case c < ' ' || c == 0x7f || c == '\u0085' || c == '\u2028' || c == '\u2029' || c == '\ufeff':
			return false
		case inFlow && strings.ContainsRune(",[]{}", c):
			return false
		case c == ':' && (i+1 == len(text) || text[i+1] == ' ' || inFlow && strings.IndexByte(",[]{}", text[i+1]) >= 0):
			return false
		case c == '#' && text[i-1] == ' ':
			return false
		}
	}
	return !strings.HasPrefix(text, "---") && !strings.HasPrefix(text, "...")
}

// special tells whether bare text would be read as something other than a text.
func special(text string) bool {
	switch strings.ToLower(text) {
	case "true", "false", "null", "~", "yes", "no", "on", "off", "y", "n":
		return true
	}
	_, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	return err == nil || strings.HasPrefix(text, "0x") || strings.HasPrefix(text, "0o")
}
