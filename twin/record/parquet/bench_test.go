package parquet

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/journal"
	"github.com/halltwin/halltwin/twin/record/recordtest"
)

// BenchmarkRacks is one instant of a hall of 1,500 racks with two channels.
func BenchmarkRacks(b *testing.B) {
	h := recordtest.Header(recordtest.Site(30, 50))
	h.Duration = 0
	s := New(journal.Dir(b.TempDir()), "")
	if err := s.Open(h); err != nil {
		b.Fatal(err)
	}
	values := make([]float64, 1500)
	b.ReportAllocs()
	n := 0.0
	for b.Loop() {
		for i := range values {
			values[i] = 24 + math.Sin(n+float64(i))
		}
		for _, c := range []*record.Frame{{Time: n, Channel: recordtest.Inlet, Values: values}, {Time: n, Channel: recordtest.RackIT, Values: values}} {
			if err := s.Frame(c); err != nil {
				b.Fatal(err)
			}
		}
		n++
	}
	if err := s.Close(nil); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(s.Logs()[1].Size())/n/3000, "B/value")
}
