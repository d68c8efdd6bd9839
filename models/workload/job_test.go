package workload

import "testing"

// The demand [2 GPU, 100 GB, 1 Gb/s] from [4 GPU, 500 GB, 10 Gb/s] leaves [2, 400, 9].
func TestDemandLeaves(t *testing.T) {
	const gb, gbit = 1e9, 1e9 / 8
	node := Vector{GPU: 4, Storage: 500 * gb, Network: 10 * gbit}
	demand := Vector{GPU: 2, Storage: 100 * gb, Network: 1 * gbit}
	if !demand.Fits(node) {
		t.Fatal("the demand fits")
	}
	left := node.Sub(demand)
	if want := (Vector{GPU: 2, Storage: 400 * gb, Network: 9 * gbit}); left != want {
		t.Fatalf("left %v, want %v", left, want)
	}
	if left.Add(demand) != node {
		t.Fatal("giving the demand back does not restore the node")
	}
	if (Vector{GPU: 3}).Fits(left) || !(Vector{GPU: 2, Storage: 400 * gb, Network: 9 * gbit}).Fits(left) {
		t.Fatal("Fits is wrong at its edge")
	}
}

func TestProfileSeek(t *testing.T) {
	p := Profile{Quantum: 30, GPU: []float32{0.1, 0.2, 0.3}, CPU: []float32{1, 0, 1}}
	for _, c := range []struct {
		cursor int32
		at     float64
		want   int32
	}{{0, 0, 0}, {0, 29.9, 0}, {0, 30, 1}, {1, 59, 1}, {1, 1e9, 2}, {2, 10, 0}, {99, 45, 1}} {
		if got := p.Seek(c.cursor, c.at); got != c.want {
			t.Errorf("Seek(%d, %g) = %d, want %d", c.cursor, c.at, got, c.want)
		}
	}
	q := Profile{End: []float64{10, 25}, CPU: []float32{0.5, 1}}
	if i := q.Seek(0, 10); i != 1 || q.Util(i) != (Util{CPU: 1}) || q.EndOf(0) != 10 {
		t.Errorf("segment %d %v", i, q.Util(i))
	}
}

func TestRequestsCycle(t *testing.T) {
	day := Requests{T: []float64{0, 10, 20}, Input: []int32{1, 2, 3}, Output: []int32{4, 5, 6}, Count: []float32{1, 2, 3}, Period: 30}
	got := day.Cycle(15, 50)
	want := []float64{5, 15, 25, 35, 45}
	if len(got.T) != len(want) {
		t.Fatalf("%v, want %v", got.T, want)
	}
	for i := range want {
		if got.T[i] != want[i] {
			t.Fatalf("%v, want %v", got.T, want)
		}
	}
	if got.Input[0] != 3 || got.Count[1] != 1 || got.Output[4] != 4 {
		t.Fatalf("%+v", got)
	}
	if m := day.Mean(0, 30); m.Requests != 6.0/30 || m.Input != (1+4+9)/30.0 {
		t.Fatalf("%+v", m)
	}
	once := day
	once.Period = 0
	if got := once.Cycle(5, 100); len(got.T) != 2 || got.T[0] != 5 {
		t.Fatalf("a series without period is cut, not repeated: %v", got.T)
	}
	empty := Requests{Period: 60}
	if got := empty.Cycle(0, 1e6); got.Len() != 0 {
		t.Fatal("nothing repeated is nothing")
	}
}

func TestRequestsSort(t *testing.T) {
	r := Requests{T: []float64{2, 1, 1}, Input: []int32{1, 2, 3}, Output: []int32{1, 2, 3}}
	r.Sort()
	if r.T[0] != 1 || r.Input[0] != 2 || r.Input[1] != 3 || r.Input[2] != 1 {
		t.Fatalf("%+v", r)
	}
}
