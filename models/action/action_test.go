package action

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

func TestSettings(t *testing.T) {
	quantities := map[string]*unit.Kind{}
	seen := map[facility.Kind]map[string]bool{}
	last := facility.NumKinds
	for _, s := range Settings() {
		if seen[s.Kind] != nil && last != s.Kind {
			t.Errorf("the settings of %s do not stand together", s.Kind)
		}
		last = s.Kind
		if seen[s.Kind] == nil {
			seen[s.Kind] = map[string]bool{}
		}
		if seen[s.Kind][s.Field] {
			t.Errorf("%s.%s stands twice", s.Kind, s.Field)
		}
		seen[s.Kind][s.Field] = true
		if q := quantities[s.Field]; q != nil && q != s.Quantity {
			t.Errorf("%s is a %s and a %s", s.Field, q.Name, s.Quantity.Name)
		}
		quantities[s.Field] = s.Quantity
		if s.Doc == "" || !strings.HasSuffix(s.Doc, ".") || s.Min >= s.Max {
			t.Errorf("%s.%s: %+v", s.Kind, s.Field, s)
		}
		if got, err := LookupSetting(s.Kind, s.Field); err != nil || !reflect.DeepEqual(*got, s) {
			t.Errorf("%s.%s is found as %v, %v", s.Kind, s.Field, got, err)
		}
	}
	for _, c := range []struct {
		kind        facility.Kind
		field, want string
	}{
		{facility.GPU, "power_limt", `a gpu has no setting "power_limt": did you mean "power_limit"?`},
		{facility.Site, "wombat", `a site has no setting "wombat": it has air.supply, liquid.supply`},
		{facility.Row, "supply", "a row has no settings: those of gpu, site, hall, crah"},
	} {
		if _, err := LookupSetting(c.kind, c.field); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s.%s: %v, want %s", c.kind, c.field, err, c.want)
		}
	}
	s, _ := LookupSetting(facility.CRAH, "supply")
	for _, v := range []float64{-1, 200, math.NaN()} {
		if s.Check(v) == nil {
			t.Errorf("%v degC is accepted", v)
		}
	}
	if err := s.Check(24); err != nil {
		t.Error(err)
	}
	if err := s.Check(90); err == nil || err.Error() != "90 degC is out of range: supply of a crah lies from 2 degC to 70 degC" {
		t.Error(err)
	}
}

func TestVerbs(t *testing.T) {
	for v := range Verb(len(verbNames)) {
		if back, ok := ParseVerb(v.String()); !ok || back != v {
			t.Errorf("%d is %s is %d", v, v, back)
		}
	}
	if _, ok := ParseVerb("explode"); ok {
		t.Error("explode is a verb")
	}
}

