package document

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	yaml "go.yaml.in/yaml/v4"
)

const sampleID = "https://example.org/sample.schema.json"

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	raw, err := Schema(new(sampleSpec), sampleID)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(sampleID, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(sampleID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asEditor reads a document as an editor does: YAML's own idea of types.
func asEditor(t *testing.T, text string) any {
	t.Helper()
	var n yaml.Node
	if err := yaml.Load([]byte(text), &n); err != nil {
		t.Fatal(err)
	}
	untime(&n)
	var v any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// untime makes time stamps texts, which they are in YAML 1.2.
func untime(n *yaml.Node) {
	if n.Tag == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, c := range n.Content {
		untime(c)
	}
}

const valid = "name: hall\nstart: 2025-07-15T00:00:00-05:00\n"

func TestSchemaAcceptsWhatDecodeAccepts(t *testing.T) {
	schema := compileSchema(t)
	for _, text := range []string{
		valid,
		"use: sites/small\n",
		"use: sites/small\ncdu: null\nracks: {add: [{name: a}], remove: [b]}\n",
		valid + "seed: 1_000\nduration: 90 min\nups: {use: hardware/x, load: 60 %, bypass: false}\n",
		valid + "ups: {load: 0.6, curve: [0, 1], about: a note}\n",
		valid + "series: 5 kW\nevery: auto\n",
		valid + "series: {file: x.csv, scale: 3}\nevery: 3 h\nracks: {use: drills/one}\n",
		valid + "racks: [{name: 3, count: 4}, {use: racks/a}]\nlimits: {gpu: 1.2e3 W, cpu: 1kW}\n",
		valid + "variants: {a: {x: [1]}, b: {}}\nnested: {a: {racks: [{name: x}]}}\nfeeds: []\n",
		valid + "cdu: {supply: 10.5 °C, approach: 3 K, standby: 1, pumps: 2}\n",
	} {
		if err := schema.Validate(asEditor(t, text)); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
		var l Loader
		v, ds := l.LoadBytes("x.yaml", []byte(text))
		if !strings.Contains(text, "use:") {
			var spec sampleSpec
			if ds = append(ds, Decode(v, &spec)...); len(ds) > 0 {
				t.Errorf("the decoder refuses what the schema accepts:\n%s\n%v", text, ds)
			}
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	schema := compileSchema(t)
	for _, text := range []string{
		"start: 2025-07-15T00:00:00Z\n",
		"name: a\nstart: 2025-07-15\n",
		valid + "suply: 3\n",
		valid + "ups: {rating: 3}\n",
		valid + "ups: {rating: 3 K}\n",
		valid + "ups: {load: 60}\n",
		valid + "ups: {mode: ecco}\n",
		valid + "ups: {bypass: maybe}\n",
		valid + "ups: [1]\n",
		valid + "cdu: {pumps: 0}\n",
		valid + "cdu: {pumps: 2.5}\n",
		valid + "cdu: {approach: 3 degC}\n",
		valid + "racks: {append: []}\n",
		valid + "racks: [{nam: a}]\n",
		valid + "limits: {gpu: 3}\n",
		valid + "nested: {a: {racks: 3}}\n",
	} {
		if err := schema.Validate(asEditor(t, text)); err == nil {
			t.Errorf("the schema accepts\n%s", text)
		}
	}
}

// golden compares with a file of testdata; HALLTWIN_REWRITE=1 writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("HALLTWIN_REWRITE") != "" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs; set HALLTWIN_REWRITE=1 and review the difference", path)
	}
}

func TestSchemaGolden(t *testing.T) {
	raw, err := Schema(new(sampleSpec), sampleID)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "sample.schema.json", raw)
}

func TestReferenceGolden(t *testing.T) {
	var b bytes.Buffer
	if err := Reference(&b, new(sampleSpec)); err != nil {
		t.Fatal(err)
	}
	golden(t, "reference.md", b.Bytes())
}
