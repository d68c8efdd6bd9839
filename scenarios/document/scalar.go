package document

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/halltwin/halltwin/models/suggest"
	"github.com/halltwin/halltwin/models/unit"
)

// scalar decodes a single value into a field that holds one.
func (d *decoder) scalar(v *Value, target reflect.Value, s *shape, n *node) {
	switch s.form {
	case formText:
		target.SetString(v.Text)
		d.enum(v.Text, n)
	case formBool:
		d.boolean(v, target, n)
	case formInt, formUint:
		d.integer(v, target, s, n)
	case formFloat:
		d.number(v, target, n)
	case formQuantity:
		d.quantity(v, target, s, n)
	case formTime:
		d.time(v, target, n)
	case formWord:
		d.word(v, target, n)
	}
}

func (d *decoder) enum(text string, n *node) {
	if n.field == nil || n.field.enum == nil || slices.Contains(n.field.enum, text) {
		return
	}
	msg := fmt.Sprintf("%s cannot be %q", n.name(), clip(text))
	if alt := suggest.Closest(text, n.field.enum); alt != "" {
		d.fail(n, CodeEnum, msg, fmt.Sprintf("did you mean %q? (it can be %s)", alt, oneOf(n.field.enum)))
		return
	}
	d.fail(n, CodeEnum, msg, "write "+oneOf(n.field.enum))
}

func (d *decoder) boolean(v *Value, target reflect.Value, n *node) {
	switch {
	case v.Text == "true" && !v.Quoted:
		target.SetBool(true)
	case v.Text == "false" && !v.Quoted:
		target.SetBool(false)
	default:
		d.fail(n, CodeKind, fmt.Sprintf("%s is %q, true or false is due", n.name(), clip(v.Text)), "write true or false, without quotes")
	}
}

func (d *decoder) integer(v *Value, target reflect.Value, s *shape, n *node) {
	text := strings.ReplaceAll(v.Text, "_", "")
	var err error
	var size float64
	if s.form == formUint {
		var u uint64
		if u, err = strconv.ParseUint(strings.TrimPrefix(text, "+"), 10, s.typ.Bits()); err == nil {
			target.SetUint(u)
			size = float64(u)
		}
	} else {
		var i int64
		if i, err = strconv.ParseInt(text, 10, s.typ.Bits()); err == nil {
			target.SetInt(i)
			size = float64(i)
		}
	}
	if err == nil {
		d.limits(size, nil, n)
		return
	}
	if errors.Is(err, strconv.ErrRange) {
		d.fail(n, CodeRange, fmt.Sprintf("%s is too large for a whole number", clip(v.Text)), "")
		return
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		if s.form == formUint && f < 0 {
			d.fail(n, CodeRange, n.name()+" cannot be negative", "write a whole number from 0")
			return
		}
		d.fail(n, CodeNumber, fmt.Sprintf("%s is %s, a whole number is due", n.name(), clip(v.Text)), "write it out in digits, such as "+s.example(nil))
		return
	}
	d.fail(n, CodeNumber, fmt.Sprintf("%s is %q, a whole number is due", n.name(), clip(v.Text)), extraUnit(v.Text))
}

func (d *decoder) number(v *Value, target reflect.Value, n *node) {
	f, err := strconv.ParseFloat(strings.ReplaceAll(v.Text, "_", ""), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		d.fail(n, CodeNumber, fmt.Sprintf("%s is %q, a plain number is due", n.name(), clip(v.Text)), extraUnit(v.Text))
		return
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		d.fail(n, CodeNumber, fmt.Sprintf("%s is %s, a finite number is due", n.name(), clip(v.Text)), "")
		return
	}
	target.SetFloat(f)
	d.limits(f, nil, n)
}

// extraUnit is the fix for a unit where a plain number is due.
func extraUnit(text string) string {
	i := strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune("0123456789.+-eE_", r) })
	if i > 0 {
		if _, err := strconv.ParseFloat(text[:i], 64); err == nil {
			return fmt.Sprintf("write %s: it has no unit", text[:i])
		}
	}
	return ""
}

