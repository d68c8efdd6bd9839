package cooling

import (
	"encoding"
	"reflect"
	"strconv"
	"testing"

	"github.com/halltwin/halltwin/models/unit"
)

// defaults fills a spec with the defaults of its tags, as the scenario language does.
func defaults(t testing.TB, spec any) {
	t.Helper()
	fill(t, reflect.ValueOf(spec).Elem())
}

func fill(t testing.TB, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		f, tag := v.Field(i), v.Type().Field(i).Tag
		text, ok := tag.Lookup("default")
		if f.Kind() == reflect.Struct {
			fill(t, f)
			continue
		}
		if !ok || !f.IsZero() {
			continue
		}
		if u, isText := f.Addr().Interface().(encoding.TextUnmarshaler); isText {
			if err := u.UnmarshalText([]byte(text)); err != nil {
				t.Fatalf("%s: %v", v.Type().Field(i).Name, err)
			}
			continue
		}
		switch f.Kind() {
		case reflect.String:
			f.SetString(text)
		case reflect.Bool:
			f.SetBool(text == "true")
		case reflect.Int:
			n, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			f.SetInt(int64(n))
		case reflect.Float64:
			var x float64
			var err error
			if q, isQuantity := f.Interface().(interface{ Kind() *unit.Kind }); isQuantity {
				x, err = q.Kind().Parse(text)
			} else {
				x, err = strconv.ParseFloat(text, 64)
			}
			if err != nil {
				t.Fatalf("%s: %v", v.Type().Field(i).Name, err)
			}
			f.SetFloat(x)
		default:
			t.Fatalf("%s: a default on a %s", v.Type().Field(i).Name, f.Kind())
		}
	}
}

// TestTags checks that every field says what it is, and every default where it comes from.
func TestTags(t *testing.T) {
	var walk func(reflect.Type)
	walk = func(s reflect.Type) {
		for s.Kind() == reflect.Pointer || s.Kind() == reflect.Slice {
			s = s.Elem()
		}
		if s.Kind() != reflect.Struct {
			return
		}
		for i := range s.NumField() {
			f := s.Field(i)
			if f.Tag.Get("yaml") == "" || f.Tag.Get("doc") == "" {
				t.Errorf("%s.%s lacks yaml or doc", s.Name(), f.Name)
			}
			if _, ok := f.Tag.Lookup("default"); ok && f.Type.Kind() == reflect.Float64 && f.Tag.Get("source") == "" {
				t.Errorf("%s.%s has a default without a source", s.Name(), f.Name)
			}
			walk(f.Type)
		}
	}
	walk(reflect.TypeFor[Spec]())
}
