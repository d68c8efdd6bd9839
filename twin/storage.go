package twin

import (
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/storage"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
)

// StoreState is the storage of a site and what jobs do with it: plain data, empty where the site has none.
type StoreState struct {
	Pools   []storage.State
	Streams []Stream
	Saves   []SaveState // of the jobs whose checkpoints go through storage
	Mark    float64     // up to when streams and pools are counted
	Gen     uint32      // of the next moment at which something ends
	Dirty   bool        // who wants what has changed
	Draws   []float64   // by pool: the load that its nodes draw power for
	Taken   []float64   // by leaf: B/s of its uplinks; nil where they are never scarce
	Lost    []float64   // by node: when it last lost what its memory held; nil without Saves
}

// Stream is one flow of data between a job and a storage.
type Stream struct {
	Job        int32
	Kind       StreamKind
	Pool       int32
	Tier       int32   // of the job's checkpoints
	Size, Left float64 // B
	Progress   float64 // that a checkpoint holds
	Wants      float64 // B/s, of a job that reads while it runs
	Line       float64 // B/s that the job's nodes can take
	Rate       float64 // B/s now
	Held       bool    // there is no room for it
}

// StreamKind is what a stream is for.
type StreamKind uint8

// The kinds.
const (
	Feeding StreamKind = iota // data that a job reads while it runs
	Saving                    // a checkpoint being written
	Reading                   // a checkpoint being read
)

// loadTolerance is the change of a storage's load from which its nodes draw another power.
const loadTolerance = 0.02

// newStore returns the storage of a plan with nothing going on.
func newStore(p *scenarios.Plan, saves int) StoreState {
	var s StoreState
	for _, pool := range p.Storage {
		s.Pools = append(s.Pools, *pool.New())
	}
	s.Draws = make([]float64, len(s.Pools))
	if saves > 0 {
		s.Saves = make([]SaveState, saves)
		s.Lost = make([]float64, len(p.LeafOf))
		for n := range s.Lost {
			s.Lost[n] = math.Inf(-1)
		}
	}
	return s
}

func (s *StoreState) clone() StoreState {
	c := *s
	c.Pools, c.Streams, c.Saves = make([]storage.State, len(s.Pools)), slices.Clone(s.Streams), slices.Clone(s.Saves)
	for i := range s.Pools {
		c.Pools[i] = s.Pools[i].Clone()
	}
	for i := range s.Saves {
		c.Saves[i].Nodes, c.Saves[i].Tiers = slices.Clone(s.Saves[i].Nodes), slices.Clone(s.Saves[i].Tiers)
	}
	c.Draws, c.Taken, c.Lost = slices.Clone(s.Draws), slices.Clone(s.Taken), slices.Clone(s.Lost)
	return c
}

// openStorage bars jobs from the nodes that serve storage, and lets it begin.
func (w *World) openStorage() {
	for n, pool := range w.plan.Serves {
		if pool >= 0 {
			w.sched.SetDrain(&w.Sched, int32(n), true)
		}
	}
	w.stirStorage()
}

// serves returns the storage that a node serves, or -1.
func (w *World) serves(n int32) int32 {
	if w.plan.Serves == nil {
		return -1
	}
	return w.plan.Serves[n]
}

// storageUse returns the utilisation of a node's processors by the storage that it serves.
func (w *World) storageUse(n int32) float64 {
	if i := w.serves(n); i >= 0 {
		return w.plan.Storage[i].Processors * w.Store.Draws[i]
	}
	return 0
}

// stirStorage counts what has flowed up to now, and has the storage shared anew when the instant settles.
func (w *World) stirStorage() {
	if len(w.plan.Storage) == 0 {
		return
	}
	s := &w.Store
	if dt := w.Now - s.Mark; dt > 0 {
		for i := range s.Streams {
			st := &s.Streams[i]
			st.Left = max(0, st.Left-st.Rate*dt)
		}
		for i, p := range w.plan.Storage {
			p.Advance(&s.Pools[i], s.Mark, dt)
		}
	}
	s.Mark = w.Now
	if !s.Dirty {
		s.Dirty = true
		w.wantSettle()
	}
}

// storageTurn is a moment at which a stream or a rebuild ends, or a level is reached.
func (w *World) storageTurn() {
	w.stirStorage()
	s := &w.Store
	for i := 0; i < len(s.Streams); {
		st := s.Streams[i]
		if st.Kind == Feeding || st.Held || st.Rate == 0 || st.Left > st.Rate*storage.Instant {
			i++
			continue
		}
		s.Streams = slices.Delete(s.Streams, i, i+1)
		w.streamEnds(&st)
	}
	for i, p := range w.plan.Storage {
		ps := &s.Pools[i]
		if done := p.Finish(ps); len(done) > 0 {
			w.tellRebuilt(int32(i), done)
		}
		if ps.PurgeAt <= w.Now {
			freed := p.Clear(ps)
			w.tellStorage(int32(i), record.Info, "storage.purge", fmt.Sprintf("people delete %s: %.0f %% is taken", unit.DataKind.Format(freed, 3), 100*p.Fullness(ps)), true)
		}
	}
}

