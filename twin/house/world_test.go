package house

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// worlds are the folders whose code decides what happens in a run, so that the same seed must give the same bytes.
// "/..." takes what lies below as well. Of the others in ordered, which compile or record a run, no more is asked
// than that they do things in one order at no time of their own.
var (
	worlds  = []string{"models/...", "twin", "twin/kernel"}
	ordered = []string{"models/...", "scenarios/...", "twin/..."}
)

// pardons are the exceptions, by file and finding.
var pardons = []struct{ file, what, why string }{
	{"twin/kernel/pace.go", "time.", "pacing follows the wall clock; it delays what happens and never changes it"},
	{"twin/kernel/pace.go", "select", "it waits for a timer or a cancellation, which both only end the wait"},
	{"twin/kernel/script.go", "sync.WaitGroup", "a script waits for the end of its processes before it returns"},
	{"twin/validate/raps.go", "time.", "one of its figures is how long a run took"},
	{"twin/run.go", "time.", "progress is shown to a person at her pace, and the summary says how long the run took"},
	{"twin/session/run.go", "go statement", "the run of a session has one owner; what others ask of it, it does between two stretches of the run"},
	{"twin/session/run.go", "channel", "likewise"},
	{"twin/session/run.go", "select", "likewise: what is asked comes at a time of its own, which is written to the log"},
	{"twin/session/run.go", "time.", "a session is paced for people, and gives up after a while of theirs"},
	{"twin/session/pace.go", "time.", "likewise"},
	{"twin/live/run.go", "go statement", "a live twin has one owner as well; its sources are asked beside it, and what they say comes with the time at which it is taken"},
	{"twin/live/run.go", "channel", "likewise"},
	{"twin/live/run.go", "select", "likewise: the log has the order in which batches were taken"},
	{"twin/live/run.go", "time.", "it keeps pace with reality"},
	{"twin/kernel/codec.go", "sync.Map", "what is known of a type is kept; it is the same whoever asks first"},
	{"twin/ensemble/executor.go", "channel", "it hands whole runs to workers; what comes of them does not depend on who is first"},
	{"twin/ensemble/executor.go", "select", "likewise: it ends when the experiment is cancelled"},
	{"twin/ensemble/queue/names.go", "time.", "servers and workers live by the clock of the world; it decides who computes a run, never what comes of it"},
	{"twin/ensemble/queue/names.go", "select", "a pause ends early with its context"},
	{"twin/ensemble/queue/coordinator.go", "channel", "likewise: whole runs go out and come back in whatever order"},
	{"twin/ensemble/queue/coordinator.go", "select", "likewise"},
	{"twin/ensemble/queue/coordinator.go", "time.", "it looks for results now and then, whatever it has heard"},
	{"twin/ensemble/queue/worker.go", "time.", "a worker tells that it lives, and ends when it has long been idle"},
	{"twin/external/external.go", "go statement", "a process is read and written beside the run, which waits for its one answer"},
	{"twin/external/external.go", "channel", "likewise: the answers of a process, in order"},
	{"twin/external/external.go", "select", "an answer or the end of patience, which ends the run"},
	{"twin/external/external.go", "time.", "the limit of an answer only ever ends a run"},
	{"twin/record/influx/queue.go", "channel", "it carries a finished recording away from the run, in order"},
	{"twin/record/influx/queue.go", "select", "it takes a block of memory that is free, or a new one: the same to whoever reads it"},
	{"twin/record/influx/queue.go", "time.", "sending gives the run a head start, by the machine's clock"},
	{"twin/record/influx/sender.go", "channel", "a server takes points when it can; the run neither waits for that nor sees it"},
	{"twin/record/influx/sender.go", "go statement", "a server takes points when it can; the run neither waits for that nor sees it"},
	{"twin/record/influx/sender.go", "select", "a server takes points when it can; the run neither waits for that nor sees it"},
	{"twin/record/influx/sender.go", "time.", "pauses between attempts are those of the server's clock"},
	{"twin/record/influx/influxtest/server.go", "time.", "a server takes its time to start"},
}

// finding is something that has no place in a world.
type finding struct {
	pos   token.Pos
	what  string
	why   string
	world bool // matters in a world only
}

