package fabric

import "math"

// Routing is how a flow chooses between equal next hops.
type Routing uint8

// The ways.
const (
	ECMP     Routing = iota // hashed onto one, whatever the load
	Adaptive                // divided over all of them
	Static                  // always the first
)

// RoutingOf returns the routing of a name.
func RoutingOf(name string) Routing {
	switch name {
	case "adaptive":
		return Adaptive
	case "static":
		return Static
	}
	return ECMP
}

// Router finds the routes of a graph as it last learnt its condition: links that failed since still carry routes, which have
// no bandwidth.
type Router struct {
	graph   *Graph
	routing Routing
	known   Condition
	in      [][]int32         // links that enter each vertex
	hops    map[int32][]int32 // to each host that was asked for: hops from each vertex, -1 out of reach
}

// NewRouter returns a router that believes everything up.
func NewRouter(g *Graph, r Routing) *Router {
	rt := &Router{graph: g, routing: r, in: make([][]int32, g.Vertices)}
	for i := range g.Links {
		rt.in[g.Links[i].To] = append(rt.in[g.Links[i].To], int32(i))
	}
	rt.Learn(g.Sound())
	return rt
}

// Learn makes the router go round what is down.
func (r *Router) Learn(c Condition) {
	r.known = Condition{Share: append([]float32(nil), c.Share...)}
	r.hops = map[int32][]int32{}
}

// toward returns the hops from each vertex to a host.
func (r *Router) toward(host int32) []int32 {
	if d, ok := r.hops[host]; ok {
		return d
	}
	d := make([]int32, r.graph.Vertices)
	for i := range d {
		d[i] = -1
	}
	d[host] = 0
	queue := []int32{host}
	for len(queue) > 0 {
		v := queue[0]
		queue = queue[1:]
		for _, l := range r.in[v] {
			u := r.graph.Links[l].From
			// Hosts do not forward.
			if d[u] < 0 && r.known.Share[l] > 0 && (v == host || int(v) >= r.graph.Hosts) {
				d[u] = d[v] + 1
				queue = append(queue, u)
			}
		}
	}
	r.hops[host] = d
	return d
}

// Route returns the flow from one host to another: its links, what part of it each carries, and its latency in s. The key is
// what a switch would hash: addresses and ports. It is false where no way is left.
func (r *Router) Route(from, to int, key uint64) (f Flow, latency float64, ok bool) {
	if from == to {
		return Flow{}, 0, true
	}
	d := r.toward(int32(to))
	if d[from] < 0 {
		return Flow{}, 0, false
	}
	if r.routing == Adaptive {
		return r.spread(from, to, d)
	}
	v := int32(from)
	for int(v) != to {
		next := r.next(v, d)
		l := next[0]
		if r.routing == ECMP {
			l = next[hash(key, uint64(v))%uint64(len(next))]
		}
		f.Links = append(f.Links, l)
		latency += r.graph.Links[l].Latency
		v = r.graph.Links[l].To
	}
	return f, latency, true
}

// next returns the links that lead one hop nearer.
func (r *Router) next(v int32, d []int32) []int32 {
	var out []int32
	for _, l := range r.graph.Out[v] {
		to := r.graph.Links[l].To
		if r.known.Share[l] > 0 && d[to] >= 0 && d[to] == d[v]-1 {
			out = append(out, l)
		}
	}
	return out
}

// spread divides a flow over all its shortest paths, in proportion to the bandwidth of the next hops.
func (r *Router) spread(from, to int, d []int32) (Flow, float64, bool) {
	part := map[int32]float64{int32(from): 1}
	level := []int32{int32(from)}
	f := Flow{Use: []float64{}}
	latency := 0.0
	for len(level) > 0 {
		var further []int32
		longest := 0.0
		for _, v := range level {
			next := r.next(v, d)
			total := 0.0
			for _, l := range next {
				total += r.graph.Links[l].Bandwidth * float64(r.known.Share[l])
			}
			for _, l := range next {
				link := &r.graph.Links[l]
				p := part[v] * link.Bandwidth * float64(r.known.Share[l]) / total
				f.Links, f.Use = append(f.Links, l), append(f.Use, p)
				longest = math.Max(longest, link.Latency)
				if _, seen := part[link.To]; !seen && int(link.To) != to {
					further = append(further, link.To)
				}
				part[link.To] += p
			}
		}
		latency += longest
		level = further
	}
	return f, latency, true
}

// hash mixes a key with the switch that hashes it (SplitMix64).
func hash(key, v uint64) uint64 {
	x := key + 0x9e3779b97f4a7c15*(v+1)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
