package twin

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
)

// Each of the fifteen questions of docs/questions.md has its files, which compile with all their variants, run, and give the
// figures that the table says to read.
func TestQuestions(t *testing.T) {
	b, err := os.ReadFile("../docs/questions.md")
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile("`([a-z0-9_.-]+)`")
	names := func(cell string) (all []string) {
		for _, m := range code.FindAllStringSubmatch(cell, -1) {
			all = append(all, m[1])
		}
		return all
	}
	asked := 0
	for _, line := range strings.Split(string(b), "\n") {
		cells := strings.Split(line, "|")
		switch {
		case len(cells) == 7 && strings.Trim(cells[1], " #-") != "":
			asked++
			if n, err := strconv.Atoi(strings.TrimSpace(cells[1])); err != nil || n != asked {
				t.Errorf("question %q, want %d", cells[1], asked)
			}
			t.Run(strings.TrimSpace(cells[1]), func(t *testing.T) {
				t.Parallel()
				answers(t, names(cells[3]), names(cells[4]))
			})
		case len(cells) == 4 && strings.Contains(cells[2], "`"):
			answers(t, names(cells[2])[:1], nil)
		}
	}
	if asked != 15 {
		t.Errorf("%d questions", asked)
	}
}

// answers lives a while of each file and looks for the figures.
func answers(t *testing.T, files, figures []string) {
	t.Helper()
	if len(files) == 0 {
		t.Fatal("no file")
	}
	var told []string
	for _, name := range files {
		f, ds := scenarios.Load("what-if/" + name)
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		if len(figures) == 0 {
			continue
		}
		p, ds := f.Plan("")
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		o := Options{Seed: p.Seed}
		if g := p.Growth; g != nil { // a season of it
			few := *g
			few.Season = g.Season[:1]
			p.Growth = &few
		} else {
			o.Until = min(p.Duration, longEnough)
		}
		s, err := liveFor(p, o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, g := range s.Groups {
			for _, k := range g.KPIs {
				told = append(told, k.Key)
			}
		}
	}
	for _, key := range figures {
		if key != "ups.battery" && !slices.Contains(told, key) { // after an outage alone
			t.Errorf("nothing says %s: %v", key, told)
		}
	}
}

// longEnough, in s, covers a demand response event and the first jobs that end.
const longEnough = 4 * 3600

func liveFor(p *scenarios.Plan, o Options) (*record.Summary, error) {
	ctx := context.Background()
	if p.Growth != nil {
		return Run(ctx, p, o)
	}
	r, err := Begin(p, o)
	if err != nil {
		return nil, err
	}
	return r.End(ctx, r.Advance(ctx, o.Until))
}
