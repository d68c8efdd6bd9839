package fabric

import "fmt"

// Link is one direction of a cable.
type Link struct {
	From, To  int32   // vertices
	Bandwidth float64 // B/s
	Latency   float64 // s
}

// Graph is hosts, which are the vertices 0 to Hosts-1, switches, which are those after, and links. It is immutable once built.
type Graph struct {
	Hosts    int
	Vertices int
	Links    []Link
	Out      [][]int32 // links that leave each vertex
	Switches []string  // kind of each switch: leaf, spine, core …
}

func newGraph(hosts int) *Graph {
	return &Graph{Hosts: hosts, Vertices: hosts, Out: make([][]int32, hosts)}
}

// add returns the first of n new switches.
func (g *Graph) add(n int, kind string) int {
	first := g.Vertices
	g.Vertices += n
	for range n {
		g.Out = append(g.Out, nil)
		g.Switches = append(g.Switches, kind)
	}
	return first
}

// join lays a cable: a link in each direction.
func (g *Graph) join(a, b int, bandwidth, latency float64) {
	for _, l := range []Link{{int32(a), int32(b), bandwidth, latency}, {int32(b), int32(a), bandwidth, latency}} {
		g.Out[l.From] = append(g.Out[l.From], int32(len(g.Links)))
		g.Links = append(g.Links, l)
	}
}

// Kind returns what a vertex is.
func (g *Graph) Kind(v int) string {
	if v < g.Hosts {
		return "host"
	}
	return g.Switches[v-g.Hosts]
}

// Switch returns the vertex of the i-th switch of a kind.
func (g *Graph) Switch(kind string, i int) (int, error) {
	n := 0
	for s, k := range g.Switches {
		if k != kind {
			continue
		}
		if n == i {
			return g.Hosts + s, nil
		}
		n++
	}
	return 0, fmt.Errorf("there are %d switches of kind %s, no number %d", n, kind, i)
}

// Condition is the state of a network: what share of its bandwidth each link has left, 0 when it is down.
type Condition struct {
	Share []float32
}

// Sound returns the condition in which everything is up.
func (g *Graph) Sound() Condition {
	c := Condition{Share: make([]float32, len(g.Links))}
	for i := range c.Share {
		c.Share[i] = 1
	}
	return c
}

// Set gives a cable a share of its bandwidth, in both directions: 0 is a lost link or card, something between a link that came
// up slower or drops packets.
func (c *Condition) Set(link int32, share float32) {
	c.Share[link], c.Share[link^1] = share, share // the directions of a cable are neighbours
}

// SetVertex does so with every cable of a vertex: a switch, or a host with all its cards.
func (c *Condition) SetVertex(g *Graph, v int, share float32) {
	for _, l := range g.Out[v] {
		c.Set(l, share)
	}
}

// Capacity returns the bandwidth that each link has left, in B/s.
func (c *Condition) Capacity(g *Graph) []float64 {
	out := make([]float64, len(g.Links))
	for i := range g.Links {
		out[i] = g.Links[i].Bandwidth * float64(c.Share[i])
	}
	return out
}
