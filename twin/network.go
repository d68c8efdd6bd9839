package twin

import (
	"fmt"
	"slices"

	"github.com/halltwin/halltwin/models/fabric"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/twin/record"
)

// NetState is the state of the network between nodes.
type NetState struct {
	Talking []int32   // running jobs that state their traffic, and hold more than one node
	Uplink  []float32 // by leaf: share of its uplinks that is left; nil until one is set
	Dirty   bool      // who talks, or over what, has changed
}

func (s *NetState) clone() NetState {
	return NetState{slices.Clone(s.Talking), slices.Clone(s.Uplink), s.Dirty}
}

// netScratch is memory that congest uses again.
type netScratch struct {
	nodes          []int32 // by leaf: of the job at hand
	loads          []fabric.Load
	jobs           []int32
	uplink, shares []float64
}

// stirNet has the network looked at when the instant settles, where the ways out of leaves can be scarce.
func (w *World) stirNet() {
	if w.plan.Scarce || w.Net.Uplink != nil {
		w.Net.Dirty = true
		w.wantSettle()
		if len(w.Store.Streams) > 0 {
			w.stirStorage()
		}
	}
}

// talk enters a job that starts among those that share the network; hush takes it out.
func (w *World) talk(j int32, spec *workload.Job) {
	if spec.Exchange != nil && spec.Parts > 1 {
		w.Net.Talking = append(w.Net.Talking, j)
		w.stirNet()
	}
}

func (w *World) hush(j int32, spec *workload.Job) {
	if spec.Exchange == nil {
		return
	}
	if i := slices.Index(w.Net.Talking, j); i >= 0 {
		w.Net.Talking = slices.Delete(w.Net.Talking, i, i+1)
		w.stirNet()
	}
}

// setUplinks leaves a share of the uplinks of a leaf and returns what there was.
func (w *World) setUplinks(leaf int32, share float64) (old float64) {
	if w.Net.Uplink == nil {
		w.Net.Uplink = make([]float32, len(w.plan.Uplink))
		for i := range w.Net.Uplink {
			w.Net.Uplink[i] = 1
		}
	}
	old = float64(w.Net.Uplink[leaf])
	w.Net.Uplink[leaf] = float32(share)
	w.stirNet()
	return old
}

// congest gives the jobs that talk over the ways out of leaves what max-min fairness leaves each, and with it a speed.
func (w *World) congest() {
	w.Net.Dirty = false
	w.offers()
	n := &w.net
	n.uplink = w.uplinks(n.uplink[:0])
	for i, v := range w.Store.Taken {
		n.uplink[i] = max(0, n.uplink[i]-v)
	}
	n.shares = fabric.Congestion(n.uplink, n.loads, n.shares[:0])
	for i, j := range n.jobs {
		s := &w.Jobs[j]
		drag := 1 - w.work.Jobs[j].Exchange.Slowdown(n.shares[i])
		if drag == s.Drag {
			continue
		}
		s.Drag = drag
		w.flagged = append(w.flagged, j)
		if w.heard() && s.Phase == Running {
			w.emit(record.Event{Severity: record.Info, Type: "job.congestion", Subject: w.jobName(j),
				Text: fmt.Sprintf("gets %.0f %% of the network that it asks for and runs at %.1f %% of its speed", 100*n.shares[i], 100*(1-drag))})
		}
	}
}

// uplinks appends the B/s out of each leaf that is left.
func (w *World) uplinks(into []float64) []float64 {
	first := len(into)
	into = append(into, w.plan.Uplink...)
	for i, share := range w.Net.Uplink {
		into[first+i] *= float64(share)
	}
	return into
}

// offers finds what each job that talks asks of the ways out of leaves.
func (w *World) offers() {
	n := &w.net
	if n.nodes == nil {
		n.nodes = make([]int32, len(w.plan.Uplink))
	}
	n.loads, n.jobs = n.loads[:0], n.jobs[:0]
	for _, j := range w.Net.Talking {
		var leaves []int32
		for i := w.Jobs[j].Slice; i >= 0; i = w.Slices[i].OfJob {
			leaf := w.plan.LeafOf[w.Slices[i].Node]
			if n.nodes[leaf] == 0 {
				leaves = append(leaves, leaf)
			}
			n.nodes[leaf]++
		}
		counts := make([]int, len(leaves))
		for i, leaf := range leaves {
			counts[i] = int(n.nodes[leaf])
			n.nodes[leaf] = 0
		}
		t := w.work.Jobs[j].Exchange
		pattern := fabric.Rings
		if t.Mesh {
			pattern = fabric.Meshes
		}
		n.loads, n.jobs = append(n.loads, fabric.Offer(pattern, leaves, counts, t.Each, t.Stride)), append(n.jobs, j)
	}
}
