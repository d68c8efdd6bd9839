package storage

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/unit"
)

// Kind is the kind of a storage system.
type Kind uint8

// The kinds.
const (
	Local       Kind = iota // drives of the nodes that compute
	Distributed             // nodes of its own
	Object                  // outside the site
)

// Pool is a compiled storage system: immutable.
type Pool struct {
	Name   string
	Kind   Kind
	Fabric bool    // its traffic passes the ways out of leaves
	Nodes  []int32 // of the site, that serve it
	Disks  int     // of a node

	DiskRead, DiskWrite, DiskSize float64   // of one drive, B/s, B/s, B
	Network                       []float64 // of each of Nodes: B/s, each direction
	Client                        float64   // share of a client's network bandwidth that encryption leaves
	MaxRead, MaxWrite             float64   // B/s; 0: no limit

	Width     int     // chunks of a stripe, or copies
	Tolerance int     // of them that may be lost
	Sources   int     // chunks that the rebuild of one reads
	Overhead  float64 // B in drives for a B of clients

	Share, After float64 // of rebuilds: share of the bandwidth; s
	Processors   float64 // utilisation of processors at full bandwidth

	Size  float64 // B of clients; +Inf: no limit
	Used  float64 // B at the start
	Rate  float64 // B/s that others add
	Warn  float64 // share
	Wait  bool    // writes wait for room
	Purge bool
	Delay float64 // s from the warning to the purge
	Keep  float64 // share that a purge leaves
}

// Compile makes the pool of a spec, served by nodes of the given network bandwidth in B/s. A local storage needs no nodes: it
// is as large as the drives of each node.
func (s *Spec) Compile(nodes []int32, network []float64) (*Pool, error) {
	p := &Pool{Name: s.Name, Nodes: nodes, Network: make([]float64, len(network)), Fabric: s.Leaves != "own",
		Share: float64(s.Rebuild.Share), After: float64(s.Rebuild.After), Width: 1, Overhead: 1, Sources: 1,
		Rate: float64(s.Fill.Daily) / 86400, Warn: float64(s.Fill.Warn), Wait: s.Fill.Full == "wait",
		Client: 1 - float64(s.Encryption.InFlight), Processors: min(1, float64(s.Processors+s.Encryption.Processors))}
	rest := 1 - float64(s.Encryption.AtRest)
	p.Disks, p.DiskSize = s.Disks.Count, float64(s.Disks.Capacity)
	p.DiskRead, p.DiskWrite = float64(s.Disks.Read)*rest, float64(s.Disks.Write)*rest
	for i, b := range network {
		p.Network[i] = b * p.Client
	}
	if s.Read != nil {
		p.MaxRead = float64(*s.Read)
	}
	if s.Write != nil {
		p.MaxWrite = float64(*s.Write)
	}
	switch s.Kind {
	case "local":
		p.Kind = Local
		p.Size = float64(p.Disks) * p.DiskSize
	case "object":
		p.Kind = Object
		p.MaxRead, p.MaxWrite = p.MaxRead*rest*p.Client, p.MaxWrite*rest*p.Client
		p.Size = math.Inf(1)
	default:
		p.Kind = Distributed
		p.protect(&s.Protection)
		if len(nodes) < p.Width {
			return nil, fmt.Errorf("%s lays every stripe over %d nodes, and %d serve it: name more nodes, or protect it with less", s.Name, p.Width, len(nodes))
		}
		p.Size = float64(len(nodes)) * float64(p.Disks) * p.DiskSize / p.Overhead
	}
	if s.Size != nil {
		p.Size = math.Min(p.Size, float64(*s.Size))
	}
	if !math.IsInf(p.Size, 1) {
		p.Used = float64(s.Fill.Used) * p.Size
	}
	if g := s.Fill.Purge; g != nil {
		p.Purge, p.Delay, p.Keep = true, float64(g.After), float64(g.To)
	}
	return p, nil
}

func (p *Pool) protect(s *ProtectionSpec) {
	if s.Replicas > 0 {
		p.Width, p.Tolerance, p.Sources, p.Overhead = s.Replicas, s.Replicas-1, 1, float64(s.Replicas)
		return
	}
	p.Width, p.Tolerance, p.Sources = s.Data+s.Parity, s.Parity, s.Data
	p.Overhead = float64(p.Width) / float64(s.Data)
}

// Room is what a pool can do for clients: links, each of a capacity, and what a B/s of reading or writing takes of each.
type Room struct {
	Capacity    [numLinks]float64
	Read, Write [numLinks]float64
}

// The links of a pool.
const (
	drives   = iota // share of their time
	inbound         // B/s into the nodes
	outbound        // B/s out of them
	reading         // B/s of the stated limit
	writing         //
	numLinks
)

// Links is the number of links of a [Room].
const Links = numLinks

