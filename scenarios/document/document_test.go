package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/halltwin/halltwin/models/unit"
)

func TestDecode(t *testing.T) {
	var l Loader
	v, ds := l.LoadBytes("x.yaml", []byte(`
name: hall
start: 2025-07-15T00:00:00-05:00
ups: {rating: 1.2 MW, load: 60 %}
cdu: {standby: 1}
racks:
  - {name: a, cooling: {}}
limits: {gpu: 700 W, cpu: 300 W}
series: 5 kW
every: 90 s
`))
	var got sampleSpec
	if ds = append(ds, Decode(v, &got)...); len(ds) > 0 {
		t.Fatal(ds)
	}
	one := 1
	want := sampleSpec{
		sampleIdentity: sampleIdentity{Name: "hall"},
		Start:          time.Date(2025, 7, 15, 0, 0, 0, 0, time.FixedZone("", -5*3600)),
		Duration:       86400, Seed: 1,
		UPS:    sampleUPS{Rating: 1.2e6, Autonomy: 300, Mode: "double-conversion", Load: 0.6, Bypass: true, Curve: []float64{0.01, 0.02, 0.03}},
		CDU:    &sampleCDU{Supply: 30, Approach: 3, Pumps: 2, Standby: &one},
		Racks:  []sampleRack{{Name: "a", Count: 1, Power: 40e3, Flow: 0.5, Nodes: 4, Cooling: &sampleCooling{Inlet: 27}}},
		Limits: map[string]unit.Power{"gpu": 700, "cpu": 300},
		Feeds:  []string{"a", "b"},
		Series: sampleSeries{Value: 5000, Scale: 1},
		Every:  sampleEvery{S: 90},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(sampleSpec{})); diff != "" {
		t.Error(diff)
	}
}

// TestResolvedIsTheSame checks that a resolved document says what the original said.
func TestResolvedIsTheSame(t *testing.T) {
	s := stage{files: fstest.MapFS{"hall.yaml": {Data: []byte(valid + "cdu: {use: hardware/cdu}\nracks: [{name: a}]\nseries: 5 kW\n")}},
		library: fstest.MapFS{"hardware/cdu.yaml": {Data: []byte("about: |\n  two\n  lines # no comment\nsupply: 20 degC\n")}}}
	_, v, first, ds := s.read("hall.yaml")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	var b bytes.Buffer
	if err := Resolved(&b, v, first); err != nil {
		t.Fatal(err)
	}
	s.files["resolved.yaml"] = &fstest.MapFile{Data: b.Bytes()}
	_, _, second, ds := s.read("resolved.yaml")
	if len(ds) > 0 {
		t.Fatalf("%v\n%s", ds, b.String())
	}
	if diff := cmp.Diff(first, second, cmp.AllowUnexported(sampleSpec{})); diff != "" {
		t.Error(diff)
	}
}

func TestLookup(t *testing.T) {
	var l Loader
	v, _ := l.LoadBytes("x.yaml", []byte("a:\n  b:\n    - {c: 1}\n    - {c: 2}\n\"d.e\": 3\n"))
	for path, want := range map[string]string{"a.b[1].c": "x.yaml:4:11", `"d.e"`: "x.yaml:5:8", "": "x.yaml:1:1"} {
		if got, ok := v.Lookup(path); !ok || got.Pos.String() != want {
			t.Errorf("%s: %v %v, want %s", path, got.Pos, ok, want)
		}
	}
	for _, path := range []string{"a.b[7].c", "a.x", "z", "a.b[-1]", "a.b[x", "a.b[1].c.d"} {
		if _, ok := v.Lookup(path); ok {
			t.Errorf("%s is found", path)
		}
	}
	if d := v.Diagnose("a.b[0].z", "selector", "nothing matches", "x"); d.Pos.String() != "x.yaml:3:7" || d.Path != "a.b[0].z" {
		t.Errorf("%+v", d)
	}
	if d := v.Diagnose("a.b.z", "selector", "nothing matches", "x"); d.Pos.String() != "x.yaml:2:3" || d.Span != 1 {
		t.Errorf("a missing thing is shown at the key above: %+v", d)
	}
}

func TestRefusedBytes(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "the file is empty",
		"   \n":                       "the file is empty",
		"a: \xff":                     "the byte 0xFF is not UTF-8 — save the file as UTF-8   x.yaml:1:4",
		"a: é\x01":                    "a control character (U+0001) is in the text — remove it   x.yaml:1:5",
		"a: b\rc: d":                  "a control character (U+000D) is in the text",
		"a: b\u2028c":                 "a control character (U+2028) is in the text",
		"a: \u0085":                   "a control character (U+0085) is in the text",
		"\xff\xfea\x00":               "the file is in UTF-16 — save it as UTF-8",
		strings.Repeat("a", 1<<20+10): "the line is longer than 1 MiB — break it",
		"? " + strings.Repeat("a", 300) + "\n: b\n": "a key is longer than 200 characters",
	} {
		var l Loader
		v, ds := l.LoadBytes("x.yaml", []byte(text))
		if len(ds) == 0 || !strings.Contains(ds[0].String(), want) {
			t.Errorf("%.20q: %v %v, want %s", text, v, ds, want)
		}
	}
	for _, text := range []string{"\ufeffname: a\n", "a: 1\r\nb: 2\r\n"} {
		var l Loader
		if v, ds := l.LoadBytes("x.yaml", []byte(text)); len(ds) > 0 || v.Entries[0].Pos.Col != 1 {
			t.Errorf("%q: %v", text, ds)
		}
	}
}

