package document

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The codes of the diagnostics of this package. Other packages add their own, such as "selector".
const (
	CodeFile     = "file"     // a file cannot be read
	CodeLimit    = "limit"    // a document is larger than is safe
	CodeSyntax   = "syntax"   // the text is not YAML, or YAML that the language leaves out
	CodeKey      = "key"      // an unknown or repeated key
	CodeUse      = "use"      // a part that cannot be brought in
	CodePatch    = "patch"    // an override that does not fit what it overrides
	CodeRequired = "required" // something is missing
	CodeKind     = "kind"     // a value of another form: a list where a map is due
	CodeUnits    = "units"    // a quantity without its unit, or with a wrong one
	CodeNumber   = "number"   // text where a number is due
	CodeTime     = "time"     // a time stamp that cannot be read
	CodeEnum     = "enum"     // a word that is not among those accepted
	CodeRange    = "range"    // a number out of its range
	CodeValue    = "value"    // anything else that a model refuses
)

// mostErrors bounds what one document can report: more than this helps nobody.
const mostErrors = 10_000

// mostSuggestions is the number of errors after which no further words are compared: they cost more than they help.
const mostSuggestions = 200

// Diagnostic is one thing wrong with a document: what, where, and what would be right.
type Diagnostic struct {
	Code string `json:"code"`
	Pos
	Span    int       `json:"span,omitempty"`    // characters to underline; 0 leaves it to the source text
	Path    string    `json:"path,omitempty"`    // the place in the document, "site.power.ups.each.rating"
	Msg     string    `json:"message"`           // what is wrong, in one line
	Fix     string    `json:"fix,omitempty"`     // what to write instead, when the message does not say it
	Used    []Pos     `json:"used_by,omitempty"` // the chain of `use` that brought the file in, nearest first
	Related []Related `json:"related,omitempty"` // other places that matter
}

// Related is another place that explains a diagnostic.
type Related struct {
	Pos
	Msg string `json:"message"`
}

// String returns the diagnostic on one line.
func (d Diagnostic) String() string {
	var b strings.Builder
	b.WriteString("error[" + d.Code + "]: " + clean(d.Msg))
	if d.Fix != "" {
		b.WriteString(" — " + clean(d.Fix))
	}
	if where := d.where(); where != "" {
		b.WriteString("   " + where)
	}
	return b.String()
}

// where is the place and the chain of uses, for the one-line form.
func (d Diagnostic) where() string {
	where := d.Pos.String()
	if used := d.usedBy(); used != "" {
		where += ", " + used
	}
	return where
}

// Diagnostics is everything wrong with a document. It is an error; an empty one is not (see Err).
type Diagnostics []Diagnostic

// Error returns the diagnostics, one a line.
func (ds Diagnostics) Error() string {
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// Err returns the diagnostics as an error, or nil when there are none.
func (ds Diagnostics) Err() error {
	if len(ds) == 0 {
		return nil
	}
	return ds
}

// Sorted returns the diagnostics in the order in which a reader of the scenario file meets them, those of a part
// where the part is used, and each once: a mistake in a part that is used in a hundred places is one mistake.
func (ds Diagnostics) Sorted() Diagnostics {
	out := slices.Clone(ds)
	slices.SortStableFunc(out, func(a, b Diagnostic) int {
		return cmp.Or(a.root().Compare(b.root()), cmp.Compare(len(a.Used), len(b.Used)), a.Pos.Compare(b.Pos),
			strings.Compare(a.Code, b.Code), strings.Compare(a.Msg, b.Msg))
	})
	type identity struct {
		pos       Pos
		code, msg string
	}
	seen := make(map[identity]bool, len(out))
	return slices.DeleteFunc(out, func(d Diagnostic) bool {
		id := identity{d.Pos, d.Code, d.Msg}
		again := seen[id]
		seen[id] = true
		return again
	})
}

// root is the place in the scenario file itself that leads to the diagnostic.
func (d Diagnostic) root() Pos {
	if len(d.Used) > 0 {
		return d.Used[len(d.Used)-1]
	}
	return d.Pos
}

// usedBy writes the chain of uses, of a long one the ends.
func (d Diagnostic) usedBy() string {
	var places []string
	for i, p := range d.Used {
		switch {
		case len(d.Used) <= 3 || i == 0 || i == len(d.Used)-1:
			places = append(places, p.String())
		case i == 1:
			places = append(places, "…")
		}
	}
	if len(places) == 0 {
		return ""
	}
	return "used by " + strings.Join(places, ", by ")
}

// Summary returns "2 errors", for the line below them.
func (ds Diagnostics) Summary() string {
	if len(ds) == 1 {
		return "1 error"
	}
	return strconv.Itoa(len(ds)) + " errors"
}

// errorf makes a diagnostic without a fix.
func errorf(pos Pos, code, format string, args ...any) Diagnostic {
	return Diagnostic{Code: code, Pos: pos, Msg: fmt.Sprintf(format, args...)}
}

// clean makes text from a file safe and legible on a terminal: no escape sequences, no line breaks.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return '·'
		}
		return r
	}, s)
}