// Room returns what a pool in a state can do; nothing where it is not there. Of what a rebuild takes, clients get none. Reads
// of lost chunks read all others of the stripe.
func (p *Pool) Room(s *State) Room {
	var r Room
	for l := range r.Capacity {
		r.Capacity[l] = math.Inf(1)
	}
	if p.MaxRead > 0 {
		r.Capacity[reading], r.Read[reading] = p.MaxRead, 1
	}
	if p.MaxWrite > 0 {
		r.Capacity[writing], r.Write[writing] = p.MaxWrite, 1
	}
	if !p.Available(s) {
		r.Capacity[reading], r.Read[reading] = 0, 1
		r.Capacity[writing], r.Write[writing] = 0, 1
	}
	if p.Kind != Distributed {
		return r
	}
	read, write, network := p.bandwidth(s)
	degraded := 1 + p.missing(s)*float64(p.Sources-1)
	left := 1.0
	if s.Rebuild > 0 {
		left -= p.Share
	}
	r.Capacity[drives], r.Capacity[inbound], r.Capacity[outbound] = left, left*network, left*network
	r.Read[drives], r.Write[drives] = degraded/read, p.Overhead/write
	r.Write[inbound], r.Write[outbound] = p.Overhead, p.Overhead-1 // the node that takes it in passes it on
	r.Read[outbound], r.Read[inbound] = degraded, degraded-1
	if read == 0 || network == 0 {
		r.Read, r.Write = [numLinks]float64{drives: 1}, [numLinks]float64{drives: 1}
		r.Capacity[drives] = 0
	}
	return r
}

// Alone returns the bandwidth in B/s that a single stream gets from a room, if its client can take it.
func (r *Room) Alone(write bool) float64 {
	use := r.Use(write)
	best := math.Inf(1)
	for l, c := range r.Capacity {
		if use[l] > 0 {
			best = math.Min(best, c/use[l])
		}
	}
	return best
}

// Use returns what a B/s of a stream takes of each link.
func (r *Room) Use(write bool) *[numLinks]float64 {
	if write {
		return &r.Write
	}
	return &r.Read
}

// bandwidth returns what the drives and the network cards of the nodes that are up can do, in B/s.
func (p *Pool) bandwidth(s *State) (read, write, network float64) {
	for i := range p.Nodes {
		if s.Down[i] {
			continue
		}
		n := float64(p.Disks - int(s.Failed[i]))
		read, write, network = read+n*p.DiskRead, write+n*p.DiskWrite, network+p.Network[i]
	}
	return read, write, network
}

// missing returns the share of chunks that are on no drive that works.
func (p *Pool) missing(s *State) float64 {
	lost := 0.0
	for i := range s.Losses {
		l := &s.Losses[i]
		lost += p.part(l) * (1 - l.fraction())
	}
	return lost / float64(len(p.Nodes))
}

// part returns the share of a node that a loss takes.
func (p *Pool) part(l *Loss) float64 {
	if l.Disk < 0 {
		return 1
	}
	return 1 / float64(p.Disks)
}

// RebuildRate returns the B/s at which lost chunks are written anew, within the share of drives and network that a rebuild may
// take: each B reads as many chunks as decode it.
func (p *Pool) RebuildRate(s *State) float64 {
	read, write, network := p.bandwidth(s)
	if read == 0 || network == 0 {
		return 0
	}
	k := float64(p.Sources)
	return p.Share / math.Max(k/read+1/write, k/network)
}

// Describe returns a line for people about the pool when nothing is lost.
func (p *Pool) Describe() string {
	if p.Kind == Local {
		return fmt.Sprintf("storage %s: %s in each node, %s reading, %s writing", p.Name, unit.Data(p.Size),
			unit.Bandwidth(float64(p.Disks)*p.DiskRead), unit.Bandwidth(float64(p.Disks)*p.DiskWrite))
	}
	s := p.New()
	r := p.Room(s)
	text := fmt.Sprintf("storage %s: %s reading, %s writing", p.Name, unit.BandwidthKind.Format(r.Alone(false), 3), unit.BandwidthKind.Format(r.Alone(true), 3))
	if p.Kind == Distributed {
		text += fmt.Sprintf(", room for %s on %d nodes, any %d of which may be lost; a lost drive is rebuilt in %s", unit.DataKind.Format(p.Size, 3),
			len(p.Nodes), p.Tolerance, unit.DurationKind.Format(p.DiskRebuild(s), 3))
	}
	return text
}

// DiskRebuild returns how long the rebuild of one drive takes in a state, in s.
func (p *Pool) DiskRebuild(s *State) float64 { return p.held(s, 0) / p.RebuildRate(s) }

// held returns the B of chunks on one drive, or on a whole node where disk is -1: all are filled alike.
func (p *Pool) held(s *State, disk int32) float64 {
	b := s.Used * p.Overhead / float64(len(p.Nodes))
	if disk >= 0 {
		b /= float64(p.Disks)
	}
	return b
}