var wallClock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// inspect finds what has no place in a world. Without types it knows less.
func inspect(f *ast.File, info *types.Info) []finding {
	var found []finding
	add := func(n ast.Node, what, why string) { found = append(found, finding{n.Pos(), what, why, false}) }
	addWorld := func(n ast.Node, what, why string) { found = append(found, finding{n.Pos(), what, why, true}) }
	sorted := map[ast.Expr]bool{} // arguments of slices.Sorted and the like
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			add(n, "go statement", "a world runs in one order")
		case *ast.SelectStmt:
			add(n, "select", "it chooses at random")
		case *ast.ChanType:
			add(n, "channel", "state is plain data, and a world runs in one goroutine")
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				add(n, "init function", "what is registered is registered where one can see it")
			}
		case *ast.CallExpr:
			if name := called(info, n); name == "slices.Sorted" || name == "slices.SortedFunc" || name == "slices.SortedStableFunc" {
				sorted[n.Args[0]] = true
			}
			switch name := called(info, n); name {
			case "maps.Keys", "maps.Values", "maps.All":
				if !sorted[n] {
					add(n, name, "a map has no order: sort what comes out, with slices.Sorted")
				}
			}
		case *ast.SelectorExpr:
			if name := qualified(info, n); strings.HasPrefix(name, "time.") && slices.Contains(wallClock, strings.TrimPrefix(name, "time.")) {
				add(n, name, "a world has its own time, and a recording that of the run")
			} else if strings.HasPrefix(name, "sync.") {
				addWorld(n, name, "a world runs in one goroutine")
			} else if strings.HasPrefix(name, "os.") || strings.HasPrefix(name, "net.") {
				addWorld(n, name, "a world has no inputs and outputs but actions and the recording")
			}
		case *ast.RangeStmt:
			if t := info.TypeOf(n.X); t != nil {
				if _, ok := t.Underlying().(*types.Map); ok && !orderFree(n) {
					add(n, "range over a map", "its order is random, and so is a sum in it: collect the keys, sort them, range over those")
				}
			}
		}
		return true
	})
	return found
}

// orderFree reports whether a range over a map does nothing but collect its keys in a slice, to be sorted next, and
// set or delete the element of each key in a map, with or without a condition.
func orderFree(n *ast.RangeStmt) bool {
	key, ok := n.Key.(*ast.Ident)
	if !ok || key.Name == "_" {
		return false
	}
	isKey := func(e ast.Expr) bool {
		id, ok := e.(*ast.Ident)
		return ok && id.Name == key.Name
	}
	// builtin reports a call of a builtin function on the key.
	builtin := func(e ast.Expr, name string) bool {
		c, ok := e.(*ast.CallExpr)
		if !ok || len(c.Args) != 2 || !isKey(c.Args[1]) {
			return false
		}
		fn, ok := c.Fun.(*ast.Ident)
		return ok && fn.Name == name
	}
	var free func(ast.Stmt) bool
	free = func(st ast.Stmt) bool {
		switch st := st.(type) {
		case *ast.BlockStmt:
			return !slices.ContainsFunc(st.List, func(s ast.Stmt) bool { return !free(s) })
		case *ast.IfStmt:
			return free(st.Body) && (st.Else == nil || free(st.Else))
		case *ast.BranchStmt:
			return st.Tok == token.CONTINUE
		case *ast.ExprStmt:
			return builtin(st.X, "delete")
		case *ast.AssignStmt:
			if len(st.Lhs) != 1 || len(st.Rhs) != 1 {
				return false
			}
			if to, ok := st.Lhs[0].(*ast.IndexExpr); ok {
				return isKey(to.Index)
			}
			return builtin(st.Rhs[0], "append")
		}
		return false
	}
	return free(n.Body)
}

// called returns "package.Function" of a call, or "".
func called(info *types.Info, c *ast.CallExpr) string {
	fun := c.Fun
	if i, ok := fun.(*ast.IndexExpr); ok {
		fun = i.X
	}
	if s, ok := fun.(*ast.SelectorExpr); ok {
		return qualified(info, s)
	}
	return ""
}

// qualified returns "package.Name" of a name of another package, or "".
func qualified(info *types.Info, s *ast.SelectorExpr) string {
	id, ok := s.X.(*ast.Ident)
	if !ok {
		return ""
	}
	p, ok := info.Uses[id].(*types.PkgName)
	if !ok {
		return ""
	}
	return p.Imported().Path() + "." + s.Sel.Name
}

// listed is what go list tells of a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Standard                bool
}

func TestWorldsAreDeterministic(t *testing.T) {
	r := open(t)
	args := []string{"list", "-e", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Standard"}
	for _, w := range ordered {
		if exists(filepath.Join(r.root, strings.TrimSuffix(w, "/..."))) {
			args = append(args, "./"+w)
		}
	}
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = r.root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	exports := map[string]string{}
	var packages []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if rel, ok := strings.CutPrefix(p.ImportPath, module+"/"); ok && within(rel, ordered) {
			packages = append(packages, p)
		}
	}
	if len(packages) < 10 {
		t.Fatalf("only %d packages were found", len(packages))
	}
	fset := token.NewFileSet()
	imp := importer.ForCompiler(fset, "gc", func(p string) (io.ReadCloser, error) {
		if exports[p] == "" {
			return nil, fmt.Errorf("%s does not compile", p)
		}
		return os.Open(exports[p])
	})
	pardoned, broken := map[string]bool{}, false
	for _, p := range packages {
		rel := strings.TrimPrefix(p.ImportPath, module+"/")
		var files []*ast.File
		for _, name := range p.GoFiles {
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			f, err := parser.ParseFile(fset, path.Join(rel, name), text, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}}
		if _, err := (&types.Config{Importer: imp}).Check(p.ImportPath, fset, files, info); err != nil {
			t.Errorf("%v", err)
			broken = true
			continue
		}
		for i, f := range files {
			file := path.Join(rel, p.GoFiles[i])
			for _, found := range inspect(f, info) {
				if found.world && !within(rel, worlds) {
					continue
				}
				if why := pardon(file, found.what); why != "" {
					pardoned[why] = true
					continue
				}
				t.Errorf("%s: %s: %s", fset.Position(found.pos), found.what, found.why)
			}
		}
	}
	for _, p := range pardons {
		if !broken && exists(filepath.Join(r.root, p.file)) && !pardoned[p.why] {
			t.Errorf("%s is pardoned for %s, which it does not use", p.file, p.what)
		}
	}
}

