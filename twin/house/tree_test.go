package house

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/halltwin/halltwin"

// source is one Go file of the repository.
type source struct {
	path string // from the root, with slashes
	dir  string
	test bool
	ast  *ast.File
	text []byte
}

// imports lists what the file imports; packages of this module by their folder.
func (s *source) imports() []string {
	var all []string
	for _, i := range s.ast.Imports {
		p := strings.Trim(i.Path.Value, `"`)
		if rest, ok := strings.CutPrefix(p, module+"/"); ok {
			p = "./" + rest
		}
		all = append(all, p)
	}
	return all
}

// repository is every Go file, parsed once.
var repository = sync.OnceValues(func() (*repo, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for !exists(filepath.Join(dir, "go.mod")) {
		dir = filepath.Dir(dir)
	}
	r := &repo{root: dir, fset: token.NewFileSet()}
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && p != dir && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		f, err := parser.ParseFile(r.fset, rel, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		r.files = append(r.files, &source{rel, path.Dir(rel), strings.HasSuffix(name, "_test.go"), f, text})
		return nil
	})
	return r, err
})

type repo struct {
	root  string
	fset  *token.FileSet
	files []*source
}

func exists(p string) bool { _, err := os.Stat(p); return err == nil }

func open(t *testing.T) *repo {
	r, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// under reports whether a folder is one of the given ones or lies below one.
func under(dir string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return dir == f || strings.HasPrefix(dir, f+"/") })
}

func TestFilesAreShort(t *testing.T) {
	const most = 600 // lines: one subject a file
	for _, f := range open(t).files {
		if n := bytes.Count(f.text, []byte("\n")); n > most && !ast.IsGenerated(f.ast) {
			t.Errorf("%s has %d lines: split it by subject, at most %d", f.path, n, most)
		}
	}
}

// The comment stands in doc.go, where everybody looks; a small package outside the models may have it in the file
// of its name.
func TestPackagesSayWhatTheyAre(t *testing.T) {
	said := map[string]string{} // by folder: the file with the comment, "" for none
	for _, f := range open(t).files {
		if f.test {
			continue
		}
		if _, ok := said[f.dir]; !ok {
			said[f.dir] = ""
		}
		name := f.ast.Name.Name
		switch base := path.Base(f.path); {
		case f.ast.Doc == nil:
			continue
		case name != "main" && !strings.HasPrefix(f.ast.Doc.Text(), "Package "+name+" "):
			t.Errorf("%s: a package comment begins with \"Package %s\"", f.path, name)
		case base != "doc.go" && name != "main" && (base != name+".go" || under(f.dir, "models")):
			t.Errorf("%s: the package comment stands in doc.go", f.path)
		case said[f.dir] != "":
			t.Errorf("%s: the package has its comment in %s already", f.path, said[f.dir])
		}
		said[f.dir] = f.path
	}
	for dir, file := range said {
		if file == "" {
			t.Errorf("%s: a package says in doc.go what it is", dir)
		}
	}
}

func TestNamesSaySomething(t *testing.T) {
	empty := []string{"util", "utils", "common", "misc", "helper", "helpers", "shared", "lib", "base", "tools", "stuff", "types"}
	seen := map[string]bool{}
	for _, f := range open(t).files {
		for _, part := range strings.Split(f.dir, "/") {
			if slices.Contains(empty, part) && !seen[f.dir] {
				seen[f.dir] = true
				t.Errorf("%s: a package is named by what it holds, not %q", f.dir, part)
			}
		}
	}
}

func TestNothingIsLeftUndone(t *testing.T) {
	for _, f := range open(t).files {
		for _, group := range f.ast.Comments {
			for _, mark := range []string{"TO" + "DO", "FIX" + "ME", "X" + "XX"} {
				if strings.Contains(group.Text(), mark) {
					t.Errorf("%s: %s: do it, or file an issue", open(t).fset.Position(group.Pos()), mark)
				}
			}
		}
	}
}
