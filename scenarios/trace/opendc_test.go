package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
)

type taskRow struct {
	ID       int32   `parquet:"id"`
	Submit   int64   `parquet:"submission_time"`
	Duration int64   `parquet:"duration"`
	CPUs     int32   `parquet:"cpu_count"`
	Capacity float64 `parquet:"cpu_capacity"`
	Memory   int64   `parquet:"mem_capacity"`
}

type fragmentRow struct {
	ID       int32   `parquet:"id"`
	Duration int64   `parquet:"duration"`
	Usage    float64 `parquet:"cpu_usage"`
}

// The same with other types, names, an optional column and GPUs.
type taskRowGPU struct {
	ID       int64    `parquet:"id,dict"`
	Submit   int64    `parquet:"submissionTime"`
	Duration int64    `parquet:"duration,dict"`
	CPUs     int32    `parquet:"cpuCount"`
	Capacity float32  `parquet:"cpuCapacity"`
	Memory   *int64   `parquet:"memCapacity,optional"`
	GPUs     *int32   `parquet:"gpu_count,optional"`
	GPUMHz   *float64 `parquet:"gpu_capacity,optional"`
}

type fragmentRowGPU struct {
	ID       int64    `parquet:"id,dict"`
	Duration int32    `parquet:"duration,dict"`
	Usage    float32  `parquet:"cpuUsage"`
	GPU      *float64 `parquet:"gpu_usage,optional,dict"`
}

