package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cockroachdb/datadriven"
)

// stage is a machine with files and a library, on which the texts of testdata play.
type stage struct {
	files, library fstest.MapFS
	limits         Limits
}

func (s *stage) loader() *Loader {
	open := func(name string) (fs.File, error) { return s.files.Open(name) }
	return &Loader{Library: s.library, Open: open, Limits: s.limits}
}

// read loads, resolves and decodes a document.
func (s *stage) read(name string) (*Loader, *Value, sampleSpec, Diagnostics) {
	l := s.loader()
	v, ds := l.Load(name)
	v, more := l.Resolve(v)
	var spec sampleSpec
	return l, v, spec, append(append(ds, more...), Decode(v, &spec)...)
}

// TestTexts plays the files of testdata/texts:
//
//	part NAME        adds a part to the library
//	file NAME        adds a file beside the scenario
//	limits K=N       sets limits
//	check            a scenario: prints its diagnostics; with `json`, as JSON
//	resolved         a scenario: prints it with all defaults
//	merge            two documents divided by a line ===: prints the patched one
//	diff             two documents divided by a line ===: prints what differs
func TestTexts(t *testing.T) {
	datadriven.Walk(t, "testdata/texts", func(t *testing.T, path string) {
		s := &stage{files: fstest.MapFS{}, library: fstest.MapFS{}}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			text := strings.ReplaceAll(d.Input, "→", "\t") + "\n"
			switch d.Cmd {
			case "part":
				s.library[d.CmdArgs[0].Key+".yaml"] = &fstest.MapFile{Data: []byte(text)}
				return ""
			case "file":
				s.files[d.CmdArgs[0].Key] = &fstest.MapFile{Data: []byte(text)}
				return ""
			case "limits":
				for key, p := range map[string]*int{"bytes": &s.limits.Bytes, "line": &s.limits.Line, "depth": &s.limits.Depth, "nodes": &s.limits.Nodes, "files": &s.limits.Files} {
					if d.HasArg(key) {
						d.ScanArgs(t, key, p)
					}
				}
				return ""
			case "check", "resolved":
				s.files["hall.yaml"] = &fstest.MapFile{Data: []byte(text)}
				return s.play(t, d, "hall.yaml")
			case "merge", "diff":
				return s.pair(t, d.Cmd, text)
			}
			t.Fatalf("unknown command %s", d.Cmd)
			return ""
		})
	})
}

func (s *stage) play(t *testing.T, d *datadriven.TestData, name string) string {
	l, v, spec, ds := s.read(name)
	var out bytes.Buffer
	switch {
	case d.HasArg("json"):
		e := json.NewEncoder(&out)
		e.SetIndent("", "  ")
		if err := e.Encode(ds.Sorted()); err != nil {
			t.Fatal(err)
		}
	case len(ds) > 0:
		ds.Render(&out, l.Sources(), false)
		fmt.Fprintln(&out, ds.Sorted().Summary())
	case d.Cmd == "resolved":
		if err := Resolved(&out, v, spec); err != nil {
			t.Fatal(err)
		}
	default:
		return "ok"
	}
	return out.String()
}

func (s *stage) pair(t *testing.T, cmd, text string) string {
	first, second, ok := strings.Cut(text, "===\n")
	if !ok {
		t.Fatal("a line === is due")
	}
	l := s.loader()
	a, ds := l.LoadBytes("base.yaml", []byte(first))
	b, more := l.LoadBytes("patch.yaml", []byte(second))
	ds = append(ds, more...)
	a, more = l.Resolve(a)
	ds = append(ds, more...)
	b, more = l.Resolve(b)
	ds = append(ds, more...)
	var out bytes.Buffer
	if cmd == "diff" {
		for _, c := range Diff(a, b) {
			fmt.Fprintf(&out, "%s: %s -> %s\n", c.Path, oneLine(c.Before), oneLine(c.After))
		}
		return out.String()
	}
	v, more := Merge(a, b)
	ds = append(ds, more...)
	ds.Render(&out, l.Sources(), false)
	if err := v.Print(&out, true); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func oneLine(v *Value) string {
	if v == nil {
		return "nothing"
	}
	var b bytes.Buffer
	_ = v.Print(&b, false)
	return strings.Join(strings.Fields(b.String()), " ")
}