// TestHugeFile refuses a file of 1 GB without reading it.
func TestHugeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "huge.yaml")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(1<<30), f.Close()); err != nil {
		t.Skip("no sparse files here:", err)
	}
	var l Loader
	if _, ds := l.Load(path); len(ds) != 1 || ds[0].Code != CodeLimit {
		t.Error(ds)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"hall.yaml": "use: ./parts/a\nname: x\n", "parts/a.yaml": "start: 2025-07-15T00:00:00Z\nups: {use: ../ups.yaml}\n", "ups.yaml": "rating: 2 MW\n"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	var l Loader
	v, ds := l.Load(filepath.Join(dir, "hall.yaml"))
	v, more := l.Resolve(v)
	var spec sampleSpec
	if ds = append(append(ds, more...), Decode(v, &spec)...); len(ds) > 0 {
		t.Fatal(ds)
	}
	if spec.UPS.Rating != 2e6 {
		t.Error(spec.UPS.Rating)
	}
	if _, ds := l.Load(dir); len(ds) != 1 || !strings.Contains(ds[0].Msg, "directory") {
		t.Error(ds)
	}
	if _, ds := l.Load(filepath.Join(dir, "none.yaml")); len(ds) != 1 || !strings.Contains(ds[0].Msg, "there is no such file") {
		t.Error(ds)
	}
}

// TestServer checks that a loader with a refusing Open reaches no file of the machine.
func TestServer(t *testing.T) {
	l := Loader{Open: func(string) (fs.File, error) { return nil, errors.New("a server reads no files") }}
	v, _ := l.LoadBytes("sent.yaml", []byte("cdu: {use: ./secret.yaml}\n"))
	_, ds := l.Resolve(v)
	if len(ds) != 1 || !strings.Contains(ds[0].Msg, "a server reads no files") || ds[0].Pos.String() != "sent.yaml:1:12" {
		t.Error(ds)
	}
}