func write[T any](t testing.TB, rows []T, options ...parquet.WriterOption) string {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	for len(rows) > 0 { // several row groups
		n := min(len(rows), 5000)
		if _, err := w.Write(rows[:n]); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		rows = rows[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func smallOpenDC(t testing.TB, options ...parquet.WriterOption) memory {
	tasks := []taskRow{{7, 61000, 90000, 2, 4000, 1024}, {3, 1000, 60000, 1, 2000, 512}}
	fragments := []fragmentRow{{3, 30000, 1000}, {7, 30000, 4000}, {7, 30000, 5000}, {3, 30000, 0}, {7, 30000, 2000}}
	return memory{"d/tasks.parquet": write(t, tasks, options...), "d/fragments.parquet": write(t, fragments, options...)}
}

// Every way in which Parquet writes the same rows reads the same.
func TestParquetWritings(t *testing.T) {
	want := "opendc: 2 rows, 2 jobs; zero 1970-01-01 00:00:01\n" +
		"3 at 0 s: 1 x 1 CPU 512 MB, runs 60 s profile 30 s cpu [0.5 0] gpu []\n" +
		"7 at 60 s: 1 x 2 CPU 1024 MB, runs 90 s profile 30 s cpu [1 1 0.5] gpu []\n"
	for name, codec := range map[string]compress.Codec{"none": &parquet.Uncompressed, "snappy": &parquet.Snappy, "gzip": &parquet.Gzip, "zstd": &parquet.Zstd} {
		for version := 1; version <= 2; version++ {
			t.Run(fmt.Sprintf("%s v%d", name, version), func(t *testing.T) {
				files := smallOpenDC(t, parquet.Compression(codec), parquet.DataPageVersion(version))
				tr, err := Read(&Spec{File: "d/tasks.parquet"}, files.open)
				if err != nil {
					t.Fatal(err)
				}
				var b strings.Builder
				show(&b, tr)
				if b.String() != want {
					t.Errorf("got\n%swant\n%s", b.String(), want)
				}
			})
		}
	}
}

func pointer[T any](v T) *T { return &v }

func TestOpenDCWithGPUs(t *testing.T) {
	tasks := []taskRowGPU{{1, 5000, 60000, 2, 4000, nil, pointer(int32(4)), pointer(1000.0)}, {2, 9000, 10000, 1, 2000, pointer(int64(64)), nil, nil}}
	fragments := []fragmentRowGPU{{1, 10000, 4000, pointer(250.0)}, {1, 50000, 1000, nil}, {2, 10000, 500, nil}}
	for version := 1; version <= 2; version++ {
		files := memory{"t": write(t, tasks, parquet.DataPageVersion(version)), "f": write(t, fragments, parquet.DataPageVersion(version))}
		tr, err := Read(&Spec{File: "t", With: "f"}, files.open)
		if err != nil {
			t.Fatal(err)
		}
		p := tr.Profiles[tr.Jobs[0].Profile]
		if tr.Jobs[0].GPUs() != 4 || tr.Jobs[0].Work != 60 || p.End[0] != 10 || p.End[1] != 60 || p.CPU[1] != 0.25 || p.GPU[0] != 0.25 || p.GPU[1] != 0 {
			t.Errorf("v%d: %+v %+v", version, tr.Jobs[0], p)
		}
		if q := tr.Profiles[tr.Jobs[1].Profile]; tr.Jobs[1].GPUs() != 0 || q.CPU[0] != 0.25 || tr.Jobs[1].Part[2] != 64e6 {
			t.Errorf("v%d: %+v %+v", version, tr.Jobs[1], q)
		}
	}
}

// Our page reader against the library's, value by value, on columns of every width of dictionary and runs of every kind.
func TestPageReaderAgainstTheLibrary(t *testing.T) {
	type row struct {
		A int32    `parquet:"a,dict"`
		B *float64 `parquet:"b,optional,dict"`
		C int64    `parquet:"c"`
		D *float32 `parquet:"d,optional"`
	}
	for _, distinct := range []int{1, 2, 3, 17, 300, 5000, 70000} {
		r := rand.New(rand.NewPCG(uint64(distinct), 1))
		var rows []row
		for len(rows) < 30000 {
			v := row{A: int32(r.IntN(distinct)), C: r.Int64() >> 20}
			if r.IntN(3) > 0 {
				v.B, v.D = pointer(float64(r.IntN(distinct))/8), pointer(float32(r.NormFloat64()))
			}
			for n := 1 + r.IntN(1+r.IntN(60)); n > 0; n-- {
				rows = append(rows, v)
			}
		}
		for version := 1; version <= 2; version++ {
			text := write(t, rows, parquet.DataPageVersion(version), parquet.PageBufferSize(10000), parquet.Compression(&parquet.Snappy))
			src, err := newSource("x", strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			f, err := openParquet(src)
			if err != nil {
				t.Fatal(err)
			}
			for i, column := range f.file.Root().Columns() {
				p, err := newPageReader(f, column, math.Inf(-1))
				if err != nil {
					t.Fatal(err)
				}
				got := make([]float64, len(rows)+1)
				n, err := p.read(got)
				if err != nil || n != len(rows) {
					t.Fatalf("%d distinct, v%d, %s: %d of %d values: %v", distinct, version, column.Name(), n, len(rows), err)
				}
				for k := range rows {
					want := math.Inf(-1)
					switch {
					case i == 0:
						want = float64(rows[k].A)
					case i == 1 && rows[k].B != nil:
						want = *rows[k].B
					case i == 2:
						want = float64(rows[k].C)
					case i == 3 && rows[k].D != nil:
						want = float64(*rows[k].D)
					}
					if got[k] != want {
						t.Fatalf("%d distinct, v%d, %s row %d: %g, want %g", distinct, version, column.Name(), k, got[k], want)
					}
				}
			}
		}
	}
}

// The reference file, against the library's own reader.
func TestSurfWeekAgainstTheLibrary(t *testing.T) {
	raw, err := os.Open(data(t, "peers", "surf-week", "fragments.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	src, err := newSource("fragments.parquet", raw)
	if err != nil {
		t.Fatal(err)
	}
	src.raw = raw
	defer src.Close()
	f, err := openParquet(src)
	if err != nil {
		t.Fatal(err)
	}
	column := f.find("cpu_usage")
	p, err := newPageReader(f, column, 0.0)
	if err != nil {
		t.Fatal(err)
	}
	pages := column.Pages()
	defer pages.Close()
	ours := make([]float64, 1<<17)
	buffer := make([]parquet.Value, 1<<12)
	rows := 0
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		values := page.Values()
		for {
			n, err := values.ReadValues(buffer)
			if m, err := p.read(ours[:n]); m != n || err != nil {
				t.Fatal(m, n, err)
			}
			for i := range n {
				if buffer[i].Double() != ours[i] {
					t.Fatalf("row %d: %g, want %g", rows+i, ours[i], buffer[i].Double())
				}
			}
			rows += n
			if errors.Is(err, io.EOF) {
				break
			}
		}
		parquet.Release(page)
	}
	if rows != 2323475 {
		t.Fatalf("%d rows", rows)
	}
}

func TestTruncatedParquetIsRefused(t *testing.T) {
	files := smallOpenDC(t)
	for _, name := range []string{"d/tasks.parquet", "d/fragments.parquet"} {
		whole := files[name]
		for cut := range len(whole) {
			files[name] = whole[:cut]
			if _, err := Read(&Spec{File: "d/tasks.parquet", Format: "opendc"}, files.open); err == nil {
				t.Fatalf("%s cut to %d of %d bytes was read", name, cut, len(whole))
			} else if cut > 12 && !strings.Contains(err.Error(), "truncated") && !strings.Contains(err.Error(), "corrupt") {
				t.Fatalf("%s cut to %d bytes: %v", name, cut, err)
			}
		}
		files[name] = whole
	}
}

// A flipped byte is an error or another number, never a panic or runaway memory.
func TestCorruptParquet(t *testing.T) {
	files := smallOpenDC(t, parquet.Compression(&parquet.Snappy))
	for _, name := range []string{"d/tasks.parquet", "d/fragments.parquet"} {
		whole := []byte(files[name])
		for i := range whole {
			flips := []byte{0x01, 0x10, 0x80, 0xff}
			if os.Getenv("HALLTWIN_SOAK") == "" {
				flips = flips[i%4:][:1]
			}
			for _, flip := range flips {
				b := bytes.Clone(whole)
				b[i] ^= flip
				files[name] = string(b)
				_, _ = Read(&Spec{File: "d/tasks.parquet", Format: "opendc"}, files.open)
			}
		}
		files[name] = string(whole)
	}
}

func TestForeignParquetIsNamed(t *testing.T) {
	files := smallOpenDC(t)
	files["d/tasks.parquet"] = files["d/fragments.parquet"]
	_, err := Read(&Spec{File: "d/tasks.parquet"}, files.open)
	if err == nil || !strings.Contains(err.Error(), "there is no column submission_time; the file has id, duration, cpu_usage") {
		t.Fatal(err)
	}
	files = smallOpenDC(t)
	delete(files, "d/fragments.parquet")
	if _, err = Read(&Spec{File: "d/tasks.parquet"}, files.open); err == nil || !strings.Contains(err.Error(), "fragments") {
		t.Fatal(err)
	}
	if tr, err := Read(&Spec{File: "d/tasks.parquet", With: "none"}, files.open); err != nil || tr.Jobs[0].Profile != -1 || tr.Jobs[0].Work != 60 {
		t.Fatal(err)
	}
}