// watchStorage tells of levels that are reached and of data that cannot be read.
func (w *World) watchStorage(i int32) {
	p, s := w.plan.Storage[i], &w.Store.Pools[i]
	switch full := p.Reached(s, 1); {
	case !math.IsInf(p.Size, 1) && full && !s.WasFull:
		s.WasFull = true
		then := "checkpoints for which there is no room are skipped"
		if p.Wait {
			then = "checkpoints wait for room"
		}
		w.tellStorage(i, record.Critical, "storage.full", "is full: "+then, false)
	case p.Reached(s, p.Warn) && !s.Warned:
		s.Warned = true
		text := fmt.Sprintf("is %.0f %% full", 100*p.Fullness(s))
		if p.Purge {
			s.PurgeAt = w.Now + p.Delay
			text += "; people will have made room in " + clock(p.Delay)
		}
		w.tellStorage(i, record.Warning, "storage.fill", text, false)
	}
	s.WasFull = s.WasFull && p.Reached(s, 1)
	s.Warned = s.Warned && p.Reached(s, p.Warn)
	if p.Kind == storage.Distributed {
		if share := p.Ruin(s); share > 0 {
			w.forget(i)
			w.tellStorage(i, record.Critical, "storage.lost", fmt.Sprintf("has lost %.3g %% of its data, and with them the checkpoints it held: more nodes than %d have lost drives at once",
				100*share, p.Tolerance), false)
		}
	}
	if can := p.Available(s); can != s.Readable {
		s.Readable = can
		if can {
			w.tellStorage(i, record.Info, "storage.back", "can be read and written again", true)
		} else {
			w.tellStorage(i, record.Critical, "storage.away", "can neither be read nor written", false)
		}
	}
}

// watchRebuild tells of a rebuild that begins.
func (w *World) watchRebuild(i int32) {
	p, s := w.plan.Storage[i], &w.Store.Pools[i]
	for k := range s.Losses {
		if l := &s.Losses[k]; l.Bytes > 0 && !l.Told {
			l.Told = true
			text := fmt.Sprintf("rebuilds the %s that %s held", unit.DataKind.Format(l.Bytes, 3), w.unitName(p, l))
			if s.Rebuild > 0 {
				text += ", which takes " + clock((l.Bytes-l.Done)/s.Rebuild)
			}
			w.tellStorage(i, record.Warning, "storage.rebuild", text, false)
		}
	}
}

// shareStorage gives every stream what max-min fairness leaves it, and arms the next moment at which something ends.
func (w *World) shareStorage() {
	s := &w.Store
	s.Dirty = false
	next := math.Inf(1)
	rooms := w.rooms[:0]
	for i, p := range w.plan.Storage {
		w.watchStorage(int32(i))
		next = min(next, p.Arm(&s.Pools[i], w.Now))
		w.watchRebuild(int32(i))
		rooms = append(rooms, p.Room(&s.Pools[i]))
	}
	w.rooms = rooms
	w.rateStreams()
	for i := range s.Streams {
		st := &s.Streams[i]
		switch {
		case st.Kind == Feeding && w.pausing(st.Job):
		case st.Kind == Feeding:
			w.starve(st.Job, 1-min(1, st.Rate/st.Wants))
		case st.Rate > 0:
			next = min(next, st.Left/st.Rate)
		}
	}
	for i := range s.Streams {
		w.block(&s.Streams[i])
	}
	for i := range s.Pools {
		if d := s.Pools[i].Busy - s.Draws[i]; math.Abs(d) >= loadTolerance || d != 0 && s.Pools[i].Busy == 0 {
			s.Draws[i] = s.Pools[i].Busy
			for _, n := range w.plan.Storage[i].Nodes {
				w.touch(w.nodeRack[n])
			}
		}
	}
	s.Gen++
	if at := w.Now + next; at <= w.plan.Duration {
		w.push(at, phaseWork, evStorage, 0, s.Gen)
	}
}

// starve slows a job down by the share of its speed that waiting for data takes.
func (w *World) starve(j int32, share float64) {
	s := &w.Jobs[j]
	old := float64(s.Starve)
	if share < 1e-9 {
		share = 0
	}
	if float32(share) == s.Starve {
		return
	}
	w.count(j)
	s.Starve = float32(share)
	w.flagged = append(w.flagged, j)
	if s.Phase == Running && (math.Abs(share-old) > 0.01 || share == 0) && w.heard() {
		text := "gets its data as fast as it needs them again"
		if share > 0 {
			text = fmt.Sprintf("waits for data from %s: it runs at %.1f %% of its speed", w.plan.Storage[w.work.Jobs[j].Data.Pool].Name, 100*(1-share))
		}
		w.emit(record.Event{Severity: record.Info, Type: "job.data", Subject: w.jobName(j), Text: text})
	}
}

