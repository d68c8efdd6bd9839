package trace

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/scenarios/document"
)

// memory opens named texts.
type memory map[string]string

func (m memory) open(name string) (io.ReadCloser, error) {
	text, ok := m[name]
	if !ok {
		return nil, fmt.Errorf("%s: no such file", name)
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

// The texts under testdata read like a document: a spec, the file, and the jobs or the error that it makes.
//
//	jobs [spec as one-line YAML]     requests ...     faults ...     series ...
func TestTexts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		files := memory{}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "file" {
				files[d.CmdArgs[0].Key] = d.Input + "\n"
				return ""
			}
			spec, text, _ := strings.Cut(d.Input, "\n----file\n")
			if !strings.Contains(d.Input, "\n----file\n") {
				spec, text = "file: x", d.Input
			}
			files["x"] = text + "\n"
			return run(t, d.Cmd, spec, files)
		})
	})
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	v, ds := (&document.Loader{}).LoadBytes("spec", []byte(text))
	if len(ds) == 0 {
		ds = document.Decode(v, into)
	}
	if len(ds) > 0 {
		t.Fatal(ds)
	}
}

func run(t *testing.T, kind, text string, files memory) string {
	var b strings.Builder
	var err error
	switch kind {
	case "jobs":
		var spec Spec
		decode(t, text, &spec)
		var tr *Trace
		if tr, err = Read(&spec, files.open); err == nil {
			show(&b, tr)
		}
	case "requests":
		var spec RequestSpec
		decode(t, text, &spec)
		var tr *RequestTrace
		if tr, err = ReadRequests(&spec, files.open); err == nil {
			fmt.Fprintf(&b, "%d rows, %d malformed, period %g s, zero %s\n", tr.Rows, tr.Skipped, tr.Period, zero(&Trace{Zero: tr.Zero}))
			for i := range tr.T {
				fmt.Fprintf(&b, "%.6g s: %g x %d -> %d\n", tr.T[i], tr.Weight(i), tr.Input[i], tr.Output[i])
			}
		}
	case "faults":
		var spec FaultSpec
		decode(t, text, &spec)
		var all []Fault
		if all, err = ReadFaults(&spec, files.open); err == nil {
			for _, f := range all {
				fmt.Fprintf(&b, "%s %.12g..%.12g s %s: %s\n", f.Node, f.Start, f.End, f.Class, f.Text)
			}
		}
	case "series":
		var spec SeriesSpec
		decode(t, text, &spec)
		var s *Series
		if s, err = ReadSeries(&spec, files.open); err == nil {
			fmt.Fprintf(&b, "clock %v %v\n", s.Clock, s.Columns)
			for i := range s.T {
				fmt.Fprintf(&b, "%.12g s:", s.T[i])
				for _, v := range s.V {
					fmt.Fprintf(&b, " %g", v[i])
				}
				b.WriteString("\n")
			}
		}
	default:
		t.Fatalf("unknown command %s", kind)
	}
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	return b.String()
}

func zero(tr *Trace) string {
	if tr.Zero.IsZero() {
		return "unknown"
	}
	return tr.Zero.Format("2006-01-02 15:04:05")
}

// show prints a trace, a line a job, leaving out what says nothing.
func show(b *strings.Builder, tr *Trace) {
	fmt.Fprintf(b, "%s; zero %s\n", tr.Summary(), zero(tr))
	for i := range tr.Jobs {
		j := &tr.Jobs[i]
		fmt.Fprintf(b, "%s at %.6g s: %d x", j.ID, j.Submit, j.Parts)
		for r, unit := range []string{"GPU", "CPU", "MB", "", ""} {
			v := j.Part[r]
			if workload.Resource(r) == workload.Memory {
				v = math.Round(v / 1e6)
			}
			if v != 0 {
				fmt.Fprintf(b, " %g %s", v, unit)
			}
		}
		if j.Whole {
			b.WriteString(" whole")
		}
		fmt.Fprintf(b, ", runs %.6g s", j.Work)
		if j.Walltime > 0 {
			fmt.Fprintf(b, " of %.6g s", j.Walltime)
		}
		for _, s := range []string{j.Name, j.User, j.Queue} {
			if s != "" {
				fmt.Fprintf(b, " %s", s)
			}
		}
		if j.Priority != 0 {
			fmt.Fprintf(b, " priority %g", j.Priority)
		}
		if j.Pinned {
			fmt.Fprintf(b, " pinned at %.6g s on %v", j.Start, j.Nodes)
		}
		if j.Profile >= 0 {
			p := &tr.Profiles[j.Profile]
			fmt.Fprintf(b, " profile %g s cpu %.4g gpu %.4g", p.Quantum, p.CPU, p.GPU)
		} else {
			fmt.Fprintf(b, " util %.4g/%.4g", j.Util.GPU, j.Util.CPU)
		}
		b.WriteString([]string{"", " failed", " cancelled"}[j.Outcome] + "\n")
	}
}

func packed(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGzip(t *testing.T) {
	rows := "submit,run,gpus\n"
	for i := range 5000 {
		rows += fmt.Sprintf("%d,%d,%d\n", 60*i, 100+i*7919%1000, 1+i%8)
	}
	whole := packed(t, rows)
	tr, err := Read(&Spec{File: "x"}, memory{"x": string(whole)}.open)
	if err != nil || len(tr.Jobs) != 5000 {
		t.Fatal(err)
	}
	_, err = Read(&Spec{File: "x"}, memory{"x": string(whole[:len(whole)/2])}.open)
	if err == nil || !strings.Contains(err.Error(), "truncated") {
		t.Fatalf("half a gzip file: %v", err)
	}
	if _, err = Read(&Spec{File: "x"}, memory{"x": string(whole[:5])}.open); err == nil || !strings.Contains(err.Error(), "truncated") {
		t.Fatalf("five bytes of gzip: %v", err)
	}
}

// endless is a line without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}
func (endless) Close() error { return nil }

func TestEndlessLineIsRefused(t *testing.T) {
	for _, format := range []string{"auto", "swf", "sacct", "csv"} {
		_, err := Read(&Spec{File: "x", Format: format}, func(string) (io.ReadCloser, error) { return endless{}, nil })
		if err == nil || !strings.Contains(err.Error(), "longer than 4 MiB") {
			t.Errorf("%s: %v", format, err)
		}
	}
}
