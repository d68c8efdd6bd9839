package fabric

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/unit"
)

// Spec is the network between the nodes of a site.
type Spec struct {
	Topology     string        `yaml:"topology" doc:"leaf-spine: every card of a node on one leaf; rail: card r of every node of a group on leaf r; fat-tree: leaf-spine whose bandwidth nothing narrows; torus; dragonfly: leaves joined in groups, groups joined to each other" enum:"leaf-spine,rail,fat-tree,torus,dragonfly" default:"leaf-spine"`
	NodesPerLeaf int           `yaml:"nodes_per_leaf" doc:"nodes behind one leaf (or rail group of leaves), or on one router of a dragonfly; 0: one leaf a row" default:"0" range:"[0,100000]"`
	Uplinks      int           `yaml:"uplinks" doc:"equal paths from one leaf upward: its uplinks, on which ECMP collides" default:"16" source:"typical: half of a 32-port leaf" range:"[1,1024]"`
	Narrowing    float64       `yaml:"oversubscription" doc:"bandwidth of the nodes of a leaf over that of its uplinks" default:"1" source:"full bisection, usual of AI clusters" range:"[1,1000]"`
	PodLeaves    int           `yaml:"leaves_per_pod" doc:"leaves of a pod (or of a group of a dragonfly), above which the network is narrower; 0: one pod" default:"0" range:"[0,100000]"`
	PodNarrowing float64       `yaml:"pod_oversubscription" doc:"bandwidth of a pod's leaves over that of its way out; Llama 3 trained on 7 (arXiv 2407.21783 §3.3.1)" default:"1" source:"full bisection" range:"[1,1000]"`
	Dimensions   []int         `yaml:"dimensions" doc:"nodes along each dimension of a torus"`
	Routing      string        `yaml:"routing" doc:"between equal paths: adaptive divides flows over them, ecmp hashes whole flows, static takes the first" enum:"adaptive,ecmp,static" default:"adaptive"`
	Latency      unit.Duration `yaml:"latency" doc:"latency of one hop: cable and switch" default:"1 us" source:"typical: 0.3–1 µs of a switch, 5 ns a metre" range:"[0,1]"`
	Reduces      bool          `yaml:"in_network_reduction" doc:"switches add up all-reduces between nodes (SHARP)" default:"false"`

	Measured []PointSpec `yaml:"measured" doc:"measured all-reduces over the GPUs of one link domain (nccl-tests), instead of latency and bandwidth"`
}

// PointSpec is one measured all-reduce.
type PointSpec struct {
	Payload unit.Data     `yaml:"payload" doc:"bytes of each rank" required:"true" range:"(0,)"`
	Time    unit.Duration `yaml:"time" doc:"how long it took" required:"true" range:"(0,)"`
}

// Validate checks what tags cannot say.
func (s *Spec) Validate(fail func(path, msg string)) {
	if (s.Topology == "torus") != (len(s.Dimensions) > 0) {
		fail("dimensions", "a torus, and nothing else, has dimensions: write topology: torus and, say, dimensions: [8, 8, 16]")
	}
	for i, d := range s.Dimensions {
		if d < 1 {
			fail(fmt.Sprintf("dimensions[%d]", i), "a dimension has at least one node")
		}
	}
	if s.Topology == "fat-tree" && (s.Narrowing > 1 || s.PodNarrowing > 1) {
		fail("oversubscription", "a fat-tree is not oversubscribed: write topology: leaf-spine")
	}
	if s.PodNarrowing > 1 && s.PodLeaves == 0 {
		fail("leaves_per_pod", "pod_oversubscription needs pods: state leaves_per_pod")
	}
	if len(s.Measured) > 0 {
		if _, err := s.Curve(); err != nil {
			fail("measured", err.Error())
		}
	}
}

// Curve returns the curve through the measured points, or nil where there are none.
func (s *Spec) Curve() (*Curve, error) {
	if len(s.Measured) == 0 {
		return nil, nil
	}
	p := make([]Point, len(s.Measured))
	for i, m := range s.Measured {
		p[i] = Point{float64(m.Payload), float64(m.Time)}
	}
	return NewCurve(p)
}

// Reach is what a network leaves of a node's bandwidth with distance. The zero value is a network that narrows nowhere.
type Reach struct {
	Leaf, Pod int     // nodes of a leaf and of a pod; 0: all
	Up, Core  float64 // bandwidth out of a leaf and out of a pod, over that of the nodes in it, 0 to 1; 0: 1
	Paths     int     // equal paths out of a leaf
	Hop       float64 // latency of one hop, s
	Routing   Routing
	Reduces   bool // switches add up
}

