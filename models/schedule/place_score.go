package schedule

import "math/bits"

// pick is a node that a scored placement may use.
type pick struct {
	score float64
	node  int32
}

// loadBalance gives each part the node whose most used resource is least used once the part is there; the first of
// equals. It balances nodes, or pools, of different sizes and over all resources.
type loadBalance struct{}

func (loadBalance) place(a *attempt) bool {
	sc := a.s.scratch
	sc.picks = sc.picks[:0]
	for n := a.first(0); n >= 0; n = a.first(n + 1) {
		if a.room(n) > 0 {
			sc.picks = append(sc.picks, pick{a.load(n), n})
		}
	}
	h := sc.picks
	heapify(h)
	for len(h) > 0 {
		n := h[0].node
		if a.room(n) > 0 {
			a.take(n, 1)
			if a.want == 0 {
				return true
			}
		}
		if a.room(n) > 0 {
			h[0].score = a.load(n)
		} else {
			h[0] = h[len(h)-1]
			h = h[:len(h)-1]
		}
		sift(h, 0)
	}
	return false
}

// load returns the used fraction of the node's most used resource, one more part included.
func (a *attempt) load(n int32) float64 {
	worst := 0.0
	nd, full := &a.s.Nodes[n], &a.c.capacity[n]
	for i, all := range full {
		if all > 0 {
			worst = max(worst, (all-nd.Free[i]+a.need[i])/all)
		}
	}
	return worst
}

// heapify makes a heap: least score, then least node, on top.
func heapify(h []pick) {
	for i := len(h)/2 - 1; i >= 0; i-- {
		sift(h, i)
	}
}

// sift restores the heap below i.
func sift(h []pick, i int) {
	for {
		least := i
		for j := 2*i + 1; j <= 2*i+2 && j < len(h); j++ {
			if h[j].score < h[least].score || h[j].score == h[least].score && h[j].node < h[least].node {
				least = j
			}
		}
		if least == i {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}

// anywhere gives each part a node drawn at random among those with room.
type anywhere struct{}

func (anywhere) place(a *attempt) bool {
	sc := a.s.scratch
	sc.picks = sc.picks[:0]
	for n := a.first(0); n >= 0; n = a.first(n + 1) {
		if a.room(n) > 0 {
			sc.picks = append(sc.picks, pick{node: n})
		}
	}
	h := sc.picks
	for len(h) > 0 {
		i := a.s.Random.IntN(len(h))
		n := h[i].node
		if a.room(n) > 0 {
			a.device = a.anyDevice(n)
			a.take(n, 1)
			if a.want == 0 {
				return true
			}
		}
		if a.room(n) == 0 {
			h[i] = h[len(h)-1]
			h = h[:len(h)-1]
		}
	}
	return false
}

// anyDevice draws one of the devices of a node with room for the attempt's share, -1 where it takes whole ones.
func (a *attempt) anyDevice(n int32) int8 {
	p := a.c.portion(&a.need)
	if p == 0 {
		return -1
	}
	var fit [64]int8
	k := 0
	for m := a.s.Nodes[n].GPUUp; m != 0; m &= m - 1 {
		if d := bits.TrailingZeros64(m); int32(a.s.Left[a.c.first[n]+int32(d)]) >= p {
			fit[k] = int8(d)
			k++
		}
	}
	return fit[a.s.Random.IntN(k)]
}
