package notebooks

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/halltwin/halltwin/twin/record/influx/influxtest"
)

// The runs that the notebooks are about.
var runs = [][]string{
	{"first-run"},
	{"first-run", "--variant", "three-crahs"},
	{"first-run", "--set", "timeline=[]", "--out", "runs/no-failure"},
	{"supply-air"},
	{"supply-air", "--variant", "air-25"},
	{"supply-air", "--variant", "air-28"},
	{"supply-air", "--variant", "air-31"},
}

// TestNotebooks executes every notebook in an environment of its own, against a real server that the runs were sent to. With
// HALLTWIN_NOTEBOOKS the executed notebooks and their charts are kept in that folder.
func TestNotebooks(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: needs Python and InfluxDB")
	}
	python := environment(t)
	work := t.TempDir()
	env := append(os.Environ(), "HALLTWIN_RUNS="+filepath.Join(work, "runs"), "IPYTHONDIR="+filepath.Join(work, "ipython"), "MPLBACKEND=",
		"JUPYTER_RUNTIME_DIR="+filepath.Join(work, "jupyter"), "PYTHONDONTWRITEBYTECODE=1", "XDG_STATE_HOME="+filepath.Join(work, "state"), "HALLTWIN_DATA="+data())
	server := server(t)
	if server != nil {
		env = append(env, "INFLUX_HOST="+server.URL, "INFLUX_ORG="+influxtest.Org, "INFLUX_BUCKET="+influxtest.Bucket,
			"HALLTWIN_INFLUX_TOKEN="+server.Token(), "HALLTWIN_CHECK=1")
	}
	command := build(t, work)
	for _, args := range scenarios(t, work) {
		args = append([]string{"run"}, append(args, "--quiet", "--exit-zero")...)
		if server != nil {
			args = append(args, "--influx", server.URL)
		}
		out := must(t, env, work, command, args...)
		if server != nil && !strings.Contains(out, "points sent to") {
			t.Fatalf("halltwin %s: nothing was sent\n%s", strings.Join(args, " "), out)
		}
	}
	must(t, env, work, command, "sweep", "supply-air", "--replicas", "5", "--set", "duration=6 h", "--exit-zero")
	books, err := filepath.Glob("*.ipynb")
	if err != nil || len(books) < 5 {
		t.Fatalf("%d notebooks: %v", len(books), err)
	}
	out := os.Getenv("HALLTWIN_NOTEBOOKS")
	if out == "" {
		out = filepath.Join(work, "out")
	} else if out, err = filepath.Abs(out); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	slots := make(chan struct{}, max(2, runtime.GOMAXPROCS(0)/2))
	for _, book := range books {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			said, err := run(env, "", python, "execute.py", out, book)
			if err != nil {
				t.Errorf("%s: %v\n%s", book, err, said)
				return
			}
			charts, err := filepath.Glob(filepath.Join(out, strings.TrimSuffix(book, ".ipynb")+"-*.png"))
			if err != nil || len(charts) < 2 {
				t.Errorf("%s has %d charts: %v", book, len(charts), err)
			}
			for _, c := range charts {
				if i, err := os.Stat(c); err != nil || i.Size() > 200_000 {
					t.Errorf("%s is too large or not there: %v", filepath.Base(c), err)
				}
			}
			t.Log(strings.TrimSpace(said))
		})
	}
	wait.Wait()
}

// Notebooks are kept without outputs.
func TestNoOutputs(t *testing.T) {
	books, err := filepath.Glob("*.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	for _, book := range books {
		b, err := os.ReadFile(book)
		if err != nil {
			t.Fatal(err)
		}
		var n struct {
			Cells []struct {
				Outputs []any `json:"outputs"`
				Count   *int  `json:"execution_count"`
			} `json:"cells"`
		}
		if err := json.Unmarshal(b, &n); err != nil {
			t.Fatalf("%s: %v", book, err)
		}
		for i, c := range n.Cells {
			if len(c.Outputs) > 0 || c.Count != nil {
				t.Errorf("%s: cell %d has outputs: jupyter nbconvert --clear-output --inplace %[1]s", book, i)
			}
		}
	}
}