// within reports whether a folder is among those of a list.
func within(dir string, list []string) bool {
	return slices.ContainsFunc(list, func(w string) bool {
		below, all := strings.CutSuffix(w, "/...")
		return dir == w || all && under(dir, below)
	})
}

func pardon(file, what string) string {
	for _, p := range pardons {
		if p.file == file && strings.HasPrefix(what, p.what) {
			return p.why
		}
	}
	return ""
}

// Only a command ends the process, and no test sleeps: the core is passive, so there is nothing to wait for.
func TestNobodyExitsOrSleeps(t *testing.T) {
	r := open(t)
	for _, f := range r.files {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := s.X.(*ast.Ident)
			if !ok {
				return true
			}
			name := x.Name + "." + s.Sel.Name
			switch {
			case !under(f.dir, "cmd") && !f.test && (name == "os.Exit" || strings.HasPrefix(name, "log.Fatal")):
				t.Errorf("%s: %s: return an error; only a command ends the process", r.fset.Position(s.Pos()), name)
			case f.test && name == "time.Sleep" && under(f.dir, "models", "scenarios", "twin"):
				t.Errorf("%s: %s: give the code a clock of the test's own", r.fset.Position(s.Pos()), name)
			}
			return true
		})
	}
}

// The rules find what they are there for.
func TestInspect(t *testing.T) {
	const head = "package p\nimport (\"maps\"; \"os\"; \"slices\"; \"sync\"; \"time\")\nvar _, _, _, _, _ = maps.Clone[map[int]int], os.Args, slices.Max[[]int], sync.Mutex{}, time.Second\n"
	stdlib := importer.ForCompiler(token.NewFileSet(), "source", nil)
	for _, c := range []struct {
		code string
		want []string
	}{
		{"func f(m map[string]int) (n int) { for _, v := range m { n += v }; return }", []string{"range over a map"}},
		{"func f(m map[string]int) (n int) { for k := range m { n += len(k) }; return }", []string{"range over a map"}},
		{"type m map[string]int; func f(m m) { for range m { print() } }", []string{"range over a map"}},
		{"func f(m map[string]int) (s []string) { for k := range m { s = append(s, k) }; slices.Sort(s); return }", nil},
		{"func f(m map[string]int) { c := map[string]int{}; for k, v := range m { c[k] = 2*v } }", nil},
		{"func f(m map[string]int) { c := map[int]string{}; for k, v := range m { c[v] = k } }", []string{"range over a map"}},
		{"func f(m map[string]int) { for k, v := range m { if v == 1 { delete(m, k); continue }; m[k] /= 2 } }", nil},
		{"func f(m map[string]int) (s []string) { for k, v := range m { if v > 0 { s = append(s, k) } }; slices.Sort(s); return }", nil},
		{"func f(m map[string]int) (s []int) { for _, v := range m { s = append(s, v) }; return }", []string{"range over a map"}},
		{"func f(m map[string]int) (n string) { for k := range m { if k > n { n = k } }; return }", []string{"range over a map"}},
		{"func f(m map[string]int) []string { return slices.Sorted(maps.Keys(m)) }", nil},
		{"func f(m map[string]int) { for range maps.Keys(m) { print() } }", []string{"maps.Keys"}},
		{"func f(s []int) { for range s { print() }; for range 3 { print() } }", nil},
		{"func f() { go f() }", []string{"go statement"}},
		{"var c chan int; func f() { select {} }", []string{"channel", "select"}},
		{"func init() {}", []string{"init function"}},
		{"func f() time.Time { return time.Now() }", []string{"time.Now"}},
		{"var now = time.Now", []string{"time.Now"}},
		{"func f(a, b time.Time) bool { return a.After(b) }", nil},
		{"var mu sync.Mutex", []string{"sync.Mutex"}},
		{"func f() { os.Remove(\"x\") }", []string{"os.Remove"}},
	} {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, "p.go", head+c.code, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}}
		if _, err := (&types.Config{Importer: stdlib}).Check("p", fset, []*ast.File{f}, info); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, found := range inspect(f, info) {
			if fset.Position(found.pos).Line > 3 {
				got = append(got, found.what)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s\nfound %q, want %q", c.code, got, c.want)
		}
	}
}
