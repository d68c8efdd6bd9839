package document

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// fuzzLibrary has a part of every kind, so that a fuzzed `use` finds something.
var fuzzLibrary = fstest.MapFS{
	"a.yaml":       {Data: []byte("name: a\nups: {rating: 3 MW}\n")},
	"b.yaml":       {Data: []byte("use: a\nracks: [{name: x}]\n")},
	"loop.yaml":    {Data: []byte("use: loop\n")},
	"list.yaml":    {Data: []byte("[{name: x}, {name: y}]\n")},
	"bomb/0.yaml":  {Data: []byte("{a: {use: a}, b: {use: a}, c: {use: a}, d: {use: a}}")},
	"bomb/1.yaml":  {Data: []byte("{a: {use: bomb/0}, b: {use: bomb/0}, c: {use: bomb/0}}")},
	"bomb/2.yaml":  {Data: []byte("{a: {use: bomb/1}, b: {use: bomb/1}, c: {use: bomb/1}}")},
	"bad/one.yaml": {Data: []byte("a: [")},
}

func seed(f *testing.F) {
	texts, _ := filepath.Glob("testdata/texts/*")
	for _, path := range texts {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, block := range strings.Split(string(b), "\n\n") {
			if _, text, ok := strings.Cut(block, "\n"); ok {
				text, _, _ = strings.Cut(text, "----")
				f.Add([]byte(text))
			}
		}
	}
	for _, s := range []string{"", "\xff", "\x00", "\ufeffname: a", "a: 1\r\nb: 2\r\n", "- - - - -", "[[[[[[", "{a: {use: b}}",
		"use: loop", "use: bomb/2", "racks: {use: list, add: [3]}", "a: !!binary x", "? ? ? a", "a: |2\n   x", "%YAML 1.2\n---\na: b"} {
		f.Add([]byte(s))
	}
}

func fuzzLoader() *Loader {
	return &Loader{Library: fuzzLibrary, Open: fuzzLibrary.Open, Limits: Limits{Bytes: 1 << 16, Line: 1 << 12, Depth: 20, Nodes: 5000, Files: 20}}
}

// FuzzLoad reads any bytes: whatever they are, the answer is a tree or diagnostics with places, and what prints
// reads back as the same tree.
func FuzzLoad(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		l := fuzzLoader()
		v, ds := l.LoadBytes("main.yaml", b)
		if v == nil && len(ds) == 0 {
			t.Fatal("neither a value nor a diagnostic")
		}
		var out bytes.Buffer
		ds.Render(&out, l.Sources(), true)
		for _, d := range ds {
			if d.File == "" || d.Msg == "" || d.Line > 0 && d.Col < 1 {
				t.Fatalf("a diagnostic without place or message: %+v", d)
			}
		}
		if v == nil || len(ds) > 0 {
			return
		}
		out.Reset()
		if err := v.Print(&out, true); err != nil {
			t.Fatal(err)
		}
		again, ds := new(Loader).LoadBytes("again.yaml", out.Bytes())
		if len(ds) > 0 {
			t.Fatalf("what prints does not read back: %v\n%s", ds, out.String())
		}
		if !same(v, again) {
			t.Fatalf("what prints reads back as something else:\n%q\n%s", b, out.String())
		}
	})
}

// FuzzDecode takes any bytes the whole way to a spec. Where there are no diagnostics, the completed document must
// decode to the same spec, and completing it again must change nothing.
func FuzzDecode(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		l := fuzzLoader()
		v, ds := l.LoadBytes("main.yaml", b)
		v, more := l.Resolve(v)
		var spec sampleSpec
		ds = append(append(ds, more...), Decode(v, &spec)...)
		var out bytes.Buffer
		ds.Render(&out, l.Sources(), false)
		if len(ds) > 0 {
			return
		}
		out.Reset()
		if err := Resolved(&out, v, &spec); err != nil {
			t.Fatal(err)
		}
		again, ds := new(Loader).LoadBytes("again.yaml", out.Bytes())
		var second sampleSpec
		if ds = append(ds, Decode(again, &second)...); len(ds) > 0 {
			t.Fatalf("the resolved document is refused: %v\n%s", ds, out.String())
		}
		if !same(Complete(again, &second), Complete(v, &spec)) {
			t.Fatalf("resolving twice differs:\n%s", out.String())
		}
	})
}
