package scenarios

import (
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/storage"
	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/models/workload"
)

// storage compiles the storage systems, takes the nodes that serve them away from jobs, and puts systems and drives on the map.
func (c *compiler) storage(t *facility.Tree) {
	specs, p := c.spec.Site.Storage, c.plan
	if len(specs) == 0 {
		return
	}
	n := t.Count(facility.Node)
	p.Serves, p.NodeWire = make([]int32, n), make([]float64, 0, n)
	disks, names := make([]int, n), make([]string, len(specs))
	for i := range p.Serves {
		p.Serves[i] = -1
	}
	for _, k := range p.RackType {
		for range p.RackTypes[k].Nodes {
			p.NodeWire = append(p.NodeWire, float64(c.rackSpecs[k].Node.Network))
		}
	}
	for i := range specs {
		s, path := &specs[i], fmt.Sprintf("site.storage[%d]", i)
		nodes, wire, ok := c.servers(t, path+".on", s, int32(i))
		if !ok {
			return
		}
		pool, err := s.Compile(nodes, wire)
		if err != nil {
			c.failErr(path, "value", err)
			return
		}
		for _, node := range nodes {
			disks[node] = pool.Disks
		}
		names[i] = s.Name
		p.Storage = append(p.Storage, pool)
		p.Notes = append(p.Notes, pool.Describe())
	}
	t.Add(facility.Storage, facility.Site, []int{len(specs)})
	t.Add(facility.Disk, facility.Node, disks)
	if err := t.Rename(facility.Storage, names); err != nil {
		c.failErr("site.storage", "name", err)
	}
}

// servers returns the nodes of a distributed storage and their network bandwidth in B/s.
func (c *compiler) servers(t *facility.Tree, path string, s *storage.Spec, index int32) (nodes []int32, wire []float64, ok bool) {
	if s.Kind != "distributed" {
		return nil, nil, true
	}
	p := c.plan
	p.Tree = t // selectors are resolved on it
	refs := c.selected(path, s.On)
	p.Tree = nil
	if len(refs) == 0 {
		return nil, nil, false
	}
	for _, r := range refs {
		if r.Kind > facility.Node {
			c.fail(path, "selector", fmt.Sprintf("a %s serves no storage", r.Kind), "name nodes, racks, rows or halls")
			return nil, nil, false
		}
		lo, hi := t.Descendants(r, facility.Node)
		for n := lo; n < hi; n++ {
			if slices.Contains(nodes, n) {
				continue
			}
			name := t.NameOf(facility.Ref{Kind: facility.Node, Index: n})
			switch {
			case p.Capacity[n][workload.GPU] > 0:
				c.fail(path, "selector", fmt.Sprintf("%s has GPUs: nodes that serve storage take no jobs", name), "name nodes with gpus: 0, such as those of hardware/rack-storage-nvme")
				return nil, nil, false
			case p.Serves[n] >= 0:
				c.fail(path, "selector", fmt.Sprintf("%s serves %s already", name, c.spec.Site.Storage[p.Serves[n]].Name), "")
				return nil, nil, false
			}
			nodes, wire = append(nodes, n), append(wire, p.NodeWire[n])
			p.Serves[n] = index
		}
	}
	for _, n := range nodes {
		p.Capacity[n] = workload.Vector{}
	}
	return nodes, wire, true
}

// saves compiles how a job saves its progress and where it reads from. It reports whether that went well.
func (c *compiler) saves(path string, s *JobSpec, j *workload.Job) bool {
	rate, nodes := 0.0, int(j.Parts)
	if c.plan.Failures != nil {
		rate = c.plan.Failures.InterruptionRate(nodes)
	}
	block, restart := float64(s.Save.Cost), float64(s.Save.Restart)
	j.Checkpoint = workload.Checkpoint{Cost: block, Restart: restart}
	var err error
	if s.Data != nil {
		if j.Data, err = storage.Feed(s.Data, c.plan.Storage, 0); err != nil {
			c.fail(path+".data", "value", err.Error(), "")
			return false
		}
	}
	if len(s.Save.Tiers) == 0 {
		j.Every = training.Choose(s.Save.Every, block, 1/rate)
		return true
	}
	st, err := storage.Store(&s.Save.StoreSpec, c.plan.Storage, float64(*s.Save.Size), nodes, c.plan.wire(j))
	if err != nil {
		c.fail(path+".checkpoint.tiers", "value", err.Error(), "")
		return false
	}
	st.Rule, st.Snapshot, st.Sync, st.Rate, st.Least = s.Save.Every, block, s.Save.Write == "sync", rate, max(1, st.Near)
	if st.Sync {
		block += st.Expected
	}
	if st.Every = training.Choose(st.Rule, block, 1/rate); st.Every > 0 {
		st.Every = max(st.Every, st.Least)
	}
	j.Checkpoint, j.Store = workload.Checkpoint{Restart: restart}, st
	return true
}

// wire returns the least network bandwidth in B/s of a node that a part of a job fits on.
func (p *Plan) wire(j *workload.Job) float64 {
	wire := math.Inf(1)
	for _, v := range p.Capacity {
		if v[workload.GPU] >= j.Part[workload.GPU] && v[workload.Network] > 0 {
			wire = math.Min(wire, v[workload.Network])
		}
	}
	return wire
}

// drawnSaves checks how the jobs of a generator save their progress.
func (c *compiler) drawnSaves(path string, s *workload.GeneratorSpec) bool {
	check := func(path string, save *workload.CheckpointSpec) bool {
		if save == nil || len(save.Tiers) == 0 {
			return true
		}
		const nodes = 100 // more than copies
		gpus := 1.0
		for _, v := range c.plan.Capacity {
			gpus = math.Max(gpus, v[workload.GPU])
		}
		if _, err := storage.Store(&save.StoreSpec, c.plan.Storage, nodes*gpus*float64(save.Size), nodes, 1); err != nil {
			c.fail(path+".tiers", "value", err.Error(), "")
			return false
		}
		return true
	}
	good := check(path+".checkpoint", s.Checkpoint)
	for i := range s.Sizes {
		good = check(fmt.Sprintf("%s.sizes[%d].checkpoint", path, i), s.Sizes[i].Checkpoint) && good
	}
	return good
}

// drawnStore returns how the checkpoints of a job that was drawn go through storage.
func (p *Plan) drawnStore(s *workload.CheckpointSpec, j *workload.Job) *workload.Store {
	st, err := storage.Store(&s.StoreSpec, p.Storage, float64(s.Size)*math.Max(1, j.GPUs()), int(j.Parts), p.wire(j))
	if err != nil {
		return nil // it cannot be: the tiers have been checked for the largest nodes
	}
	st.Snapshot, st.Sync, st.Least = float64(s.Cost), s.Write == "sync", math.Max(1, st.Near)
	st.Rule = workload.Interval(s.Every)
	st.Every = math.Max(float64(s.Every), st.Least)
	return st
}
