package scenarios

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/scenarios/document"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the expected diagnostics of testdata/bad")

// Each NAME.bad.yaml must be refused with exactly the text of NAME.txt, base and variants together.
func TestBadScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.bad.yaml")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d fixtures, at least 60 are due: %v", len(files), err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".bad.yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, ds := Load(path)
			if len(ds) == 0 {
				ds = f.CheckAll()
			}
			if len(ds) == 0 {
				t.Fatal("accepted")
			}
			var b bytes.Buffer
			ds.Render(&b, f.Loader.Sources(), false)
			got := strings.ReplaceAll(b.String(), "testdata/bad/", "")
			want := filepath.Join("testdata/bad", name+".txt")
			if *rewrite {
				if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			text, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(text) {
				t.Errorf("got\n%s\nwant\n%s", got, text)
			}
		})
	}
}

// Whatever a file says, checking it ends with diagnostics or a plan.
func FuzzPlan(f *testing.F) {
	for _, pattern := range []string{"testdata/bad/*.bad.yaml", "library/what-if/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, path := range files {
			b, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 {
			return
		}
		file, ds := LoadBytes("fuzz.yaml", b)
		file.Loader.Limits = document.Limits{Nodes: 20_000}
		if len(ds) == 0 && file.Whole != nil {
			_, _ = file.Plan("")
		}
	})
}
