package lineproto

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	protocol "github.com/influxdata/line-protocol"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/journal"
	"github.com/halltwin/halltwin/twin/record/recordtest"
)

func parse(t *testing.T, b []byte) []protocol.Metric {
	t.Helper()
	h := protocol.NewMetricHandler()
	list, err := protocol.NewParser(h).Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func keep(t *testing.T, h *record.Header, name string, every float64) []byte {
	t.Helper()
	dir := t.TempDir()
	if err := recordtest.Play(New(journal.Dir(dir), name), h, every); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func tag(m protocol.Metric, key string) string {
	for _, t := range m.TagList() {
		if t.Key == key {
			return t.Value
		}
	}
	return ""
}

func field(m protocol.Metric, key string) any {
	for _, f := range m.FieldList() {
		if f.Key == key {
			return f.Value
		}
	}
	return nil
}

func TestSchema(t *testing.T) {
	h := recordtest.Header(recordtest.Site(2, 4))
	count := map[string]int{}
	seen := map[string]bool{}
	for _, m := range parse(t, keep(t, h, "metrics.lp", 3600)) {
		count[m.Name()]++
		key := m.Name() + m.Time().String()
		for _, tg := range m.TagList() {
			if field(m, tg.Key) != nil {
				t.Fatalf("%s is both a tag and a field of %s", tg.Key, m.Name())
			}
			key += "," + tg.Key + "=" + tg.Value
		}
		if seen[key] {
			t.Fatalf("two points overwrite each other: %s", key)
		}
		seen[key] = true
		for _, f := range m.FieldList() {
			if _, isFloat := f.Value.(float64); !isFloat && f.Key != "job" && f.Key != "subject" && f.Key != "text" {
				t.Fatalf("field %s of %s is a %T", f.Key, m.Name(), f.Value)
			}
		}
		if tag(m, "run") != h.ID() || tag(m, "source") != "simulated" || tag(m, "site") != "test-site" {
			t.Fatalf("tags of %s: %v", m.Name(), m.TagList())
		}
		switch m.Name() {
		case "rack":
			if tag(m, "hall") != "hall-0" || tag(m, "row") == "" || tag(m, "rack") == "" || tag(m, "slot") != "" {
				t.Fatalf("tags of a rack: %v", m.TagList())
			}
			if field(m, "power_w") == nil || field(m, "inlet_temperature_c") == nil {
				t.Fatal("a rack lacks a field")
			}
		case "job":
			if name, _ := field(m, "job").(string); !strings.HasPrefix(name, "job-") {
				t.Fatalf("job is called %q", name)
			}
		}
	}
	if count["site"] != 25 || count["rack"] != 25*8 || count["job"] != 50 || count["event"] != 49 {
		t.Errorf("points: %v", count)
	}
}

func TestGzip(t *testing.T) {
	h := recordtest.Header(recordtest.Site(2, 4))
	plain, packed := keep(t, h, "metrics.lp", 600), keep(t, h, "metrics.lp.gz", 600)
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(b, plain) {
		t.Errorf("unpacked %d bytes, want %d: %v", len(b), len(plain), err)
	}
}

// Names of people's making come through whatever they hold.
func TestEscaping(t *testing.T) {
	for _, name := range []string{"a b", "a,b", "a=b", `a\`, "a\nb", `"q"`, `a\,b`, "空调", "#", "a\tb", " "} {
		site := facility.New(name)
		site.Add(facility.Hall, facility.Site, []int{1}).Names = []string{name}
		site.Add(facility.Rack, facility.Hall, []int{1})
		h := recordtest.Header(site)
		h.Run = name
		list := parse(t, keep(t, h, "x.lp", 43200))
		if len(list) == 0 {
			t.Fatalf("%q: no points", name)
		}
		for _, m := range list {
			if want := clean(h.ID()); tag(m, "run") != want {
				t.Errorf("%q: run is %q, want %q", name, tag(m, "run"), want)
			}
		}
	}
}

func TestGPUTags(t *testing.T) {
	site := recordtest.Site(1, 1)
	site.Levels[facility.GPU].Models = []string{"h100-sxm"}
	site.Levels[facility.GPU].Model = make([]int16, site.Count(facility.GPU))
	h := recordtest.Header(site)
	got := place(h, facility.GPU, 5)
	if want := ",hall=hall-0,row=row-0,rack=rack-0,node=node-1,slot=gpu-1,model=h100-sxm"; got != want {
		t.Errorf("tags %s, want %s", got, want)
	}
}
