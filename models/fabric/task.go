package fabric

import "math"

// Platform is what parallel tasks run on: resources, of which the first are the hosts (FLOP/s) and the others links (B/s).
type Platform struct {
	Capacity []float64
	Route    func(from, to int) (links []int32, latency float64) // resources between two hosts
}

// Task is work of several hosts that goes on at one pace: when a share of it is done, that share of every computation and of
// every transfer is done.
type Task struct {
	Compute []float64 // FLOPs of each member
	Bytes   []float64 // from member i to member j at i·n + j; nil: none
}

// Flow returns the task on the given hosts, one for each member, as a flow whose rate is tasks a second, and the latency that
// passes before its transfers move.
func (p *Platform) Flow(t *Task, hosts []int) (Flow, float64) {
	use := map[int32]float64{}
	f := Flow{Use: []float64{}}
	take := func(r int32, amount float64) {
		if _, seen := use[r]; !seen {
			f.Links = append(f.Links, r)
		}
		use[r] += amount
	}
	latency := 0.0
	for i, a := range t.Compute {
		if a > 0 {
			take(int32(hosts[i]), a)
		}
	}
	n := len(hosts)
	for i, b := range t.Bytes {
		from, to := hosts[i/n], hosts[i%n]
		if b <= 0 || from == to {
			continue
		}
		links, l := p.Route(from, to)
		latency = math.Max(latency, l)
		for _, link := range links {
			take(link, b)
		}
	}
	for _, r := range f.Links {
		f.Use = append(f.Use, use[r])
	}
	return f, latency
}

// Run returns when each task ends that starts at the given time on the given hosts, in s: all share the platform fairly.
func (p *Platform) Run(tasks []Task, hosts [][]int, start []float64) []float64 {
	transfers := make([]Transfer, len(tasks))
	for i := range tasks {
		f, latency := p.Flow(&tasks[i], hosts[i])
		transfers[i] = Transfer{Flow: f, Bytes: 1, Start: start[i], Delay: latency}
		if len(f.Links) == 0 {
			transfers[i].Bytes = 0
		}
	}
	return Drain(p.Capacity, transfers)
}