func TestLine(t *testing.T) {
	for _, c := range []struct {
		action Action
		line   string
	}{
		{Action{At: 43200, Verb: Fail, Selector: "crah[0]", For: 7200, Origin: "timeline"}, `- {at: 43200 s, fail: "crah[0]", for: 7200 s} # timeline`},
		{Action{At: 10800, Verb: Set, Selector: "gpu[*]", Field: "power_limit", Value: 600, Origin: "ui"}, `- {at: 10800 s, set: {"gpu[*].power_limit": 600 W}} # ui`},
		{Action{At: 1, Verb: Set, Selector: "site", Field: "liquid.supply", Value: 40.1, Origin: "live"}, `- {at: 1 s, set: {"site.liquid.supply": 40.1 degC}} # live`},
		{Action{At: 63017.5, Verb: Fail, Selector: "hall-0/row-1/rack-3/node-0", Text: "PSU", Origin: "process"}, `- {at: 63017.5 s, fail: "hall-0/row-1/rack-3/node-0"} # process: "PSU"`},
		{Action{Verb: Submit, Job: 17, Origin: "live"}, `- {at: 0 s, submit: 17} # live`},
		{Action{At: 5, Verb: Note, Text: "inlet \"hot\"\n# now}", Origin: "ui"}, `- {at: 5 s, note: "inlet \"hot\"\n# now}"} # ui`},
		{Action{At: 5, Verb: Drain, Selector: "rack[1..2]", Origin: ""}, `- {at: 5 s, drain: "rack[1..2]"} # `},
	} {
		if got := c.action.Line(); got != c.line {
			t.Errorf("line %s\nwant %s", got, c.line)
		}
		if got, err := ParseLine(c.line); err != nil || !reflect.DeepEqual(got, c.action) {
			t.Errorf("%s\nis read as %+v, %v", c.line, got, err)
		}
	}
	// People write logs too.
	a, err := ParseLine(`-{ for: 2 h , fail :"crah[0]",at: 12 h }#  me`)
	if err != nil || a.At != 43200 || a.For != 7200 || a.Origin != "me" {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestLineErrors(t *testing.T) {
	for _, c := range []struct {
		line   string
		column int
		want   string
	}{
		{"", 1, `"-" is due`},
		{"- ", 3, `"{" is due`},
		{"- {}", 4, "a key or a value is due"},
		{"- {at: 1 s} # x", 12, "nothing to do"},
		{`- {fail: "a"} # x`, 14, "no time"},
		{`- {at: 1, fail: "a"} # x`, 8, "needs a unit"},
		{`- {at: 1 kW, fail: "a"} # x`, 8, "is a power"},
		{`- {at: 1 s, at: 2 s} # x`, 13, "stands twice"},
		{`- {at: 1 s, fail: "a", drain: "b"} # x`, 24, "the one thing"},
		{`- {at: 1 s, explode: "a"} # x`, 13, "the one thing"},
		{`- {at: 1 s, set: {"gpu[*].colour": 1 W}} # x`, 19, `nothing has a setting "colour"`},
		{`- {at: 1 s, set: {"gpu[*].power_limit": 1 s}} # x`, 41, "a power is due"},
		{`- {at: 1 s, submit: -1} # x`, 21, "no number of a job"},
		{`- {at: 1 s, fail: "a`, 19, "does not end"},
		{`- {at: 1 s, fail: "a"}`, 23, `"#" is due`},
		{`- {at: 1 s, fail: "a"} # two words`, 35, "one word"},
		{`- {at: 1 s, fail: "a"} # x: "b" c`, 33, "goes on"},
		{`- {at: 1 s, fail: "a", for: -1 s} # x`, 29, "negative"},
		{strings.Repeat("-", 1<<17), 1, "longer than"},
	} {
		_, err := ParseLine(c.line)
		var e *LineError
		if !errors.As(err, &e) || !strings.Contains(e.Msg, c.want) || e.Column != c.column {
			t.Errorf("%.60s: %v, want %s in column %d", c.line, err, c.want, c.column)
		}
	}
}

func TestResolve(t *testing.T) {
	tree := facility.New("test")
	tree.Add(facility.CRAH, facility.Site, []int{3})
	for _, c := range []struct {
		action Action
		want   string // of the error, or the number of targets
		n      int
	}{
		{Action{Verb: Fail, Selector: "crah[1..2]"}, "", 2},
		{Action{Verb: Fail, Selector: "crah[7]"}, "there are crah[0..2]", 0},
		{Action{Verb: Set, Selector: "crah", Field: "supply", Value: 22}, "", 3},
		{Action{Verb: Set, Selector: "crah", Field: "supply", Value: 220}, "out of range", 0},
		{Action{Verb: Set, Selector: "crah", Field: "power_limit", Value: 22}, "no setting", 0},
		{Action{Verb: Note, Text: "x"}, "", 0},
	} {
		err := c.action.Resolve(tree)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) || len(c.action.Targets) != c.n {
			t.Errorf("%s: %d targets, %v", c.action.Line(), len(c.action.Targets), err)
		}
	}
}

func TestLineRoundTrip(t *testing.T) {
	origins := []string{"timeline", "process", "ui", "live", "hardware", ""}
	rapid.Check(t, func(t *rapid.T) {
		a := Action{
			At: rapid.Float64Range(-1e6, 1e9).Draw(t, "at"), Verb: Verb(rapid.IntRange(0, len(verbNames)-1).Draw(t, "verb")),
			For: rapid.Float64Range(0, 1e9).Draw(t, "for"), Origin: rapid.SampledFrom(origins).Draw(t, "origin"), Text: rapid.String().Draw(t, "text"),
		}
		switch a.Verb {
		case Set:
			s := rapid.SampledFrom(Settings()).Draw(t, "setting")
			a.Selector, a.Field = s.Kind.String()+rapid.SampledFrom([]string{"", "[*]", "[0..3]", "{model=a.b}"}).Draw(t, "which"), s.Field
			a.Value = rapid.Float64Range(s.Min, s.Max).Draw(t, "value")
		case Submit:
			a.Job = rapid.Int32Range(0, math.MaxInt32).Draw(t, "job")
		case Note:
		default:
			a.Selector = rapid.String().Draw(t, "selector")
		}
		line := a.Line()
		back, err := ParseLine(line)
		if err != nil || !reflect.DeepEqual(back, a) || strings.ContainsAny(line, "\n\r") {
			t.Fatalf("%+v\nis written %s\nand read as %+v, %v", a, line, back, err)
		}
	})
}

func FuzzParseLine(f *testing.F) {
	f.Add(`- {at: 43200 s, fail: "crah[0]", for: 7200 s} # timeline`)
	f.Add(`- {at: 10800 s, set: {"gpu[*].power_limit": 600 W}} # ui: "why"`)
	f.Add(`- {at: 5 s, note: "a\u2028b"} # ui`)
	f.Add(`- {at: 0 s, submit: 17} # live`)
	f.Fuzz(func(t *testing.T, line string) {
		a, err := ParseLine(line)
		if err != nil {
			return
		}
		b, err := ParseLine(a.Line())
		if err != nil || b.Line() != a.Line() {
			t.Fatalf("%q\nis %q\nis %q, %v", line, a.Line(), b.Line(), err)
		}
	})
}
