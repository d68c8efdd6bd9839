package power

import (
	"encoding"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/halltwin/halltwin/models/unit"
)

// defaults fills a spec from its default tags, as the scenario decoder does, and insists that every field is
// documented.
func defaults(t testing.TB, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		f, tag := v.Field(i), v.Type().Field(i)
		if tag.Anonymous {
			defaults(t, f)
			continue
		}
		if tag.Tag.Get("doc") == "" || tag.Tag.Get("yaml") == "" {
			t.Fatalf("%s.%s needs yaml and doc tags", v.Type(), tag.Name)
		}
		text, ok := tag.Tag.Lookup("default")
		if !ok {
			if f.Kind() == reflect.Struct {
				defaults(t, f)
			}
			continue
		}
		err := setText(f, text)
		if err != nil {
			t.Fatalf("%s.%s: default %q: %v", v.Type(), tag.Name, text, err)
		}
	}
}

// newSpec is a spec with all defaults and a redundancy.
func newSpec(t testing.TB, redundancy string) *Spec {
	t.Helper()
	s := &Spec{}
	defaults(t, reflect.ValueOf(s).Elem())
	s.Redundancy = redundancy
	return s
}

func ratio(x float64) unit.Ratio { return unit.Ratio(x) }

func power(w float64) *unit.Power { p := unit.Power(w); return &p }

// racks is n racks of w W each, and as much cooling as mech W.
func racks(n int, w, mech float64) Sizes {
	z := Sizes{Racks: n, MechRating: mech}
	for range n {
		z.RackRating = append(z.RackRating, w)
	}
	return z
}

func compile(t testing.TB, s *Spec, n Sizes) *Plan {
	t.Helper()
	p, err := Compile(s, n)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// lossless is a curve without loss.
func lossless() *CurveSpec { return &CurveSpec{} }

// reference reads a file of reference data, or skips the test where there is none.
func reference(t testing.TB, name string, into any) {
	t.Helper()
	dir := os.Getenv("HALLTWIN_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Skipf("no reference data: set HALLTWIN_DATA to the folder that holds %s", name)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

// setText reads a scalar of a spec.
func setText(f reflect.Value, text string) error {
	if u, is := f.Addr().Interface().(encoding.TextUnmarshaler); is {
		return u.UnmarshalText([]byte(text))
	}
	if f.Kind() == reflect.Pointer {
		f.Set(reflect.New(f.Type().Elem()))
		f = f.Elem()
	}
	if q, is := f.Interface().(interface{ Kind() *unit.Kind }); is {
		si, err := q.Kind().Parse(text)
		f.SetFloat(si)
		return err
	}
	switch f.Kind() {
	case reflect.String:
		f.SetString(text)
		return nil
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		f.SetBool(b)
		return err
	case reflect.Int:
		n, err := strconv.Atoi(text)
		f.SetInt(int64(n))
		return err
	case reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		f.SetFloat(x)
		return err
	}
	return fmt.Errorf("no scalar: %s", f.Type())
}

// setField reads a scalar at a path of yaml names.
func setField(spec *Spec, path []string, text string) error {
	v := reflect.ValueOf(spec).Elem()
	for _, name := range path {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		i := slices.IndexFunc(reflect.VisibleFields(v.Type()), func(f reflect.StructField) bool { return f.Tag.Get("yaml") == name })
		if i < 0 {
			return fmt.Errorf("%s has no key %s", v.Type(), name)
		}
		v = v.FieldByIndex(reflect.VisibleFields(v.Type())[i].Index)
	}
	return setText(v, text)
}
