package twin

import (
	"math"

	"github.com/halltwin/halltwin/models/fabric"
	"github.com/halltwin/halltwin/models/storage"
)

// rateStreams gives each stream a rate: max-min fair over the links of the storages and, where they can be scarce, the ways
// out of leaves, which what jobs exchange takes part in. Nodes weigh alike, by what they could take alone.
func (w *World) rateStreams() {
	s := &w.Store
	f := &w.streams
	f.capacity, f.flows, f.of = f.capacity[:0], f.flows[:0], f.of[:0]
	for i := range w.rooms {
		f.capacity = append(f.capacity, w.rooms[i].Capacity[:]...)
	}
	leaves := w.plan.Scarce || w.Net.Uplink != nil
	first := int32(len(f.capacity))
	if leaves {
		f.capacity = w.uplinks(f.capacity)
		if s.Taken == nil {
			s.Taken = make([]float64, len(w.plan.Uplink))
		}
	}
	for i := range s.Streams {
		st := &s.Streams[i]
		st.Rate = 0
		p := w.plan.Storage[st.Pool]
		if st.Held && p.Fits(&s.Pools[st.Pool], st.Size) {
			st.Held = false
			w.store(st.Pool, st.Size)
		}
		if st.Held || st.Kind == Feeding && w.pausing(st.Job) {
			continue
		}
		flow := fabric.Flow{Weight: st.Line, Limit: st.Line}
		if st.Kind == Feeding {
			flow.Limit = math.Min(st.Line, st.Wants)
		}
		use := w.rooms[st.Pool].Use(st.Kind == Saving)
		for l, u := range use {
			if u > 0 && !math.IsInf(w.rooms[st.Pool].Capacity[l], 1) {
				flow.Links, flow.Use = append(flow.Links, int32(int(st.Pool)*storage.Links+l)), append(flow.Use, u)
			}
		}
		if leaves && p.Fabric {
			flow.Links, flow.Use = w.crossing(st, first, flow.Links, flow.Use)
		}
		f.flows, f.of = append(f.flows, flow), append(f.of, int32(i))
	}
	streams := len(f.flows)
	if leaves {
		w.offers()
		for i := range w.net.loads {
			l := &w.net.loads[i]
			flow := fabric.Flow{Use: l.Up, Limit: 1}
			for _, leaf := range l.Leaves {
				flow.Links = append(flow.Links, first+leaf)
			}
			f.flows = append(f.flows, flow)
		}
	}
	f.rates = fabric.MaxMin(f.capacity, f.flows, f.rates[:0])
	for k, i := range f.of {
		s.Streams[i].Rate = f.rates[k]
	}
	w.tally()
	if leaves {
		w.takeUplinks(first, f.flows[:streams], f.rates)
	}
}

// streamScratch is memory that rateStreams uses again.
type streamScratch struct {
	capacity, rates []float64
	flows           []fabric.Flow
	of              []int32 // by flow: its stream
}

// crossing appends the ways out of leaves that a stream takes, and what a B/s of it takes of each: what of it leaves the leaf or
// comes into it, whichever is more, for both directions are as wide.
func (w *World) crossing(st *Stream, first int32, links []int32, use []float64) ([]int32, []float64) {
	n := &w.net
	if n.nodes == nil {
		n.nodes = make([]int32, len(w.plan.Uplink))
	}
	there := make([]float64, len(n.nodes)) // share of the storage's nodes on each leaf
	servers := w.plan.Storage[st.Pool].Nodes
	for _, node := range servers {
		there[w.plan.LeafOf[node]] += 1 / float64(len(servers))
	}
	here, total := make([]float64, len(n.nodes)), 0.0
	for i := w.Jobs[st.Job].Slice; i >= 0; i = w.Slices[i].OfJob {
		here[w.plan.LeafOf[w.Slices[i].Node]]++
		total++
	}
	for leaf := range here {
		h := here[leaf] / total
		if u := math.Max(h*(1-there[leaf]), there[leaf]*(1-h)); u > 0 {
			links, use = append(links, first+int32(leaf)), append(use, u)
		}
	}
	return links, use
}

// takeUplinks notes what the streams leave of the ways out of leaves to what jobs exchange.
func (w *World) takeUplinks(first int32, flows []fabric.Flow, rates []float64) {
	taken := w.Store.Taken
	changed := false
	now := make([]float64, len(taken))
	for k := range flows {
		for i, l := range flows[k].Links {
			if l >= first {
				now[l-first] += flows[k].Use[i] * rates[k]
			}
		}
	}
	for l := range now {
		changed = changed || now[l] != taken[l]
	}
	if changed {
		copy(taken, now)
		w.Net.Dirty = true
	}
}

// tally sums what clients read and write in each storage, and how busy that keeps it.
func (w *World) tally() {
	s := &w.Store
	for i := range s.Pools {
		s.Pools[i].Read, s.Pools[i].Write = 0, 0
	}
	for i := range s.Streams {
		st := &s.Streams[i]
		if p := &s.Pools[st.Pool]; st.Kind == Saving {
			p.Write += st.Rate
		} else {
			p.Read += st.Rate
		}
	}
	for i := range s.Pools {
		p, r := &s.Pools[i], &w.rooms[i]
		busy := 0.0
		for l, c := range r.Capacity {
			if u := p.Read*r.Read[l] + p.Write*r.Write[l]; u > 0 && c > 0 {
				busy = math.Max(busy, math.Min(1, u/c))
			}
		}
		p.Busy = w.plan.Storage[i].Load(p, busy)
	}
}

// store puts a checkpoint into a storage.
func (w *World) store(pool int32, size float64) {
	p := &w.Store.Pools[pool]
	p.Used += size
	p.Saved += size
}