// standstill is what the time goes to in which a job holds nodes and makes no progress, saves nothing and starts nothing.
func (s *JobState) standstill() account.Cause {
	if s.Phase == Running && s.Starve == 1 {
		return account.Starved
	}
	return account.Stalled
}

// feeds begins what a job that starts reads while it runs.
func (w *World) feeds(j int32, spec *workload.Job) {
	s, d := &w.Jobs[j], spec.Data
	s.Starve = 0
	if d == nil {
		return
	}
	if d.Most > 0 { // drives of its own
		w.starve(j, 1-min(1, d.Most*float64(spec.Parts)/d.Rate))
		return
	}
	w.stirStorage()
	w.Store.Streams = append(w.Store.Streams, Stream{Job: j, Kind: Feeding, Pool: d.Pool, Wants: d.Rate, Line: w.line(j, d.Pool)})
}

// line returns the B/s that a job's nodes can exchange with a storage.
func (w *World) line(j, pool int32) float64 {
	sum := 0.0
	for i := w.Jobs[j].Slice; i >= 0; i = w.Slices[i].OfJob {
		sum += w.plan.NodeWire[w.Slices[i].Node]
	}
	return sum * w.plan.Storage[pool].Client
}

// cut ends the streams of a job that has lost its nodes.
func (w *World) cut(j int32) {
	s := &w.Store
	if len(s.Streams) == 0 {
		return
	}
	for i := 0; i < len(s.Streams); {
		st := &s.Streams[i]
		if st.Job != j {
			i++
			continue
		}
		w.stirStorage()
		if st.Kind == Saving && !st.Held {
			w.unstore(st.Pool, st.Size)
		}
		s.Streams = slices.Delete(s.Streams, i, i+1)
	}
}

// unstore takes a checkpoint out of a storage.
func (w *World) unstore(pool int32, size float64) {
	p := &w.Store.Pools[pool]
	p.Used, p.Saved = max(0, p.Used-size), max(0, p.Saved-size)
}

// nodeLost and nodeBack tell the storage of a node that goes down, and that comes back with what its drives hold.
func (w *World) nodeLost(n int32) {
	if w.Store.Lost != nil {
		w.Store.Lost[n] = w.Now
	}
	if i := w.serves(n); i >= 0 {
		w.stirStorage()
		w.plan.Storage[i].NodeDown(&w.Store.Pools[i], w.server(i, n), w.Now)
	}
}

func (w *World) nodeBack(n int32) {
	if i := w.serves(n); i >= 0 {
		w.stirStorage()
		w.plan.Storage[i].NodeUp(&w.Store.Pools[i], w.server(i, n))
		if s := &w.Store.Pools[i]; len(s.Losses) == 0 {
			w.tellStorage(i, record.Info, "storage.whole", "is whole again: all its nodes are back or made up for", true)
		}
	}
}

// server returns the number of a node among those of a storage.
func (w *World) server(pool, n int32) int32 {
	return int32(slices.Index(w.plan.Storage[pool].Nodes, n))
}

// storageHealth takes a storage or a drive away, or brings it back; a drive comes back empty.
func (w *World) storageHealth(r facility.Ref, up bool) {
	w.stirStorage()
	if r.Kind == facility.Storage {
		w.Store.Pools[r.Index].Off = !up
		return
	}
	l := &w.plan.Tree.Levels[facility.Disk]
	n, disk := l.Up[r.Index], l.Local[r.Index]
	i := w.serves(n)
	if p, s := w.plan.Storage[i], &w.Store.Pools[i]; up {
		p.DiskUp(s, w.server(i, n), disk)
	} else {
		p.DiskDown(s, w.server(i, n), disk, w.Now)
	}
}

// unitName names what a loss has taken.
func (w *World) unitName(p *storage.Pool, l *storage.Loss) string {
	node := p.Nodes[l.Node]
	if l.Disk < 0 {
		return w.name(facility.Ref{Kind: facility.Node, Index: node})
	}
	return w.name(facility.Ref{Kind: facility.Disk, Index: w.plan.Tree.Levels[facility.Disk].First[node] + l.Disk})
}

func (w *World) tellRebuilt(i int32, done []storage.Loss) {
	p, s := w.plan.Storage[i], &w.Store.Pools[i]
	for k := range done {
		l := &done[k]
		text := fmt.Sprintf("has made up for %s, %s after the loss", w.unitName(p, l), clock(w.Now-l.At))
		w.tellStorage(i, record.Info, "storage.rebuilt", text, len(s.Losses) == 0)
	}
}

func (w *World) tellStorage(i int32, severity record.Severity, kind, text string, over bool) {
	r := facility.Ref{Kind: facility.Storage, Index: i}
	w.follow(r, r, over, 0, record.Event{Severity: severity, Type: kind, Subject: w.plan.Storage[i].Name, Text: text})
}
