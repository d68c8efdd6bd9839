package storage

import (
	"fmt"
	"math"
	"strings"

	"github.com/halltwin/halltwin/models/workload"
)

// find returns the index of a pool by its name.
func find(name string, pools []*Pool) (int32, error) {
	var names []string
	for i, p := range pools {
		if p.Name == name {
			return int32(i), nil
		}
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		return 0, fmt.Errorf("there is no storage %q: the site has none; write site.storage", name)
	}
	return 0, fmt.Errorf("there is no storage %q: site.storage has %s", name, strings.Join(names, ", "))
}

// Store returns how the checkpoints of a job go through the pools: of so many B in all, from nodes with the given network
// bandwidth in B/s each. Snapshot, Sync, Rule, Every, Least and Rate are left to the caller.
func Store(s *workload.StoreSpec, pools []*Pool, size float64, nodes int, network float64) (*workload.Store, error) {
	st := &workload.Store{Keep: int32(s.Keep), Size: size}
	part := size / float64(nodes)
	for i := range s.Tiers {
		spec := &s.Tiers[i]
		t := workload.Tier{Pool: workload.HostMemory, Nth: int32(spec.Nth), Near: true, Copies: min(spec.Copies, nodes-1)}
		send := part / network
		if spec.In == "memory" {
			t.Write, t.Read, t.Fetch = float64(t.Copies)*send, 0, send
		} else {
			k, err := find(spec.In, pools)
			if err != nil {
				return nil, err
			}
			p := pools[k]
			t.Pool = k
			if t.Near = p.Kind == Local; t.Near {
				write, read := part/(float64(p.Disks)*p.DiskWrite), part/(float64(p.Disks)*p.DiskRead)
				t.Write = write + float64(t.Copies)*math.Max(write, send)
				t.Read, t.Fetch = read, math.Max(read, send)
				if room := p.Size; part*float64(1+t.Copies) > room {
					return nil, fmt.Errorf("a checkpoint does not fit into storage %s: %.3g GB on each node, which has room for %.3g GB", p.Name, part*float64(1+t.Copies)/1e9, room/1e9)
				}
			} else {
				r := p.Room(p.New())
				wire := float64(nodes) * network * p.Client
				t.Write, t.Read = size/math.Min(wire, r.Alone(true)), size/math.Min(wire, r.Alone(false))
			}
		}
		if t.Near {
			st.Near += t.Write
		}
		st.Tiers = append(st.Tiers, t)
	}
	st.Expected, st.Reading = st.Tiers[0].Write, max(st.Tiers[0].Read, st.Tiers[0].Fetch)
	return st, nil
}

// Feed returns what a job reads while it runs, which takes so many samples a second at full speed, 0 where it has none.
func Feed(s *workload.DataSpec, pools []*Pool, samples float64) (*workload.Data, error) {
	k, err := find(s.From, pools)
	if err != nil {
		return nil, err
	}
	d := &workload.Data{Pool: k}
	switch {
	case s.Read != nil:
		d.Rate = float64(*s.Read)
	case samples == 0:
		return nil, fmt.Errorf("data.sample is of training runs: write data.read, a bandwidth")
	default:
		d.Rate = samples * float64(*s.Sample)
	}
	if p := pools[k]; p.Kind == Local {
		d.Most = float64(p.Disks) * p.DiskRead
	}
	return d, nil
}
