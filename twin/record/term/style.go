package term

import (
	"io"
	"os"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// Screen is where text goes and what it can show.
type Screen struct {
	Out    io.Writer
	Live   bool // a terminal: lines can be drawn over
	Colour bool
	Width  int // columns
}

// widths of a screen, in columns.
const (
	minWidth     = 60
	defaultWidth = 100
	maxWidth     = 120
)

// Detect finds out what a file can show. getenv is os.Getenv, or a test's.
func Detect(f *os.File, getenv func(string) string) Screen {
	s := Screen{Out: f, Width: defaultWidth}
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return s
	}
	dumb := getenv("TERM") == "dumb"
	s.Live = !dumb
	s.Colour = !dumb && getenv("NO_COLOR") == ""
	if w, _, err := term.GetSize(fd); err == nil && w > 0 {
		s.Width = min(max(w, minWidth), maxWidth)
	}
	return s
}

// Codes of the terminal's own palette, so that they suit its background.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (s Screen) paint(code, t string) string {
	if !s.Colour || t == "" {
		return t
	}
	return "\x1b[" + code + "m" + t + "\x1b[0m"
}

// width is how many columns a text takes, without its colours.
func width(t string) int { return text.StringWidthWithoutEscSequences(t) }

func padRight(t string, n int) string { return t + spaces(n-width(t)) }
func padLeft(t string, n int) string  { return spaces(n-width(t)) + t }

func spaces(n int) string {
	b := make([]byte, max(n, 0))
	for i := range b {
		b[i] = ' '
	}
	return string(b)
}

// fit cuts a text to n columns.
func fit(t string, n int) string {
	if width(t) <= n {
		return t
	}
	return text.Trim(t, max(n-1, 0)) + "…"
}
