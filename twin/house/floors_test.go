package house

import (
	"slices"
	"strings"
	"testing"
)

// wall forbids imports. Folders of this module begin with "./".
type wall struct {
	from   []string // folders
	not    []string // import paths and what lies below them
	except []string // import paths that are allowed all the same
	tests  bool     // holds for tests as well
	why    string
}

var walls = []wall{
	{from: []string{"models"}, not: []string{"./scenarios", "./twin", "./hil", "./viz", "./cmd"}, tests: true,
		why: "models are the ground floor: they can be understood and used without what stands on them"},
	{from: []string{"scenarios"}, not: []string{"./twin", "./hil", "./viz", "./cmd"}, tests: true,
		why: "a scenario is compiled without a world to run it"},
	{from: []string{"twin"}, not: []string{"./hil", "./viz", "./cmd"}, tests: true,
		why: "a world knows neither hardware nor viewers: they come in through the timeline and look through the recording"},
	{from: []string{"hil"}, not: []string{"./twin", "./scenarios", "./viz", "./cmd"}, except: []string{"./twin/kernel", "./twin/record/draw"},
		why: "hardware is measured without a world; only the closed loop has one, and reports of fits look like those of runs"},
	{from: []string{"viz"}, not: []string{"./twin", "./scenarios", "./hil", "./cmd", "./models"},
		except: []string{"./twin/record", "./models/action", "./models/channel", "./models/facility", "./models/unit"},
		why:    "a viewer sees what is recorded and does what an action can say, so live and replay are the same to it"},

	{from: []string{"."}, not: []string{"github.com/fschuetz04/simgo"},
		why: "twin/kernel alone knows simgo and its traps"},
	{from: []string{"."}, not: []string{"math/rand"}, except: []string{"math/rand/v2"}, tests: true,
		why: "its generators are global or slow; random numbers come from named streams, in tests from math/rand/v2 with a seed"},
	{from: []string{"models", "scenarios", "twin"}, not: []string{"math/rand/v2", "gonum.org/v1/gonum/stat/distuv", "gonum.org/v1/gonum/stat/sampleuv", "gonum.org/v1/gonum/stat/distmv"},
		why: "their values silently use the global generator: a run draws from the named streams of models/random"},

	{from: []string{"models"}, not: []string{"os", "io/fs", "io/ioutil", "net", "syscall", "log", "embed", "database", "path/filepath", "C"},
		why: "a model has no inputs and outputs but its arguments and results"},
	{from: []string{"models"}, not: []string{"sync", "context", "runtime"},
		why: "a model is passive: the world calls it, one call at a time"},
	{from: []string{"models"}, not: []string{"unsafe", "reflect", "plugin"},
		why: "a model is equations on plain data"},
}

// breaches are the places where a wall has a door.
var breaches = []struct{ dir, path, why string }{
	{"twin/kernel", "github.com/fschuetz04/simgo", "it is the one place"},
	{"models/random", "math/rand/v2", "its ziggurat and unbiased integers on our own stream; nothing global"},
	{"hil/loop", "./twin", "the closed loop runs a twin beside the hardware"},
	{"hil/loop", "./scenarios", "likewise"},
}

func TestFloors(t *testing.T) {
	for _, f := range open(t).files {
		for _, i := range f.imports() {
			for _, w := range walls {
				if (f.test && !w.tests) || !(slices.Contains(w.from, ".") || under(f.dir, w.from...)) || !under(i, w.not...) || under(i, w.except...) {
					continue
				}
				if !breached(f.dir, i) {
					t.Errorf("%s imports %s: %s", f.path, strings.TrimPrefix(i, "./"), w.why)
				}
			}
		}
	}
}

func breached(dir, path string) bool {
	for _, b := range breaches {
		if under(dir, b.dir) && under(path, b.path) {
			return true
		}
	}
	return false
}

// allowed are the modules that models may import beside the standard library and one another.
func TestModelsStandOnMathematics(t *testing.T) {
	for _, f := range open(t).files {
		if !under(f.dir, "models") || f.test {
			continue
		}
		for _, i := range f.imports() {
			host, _, _ := strings.Cut(i, "/")
			if strings.Contains(host, ".") && host != "." && !under(i, "gonum.org/v1/gonum") {
				t.Errorf("%s imports %s: models need the standard library and gonum, nothing else", f.path, i)
			}
		}
	}
}