// server returns a server, or nil where the notebooks have to do with Parquet.
func server(t *testing.T) *influxtest.Server {
	if _, err := influxtest.Find(); err != nil {
		t.Logf("NO INFLUXDB SERVER, so only the SQL of the notebooks is run: %v", err)
		return nil
	}
	s := influxtest.Fresh(t)
	if s.Version == 1 {
		t.Log("INFLUXDB 1.8 IS ALL THERE IS HERE, so only the SQL of the notebooks is run")
		return nil
	}
	s.Start()
	s.Setup()
	return s
}

// environment returns the Python of a virtual environment with the versions of requirements.txt, made once in the user's
// cache folder.
func environment(t *testing.T) string {
	t.Helper()
	system := ""
	for _, name := range []string{"python3", "python"} {
		if path, err := exec.LookPath(name); err == nil {
			if exec.Command(path, "-c", "import sys, venv; sys.exit(sys.version_info < (3, 11))").Run() == nil {
				system = path
				break
			}
		}
	}
	if system == "" {
		t.Skip("NO PYTHON: the notebooks were not executed; they need Python 3.11 or later with venv")
	}
	wants, err := os.ReadFile("requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	version, err := exec.Command(system, "-VV").Output()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(append(version, wants...))
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("NO CACHE FOLDER, so the notebooks were not executed: %v", err)
	}
	home := filepath.Join(cache, "halltwin", "notebooks-"+hex.EncodeToString(sum[:6]))
	python := filepath.Join(home, "bin", "python")
	if runtime.GOOS == "windows" {
		python = filepath.Join(home, "Scripts", "python.exe")
	}
	if _, err := os.Stat(filepath.Join(home, "complete")); err == nil {
		return python
	}
	fmt.Fprintf(os.Stderr, "notebooks: making a Python environment in %s, once\n", home)
	for _, c := range [][]string{
		{system, "-m", "venv", "--clear", home},
		{python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "-r", "requirements.txt"},
	} {
		if said, err := run(os.Environ(), "", c[0], c[1:]...); err != nil {
			t.Skipf("NO PYTHON ENVIRONMENT, so the notebooks were not executed: %s: %v\n%s", strings.Join(c, " "), err, said)
		}
	}
	if err := os.WriteFile(filepath.Join(home, "complete"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return python
}

// data is where the public reference data lies, if it does.
func data() string {
	dir := os.Getenv("HALLTWIN_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

// scenarios lists the runs to make, the measured week among them where its jobs are at hand.
func scenarios(t *testing.T, work string) [][]string {
	t.Helper()
	list := runs
	surf := filepath.Join(data(), "peers", "surf-week")
	if _, err := os.Stat(filepath.Join(surf, "tasks.parquet")); err != nil {
		t.Log("no SURF week at hand: the fifth notebook shows its stand-in")
		return list
	}
	text, err := os.ReadFile("surf-week.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tasks.parquet", "fragments.parquet"} {
		if err := os.Symlink(filepath.Join(surf, name), filepath.Join(work, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(work, "surf-week.yaml"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	return append(list, []string{"surf-week.yaml"})
}

// build builds the command.
func build(t *testing.T, work string) string {
	t.Helper()
	path := filepath.Join(work, "halltwin")
	must(t, append(os.Environ(), "CGO_ENABLED=0"), filepath.Join("..", ".."), "go", "build", "-o", path, "./cmd/halltwin")
	return path
}

func must(t *testing.T, env []string, dir, name string, args ...string) string {
	t.Helper()
	said, err := run(env, dir, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, said)
	}
	return said
}

func run(env []string, dir, name string, args ...string) (string, error) {
	c := exec.Command(name, args...)
	c.Env, c.Dir = env, dir
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("exit code %d", exit.ExitCode())
	}
	return out.String(), err
}
