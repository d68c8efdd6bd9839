package trace

import (
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/halltwin/halltwin/models/workload"
)

// data returns the path of a reference file, or skips the test where the reference data is absent.
func data(t testing.TB, path ...string) string {
	t.Helper()
	root := os.Getenv("HALLTWIN_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	file := filepath.Join(append([]string{root}, path...)...)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("reference data is absent (set HALLTWIN_DATA): %v", err)
	}
	return file
}

func osOpen(path string) (io.ReadCloser, error) { return os.Open(path) }

func readData(t testing.TB, spec Spec, path ...string) *Trace {
	t.Helper()
	spec.File = data(t, path...)
	tr, err := Read(&spec, osOpen)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(tr.Summary())
	return tr
}

// The figures are those of the peers' README: 6,295 tasks of 16 cores, 2,323,475 fragments of 30 s.
func TestSurfWeek(t *testing.T) {
	tr := readData(t, Spec{}, "peers", "surf-week", "tasks.parquet")
	if tr.Format != "opendc" || len(tr.Jobs) != 6295 || len(tr.Profiles) != 6295 {
		t.Fatalf("%s, %d profiles", tr.Summary(), len(tr.Profiles))
	}
	if tr.Zero.UnixMilli() != 1665093600000 {
		t.Errorf("zero %v", tr.Zero)
	}
	segments, work := 0, 0.0
	for i := range tr.Jobs {
		j := &tr.Jobs[i]
		p := &tr.Profiles[j.Profile]
		segments += p.Len()
		work += j.Work
		if p.Quantum != 30 || p.GPU != nil || j.Parts != 1 || j.Part[workload.CPU] != 16 || float64(p.Len())*30 != j.Work {
			t.Fatalf("job %+v, profile of %d x %g s", j, p.Len(), p.Quantum)
		}
		if i > 0 && j.Submit < tr.Jobs[i-1].Submit {
			t.Fatal("jobs are out of order")
		}
	}
	if segments != 2323475 {
		t.Errorf("%d fragments, want 2,323,475", segments)
	}
	if tr.Jobs[0].Submit != 0 {
		t.Errorf("first submission at %g s", tr.Jobs[0].Submit)
	}
}

func TestRAPSTraces(t *testing.T) {
	spec := Spec{GPUsPerNode: 4, Replay: true, Absent: "5248-5375"}
	tr := readData(t, spec, "raps-frontier", "replay-traces-dt15", "jobs.csv")
	if tr.Format != "raps" || len(tr.Jobs) != 855 {
		t.Fatal(tr.Summary())
	}
	rows := 0
	top := int32(0)
	for i := range tr.Jobs {
		j := &tr.Jobs[i]
		if !j.Pinned || !j.Whole || int(j.Parts) != len(j.Nodes) {
			t.Fatalf("%+v", j)
		}
		for _, n := range j.Nodes {
			top = max(top, n)
		}
	}
	for i := range tr.Profiles {
		rows += tr.Profiles[i].Len()
	}
	if rows != 311371 || top >= 9472 {
		t.Errorf("%d rows of traces, highest node %d", rows, top)
	}
	j := tr.Jobs[0]
	u := tr.Profiles[j.Profile].Util(0)
	if math.Abs(u.CPU-0.7365) > 1e-7 || math.Abs(u.GPU-0.1353/4) > 1e-8 {
		t.Errorf("%+v", u)
	}
}

func BenchmarkSurfWeek(b *testing.B) {
	file := data(b, "peers", "surf-week", "tasks.parquet")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(&Spec{File: file}, osOpen); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRAPSTraces(b *testing.B) {
	file := data(b, "raps-frontier", "replay-traces-dt15", "jobs.csv")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(&Spec{File: file, GPUsPerNode: 4, Replay: true, Absent: "5248-5375"}, osOpen); err != nil {
			b.Fatal(err)
		}
	}
}
