package series

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/recordtest"
)

// A year of minutes stays within bounds, and a peak of one minute stays visible.
func TestBounded(t *testing.T) {
	h := recordtest.Header(recordtest.Site(1, 2))
	h.Duration = 0 // an open end: the buckets must grow by themselves
	s := New(Options{Carpets: []string{"rack.inlet_temperature"}})
	if err := s.Open(h); err != nil {
		t.Fatal(err)
	}
	sum, n := 0.0, 0
	for i := range 365 * 1440 {
		v := 20 + math.Sin(float64(i)/700)
		if i == 314159 {
			v = 45
		}
		sum += v
		n++
		f := record.Frame{Time: 60 * float64(i), Channel: recordtest.Inlet, Values: []float64{v, 19}}
		if err := s.Frame(&f); err != nil {
			t.Fatal(err)
		}
	}
	x := s.Find("rack.inlet_temperature")
	if len(x.Buckets) > Buckets || len(x.Buckets) < Buckets/2-1 {
		t.Errorf("%d buckets", len(x.Buckets))
	}
	mean, count, peak := 0.0, 0, 0.0
	for _, b := range x.Buckets {
		mean += b.Mean * float64(b.N)
		count += b.N
		if b.Max == 45 && b.High == 45 && b.Worst == 0 && b.Low == 19 {
			peak = b.At
		}
	}
	if count != n || math.Abs(mean-sum) > 1e-6*sum {
		t.Errorf("%d samples of mean %g, want %d of %g", count, mean/float64(count), n, sum/float64(n))
	}
	if math.Abs(peak-60*314159) > x.Width {
		t.Errorf("peak at %g", peak)
	}
	if c := x.Carpet; len(c.Things) != 2 || len(c.Things[0]) > CarpetBuckets {
		t.Errorf("carpet of %d things, %d buckets", len(c.Things), len(c.Things[0]))
	}
}

func TestOnChange(t *testing.T) {
	h := recordtest.Header(recordtest.Site(1, 3))
	s := New(Options{})
	if err := s.Open(h); err != nil {
		t.Fatal(err)
	}
	for _, f := range []record.Frame{
		{Time: 0, Channel: recordtest.RackIT, Values: []float64{10, 20, 30}, Subjects: []int32{0, 1, 2}},
		{Time: 3600, Channel: recordtest.RackIT, Values: []float64{50}, Subjects: []int32{1}},
	} {
		if err := s.Frame(&f); err != nil {
			t.Fatal(err)
		}
	}
	b := s.Find("rack.power").Buckets
	if last := b[len(b)-1]; last.Mean != 90 || last.High != 50 || last.Worst != 1 {
		t.Errorf("after the change: %+v", last)
	}
}

func TestEventsBounded(t *testing.T) {
	s := New(Options{})
	for i := range 3000 {
		e := record.Event{ID: int64(i + 1), Severity: record.Severity(i % 4)}
		if err := s.Event(&e); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.Events) != MaxEvents || s.Count["critical"] != 750 || s.Dropped != 2250-MaxEvents {
		t.Errorf("%d kept, %d dropped, %v", len(s.Events), s.Dropped, s.Count)
	}
	for _, e := range s.Events {
		if e.Severity != record.Critical {
			t.Fatalf("kept a %s event while critical ones were dropped", e.Severity)
		}
	}
}
