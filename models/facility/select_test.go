package facility

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// small is a site of two halls, with feeds that have names of their own and two models of GPU.
func small(t testing.TB) *Tree {
	tree := New("test")
	tree.Add(Hall, Site, []int{2})
	tree.Add(Row, Hall, []int{2, 1})
	tree.Add(Rack, Row, []int{3, 2, 2})
	tree.Add(Node, Rack, []int{2, 2, 0, 1, 2, 2, 1})
	counts := make([]int, tree.Count(Node))
	for i := range counts {
		counts[i] = 4
	}
	gpus := tree.Add(GPU, Node, counts)
	gpus.Models = []string{"h100-sxm", "b200"}
	gpus.Model = make([]int16, gpus.Count())
	for i := 20; i < gpus.Count(); i++ {
		gpus.Model[i] = 1
	}
	tree.Add(Utility, Site, []int{2})
	tree.Add(CRAH, Hall, []int{4, 3})
	if err := tree.Rename(Utility, []string{"utility-a", "utility-b"}); err != nil {
		t.Fatal(err)
	}
	if err := tree.Rename(Hall, []string{"east", ""}); err != nil {
		t.Fatal(err)
	}
	return tree
}

func names(t *Tree, refs []Ref) string {
	var s []string
	for _, r := range refs {
		s = append(s, t.NameOf(r))
	}
	return strings.Join(s, " ")
}

func TestSelect(t *testing.T) {
	tree := small(t)
	for _, c := range []struct{ expr, want string }{
		{"site", "site"},
		{"hall", "east hall-1"},
		{"hall[*]", "east hall-1"},
		{"east", "east"},
		{"hall-0", "east"},
		{"hall-1/row-0/rack[1]", "hall-1/row-0/rack-1"},
		{"east/row-1", "east/row-1"},
		{"row-0", "east/row-0 hall-1/row-0"},
		{"crah[2..3]", "east/crah-2 east/crah-3 hall-1/crah-2"},
		{"hall-1/crah[1..9]", "hall-1/crah-1 hall-1/crah-2"},
		{"utility-a", "utility-a"},
		{"utility", "utility-a utility-b"},
		{"utility[1]", "utility-b"},
		{"east/rack[2]", "east/row-0/rack-2"},
		{"rack[2]", "east/row-0/rack-2"},
		{"east/row-1/node[0]", "east/row-1/rack-0/node-0 east/row-1/rack-1/node-0"},
		{"hall-1/node", "hall-1/row-0/rack-0/node-0 hall-1/row-0/rack-0/node-1 hall-1/row-0/rack-1/node-0"},
		{"hall-1/rack[1]/gpu[0..1]", "hall-1/row-0/rack-1/node-0/gpu-0 hall-1/row-0/rack-1/node-0/gpu-1"},
		{"rack-1/node-1/gpu[3]{model=h100-sxm}", "east/row-0/rack-1/node-1/gpu-3"},
		{"site/east/row[1]", "east/row-1"},
	} {
		refs, err := tree.Select(c.expr)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
		} else if got := names(tree, refs); got != c.want {
			t.Errorf("%s selects\n  %s, want\n  %s", c.expr, got, c.want)
		}
	}
	if refs, _ := tree.Select("gpu{model=b200}"); len(refs) != 20 || refs[0].Index != 20 {
		t.Errorf("gpu{model=b200} selects %d from %v", len(refs), refs[0])
	}
}

func TestSelectorErrors(t *testing.T) {
	tree := small(t)
	for _, c := range []struct{ expr, at, want string }{
		{"", "", `it ends where a kind or a name is due`},
		{"crha[0]", "crha", `did you mean "crah"?`},
		{"utility-c", "utility-c", `did you mean "utility-a"?`},
		{"racks-3", "racks-3", `did you mean "rack-3"?`},
		{"wombat", "wombat", "this site has site, hall, row, rack, node, gpu, utility, crah; by name east, utility-a, utility-b"},
		{"crah[7]", "crah[7]", "there is no crah[7] in this site: there are crah[0..3]"},
		{"hall-1/crah[3..5]", "crah[3..5]", "there is no crah[3..5] in hall-1: there are crah[0..2]"},
		{"hall-2", "hall-2", "there is no hall-2 in this site: there are hall[0..1]"},
		{"chiller[0]", "chiller[0]", "there is no chiller in this site: it has hall, row"},
		{"east/utility[0]", "utility[0]", "there is no utility in east: the first utility of the site is utility-a"},
		{"gpu/rack", "rack", "there is no rack in gpu"},
		{"hall-1/east", "east", "there is no hall in hall-1"},
		{"rack/rack[0]", "rack[0]", "there is no rack in rack"},
		{"gpu{model=h100}", "gpu{model=h100}", "no gpu in this site is of model h100: the models are h100-sxm, b200"},
		{"gpu{model=b100}", "gpu{model=b100}", `did you mean "b200"?`},
		{"gpu{speed=3}", "{speed=3}", "filtered by model only"},
		{"gpu{model=b200}[0]", "[", "an index comes before a model"},
		{"crah[3..1]", "[3..1]", "runs backwards: write [1..3]"},
		{"crah[-1]", "[-1]", `"-1" is no index: write [3]`},
		{"crah[01]", "[01]", `"01" is no index`},
		{"crah[0..]", "[0..]", "is no range"},
		{"crah[0", "[0", `"[" is not closed`},
		{"gpu{model=x", "{model=x", `"{" is not closed`},
		{"crah[0]/", "", "it ends where"},
		{"/crah", "/", `"/" stands where`},
		{"crah[0] , crah[1]", " ", `" " is unexpected after crah[0]`},
		{"crah-0[1]", "crah-0[1]", "crah-0 has a number already: write crah-0 or crah[1]"},
		{"Ω", "\xce", `"Ω" stands where`},
		{strings.Repeat("site/", 40) + "gpu", "/", "deeper than any site"},
		{strings.Repeat("x", 5000), "x", "longer than 1024 bytes"},
	} {
		_, err := tree.Select(c.expr)
		var e *SelectorError
		if !errors.As(err, &e) {
			t.Errorf("%s: error %v", c.expr, err)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\n  want … %s", c.expr, err, c.want)
		}
		if got := c.expr[e.Offset:min(len(c.expr), e.Offset+e.Length)]; got != c.at {
			t.Errorf("%s: points at %q, want %q", c.expr, got, c.at)
		}
	}
}