func (d *decoder) limits(v float64, kind *unit.Kind, n *node) {
	if n.field == nil || n.field.limits == nil || n.field.limits.holds(v) {
		return
	}
	written := n.value.Text
	d.fail(n, CodeRange, fmt.Sprintf("%s is %s", n.name(), clip(written)), "it must be "+n.field.limits.text(kind))
}

func (d *decoder) quantity(v *Value, target reflect.Value, s *shape, n *node) {
	q, err := s.kind.Parse(v.Text)
	if err != nil {
		d.unitError(err, n)
		return
	}
	target.SetFloat(q)
	d.limits(q, s.kind, n)
}

// unitError reports a quantity that could not be read, with what would be accepted.
func (d *decoder) unitError(err error, n *node) bool {
	var e *unit.Error
	if !errors.As(err, &e) {
		return false
	}
	fix := e.Fix()
	if fix != "" && n.key != e.Kind.Name {
		fix += fmt.Sprintf(" (%s is %s)", n.short(), e.Kind.Noun())
	}
	d.fail(n, CodeUnits, e.Problem(), fix)
	return true
}

func (d *decoder) time(v *Value, target reflect.Value, n *node) {
	t, err := time.Parse(time.RFC3339, v.Text)
	if err == nil {
		target.Set(reflect.ValueOf(fixed(t)))
		return
	}
	for _, layout := range []string{"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00"} {
		if t, err := time.Parse(layout, v.Text); err == nil {
			d.fail(n, CodeTime, fmt.Sprintf("%q is no time stamp", clip(v.Text)), "write "+t.Format(time.RFC3339))
			return
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, v.Text); err == nil {
			d.fail(n, CodeTime, "the time stamp has no offset", fmt.Sprintf("write %s for UTC, or with an offset: %s-05:00",
				t.Format(time.RFC3339), t.Format("2006-01-02T15:04:05")))
			return
		}
	}
	d.fail(n, CodeTime, fmt.Sprintf("%q is no time stamp", clip(v.Text)), "write it as 2025-07-15T00:00:00-05:00")
}

// fixed returns a moment with its offset for ever. [time.Parse] takes the place of the machine where that has the same offset just
// then, and with it summer time: the same file would mean other hours elsewhere.
func fixed(t time.Time) time.Time {
	_, offset := t.Zone()
	if offset == 0 {
		return t.UTC()
	}
	return t.In(time.FixedZone("", offset))
}

// word decodes a text whose type reads it itself.
func (d *decoder) word(v *Value, target reflect.Value, n *node) {
	err := target.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(v.Text))
	if err != nil && !d.unitError(err, n) {
		d.fail(n, CodeValue, err.Error(), "")
	}
}

// noun is what a message calls a thing of this shape.
func (s *shape) noun() string {
	switch s.form {
	case formBool:
		return "true or false"
	case formInt, formUint:
		return "a whole number"
	case formFloat:
		return "a number"
	case formQuantity:
		return s.kind.Noun()
	case formTime:
		return "a time stamp"
	case formPointer:
		return s.elem.noun()
	case formList:
		return "a list"
	case formMap, formStruct:
		return "a map"
	}
	return "a text"
}

// example is something to write for this shape, for messages.
func (s *shape) example(f *field) string {
	if f != nil && f.shape.base() == s && f.text != "" {
		return f.text
	}
	switch s.form {
	case formText, formWord:
		if f != nil && f.enum != nil {
			return oneOf(f.enum)
		}
		return "a text"
	case formBool:
		return "true or false"
	case formInt, formUint:
		return "8"
	case formFloat:
		return "0.5"
	case formQuantity:
		return s.kind.Example
	case formTime:
		return "2025-07-15T00:00:00-05:00"
	case formPointer:
		return s.elem.example(f)
	case formList:
		return "a list: [" + s.elem.example(nil) + "]"
	case formStruct:
		if len(s.fields) > 0 {
			return "{" + s.fields[0].key + ": …}"
		}
	}
	return "{…}"
}
