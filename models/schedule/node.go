package schedule

import (
	"math/bits"

	"github.com/halltwin/halltwin/models/workload"
)

// The node index: for every level of free units, a bitmap of the nodes that have at least that many. A change of a
// node flips as many bits as its level moved; a search reads 64 nodes at a time.

// open reports whether the node takes work.
func (n *Node) open() bool { return !n.Down && !n.Drained && !n.Exclusive }

// lowest returns a mask of the k lowest devices.
func lowest(k int) uint64 {
	if k >= 64 {
		return ^uint64(0)
	}
	return 1<<k - 1
}

// lowestOf returns the k lowest bits of free, or all where there are fewer.
func lowestOf(free uint64, k int) uint64 {
	rest := free
	for range k {
		rest &= rest - 1
	}
	return free &^ rest
}

// index brings the index up to date with node n.
func (c *Config) index(s *State, n int32) {
	if s.scratch != nil && len(s.scratch.tables) > 0 {
		s.scratch.log.add(n, 2*len(s.Nodes)+64)
	}
	nd := &s.Nodes[n]
	w, bit := n>>6, uint64(1)<<(n&63)
	level := int32(-1)
	if nd.open() {
		level = max(c.level(&nd.Free), 0)
	}
	for l := nd.Level + 1; l <= level; l++ {
		s.AtLeast[int(l)*c.words+int(w)] |= bit
		s.Count[l]++
	}
	for l := nd.Level; l > level; l-- {
		s.AtLeast[int(l)*c.words+int(w)] &^= bit
		s.Count[l]--
	}
	nd.Level = level
	if empty := level >= 0 && nd.Parts == 0; empty != (s.Empty[w]&bit != 0) {
		s.Empty[w] ^= bit
		if empty {
			s.Empties++
		} else {
			s.Empties--
		}
	}
}

// atLeast returns the bitmap of the nodes with at least level free units.
func (c *Config) atLeast(s *State, level int32) []uint64 {
	if int(level) > c.top {
		return nil
	}
	return s.AtLeast[int(level)*c.words : (int(level)+1)*c.words]
}

// next returns the first node of the bitmap from n on, or -1.
func next(bitmap []uint64, n int32) int32 {
	w := int(n >> 6)
	if w >= len(bitmap) {
		return -1
	}
	word := bitmap[w] >> (n & 63) << (n & 63)
	for word == 0 {
		if w++; w == len(bitmap) {
			return -1
		}
		word = bitmap[w]
	}
	return int32(w<<6 + bits.TrailingZeros64(word))
}

// exactly returns the first node from n on with just level free units, or -1.
func (c *Config) exactly(s *State, level, n int32) int32 {
	low, high := c.atLeast(s, level), c.atLeast(s, level+1)
	if high == nil {
		return next(low, n)
	}
	w := int(n >> 6)
	if w >= len(low) {
		return -1
	}
	word := (low[w] &^ high[w]) >> (n & 63) << (n & 63)
	for word == 0 {
		if w++; w == len(low) {
			return -1
		}
		word = low[w] &^ high[w]
	}
	return int32(w<<6 + bits.TrailingZeros64(word))
}

// allot takes parts of demand need, or the whole node, and returns the devices.
func (c *Config) allot(s *State, n, parts int32, need *workload.Vector, whole bool) uint64 {
	nd := &s.Nodes[n]
	var gpus uint64
	if whole {
		gpus = nd.GPUUp &^ nd.GPUUsed
		nd.Free = nd.Free.Sub(c.capacity[n])
		nd.Exclusive = true
	} else {
		gpus = lowestOf(nd.GPUUp&^nd.GPUUsed, int(need[workload.GPU])*int(parts))
		for i := range need {
			nd.Free[i] -= need[i] * float64(parts)
		}
	}
	c.hold(s, n, gpus, 0)
	nd.Parts += parts
	c.index(s, n)
	return gpus
}

// free takes back all that the job of a slot holds.
func (c *Config) free(s *State, slot int32) {
	e := &s.Entries[slot]
	need := demand(&e.Request)
	for ch := e.First; ch >= 0; {
		next := s.Chunks[ch].Next
		c.lose(s, e, &s.Chunks[ch], &need)
		s.Chunks[ch].Next, s.Chain = s.Chain, ch
		ch = next
	}
	e.First = -1
}

// lose takes back what a chunk of the job holds.
func (c *Config) lose(s *State, e *Entry, k *Chunk, need *workload.Vector) {
	nd := &s.Nodes[k.Node]
	nd.Free = nd.Free.Add(c.holds(e, k, need))
	nd.Exclusive = nd.Exclusive && !e.Whole
	c.drop(s, k.Node, k.GPUs, e.Share)
	nd.Parts -= k.Parts
	if nd.Parts == 0 { // also forgets rounding errors
		nd.Free = c.capacity[k.Node]
	}
	nd.Free[workload.GPU] = float64(bits.OnesCount64(nd.GPUUp &^ nd.GPUUsed))
	c.index(s, k.Node)
	c.occupy(s, e, k.Node, need, -float64(k.Parts))
	c.draw(s, k.Node, -float64(k.Parts)*e.Draw)
}

// unchain gives back the chunks of a job that has been lifted off its nodes.
func (c *Config) unchain(s *State, e *Entry) {
	for ch := e.First; ch >= 0; {
		next := s.Chunks[ch].Next
		s.Chunks[ch].Next, s.Chain = s.Chain, ch
		ch = next
	}
	e.First = -1
}

// chunk returns a vacant chunk.
func (s *State) chunk() int32 {
	if ch := s.Chain; ch >= 0 {
		s.Chain = s.Chunks[ch].Next
		return ch
	}
	s.Chunks = append(s.Chunks, Chunk{})
	return int32(len(s.Chunks) - 1)
}

// SetUp says that a node works or does not. What runs there stays allocated until it is released.
func (c *Config) SetUp(s *State, node int32, up bool) {
	s.Nodes[node].Down = !up
	c.changed(s, node)
}

// SetDrain says that a node takes no new work, or does again; running jobs stay.
func (c *Config) SetDrain(s *State, node int32, drain bool) {
	s.Nodes[node].Drained = drain
	c.changed(s, node)
}

// SetGPUUp says that one device of a node works or does not. A job that holds it keeps it until released.
func (c *Config) SetGPUUp(s *State, node, gpu int32, up bool) {
	nd := &s.Nodes[node]
	if up {
		nd.GPUUp |= 1 << gpu
	} else {
		nd.GPUUp &^= 1 << gpu
	}
	nd.Free[workload.GPU] = float64(bits.OnesCount64(nd.GPUUp &^ nd.GPUUsed))
	c.changed(s, node)
}

func (c *Config) changed(s *State, node int32) {
	c.index(s, node)
	s.Dirty = true
}