func TestParse(t *testing.T) {
	tree := small(t)
	for k := range NumKinds {
		for i := range tree.Count(k) {
			r := Ref{k, int32(i)}
			if got, err := tree.Parse(tree.NameOf(r)); err != nil || got != r {
				t.Errorf("%v is %s, which parses as %v, %v", r, tree.NameOf(r), got, err)
			}
		}
	}
	if _, err := tree.Parse("row-0"); err == nil || !strings.Contains(err.Error(), "more than one thing, east/row-0 to hall-1/row-0") {
		t.Errorf("an ambiguous name: %v", err)
	}
	if got := tree.NameOf(Ref{Job, 17}); got != "job-17" {
		t.Errorf("a job is called %s", got)
	}
}

func TestRename(t *testing.T) {
	for _, c := range []struct {
		kind  Kind
		names []string
		want  string
	}{
		{CRAH, []string{"gpu"}, "is the name of a kind"},
		{CRAH, []string{"a b"}, "begins with a letter"},
		{CRAH, []string{"a", "a"}, "given twice"},
		{CRAH, []string{"east"}, "given twice"},
		{CRAH, []string{"crah-1"}, "numbered name of another thing"},
		{CRAH, make([]string, 9), "9 names for 7"},
		{CRAH, []string{"crah-0", "", "", "", "cold", "crah-1"}, ""},
		{CRAH, []string{"a", "b", "c", "d", "a"}, ""}, // the same name in two halls
	} {
		err := small(t).Rename(c.kind, c.names)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("Rename(%q): %v, want %q", c.names, err, c.want)
		}
	}
}

func TestSplitField(t *testing.T) {
	for _, c := range []struct{ expr, selector, field string }{
		{"gpu[*].power_limit", "gpu[*]", "power_limit"},
		{"crah[0..3].supply_temperature", "crah[0..3]", "supply_temperature"},
		{"gpu{model=a.b}", "gpu{model=a.b}", ""},
		{"gpu{model=a/b.c}.clock_limit", "gpu{model=a/b.c}", "clock_limit"},
		{"hall-0/row-3/rack[7]", "hall-0/row-3/rack[7]", ""},
		{"site.supply", "site", "supply"},
		{"site.liquid.supply", "site", "liquid.supply"},
		{"crah[0..3]", "crah[0..3]", ""},
	} {
		if s, f := SplitField(c.expr); s != c.selector || f != c.field {
			t.Errorf("SplitField(%q) = %q, %q", c.expr, s, f)
		}
	}
}

// dumb decides by walking up from every thing of the site whether a selector of plain parts matches it.
func dumb(t *Tree, parts []part) []Ref {
	matches := func(r Ref, p part) bool {
		l := &t.Levels[r.Kind]
		return r.Kind.String() == p.word && (!p.indexed || l.Local[r.Index] >= p.from && l.Local[r.Index] <= p.to) &&
			(p.model == "" || l.model(r.Index) == p.model)
	}
	var inside func(r Ref, parts []part) bool
	inside = func(r Ref, parts []part) bool {
		if len(parts) == 0 {
			return true
		}
		for r.Kind != Site {
			l := &t.Levels[r.Kind]
			r = Ref{l.Parent, l.Up[r.Index]}
			if matches(r, parts[len(parts)-1]) && inside(r, parts[:len(parts)-1]) {
				return true
			}
		}
		return false
	}
	var out []Ref
	for k := range NumKinds {
		for i := range t.Count(k) {
			r := Ref{k, int32(i)}
			if last := len(parts) - 1; matches(r, parts[last]) && inside(r, parts[:last]) {
				out = append(out, r)
			}
		}
	}
	return out
}

