package trace

import (
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// seeds adds the files that stand in a text of testdata.
func seeds(f *testing.F, text string, add func(file []byte)) {
	f.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", text))
	if err != nil {
		f.Fatal(err)
	}
	for _, block := range strings.Split(string(b), "\n\n") {
		input, _, _ := strings.Cut(block, "\n----\n")
		if _, file, ok := strings.Cut(input, "\n----file\n"); ok {
			input = file
		} else if _, file, ok := strings.Cut(input, "jobs\n"); ok {
			input = file
		}
		add([]byte(input + "\n"))
	}
}

// check verifies what every reader owes the world, whatever it read.
func check(t *testing.T, tr *Trace, err error) {
	t.Helper()
	if err != nil {
		if tr != nil || err.Error() == "" {
			t.Fatalf("a trace beside an error: %v", err)
		}
		return
	}
	for i := range tr.Jobs {
		j := &tr.Jobs[i]
		if i > 0 && j.Submit < tr.Jobs[i-1].Submit {
			t.Fatal("out of order")
		}
		if math.IsNaN(j.Submit) || math.IsInf(j.Submit, 0) || !(j.Work > 0) || math.IsInf(j.Work, 0) || !(j.Walltime >= 0) || j.Parts < 1 ||
			j.ID == "" || !(j.Util.GPU >= 0 && j.Util.GPU <= 1 && j.Util.CPU >= 0 && j.Util.CPU <= 1) {
			t.Fatalf("%+v", j)
		}
		for _, v := range j.Part {
			if !(v >= 0) || math.IsInf(v, 0) {
				t.Fatalf("%+v", j)
			}
		}
		if j.Pinned && len(j.Nodes) != int(j.Parts) {
			t.Fatalf("%+v", j)
		}
		if j.Profile < -1 || int(j.Profile) >= len(tr.Profiles) {
			t.Fatalf("%+v", j)
		}
		if j.Profile >= 0 {
			p := &tr.Profiles[j.Profile]
			for k := range int32(p.Len()) {
				if u := p.Util(k); !(u.GPU >= 0 && u.GPU <= 1.0001 && u.CPU >= 0 && u.CPU <= 1.0001) || !(p.EndOf(k) > 0) {
					t.Fatalf("segment %d of %+v", k, p)
				}
			}
		}
	}
	_ = tr.Summary()
}

func FuzzSWF(f *testing.F) {
	seeds(f, "swf", func(b []byte) { f.Add(b, true) })
	f.Fuzz(func(t *testing.T, b []byte, gpu bool) {
		spec := Spec{SkipBad: 1, Processors: map[bool]string{true: "gpu", false: "cpu"}[gpu]}
		tr, err := SWF(bytes.NewReader(b), "x", &spec)
		check(t, tr, err)
	})
}

func FuzzTable(f *testing.F) {
	for _, text := range []string{"sacct", "clusters", "csv"} {
		seeds(f, text, func(b []byte) { f.Add(b, "auto", 1.5) })
	}
	f.Add([]byte("submit,run\n1,2\n"), "csv", 0.3)
	f.Fuzz(func(t *testing.T, b []byte, format string, scale float64) {
		spec := Spec{File: "x", Format: format, WalltimeFactor: 2, CoresPerNode: 4, GPUsPerNode: 4}
		if scale > 0 && scale < 5 {
			spec.Scale = 1
		}
		tr, err := Read(&spec, memory{"x": string(b), "traces.csv": string(b), "fragments.parquet": string(b)}.open)
		check(t, tr, err)
		spec.Replay, spec.Absent, spec.Window = true, "2-3", &Window{From: "5 s"}
		tr, err = Read(&spec, memory{"x": string(b), "traces.csv": string(b)}.open)
		check(t, tr, err)
	})
}

func FuzzPhilly(f *testing.F) {
	seeds(f, "clusters", func(b []byte) {
		if b[0] == '[' {
			f.Add(b)
		}
	})
	f.Fuzz(func(t *testing.T, b []byte) {
		tr, err := Philly(bytes.NewReader(b), "x", &Spec{SkipBad: 1})
		check(t, tr, err)
	})
}

func FuzzRAPS(f *testing.F) {
	traces := []byte("id,k,cpu_util,gpu_util\n7,0,0.5,2\n7,1,1,4\n8,0,0,0\n")
	seeds(f, "raps", func(b []byte) { f.Add(b, traces) })
	f.Fuzz(func(t *testing.T, jobs, traces []byte) {
		tr, err := RAPS(bytes.NewReader(jobs), bytes.NewReader(traces), "jobs.csv", "traces.csv", &Spec{GPUsPerNode: 4, Replay: true})
		check(t, tr, err)
	})
}

func FuzzOpenDC(f *testing.F) {
	for _, codec := range []parquet.WriterOption{parquet.Compression(&parquet.Uncompressed), parquet.Compression(&parquet.Snappy), parquet.Compression(&parquet.Zstd)} {
		for version := 1; version <= 2; version++ {
			files := smallOpenDC(f, codec, parquet.DataPageVersion(version))
			f.Add([]byte(files["d/tasks.parquet"]), []byte(files["d/fragments.parquet"]))
		}
	}
	f.Fuzz(func(t *testing.T, tasks, fragments []byte) {
		tr, err := OpenDC(io.NopCloser(bytes.NewReader(tasks)), io.NopCloser(bytes.NewReader(fragments)), "tasks", "fragments", &Spec{})
		check(t, tr, err)
	})
}

// FuzzPage gives the page decoder a page body of any content, behind a header that is whole.
func FuzzPage(f *testing.F) {
	f.Add([]byte{3, 8, 1, 9, 0, 0}, uint16(40), true, false)
	f.Add([]byte{2, 0, 0, 0, 80, 1, 17, 0xff, 0xff}, uint16(90), true, true)
	src, err := newSource("x", strings.NewReader(smallOpenDC(f)["d/fragments.parquet"]))
	if err != nil {
		f.Fatal(err)
	}
	file, err := openParquet(src)
	if err != nil {
		f.Fatal(err)
	}
	column := file.find("cpu_usage")
	f.Fuzz(func(t *testing.T, body []byte, values uint16, indexed, optional bool) {
		r := &pageReader[float64]{file: file, column: column, kind: parquet.Double, optional: optional,
			null: -1, dictionary: []float64{1, 2, 3}, inPage: int(values)}
		h := pageHeader{values: int64(values)}
		if indexed {
			h.encoding = 8
		}
		if err := r.openPage(&h, body); err != nil {
			return
		}
		_, _ = r.read(make([]float64, values))
	})
}

func FuzzRequests(f *testing.F) {
	seeds(f, "others", func(b []byte) {
		if _, file, ok := bytes.Cut(b, []byte("requests\n")); ok {
			b = file
		}
		f.Add(b, 1.0)
	})
	f.Add([]byte(`{"timestamp": 0, "input_length": 600, "output_length": 5, "hash_ids": [1, -2, 1]}`+"\n"+`{"timestamp": 1, "input_length": 1e9, "output_length": 5, "hash_ids": [1]}`), 1.0)
	f.Fuzz(func(t *testing.T, b []byte, scale float64) {
		tr, err := ReadRequests(&RequestSpec{File: "x", SkipBad: 1, Scale: 2, Window: &Window{From: "1 s"}}, memory{"x": string(b)}.open)
		if err != nil {
			return
		}
		if tr.PrefixHits < 0 || tr.PrefixHits > 1 {
			t.Fatalf("%g of the prompts are cached", tr.PrefixHits)
		}
		for i := range tr.T {
			if i > 0 && tr.T[i] < tr.T[i-1] || math.IsNaN(tr.T[i]) || tr.Input[i] < 0 || tr.Output[i] < 0 || !(tr.Weight(i) >= 0) {
				t.Fatalf("row %d of %+v", i, tr.Requests)
			}
		}
	})
}

func FuzzFaults(f *testing.F) {
	f.Add([]byte("node,start_d,end_d,dur_h,level,class,desc\n224,8.6765,8.8529,4.23,Hardware Failure,Cable,Link Down\n"))
	f.Add([]byte("host,time,duration_h,cause\nn1,2024-01-02 00:00:00,2,psu\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := ReadFaults(&FaultSpec{File: "x"}, memory{"x": string(b)}.open)
		for i := range all {
			if err != nil || !(all[i].End >= all[i].Start) || i > 0 && all[i].Start < all[i-1].Start {
				t.Fatalf("%+v, %v", all[i], err)
			}
		}
	})
}

func FuzzSeries(f *testing.F) {
	f.Add([]byte("timestamp_ms,power_W\n30000,22008\n60000,\n"), "")
	f.Add([]byte("# x\ntime,t,rh\n2023-01-01T00:00,25.2,86\n2023-01-01T01:00,25.0,88\n"), "+01:00")
	f.Fuzz(func(t *testing.T, b []byte, zone string) {
		s, err := ReadSeries(&SeriesSpec{File: "x", Zone: zone}, memory{"x": string(b)}.open)
		if err != nil {
			return
		}
		for i := range s.T {
			if i > 0 && !(s.T[i] > s.T[i-1]) {
				t.Fatal("times do not increase")
			}
		}
		for _, v := range s.V {
			if len(v) != len(s.T) {
				t.Fatal("columns of different lengths")
			}
		}
	})
}

func FuzzStamp(f *testing.F) {
	for _, s := range []string{"2024-02-29T23:59:59.25+05:30", "2023-01-01 00:00", "0000-01-01", "2024-12-31_23:59:60Z", "-1e5", "1-02:03:04"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, _, ok := parseStamp([]byte(s)); ok && (math.IsNaN(v) || math.Abs(v) > 4e11) {
			t.Fatalf("%q is %g s", s, v)
		}
		if v, ok := parseNumber([]byte(s)); ok && (math.IsNaN(v) || math.IsInf(v, 0)) {
			t.Fatalf("%q is %g", s, v)
		}
		if v, ok := parseSpan([]byte(s)); ok && !(v >= 0) {
			t.Fatalf("%q is %g s", s, v)
		}
		_, _ = parseTRES([]byte(s))
		_, _ = parseGRES([]byte(s))
		_, _, _ = parseSize([]byte(s))
	})
}