// Compile returns the reach of a network of so many nodes with so many behind each leaf.
func (s *Spec) Compile(nodes, perLeaf int) Reach {
	r := Reach{Leaf: perLeaf, Up: 1 / math.Max(1, s.Narrowing), Core: 1, Paths: s.Uplinks, Hop: float64(s.Latency), Routing: RoutingOf(s.Routing), Reduces: s.Reduces}
	if s.PodLeaves > 0 {
		r.Pod, r.Core = s.PodLeaves*perLeaf, r.Up/math.Max(1, s.PodNarrowing)
	}
	if s.Topology == "torus" {
		// Cutting the longest dimension in half cuts two of its cables for each line of nodes; half of all traffic crosses.
		longest := 1
		for _, d := range s.Dimensions {
			longest = max(longest, d)
		}
		r.Leaf, r.Pod, r.Paths = 1, 0, max(1, len(s.Dimensions))
		r.Up = math.Min(1, 4/float64(longest)/float64(2*max(1, len(s.Dimensions))))
	}
	if nodes <= r.Leaf {
		r.Leaf, r.Up = 0, 1
	}
	return r
}

// Ring returns what share of its bandwidth a node reaches in rings over n nodes, each next of which is stride nodes further on,
// when all nodes take part in such rings. Of the rings that start in a leaf, stride leave it at a time.
func (r *Reach) Ring(n, stride int) float64 {
	stride = max(1, stride)
	span := n * stride
	share := 1.0
	narrow := func(group int, left float64) {
		if group > 0 && left > 0 && span > group {
			share = math.Min(share, math.Max(left, left*float64(group)/float64(stride)))
		}
	}
	narrow(r.Leaf, r.Up)
	narrow(r.Pod, r.Core)
	if r.Leaf > 0 && span > r.Leaf {
		share *= r.spread(min(stride, r.Leaf))
	}
	return share
}

// Exchange returns what share of its bandwidth a node reaches in an all-to-all over n neighbouring nodes.
func (r *Reach) Exchange(n int) float64 {
	share := 1.0
	narrow := func(group int, left float64) {
		if group > 0 && left > 0 && n > group {
			share = math.Min(share, left*float64(n-1)/float64(n-group))
		}
	}
	narrow(r.Leaf, r.Up)
	narrow(r.Pod, r.Core)
	if r.Leaf > 0 && n > r.Leaf {
		share *= r.spread(r.Leaf)
	}
	return share
}

// spread is what ECMP collisions leave where the nodes of a leaf that send upward hash their flows over its paths.
func (r *Reach) spread(senders int) float64 {
	switch {
	case r.Routing == Adaptive || r.Paths <= 1 || r.Leaf == 0:
		return 1
	case r.Routing == Static:
		return math.Min(1, float64(r.Leaf)*r.up()/float64(senders)/float64(r.Paths))
	}
	// A path carries a share of the leaf's uplinks: so many flows of a node's bandwidth fit in all of them.
	flows := max(1, int(math.Round(float64(senders)*float64(r.Paths)/(float64(r.Leaf)*math.Max(r.up(), 1e-9)))))
	return Collide(min(flows, 4*r.Paths), r.Paths)
}

func (r *Reach) up() float64 {
	if r.Up > 0 {
		return r.Up
	}
	return 1
}

// Latency returns the latency in s of a message between nodes so far apart.
func (r *Reach) Latency(span int) float64 {
	switch {
	case r.Pod > 0 && span > r.Pod:
		return 6 * r.Hop
	case r.Leaf > 0 && span > r.Leaf:
		return 4 * r.Hop
	}
	return 2 * r.Hop
}

// Collide returns the share of its fair bandwidth that the worst of k flows gets when ECMP throws them onto m equal paths: the
// mean of k/m over the number on the fullest path, at most 1. A synchronous collective waits for the worst.
func Collide(k, m int) float64 {
	if k <= 1 || m <= 1 {
		return 1
	}
	fair := math.Max(1, float64(k)/float64(m))
	mean, before := 0.0, 0.0
	for c := 1; c <= k && before < 1-1e-12; c++ {
		p := fullest(k, m, c)
		mean += (p - before) * math.Min(1, fair/float64(c))
		before = p
	}
	return mean
}

// fullest returns the probability that none of m paths gets more than c of k flows: k!/m^k times the coefficient of x^k in
// (Σ_{i≤c} x^i/i!)^m. The binomial weights of adding path after path keep every number a probability.
func fullest(k, m, c int) float64 {
	ways := make([]float64, k+1) // probability that the paths so far hold exactly j of the flows, none too many
	ways[0] = 1
	for path := range m {
		next := make([]float64, k+1)
		p := 1 / float64(m-path) // of what is left, this path draws each with probability p
		for j, w := range ways {
			if w == 0 {
				continue
			}
			left := k - j
			for i := 0; i <= min(c, left); i++ {
				next[j+i] += w * binomial(left, i, p)
			}
		}
		ways = next
	}
	return ways[k]
}

func binomial(n, k int, p float64) float64 {
	if p >= 1 {
		if k == n {
			return 1
		}
		return 0
	}
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return math.Exp(a - b - c + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}
