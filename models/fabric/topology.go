package fabric

import "fmt"

// Cables are the figures that builders of topologies share.
type Cables struct {
	Host    float64 // bandwidth of a host, of all its cards together, B/s
	Latency float64 // of one link with the switch behind it, s
}

// LeafSpine joins hosts behind leaves of per hosts each. Each leaf has one uplink to each spine of its pod; together they carry
// 1/over of what its hosts may send. Pods of podLeaves leaves (0: one pod) are joined by as many core switches as a pod has
// spines, with 1/podOver of the pod's uplinks.
func LeafSpine(hosts, per, spines, podLeaves int, over, podOver float64, c Cables) *Graph {
	g := newGraph(hosts)
	leaves := (hosts + per - 1) / per
	first := g.add(leaves, "leaf")
	for h := range hosts {
		g.join(h, first+h/per, c.Host, c.Latency)
	}
	if leaves == 1 {
		return g
	}
	if podLeaves == 0 {
		podLeaves = leaves
	}
	pods := (leaves + podLeaves - 1) / podLeaves
	up := c.Host * float64(per) / over / float64(spines)
	spine := g.add(pods*spines, "spine")
	for l := range leaves {
		for s := range spines {
			g.join(first+l, spine+l/podLeaves*spines+s, up, c.Latency)
		}
	}
	if pods > 1 {
		core := g.add(spines, "core")
		for p := range pods {
			for s := range spines {
				g.join(spine+p*spines+s, core+s, up*float64(podLeaves)/podOver, c.Latency)
			}
		}
	}
	return g
}

// Rail joins card r of every host to leaf r of its group of per hosts: traffic between equal cards stays on one leaf. The
// spines join the leaves of all groups, with 1/over of their hosts' bandwidth.
func Rail(hosts, per, rails, spines int, over float64, c Cables) *Graph {
	g := newGraph(hosts)
	groups := (hosts + per - 1) / per
	first := g.add(groups*rails, "leaf")
	each := c.Host / float64(rails)
	for h := range hosts {
		for r := range rails {
			g.join(h, first+h/per*rails+r, each, c.Latency)
		}
	}
	spine := g.add(spines, "spine")
	for l := range groups * rails {
		for s := range spines {
			g.join(first+l, spine+s, each*float64(per)/over/float64(spines), c.Latency)
		}
	}
	return g
}

// FatTree is the three-stage Clos network of k-port switches for k³/4 hosts, all cables alike. k is even.
func FatTree(k int, c Cables) (*Graph, error) {
	if k < 2 || k%2 != 0 {
		return nil, fmt.Errorf("a fat-tree is built of switches with an even number of ports, not %d", k)
	}
	half := k / 2
	g := newGraph(k * half * half)
	edge := g.add(k*half, "leaf")
	aggregation := g.add(k*half, "spine")
	core := g.add(half*half, "core")
	for h := range g.Hosts {
		g.join(h, edge+h/half, c.Host, c.Latency)
	}
	for pod := range k {
		for a := range half {
			for e := range half {
				g.join(edge+pod*half+e, aggregation+pod*half+a, c.Host, c.Latency)
			}
			for i := range half {
				g.join(aggregation+pod*half+a, core+a*half+i, c.Host, c.Latency)
			}
		}
	}
	return g, nil
}

// Torus joins hosts, each with a switch of its own, to their neighbours in every dimension. A host divides its bandwidth over
// its 2·d cables.
func Torus(dims []int, c Cables) (*Graph, error) {
	n := 1
	for _, d := range dims {
		if d < 1 {
			return nil, fmt.Errorf("a torus has no dimension of %d", d)
		}
		n *= d
	}
	g := newGraph(n)
	first := g.add(n, "leaf")
	each := c.Host / float64(2*max(1, len(dims)))
	for h := range n {
		g.join(h, first+h, c.Host, 0)
	}
	stride := 1
	for _, d := range dims {
		for h := range n {
			at := h / stride % d
			if d > 2 || (d == 2 && at == 0) {
				g.join(first+h, first+h+((at+1)%d-at)*stride, each, c.Latency)
			}
		}
		stride *= d
	}
	return g, nil
}

// Dragonfly has groups of routers, all of a group joined to each other, hosts on each router, and global cables between groups:
// every pair of groups is joined at least once. A router has as many global cables as it needs for that.
func Dragonfly(groups, routers, hosts int, c Cables) (*Graph, error) {
	if groups < 1 || routers < 1 || hosts < 1 {
		return nil, fmt.Errorf("a dragonfly has at least one group, router and host, not %d, %d and %d", groups, routers, hosts)
	}
	g := newGraph(groups * routers * hosts)
	first := g.add(groups*routers, "leaf")
	for h := range g.Hosts {
		g.join(h, first+h/hosts, c.Host, c.Latency)
	}
	for p := range groups {
		for a := range routers {
			for b := range a {
				g.join(first+p*routers+a, first+p*routers+b, c.Host, c.Latency)
			}
		}
	}
	for p := range groups {
		for q := range p {
			// The peer's number, counted on from the group itself, spreads the cables over the routers.
			a, b := ((q-p+groups)%groups-1)%routers, ((p-q+groups)%groups-1)%routers
			g.join(first+p*routers+a, first+q*routers+b, c.Host*float64(hosts), c.Latency)
		}
	}
	return g, nil
}
