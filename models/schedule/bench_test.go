//go:build unix

package schedule

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/halltwin/halltwin/models/workload"
)

// busy returns a site of 8-GPU nodes in steady state: loaded to the brim, with a queue of the given length.
func busy(b *testing.B, spec Spec, nodes, queue int) *feed {
	b.Helper()
	leaf := make([]int32, nodes)
	for n := range leaf {
		leaf[n] = int32(n / 32)
	}
	c, err := Compile(&spec, nil, cluster(nodes, workload.Vector{workload.GPU: 8, workload.CPU: 128, workload.Memory: 2e12}), leaf)
	if err != nil {
		b.Fatal(err)
	}
	names := make([]string, 20)
	for i := range names {
		names[i] = fmt.Sprintf("team-%d", i)
	}
	c.Bind(nil, names)
	f := &feed{c: c, s: NewState(c), r: rand.New(rand.NewPCG(1, 2)), nodes: nodes, queue: queue}
	for int(f.s.Queue.Count) < queue {
		f.submit()
		if int(f.s.Queue.Count)%50 == 0 {
			f.pass()
		}
	}
	for range 200 {
		f.step()
	}
	return f
}

// feed submits a research cluster's mix and ends jobs, so that the queue stays as long as it is.
type feed struct {
	c      *Config
	s      *State
	r      *rand.Rand
	now    float64
	job    int32
	nodes  int
	queue  int
	starts []Start
	passes int
}

func (f *feed) submit() {
	req := Request{Job: f.job, Submit: f.now, Parts: 1, User: int32(f.r.IntN(50)), Queue: int32(f.r.IntN(20)), Priority: float64(f.r.IntN(4))}
	f.job++
	req.Estimate = 600 + 50_000*f.r.ExpFloat64()
	req.Part = workload.Vector{workload.GPU: 8, workload.CPU: 96, workload.Memory: 1e12}
	switch x := f.r.Float64(); {
	case x < 0.5:
		req.Part = workload.Vector{workload.GPU: 1, workload.CPU: 12, workload.Memory: 1e11}
	case x < 0.7:
		req.Part = workload.Vector{workload.GPU: 4, workload.CPU: 48, workload.Memory: 5e11}
	case x < 0.95:
		req.Parts = 1 << f.r.IntN(5)
	default:
		req.Parts = int32(min(f.nodes/4, 64<<f.r.IntN(4)))
	}
	f.c.Submit(f.s, f.now, req)
}

func (f *feed) pass() {
	f.starts = f.c.Pass(f.s, f.now, f.starts[:0])
	f.passes++
	for i := range f.starts {
		if f.starts[i].Stop {
			f.c.Submit(f.s, f.now, f.s.Entry(f.starts[i].Job).Request)
		}
	}
}

// step ends the next job and submits as many as start.
func (f *feed) step() {
	slot := f.s.Running[0]
	f.now = max(f.now, f.s.Entries[slot].End)
	f.c.Release(f.s, f.now, f.s.Entries[slot].Job)
	f.pass()
	for int(f.s.Queue.Count) < f.queue {
		f.submit()
		f.pass()
	}
}

// BenchmarkPass is the cost of deciding, an event (arrival or end of a job) at a time, by policy and by the number of jobs that
// wait, on nodes that are full. Conservative backfill plans the first 100 waiting jobs.
func BenchmarkPass(b *testing.B) {
	policies := []Spec{
		{Policy: "fcfs"}, {Policy: "sjf"}, {Policy: "smallest-area"}, {Policy: "round-robin"}, {Policy: "priority"}, {Policy: "mct"},
		{Policy: "first-fit"}, {Policy: "easy-backfill"}, {Policy: "conservative-backfill", Depth: 100},
		{Policy: "srtf"}, {Policy: "srsf"}, {Policy: "las"}, {Policy: "fair-share", Queues: teams(20)}, {Policy: "drf"},
	}
	for _, spec := range policies {
		for _, nodes := range []int{128, 12_500} {
			for _, queue := range []int{100, 1_000, 10_000, 100_000} {
				b.Run(fmt.Sprintf("%s/nodes=%d/queue=%d", spec.Policy, nodes, queue), func(b *testing.B) {
					spec.Placement = "pack-by-leaf"
					f := busy(b, spec, nodes, queue)
					f.passes = 0
					b.ReportAllocs()
					b.ResetTimer()
					before := processorTime()
					for b.Loop() {
						f.step()
					}
					b.ReportMetric(1e6*(processorTime()-before)/float64(f.passes), "µs/pass")
					b.ReportMetric(float64(len(f.s.Running)), "running")
				})
			}
		}
	}
}

// processorTime returns the CPU time of this process so far, in s: other work on the machine does not count.
func processorTime() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// teams returns queues with quotas that add up to the whole of 12,500 nodes.
func teams(n int) (all []QueueSpec) {
	for i := range n {
		all = append(all, QueueSpec{Name: fmt.Sprintf("team-%d", i), Quota: &ShareSpec{GPUs: float64(100_000 / n)}})
	}
	return all
}
