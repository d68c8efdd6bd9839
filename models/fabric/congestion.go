package fabric

import "math"

// Load is what one running job asks of the ways out of leaves.
type Load struct {
	Leaves []int32   // on which its nodes lie
	Up     []float64 // B/s that would leave each of them at full speed
}

// Pattern is how the nodes of a job talk to each other.
type Pattern uint8

// The patterns.
const (
	Rings  Pattern = iota // neighbours in rings laid leaf by leaf
	Meshes                // all with all
)

// Offer returns the load of a job with so many nodes on each leaf, whose nodes each send so many B/s to the others. In rings
// whose next node is stride nodes further on, as many rings leave a leaf.
func Offer(p Pattern, leaves []int32, nodes []int, each float64, stride int) Load {
	l := Load{Leaves: leaves, Up: make([]float64, len(leaves))}
	if len(leaves) < 2 {
		return l
	}
	total := 0
	for _, n := range nodes {
		total += n
	}
	for i, n := range nodes {
		l.Up[i] = each * float64(min(max(1, stride), n))
		if p == Meshes {
			l.Up[i] = each * float64(n) * float64(total-n) / float64(total-1)
		}
	}
	return l
}

// Congestion returns the share of what it asks for that each of the jobs that run at once gets: max-min fair between jobs over
// the ways out of leaves, whose bandwidth is given in B/s. Shares are appended to into.
func Congestion(uplink []float64, jobs []Load, into []float64) []float64 {
	flows := make([]Flow, len(jobs))
	for i := range jobs {
		flows[i] = Flow{Links: jobs[i].Leaves, Use: jobs[i].Up, Limit: 1}
	}
	return MaxMin(uplink, flows, into)
}

// Profile is what a step of a job asks of the network, as shares of the step without congestion.
type Profile struct {
	Busy    float64 // in which transfers are under way
	Exposed float64 // in which nothing else goes on meanwhile
	Window  float64 // behind which transfers could hide
}

// Slowdown returns the speed, 0 to 1, of a job that gets a share of the bandwidth it asks for: its transfers take longer, first
// into what hides them, then into the step.
func (p *Profile) Slowdown(share float64) float64 {
	if share >= 1 || p.Busy <= 0 {
		return 1
	}
	if share <= 0 {
		return 0
	}
	return 1 / (1 - p.Exposed + math.Max(p.Exposed, p.Busy/share-p.Window))
}