func TestSelectAgainstDumb(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := New("random")
		for _, k := range []Kind{Hall, Row, Rack, Node, GPU, CRAH} {
			parent := k - 1
			if k == CRAH {
				parent = Hall
			}
			counts := make([]int, tree.Count(parent))
			for i := range counts {
				counts[i] = rapid.IntRange(0, 3).Draw(t, "count")
			}
			tree.Add(k, parent, counts)
		}
		gpus := &tree.Levels[GPU]
		gpus.Models = []string{"x", "y"}
		for i := range gpus.Count() {
			gpus.Model = append(gpus.Model, int16(i%2))
		}
		var parts []part
		var expr []string
		for range rapid.IntRange(1, 4).Draw(t, "parts") {
			k := rapid.SampledFrom([]Kind{Hall, Row, Rack, Node, GPU, CRAH}).Draw(t, "kind")
			p := part{word: k.String()}
			text := p.word
			if rapid.Bool().Draw(t, "indexed") {
				p.indexed = true
				p.from = rapid.Int32Range(0, 2).Draw(t, "from")
				p.to = p.from + rapid.Int32Range(0, 2).Draw(t, "more")
				text += fmt.Sprintf("[%d..%d]", p.from, p.to)
			}
			if k == GPU && rapid.Bool().Draw(t, "model") {
				p.model = "y"
				text += "{model=y}"
			}
			parts = append(parts, p)
			expr = append(expr, text)
		}
		got, err := tree.Select(strings.Join(expr, "/"))
		want := dumb(tree, parts)
		if (err != nil) != (len(want) == 0) || !slices.Equal(got, want) {
			t.Fatalf("%s selects %v (%v), want %v", strings.Join(expr, "/"), got, err, want)
		}
		lo, hi := tree.Descendants(Ref{Site, 0}, GPU)
		if int(hi-lo) != tree.Count(GPU) {
			t.Fatalf("the site holds gpus %d to %d of %d", lo, hi, tree.Count(GPU))
		}
	})
}

func FuzzSelect(f *testing.F) {
	for _, s := range []string{"hall-0/row-3/rack[7]", "crah[0..3]", "rack[*]/gpu[0]", "utility-a", "gpu{model=h100-sxm}", "gpu[*].power_limit", "east/row-0", "[", "crah[999999999]"} {
		f.Add(s)
	}
	tree := small(f)
	f.Fuzz(func(t *testing.T, expr string) {
		if selector, field := SplitField(expr); len(selector)+len(field) > len(expr) {
			t.Fatalf("%q splits into %q and %q", expr, selector, field)
		}
		refs, err := tree.Select(expr)
		if err != nil {
			var e *SelectorError
			if !errors.As(err, &e) {
				t.Fatalf("%q: %T", expr, err)
			}
			if e.Msg == "" || e.Offset < 0 || e.Length < 0 || e.Offset > len(expr) || len(e.Error()) > 5000 {
				t.Fatalf("%q: error %+v", expr, e)
			}
			return
		}
		if len(refs) == 0 {
			t.Fatalf("%q matches nothing without an error", expr)
		}
		for i, r := range refs {
			if i > 0 && (r.Kind < refs[i-1].Kind || r.Kind == refs[i-1].Kind && r.Index <= refs[i-1].Index) {
				t.Fatalf("%q: %v after %v", expr, r, refs[i-1])
			}
			if back, err := tree.Parse(tree.NameOf(r)); err != nil || back != r {
				t.Fatalf("%q: %v is %s is %v, %v", expr, r, tree.NameOf(r), back, err)
			}
		}
	})
}

// hundred is a hall of 100,000 GPUs.
func hundred() *Tree {
	tree := New("large")
	full := func(n, each int) []int { return slices.Repeat([]int{each}, n) }
	tree.Add(Hall, Site, []int{1})
	tree.Add(Row, Hall, full(1, 50))
	tree.Add(Rack, Row, full(50, 25))
	tree.Add(Node, Rack, full(1250, 10))
	tree.Add(GPU, Node, full(12500, 8))
	return tree
}

func BenchmarkSelect(b *testing.B) {
	tree := hundred()
	for _, expr := range []string{"gpu[*]", "rack[*]/gpu[0]", "hall-0/row-3/rack[7]"} {
		b.Run(expr, func(b *testing.B) {
			for b.Loop() {
				if _, err := tree.Select(expr); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("spans of gpu[*]", func(b *testing.B) {
		for b.Loop() {
			if s, err := tree.Spans("gpu[*]"); err != nil || len(s) != 1 {
				b.Fatal(s, err)
			}
		}
	})
}

func BenchmarkNameOf(b *testing.B) {
	tree := hundred()
	buf := make([]byte, 0, 64)
	for b.Loop() {
		buf = tree.AppendName(buf[:0], Ref{GPU, 99999})
	}
}
