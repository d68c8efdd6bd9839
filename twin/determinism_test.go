package twin

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/twin/record"
)

// hashesEnv makes the test binary print the state hashes of the shipped scenarios.
const hashesEnv = "HALLTWIN_TEST_HASHES"

// Same seed, same bytes: neither the garbage collector nor the number of threads changes a world. The collector runs
// in a process of its own, since GOGC and GOMAXPROCS are read at its start.
func TestDeterminism(t *testing.T) {
	if os.Getenv(hashesEnv) != "" {
		for name, p := range shipped(t) {
			fmt.Printf("hash %s %x\n", name, world(t, p, min(p.Duration, short/2)).Hash())
		}
		return
	}
	t.Parallel()
	var first []string
	for i, env := range [][]string{{"GOGC=10", "GOMAXPROCS=1"}, {"GOGC=off", "GOMAXPROCS=2"}, {"GOGC=10", "GOMAXPROCS=2"}} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestDeterminism$", "-test.v")
		cmd.Env = append(os.Environ(), append(env, hashesEnv+"=1")...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var hashes []string
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, "hash ") {
				hashes = append(hashes, line)
			}
		}
		slices.Sort(hashes)
		if i == 0 {
			first = hashes
		}
		if len(hashes) == 0 || !slices.Equal(hashes, first) {
			t.Errorf("%v:\n%s\nbut first\n%s", env, strings.Join(hashes, ""), strings.Join(first, ""))
		}
	}
}

// Every shipped scenario gives the figures of testdata/golden, so that no example rots and no change of a figure goes
// unseen: to the last bit where floating point is that of amd64 at level v1, to 1e-9 elsewhere, where x*y+z may fuse.
// go test -rewrite writes them anew.
func TestGolden(t *testing.T) {
	for name, p := range shipped(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world(t, p, min(p.Duration, short))
			var b bytes.Buffer
			fmt.Fprintf(&b, "at %v s\n", w.Now)
			w.countAll()
			for _, g := range w.Summary(Options{Seed: p.Seed}).Groups {
				for _, k := range g.KPIs {
					if g.Name != record.Engine {
						fmt.Fprintf(&b, "%s %v %s\n", k.Key, k.Value, k.Unit)
					}
				}
			}
			fmt.Fprintf(&b, "steps %d\nevents %d\n", w.Totals.Steps, w.Totals.Events)
			path := filepath.Join("testdata/golden", name+".txt")
			if f := flag.Lookup("rewrite"); f != nil && f.Value.String() == "true" {
				if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			compareGolden(t, b.String(), string(want))
		})
	}
}

func compareGolden(t *testing.T, got, want string) {
	t.Helper()
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	if len(a) != len(b) {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
	for i := range a {
		if a[i] == b[i] {
			continue
		}
		x, y := strings.Fields(a[i]), strings.Fields(b[i])
		if !exact() && len(x) == len(y) && len(x) > 1 && x[0] == y[0] {
			v, _ := strconv.ParseFloat(x[1], 64)
			u, err := strconv.ParseFloat(y[1], 64)
			if err == nil && math.Abs(v-u) <= 1e-9*math.Abs(u) {
				continue
			}
		}
		t.Errorf("%s, want %s", a[i], b[i])
	}
}

// exact reports whether this build never fuses a multiplication with an addition: fused, the product below keeps its
// last bits and the sum is -2^-104.
func exact() bool {
	return runtime.GOARCH == "amd64" && multiplyAdd(1+0x1p-52, 1-0x1p-52, -1) == 0
}

//go:noinline
func multiplyAdd(x, y, z float64) float64 { return x*y + z }
