package trace

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/scenarios/library"
)

var makeRequests = flag.Bool("make-requests", false, "write the request trace of the library anew")

// chat is a synthetic day of a chat service, from midnight local time: the rate follows two waves over the day with noise
// that remembers half an hour; each minute holds one row a kind of request. Lengths are set near the conversation trace that
// Patel et al. describe (Splitwise, ISCA 2024: median prompt 1,020 tokens, output 129, long tails); rates are invented.
func chat() []byte {
	const (
		mean, swing, peak = 40.0, 0.55, 14.0 // requests/s, share of the mean, hour
		noise, memory     = 0.12, 1800.0     // of the logarithm of the rate, s
		step              = 60.0
	)
	kinds := []struct{ share, input, output float64 }{
		{0.25, 120, 60}, {0.25, 500, 160}, {0.2, 1000, 240}, {0.15, 1800, 260}, {0.1, 3200, 330}, {0.05, 6000, 420},
	}
	var b bytes.Buffer
	b.WriteString("# synthetic day of a chat service, made for this project; time counts from local midnight, a row stands for count requests\n")
	b.WriteString("# period: 24 h\ntime_s,count,input_tokens,output_tokens\n")
	st := random.Seed(20250715).Stream("library/traces/requests")
	keep := math.Exp(-step / memory)
	level := noise * st.Norm()
	for t := 0.0; t < 86400; t += step {
		level = keep*level + noise*math.Sqrt(1-keep*keep)*st.Norm()
		hours := t/3600 - peak
		wave := (math.Cos(2*math.Pi*hours/24) + 0.25*math.Cos(4*math.Pi*(hours+4)/24)) / 1.25
		rate := mean * (1 + swing*wave) * math.Exp(level-noise*noise/2)
		for i, k := range kinds {
			fmt.Fprintf(&b, "%g,%.0f,%.0f,%.0f\n", t+step*float64(i)/float64(len(kinds)), rate*step*k.share,
				k.input*math.Exp(0.08*st.Norm()), max(k.output*math.Exp(0.08*st.Norm()), 1))
		}
	}
	return b.Bytes()
}

// The request trace of the library is what its recipe makes. go test ./scenarios/trace -run LibraryRequests -make-requests writes it.
func TestLibraryRequests(t *testing.T) {
	const name = "traces/requests.csv.gz"
	want := chat()
	if *makeRequests {
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := z.Write(want); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("..", "library", filepath.FromSlash(name)), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	packed, err := fs.ReadFile(library.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatal("the library's request trace is not what its recipe makes: run with -make-requests and review")
	}
	tr, err := ReadRequests(&RequestSpec{File: name, Scale: 3}, func(p string) (io.ReadCloser, error) { return library.FS.Open(p) })
	if err != nil {
		t.Fatal(err)
	}
	day := tr.Mean(0, 86400)
	busy := tr.Mean(13*3600, 15*3600)
	t.Logf("%d B, %d rows; the day at scale 3: %.1f requests/s, %.0f and %.0f tokens each; early afternoon %.1f requests/s",
		len(packed), tr.Len(), day.Requests, day.Input/day.Requests, day.Output/day.Requests, busy.Requests)
	if tr.Period != 86400 || math.Abs(day.Requests/120-1) > 0.05 || busy.Requests < 1.3*day.Requests {
		t.Errorf("%+v, period %g", day, tr.Period)
	}
}
