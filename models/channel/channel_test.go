package channel

import (
	"regexp"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

func TestTable(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$`)
	si := map[string]bool{"": true, "h": true}
	for _, k := range unit.Kinds() {
		si[k.SI()] = true
	}
	last := ""
	for i, c := range All() {
		if c.ID != ID(i) {
			t.Errorf("%s has ID %d at %d", c.Name, c.ID, i)
		}
		if c.Name <= last {
			t.Errorf("%q follows %q: names are sorted and unique", c.Name, last)
		}
		last = c.Name
		if !name.MatchString(c.Name) {
			t.Errorf("%q cannot stand in an expression", c.Name)
		}
		if !si[c.Unit] {
			t.Errorf("%s: %q is the SI unit of no kind", c.Name, c.Unit)
		}
		if !strings.HasSuffix(c.Doc, ".") || len(c.Doc) < 10 || strings.Contains(c.Doc, "\n") {
			t.Errorf("%s: %q is no sentence", c.Name, c.Doc)
		}
		subject, _, dotted := strings.Cut(c.Name, ".")
		if k, ok := facility.ParseKind(strings.ReplaceAll(subject, "_", "-")); dotted && ok && k != c.Kind {
			t.Errorf("%s is a property of %s", c.Name, c.Kind)
		}
		if c.Type == Counter && (c.Unit != "" || c.Reduce != Sum) {
			t.Errorf("%s: a counter is a number and adds up", c.Name)
		}
		if (c.Reduce == Last) != (c.Kind == facility.Site && dotted && (subject == "site" || subject == "weather")) && c.Name != "job.state" {
			t.Errorf("%s: Last is for what has one subject", c.Name)
		}
		if got, ok := Lookup(c.Name); !ok || got.ID != c.ID {
			t.Errorf("Lookup(%q) finds %v", c.Name, got)
		}
	}
	if _, ok := Lookup("site.wombats"); ok {
		t.Error("site.wombats was found")
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, first string
		count          int
	}{
		{"site.power", "site.power", 1},
		{"job.*", "job.gpus", 5},
		{"weather.*", "weather.dry_bulb", 2},
		{"*", "breaker.trips", len(All())},
		{"rack.*_temperature", "rack.gpu_temperature", 4},
		{"**site**pue*", "site.pue", 1},
	} {
		got, err := Match(c.pattern)
		if err != nil || len(got) != c.count || got[0].Name != c.first {
			t.Errorf("%s: %d channels %v, %v", c.pattern, len(got), got, err)
		}
	}
	for _, c := range []struct{ pattern, want string }{
		{"site.pwoer", `did you mean "site.power"?`},
		{"rack.inlet_temp*", ""},
		{"rack.wombat", "rack has rack.airflow, rack.gpu_temperature"},
		{"wombat", "the subjects are breaker, cdu, chiller"},
		{"", "the subjects are"},
		{strings.Repeat("*a", 1000), "names are shorter"},
	} {
		_, err := Match(c.pattern)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want … %s", c.pattern, err, c.want)
		}
	}
}

func TestShow(t *testing.T) {
	for _, c := range []struct {
		name string
		v    float64
		want string
	}{
		{"site.power", 1.234e6, "1.234 MW"},
		{"rack.inlet_temperature", 24.5, "24.5 degC"},
		{"gpu_hours", 12.25, "12.25 h"},
		{"site.pue", 1.25, "1.25"},
	} {
		ch, _ := Lookup(c.name)
		if got := ch.Show(c.v, 4); got != c.want {
			t.Errorf("%s shows %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, s := range []string{"job.*", "*", "site.power", "rack.", "**a*b*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		found, err := Match(pattern)
		if (err == nil) != (len(found) > 0) {
			t.Fatalf("%q: %d channels, %v", pattern, len(found), err)
		}
	})
}
