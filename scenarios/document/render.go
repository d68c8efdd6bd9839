package document

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// Render writes the diagnostics for a person, in the order of their places:
//
//	error[units]: power needs a unit
//	  ┌─ hall.yaml:18:14        used by heat-wave.yaml:7:8
//	18│     rating: 1.2
//	  │             ^^^ write 1.2 kW or 1.2 MW (ups.rating is a power)
//	error[key]: unknown field "suply" in cdu — did you mean "supply"?   hall.yaml:31:9
//
// One whose message says it all, or whose source is not at hand, takes a single line. Of very many only the first
// are written, and of those alike fewer: the count of the others follows. Colour is for terminals.
func (ds Diagnostics) Render(w io.Writer, sources Sources, colour bool) {
	const most, mostAlike = 200, 20
	r := renderer{sources: sources, lines: map[string][]int{}, paint: noColour}
	if colour {
		r.paint = ansi
	}
	alike := map[string]int{}
	shown, sorted := 0, ds.Sorted()
	for _, d := range sorted {
		key := d.Code + d.Msg
		if alike[key]++; alike[key] <= mostAlike && shown < most {
			r.one(d)
			shown++
		}
	}
	if rest := len(sorted) - shown; rest > 0 {
		fmt.Fprintf(&r.out, "… and %d more\n", rest)
	}
	_, _ = w.Write(r.out.Bytes())
}

// palette colours the parts of a diagnostic.
type palette struct{ error, bold, faint, caret func(string) string }

var (
	noColour = palette{ink(""), ink(""), ink(""), ink("")}
	ansi     = palette{error: ink("1;31"), bold: ink("1"), faint: ink("34"), caret: ink("31")}
)

// ink returns a function that writes text in an ANSI style.
func ink(style string) func(string) string {
	return func(s string) string {
		if style == "" {
			return s
		}
		return "\x1b[" + style + "m" + s + "\x1b[0m"
	}
}

type renderer struct {
	out     bytes.Buffer
	sources Sources
	lines   map[string][]int // where each line begins, by file
	paint   palette
}

func (r *renderer) one(d Diagnostic) {
	head := r.paint.error("error["+d.Code+"]:") + " " + r.paint.bold(clean(d.Msg))
	line, ok := r.line(d.File, d.Line)
	if d.Fix == "" || !ok {
		if d.Fix != "" {
			head += " — " + clean(d.Fix)
		}
		fmt.Fprintf(&r.out, "%s   %s\n", head, r.paint.faint(d.where()))
		return
	}
	number := strconv.Itoa(d.Line)
	gutter := strings.Repeat(" ", len(number))
	where := d.Pos.String()
	if used := d.usedBy(); used != "" {
		where += "        " + used
	}
	text, before, carets := window(line, d.Col, d.Span)
	fmt.Fprintf(&r.out, "%s\n%s%s %s\n%s%s%s\n%s%s%s%s %s\n", head,
		gutter, r.paint.faint("┌─"), where,
		r.paint.faint(number), r.paint.faint("│"), text,
		gutter, r.paint.faint("│"), strings.Repeat(" ", before), r.paint.caret(strings.Repeat("^", carets)), clean(d.Fix))
	for _, rel := range d.Related {
		fmt.Fprintf(&r.out, "%s%s %s: %s\n", gutter, r.paint.faint("└─"), rel.Pos.String(), clean(rel.Msg))
	}
}

// line returns a line of a source, counted from 1.
func (r *renderer) line(file string, line int) (string, bool) {
	text, ok := r.sources[file]
	if !ok || line < 1 {
		return "", false
	}
	starts, ok := r.lines[file]
	if !ok {
		starts = []int{0}
		for i, c := range text {
			if c == '\n' {
				starts = append(starts, i+1)
			}
		}
		r.lines[file] = starts
	}
	if line > len(starts) {
		return "", false
	}
	end := len(text)
	if line < len(starts) {
		end = starts[line] - 1
	}
	return strings.TrimSuffix(string(text[starts[line-1]:end]), "\r"), true
}

// window cuts a line to what fits a terminal and says how many columns stand before the carets and how many
// carets there are. A span of 0 is found from the text.
func window(line string, col, span int) (text string, before, carets int) {
	const wide, left = 120, 60 // columns shown of a long line, and how many of them before the place
	runes := []rune(strings.TrimPrefix(line, "\ufeff"))
	at := min(max(col-1, 0), len(runes))
	if span <= 0 {
		span = extent(runes[at:])
	}
	end := min(at+max(span, 1), len(runes))
	from, to := 0, len(runes)
	var head, tail string
	if len(runes) > wide && at > left {
		from, head = at-left, "…"
	}
	if to > from+wide {
		to, tail = from+wide, "…"
		end = min(end, to)
	}
	visible := clean(string(runes[from:to]))
	return head + visible + tail, width(head) + width(clean(string(runes[from:at]))), max(1, width(clean(string(runes[at:end]))))
}

// extent is the number of characters that the value at the start of a text takes on its line.
func extent(text []rune) int {
	if len(text) == 0 {
		return 1
	}
	if quote := text[0]; quote == '"' || quote == '\'' {
		for i := 1; i < len(text); i++ {
			switch {
			case text[i] == '\\' && quote == '"':
				i++
			case text[i] == quote:
				return i + 1
			}
		}
	}
	if text[0] == '[' || text[0] == '{' || text[0] == '|' || text[0] == '>' || text[0] == '-' {
		return 1
	}
	return len([]rune(strings.TrimRightFunc(string(text), unicode.IsSpace)))
}

// width is the number of terminal columns that a text takes: Chinese, Japanese and Korean characters take two,
// combining marks none.
func width(s string) int {
	n := 0
	for _, c := range s {
		switch {
		case unicode.In(c, unicode.Mn, unicode.Me):
		case c >= 0x1100 && (c <= 0x115f || c >= 0x2e80 && c <= 0xa4cf || c >= 0xac00 && c <= 0xd7a3 || c >= 0xf900 && c <= 0xfaff ||
			c >= 0xfe30 && c <= 0xfe6f || c >= 0xff00 && c <= 0xff60 || c >= 0xffe0 && c <= 0xffe6 || c >= 0x1f300 && c <= 0x1faff || c >= 0x20000 && c <= 0x3fffd):
			n += 2
		default:
			n++
		}
	}
	return n
}
