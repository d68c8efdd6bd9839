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

// Every public log of the reference data reads whole; the row counts are those of the files.
func TestReferenceLogs(t *testing.T) {
	for _, c := range []struct {
		path   []string
		spec   Spec
		format string
		rows   int
		jobs   int
	}{
		{[]string{"real", "swf", "LCG.swf.gz"}, Spec{}, "swf", 188041, 187520},
		{[]string{"real", "swf", "NASA-iPSC-1993-3.1-cln.swf.gz"}, Spec{}, "swf", 18239, 18066},
		{[]string{"peers", "easy-hpc2n240", "hpc2n240.swf"}, Spec{}, "swf", 1000, 1000},
		{[]string{"real", "philly-jobs", "philly_jobs.csv.gz"}, Spec{}, "philly", 41482, 41482},
		{[]string{"real", "alibaba-openb-2023", "openb_pod_list_default.csv.gz"}, Spec{}, "openb", 8152, 7255},
		{[]string{"real", "mit-supercloud-sample", "slurm-log-queueing-clean.csv.gz"}, Spec{}, "slurmdb", 9628, 9628},
		{[]string{"real", "nrel-eagle-sample", "sample_eagle_data.csv.gz"}, Spec{}, "eagle", 1000, 1000},
		{[]string{"real", "surf-lisa", "surf_halfyear_tasks.csv.gz"}, Spec{}, "csv", 0, 0},
		{[]string{"sched", "helios_philly", "vc_11cb48.csv"}, Spec{}, "csv", 11897, 11897},
		{[]string{"sched", "helios_philly", "vc_2869ce.csv"}, Spec{}, "csv", 318, 318},
		{[]string{"sched", "tiresias", "60_job.csv"}, Spec{GPUsPerNode: 1}, "tiresias", 60, 60},
		{[]string{"sched", "muri", "sim_trace1.csv"}, Spec{}, "tiresias", 0, 0},
		{[]string{"raps-frontier", "synthetic-dt15", "jobs.csv"}, Spec{GPUsPerNode: 4}, "raps", 864, 864},
		{[]string{"raps-frontier", "synthetic-dt15", "jobs.csv"}, Spec{GPUsPerNode: 4, Replay: true, Absent: "5248-5375"}, "raps", 864, 855},
		{[]string{"raps-frontier", "benchmark-dt15", "jobs.csv"}, Spec{GPUsPerNode: 4, Replay: true, Absent: "5248-5375"}, "raps", 4, 4},
		{[]string{"raps-marconi100", "synthetic-dt20", "jobs.csv"}, Spec{GPUsPerNode: 4, CPUsPerNode: 2}, "raps", 1920, 1920},
	} {
		t.Run(filepath.Base(c.path[len(c.path)-1]), func(t *testing.T) {
			tr := readData(t, c.spec, c.path...)
			if tr.Format != c.format || c.rows > 0 && (tr.Rows != c.rows || len(tr.Jobs) != c.jobs) || len(tr.Jobs) == 0 {
				t.Errorf("%s; want %s, %d rows, %d jobs", tr.Summary(), c.format, c.rows, c.jobs)
			}
			check(t, tr, nil)
		})
	}
}

func TestReferenceRequestsFaultsAndSeries(t *testing.T) {
	for path, rows := range map[string]int{"real/azure-llm-2023/AzureLLMInferenceTrace_code.csv.gz": 8819, "real/mooncake-llm/synthetic_trace.jsonl.gz": 3993} {
		tr, err := ReadRequests(&RequestSpec{File: data(t, path)}, osOpen)
		if err != nil || tr.Len() != rows || tr.T[0] != 0 {
			t.Fatalf("%s: %v", path, err)
		}
		m := tr.Mean(0, tr.T[tr.Len()-1])
		t.Logf("%s: %.2f requests/s, %.0f and %.0f tokens each", path, m.Requests, m.Input/m.Requests, m.Output/m.Requests)
	}
	faults, err := ReadFaults(&FaultSpec{File: data(t, "real/failures/infinitehbd/fault_intervals.csv.gz")}, osOpen)
	if err != nil || len(faults) != 302 {
		t.Fatalf("%d faults: %v", len(faults), err)
	}
	s, err := ReadSeries(&SeriesSpec{File: data(t, "peers/surf-week/consumption.csv")}, osOpen)
	if err != nil || len(s.T) != 20159 || s.T[0] != 30 {
		t.Fatalf("%v", err)
	}
	mean := 0.0
	for _, v := range s.Column("power_W") {
		mean += v / float64(len(s.T))
	}
	if math.Abs(mean-21693.9) > 0.1 {
		t.Errorf("mean power %.1f W, the README says 21,693.9", mean)
	}
	if s, err = ReadSeries(&SeriesSpec{File: data(t, "real/weather-carbon/price/US-TEX-ERCO_2023.csv.gz"), Columns: []string{"Price (USD/MWh)"}}, osOpen); err != nil || !s.Clock || len(s.T) < 8700 {
		t.Errorf("prices: %v", err)
	}
}
