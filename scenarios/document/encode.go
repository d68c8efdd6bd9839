package document

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// Encode returns a spec as the shortest document that decodes to it: what equals its default is left out, quantities
// have six digits. Types that read themselves from text must also write themselves (MarshalText). It is how a fitted
// generator or a calibration becomes a file.
func Encode(spec any) *Value {
	v := reflect.Indirect(reflect.ValueOf(spec))
	return encode(v, mustShape(v.Type()))
}

func encode(v reflect.Value, s *shape) *Value {
	text := func(format string, args ...any) *Value {
		return &Value{Kind: Scalar, Text: fmt.Sprintf(format, args...)}
	}
	switch s.form {
	case formRaw:
		if raw, ok := v.Interface().(*Value); ok && raw != nil {
			return raw
		}
		return &Value{Kind: Null}
	case formText:
		return &Value{Kind: Scalar, Text: v.String(), Quoted: true}
	case formFloat:
		return text("%s", strconv.FormatFloat(v.Float(), 'g', 6, 64))
	case formQuantity, formWord:
		return &Value{Kind: Scalar, Text: word(v), Quoted: s.form == formWord}
	case formTime:
		return text("%s", v.Interface().(time.Time).Format(time.RFC3339Nano))
	case formPointer:
		if v.IsNil() {
			return &Value{Kind: Null}
		}
		return encode(v.Elem(), s.elem)
	case formList:
		out := &Value{Kind: List}
		for i := range v.Len() {
			out.Items = append(out.Items, encode(v.Index(i), s.elem))
		}
		return out
	case formMap:
		out := &Value{Kind: Map}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int {
			if a.String() < b.String() {
				return -1
			}
			return 1
		})
		for _, k := range keys {
			out.Entries = append(out.Entries, Entry{Key: k.String(), Value: encode(v.MapIndex(k), s.elem)})
		}
		return out
	case formStruct:
		out := &Value{Kind: Map}
		for _, f := range s.fields {
			if given := encodeField(v.FieldByIndex(f.index), f); given != nil {
				out.Entries = append(out.Entries, Entry{Key: f.key, Value: given})
			}
		}
		return out
	}
	return text("%v", v.Interface())
}

// encodeField returns nil for what a document need not say.
func encodeField(v reflect.Value, f *field) *Value {
	if f.def != nil {
		def := reflect.New(f.shape.typ).Elem()
		(&decoder{}).value(f.def, def, f.shape, &node{key: f.key, field: f, value: f.def})
		if reflect.DeepEqual(v.Interface(), def.Interface()) {
			return nil
		}
		return encode(v, f.shape)
	}
	if v.IsZero() && !f.required {
		return nil
	}
	out := encode(v, f.shape)
	if (out.Kind == Map || out.Kind == List) && out.empty() && f.shape.form != formPointer && !f.required {
		return nil
	}
	return out
}

// word writes a value by its own text form: of a quantity the number with its unit. A type that reads itself from
// text and cannot write itself is a bug of the program.
func word(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case encoding.TextMarshaler:
		text, err := x.MarshalText()
		if err != nil {
			panic(fmt.Sprintf("document: %s: %v", v.Type(), err))
		}
		return string(text)
	case fmt.Stringer:
		return x.String()
	}
	if v.Kind() != reflect.String {
		panic(fmt.Sprintf("document: %s has no text form to encode", v.Type()))
	}
	return v.String()
}