func TestRender(t *testing.T) {
	sources := Sources{"a.yaml": []byte("名前: 値 x # 注\nlong: " + strings.Repeat("0123456789", 30) + "\na:\tb\n")}
	at := func(line, col, span int) Diagnostic {
		return Diagnostic{Code: "x", Pos: Pos{"a.yaml", line, col}, Span: span, Msg: "wrong\x1b[31m", Fix: "fix"}
	}
	var b bytes.Buffer
	Diagnostics{at(1, 7, 1), at(2, 200, 3), at(3, 4, 0), at(9, 1, 1), {Code: "y", Pos: Pos{File: "b"}, Msg: "no place"}}.Render(&b, sources, false)
	want := `error[x]: wrong·[31m
 ┌─ a.yaml:1:7
1│名前: 値 x # 注
 │         ^ fix
error[x]: wrong·[31m
 ┌─ a.yaml:2:200
2│…` + strings.Repeat("0123456789", 13)[3:123] + `…
 │` + strings.Repeat(" ", 61) + `^^^ fix
error[x]: wrong·[31m
 ┌─ a.yaml:3:4
3│a: b
 │   ^ fix
error[x]: wrong·[31m — fix   a.yaml:9:1
error[y]: no place   b
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	b.Reset()
	Diagnostics{at(1, 7, 1)}.Render(&b, sources, true)
	if !strings.HasPrefix(b.String(), "\x1b[1;31merror[x]:\x1b[0m ") {
		t.Errorf("%q", b.String())
	}
}

func TestRenderMany(t *testing.T) {
	var ds Diagnostics
	for i := range 1000 {
		ds = append(ds, Diagnostic{Code: "x", Pos: Pos{"a", i + 1, 1}, Msg: "alike"}, Diagnostic{Code: "y", Pos: Pos{"a", i + 1, 1}, Msg: "each its own " + itoa(i)})
	}
	var b bytes.Buffer
	ds.Render(&b, nil, false)
	if n := strings.Count(b.String(), "\n"); n != 201 || !strings.HasSuffix(b.String(), "… and 1800 more\n") {
		t.Errorf("%d lines\n%s", n, b.String())
	}
	if ds.Summary() != "2000 errors" || ds[:1].Summary() != "1 error" || (Diagnostics{}).Err() != nil || ds.Err() == nil {
		t.Error("summary")
	}
	if raw, err := json.Marshal(ds[:1]); err != nil || string(raw) != `[{"code":"x","file":"a","line":1,"column":1,"message":"alike"}]` {
		t.Errorf("%s %v", raw, err)
	}
}

func TestVerify(t *testing.T) {
	type inner struct {
		A string `yaml:"a"`
	}
	type wrong struct {
		NoTag  string
		Power  unit.Power     `yaml:"power" doc:"x" default:"5"`
		Range  float64        `yaml:"range" doc:"x" default:"5" range:"[0,1]"`
		Bad    float64        `yaml:"bad" doc:"x" range:"0..1"`
		Twice  string         `yaml:"power" doc:"x"`
		Use    string         `yaml:"use" doc:"x"`
		Chan   chan int       `yaml:"chan" doc:"x"`
		Map    map[int]string `yaml:"map" doc:"x"`
		Both   string         `yaml:"both" doc:"x" required:"true" default:"a"`
		Enum   string         `yaml:"enum" doc:"x" enum:"a,b" default:"c"`
		Inner  []inner        `yaml:"inner" doc:"x"`
		Syntax string         `yaml:"syntax" doc:"x" default:"["`
	}
	err := Verify(new(wrong))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"NoTag: the yaml tag is missing", "Bad: range", `the key "power" is taken already`, `"use" is taken by the language`,
		"chan int: a scenario cannot hold", "keys of a map must be strings", "has no use for a default", "inner.A: the doc tag is missing", `Syntax: default "["`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in\n%v", want, err)
		}
	}
	type defaults struct {
		Power unit.Power `yaml:"power" doc:"x" default:"5"`
		Range float64    `yaml:"range" doc:"x" default:"5" range:"[0,1]"`
		Enum  string     `yaml:"enum" doc:"x" enum:"a,b" default:"c"`
	}
	err = Verify(new(defaults))
	for _, want := range []string{`default "5": power needs a unit`, "it must be from 0 to 1", "it can be a or b"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in\n%v", want, err)
		}
	}
	if err := Verify(sampleSpec{}); err != nil {
		t.Error(err)
	}
}

// TestTogether decodes in several goroutines: the descriptions of types are shared.
func TestTogether(t *testing.T) {
	type local struct {
		A sampleSpec `yaml:"a" doc:"x"`
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			var l Loader
			v, _ := l.LoadBytes("x", []byte("a: {name: x, start: 2025-07-15T00:00:00Z}\n"))
			if ds := Decode(v, new(local)); len(ds) > 0 {
				t.Error(ds)
			}
		})
	}
	wait.Wait()
}

// TestHostile checks that documents made to be slow are not: anything quadratic here would run into the time limit
// of the test.
func TestHostile(t *testing.T) {
	const n = 20_000
	many := func(format string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(format, "#", itoa(i/10)+itoa(i)))
		}
		return b.String()
	}
	library := fstest.MapFS{"big.yaml": {Data: []byte(many("k#: v\n"))}, "bad.yaml": {Data: []byte(many("a: b\n"))}}
	for name, text := range map[string]string{
		"unknown parts":  many("k#: {use: no/such#}\n"),
		"large parts":    many("k#: {use: big}\n"),
		"bad parts":      many("k#: {use: bad}\n"),
		"missing files":  many("k#: {use: ./no#}\n"),
		"repeated keys":  many("a: b\n"),
		"unknown fields": many("k#: b\n"),
		"remove names":   "variants: {v: {use: names, remove: [" + many("n#,\n") + "]}}",
		"remove maps":    "variants: {v: {use: names, remove: [" + many("{a: #},\n") + "]}}",
		"remove large":   "variants: {v: {use: names, remove: [{" + many("a#: b,\n") + "}]}}",
	} {
		library["names.yaml"] = &fstest.MapFile{Data: []byte(many("- m#\n"))}
		l := Loader{Library: library, Open: library.Open}
		v, ds := l.LoadBytes("x.yaml", []byte(text))
		v, more := l.Resolve(v)
		if ds = append(ds, more...); v != nil {
			ds = append(ds, Decode(v, new(sampleSpec))...)
		}
		var b bytes.Buffer
		ds.Render(&b, l.Sources(), false)
		if len(ds) == 0 || b.Len() > 1<<20 {
			t.Errorf("%s: %d diagnostics, %d bytes", name, len(ds), b.Len())
		}
	}
	var l Loader
	a, _ := l.LoadBytes("a.yaml", []byte(many("k#: 1\n")))
	b, _ := l.LoadBytes("b.yaml", []byte(many("k#: 2\n")))
	if changes := Diff(a, b); len(changes) != n || same(a, b) {
		t.Error(len(changes))
	}
}

// A moment keeps its offset, wherever the file is read: in New York 8 March has the offset of winter and 10 March that of summer.
func TestTimeKeepsItsOffset(t *testing.T) {
	home, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skip("this machine has no time zones")
	}
	got := fixed(time.Date(2025, 3, 8, 0, 0, 0, 0, home))
	if want := "2025-03-10T00:00:00-05:00"; got.AddDate(0, 0, 2).Format(time.RFC3339) != want {
		t.Errorf("two days after %s is %s, want %s", got, got.AddDate(0, 0, 2).Format(time.RFC3339), want)
	}
	if got := fixed(time.Date(2025, 7, 1, 0, 0, 0, 0, time.FixedZone("", 0))); got.Location() != time.UTC {
		t.Errorf("no offset is %s, want UTC", got.Location())
	}
}
