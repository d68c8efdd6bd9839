package trace

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Error is something wrong with a trace file, with its place.
type Error struct {
	File   string
	Line   int    // 1 for the first; 0: the file as a whole
	Column string // header of the column; "" : the line as a whole
	Msg    string
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Column != "" {
		fmt.Fprintf(&b, "column %s: ", e.Column)
	}
	b.WriteString(e.Msg)
	return b.String()
}

func fileError(file, format string, args ...any) error {
	return &Error{File: file, Msg: fmt.Sprintf(format, args...)}
}

// readError says why reading stopped, in words for the common causes.
func readError(file string, line int, err error) error {
	var e *Error
	switch {
	case errors.As(err, &e):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{File: file, Line: line, Msg: "the file is truncated: its compressed data ends early; fetch it again"}
	}
	return &Error{File: file, Line: line, Msg: "cannot be read on: " + err.Error()}
}

// quote shows a field of a file in a message, cut to a length that fits one.
func quote(field []byte) string {
	const most = 40
	if len(field) > most {
		return fmt.Sprintf("%q…", field[:most])
	}
	return fmt.Sprintf("%q", field)
}
