package scenarios

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/schedule"
	"github.com/halltwin/halltwin/models/serving"
	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/scenarios/trace"
)

// work compiles every source of work but the draws of generators, which depend on the seed.
func (c *compiler) work() {
	for i := range c.spec.Workload {
		s := &c.spec.Workload[i]
		path := fmt.Sprintf("workload[%d]", i)
		switch {
		case s.Generate != nil:
			c.generate(path+".generate", s.Generate, i)
		case s.Trace != nil:
			c.trace(path+".trace", s.Trace)
		case s.Train != nil:
			c.train(path+".train", s.Train)
		case s.Job != nil:
			c.job(path+".job", s.Job)
		}
	}
	for i := range c.spec.Timeline {
		if s := c.spec.Timeline[i].Submit; s != nil {
			s.Submit = c.spec.Timeline[i].At
			c.job(fmt.Sprintf("timeline[%d].submit", i), s)
		}
	}
	for i := range c.plan.Services {
		merge(&c.plan.fixed, workload.Set{Jobs: c.plan.Services[i].Plan.Jobs})
	}
	sortJobs(&c.plan.fixed)
}

// addJob checks that a job can ever start and adds it.
func (c *compiler) addJob(path string, j workload.Job) {
	if c.plan.Scheduler != nil {
		r := schedule.Request{Parts: j.Parts, Part: j.Part, Whole: j.Whole}
		if !c.plan.Scheduler.Fits(&r) {
			c.fail(path, "size", fmt.Sprintf("%s is larger than the site: %s do not fit on its %d nodes", j.Name, demand(&j), len(c.plan.Capacity)),
				"ask for less, or add racks")
			return
		}
	}
	c.plan.fixed.Jobs = append(c.plan.fixed.Jobs, j)
}

func demand(j *workload.Job) string {
	if j.Part[workload.GPU] > 0 {
		return fmt.Sprintf("%d × %g GPUs", j.Parts, j.Part[workload.GPU])
	}
	return fmt.Sprintf("%d × %g cores", j.Parts, j.Part[workload.CPU])
}

func (c *compiler) generate(path string, s *workload.GeneratorSpec, i int) {
	g := generator{name: fmt.Sprintf("generate-%d", i), spec: s}
	if _, err := workload.Calibrate(s, c.plan.generatorSite(&g, 0)); err != nil {
		c.failErr(path, "value", err)
		return
	}
	if !c.drawnSaves(path, s) {
		return
	}
	c.plan.generators = append(c.plan.generators, g)
}

func (c *compiler) trace(path string, s *trace.Spec) {
	t, err := trace.Read(s, c.opener())
	if err != nil {
		var te *trace.Error
		code := "file"
		if errors.As(err, &te) {
			code = "trace"
		}
		c.fail(path+".file", code, err.Error(), "")
		return
	}
	c.plan.Notes = append(c.plan.Notes, t.Summary())
	tooLarge := 0
	kept := t.Set.Jobs[:0]
	for i := range t.Set.Jobs {
		j := &t.Set.Jobs[i]
		if !j.Pinned && c.plan.Scheduler != nil {
			if r := (schedule.Request{Parts: j.Parts, Part: j.Part, Whole: j.Whole}); !c.plan.Scheduler.Fits(&r) {
				tooLarge++
				continue
			}
		}
		if bad := c.pinned(j); bad >= 0 {
			c.fail(path+".file", "trace", fmt.Sprintf("job %s ran on node %d, the site has %d", j.ID, bad, len(c.plan.Capacity)), "")
			return
		}
		kept = append(kept, *j)
	}
	t.Set.Jobs = kept
	if tooLarge > 0 {
		c.plan.Notes = append(c.plan.Notes, fmt.Sprintf("%d jobs of %s are larger than the site and were left out", tooLarge, s.File))
	}
	merge(&c.plan.fixed, t.Set)
}

// pinned returns a node of a pinned job that the site does not have, or -1.
func (c *compiler) pinned(j *workload.Job) int32 {
	for _, n := range j.Nodes {
		if j.Pinned && (n < 0 || int(n) >= len(c.plan.Capacity)) {
			return n
		}
	}
	return -1
}

func (c *compiler) opener() trace.Opener {
	return func(name string) (io.ReadCloser, error) { return c.file.Open(name) }
}

func (c *compiler) train(path string, s *training.Spec) {
	d, ok := c.device(path)
	if !ok {
		return
	}
	site := training.Site{Device: d, Horizon: c.plan.Duration, Storage: c.plan.Storage}
	if c.plan.Failures != nil {
		site.Interruption = c.plan.Failures.InterruptionRate
	}
	p, err := training.Compile(s, site)
	if err != nil {
		c.failErr(path, "value", err)
		return
	}
	c.plan.Notes = append(c.plan.Notes, p.Describe(s.Name))
	if p.Profile != nil {
		p.Job.Profile = int32(len(c.plan.fixed.Profiles))
		c.plan.fixed.Profiles = append(c.plan.fixed.Profiles, *p.Profile)
	}
	c.plan.Training = append(c.plan.Training, Training{Job: p.Job.ID, Plan: p})
	c.addJob(path, p.Job)
}

// services compiles the inference services, before the tree is closed, since they are things of the site.
func (c *compiler) services() {
	for i := range c.spec.Workload {
		s := c.spec.Workload[i].Serve
		if s == nil {
			continue
		}
		path := fmt.Sprintf("workload[%d].serve", i)
		d, ok := c.device(path)
		if !ok {
			return
		}
		midnight := c.plan.Start
		site := serving.Site{Device: d, Horizon: c.plan.Duration,
			Midnight: float64(midnight.Hour()*3600 + midnight.Minute()*60 + midnight.Second()), Weekday: (int(midnight.Weekday()) + 6) % 7}
		if s.Remote != nil {
			var err error
			if site.Remote, err = NodeAccelerator(s.Remote.Node); err != nil {
				c.fail(path+".remote.node", "use", fmt.Sprintf("%q is no node of the library with GPUs", s.Remote.Node), "name one as hardware/node-dgx-h100: `halltwin library` lists them")
				return
			}
		}
		if s.Load.File != "" {
			r, err := trace.ReadRequests(&trace.RequestSpec{File: s.Load.File, Format: "auto", TimeGain: 1, Scale: 1}, c.opener())
			if err != nil {
				c.fail(path+".load.file", "file", err.Error(), "")
				return
			}
			if s.PrefixHits == nil && r.PrefixHits > 0 {
				hits := unit.Ratio(math.Min(r.PrefixHits, 0.99))
				s.PrefixHits = &hits
			}
			offset := 0.0 // a log begins with the run
			if r.Period > 0 {
				offset = site.Midnight
			}
			laid := r.Cycle(offset, site.Horizon)
			site.Requests = &laid
		}
		p, err := serving.Compile(s, site)
		if err != nil {
			c.failErr(path, "value", err)
			return
		}
		c.plan.Notes = append(c.plan.Notes, p.Describe())
		c.plan.Services = append(c.plan.Services, Service{Name: p.Name, Plan: p})
	}
	if n := len(c.plan.Services); n > 0 {
		l := c.plan.Tree.Add(facility.Service, facility.Site, []int{n})
		for i := range c.plan.Services {
			l.Names = append(l.Names, c.plan.Services[i].Name)
		}
	}
}

// device returns the accelerator of the site's most common GPU node, as training and serving see it.
func (c *compiler) device(path string) (training.Device, bool) {
	counts := make([]int, len(c.rackSpecs))
	for _, k := range c.plan.RackType {
		counts[k] += c.rackSpecs[k].Nodes * c.rackSpecs[k].Node.GPUs
	}
	best := -1
	for k, n := range counts {
		if n > 0 && (best < 0 || n > counts[best]) {
			best = k
		}
	}
	if best < 0 {
		c.fail(path, "size", "the site has no GPUs to run this on", "")
		return training.Device{}, false
	}
	d := deviceOf(c.rackSpecs[best])
	d.Reach = c.plan.Reach
	curve, err := c.spec.Site.Fabric.Curve()
	if err != nil {
		c.failErr("site.fabric.measured", "value", err)
		return d, false
	}
	d.Curve = curve
	return d, true
}

func deviceOf(r *compute.RackSpec) training.Device {
	n, g := &r.Node, &r.Node.GPU
	d := training.Device{
		Name: g.Name(), BF16: float64(g.BF16), FP8: float64(g.FP8), INT8: float64(g.INT8), FP4: float64(g.FP4),
		Efficiency: float64(g.Efficiency), FP8Share: float64(g.FP8Efficiency), FP4Share: float64(g.FP4Efficiency),
		Memory: float64(g.Memory), Bandwidth: float64(g.Bandwidth), Link: float64(g.Link),
		Network: float64(n.Network) / float64(n.GPUs), Domain: n.GPUs, PerNode: n.GPUs,
	}
	if r.LinkDomain == "rack" {
		d.Domain = n.GPUs * r.Nodes
	}
	return d
}

// job compiles a job as a person states it.
func (c *compiler) job(path string, s *JobSpec) {
	perNode := 0
	for _, v := range c.plan.Capacity {
		perNode = max(perNode, int(v[workload.GPU]))
	}
	j := workload.Job{
		ID: s.Name, Name: s.Name, User: s.User, Queue: s.Queue, Submit: float64(s.Submit), Parts: 1,
		Part: workload.Vector{0, s.CPUs, float64(s.Memory), float64(s.Storage), float64(s.Network)},
		Work: float64(s.Work), Walltime: float64(s.Walltime), Priority: s.Priority, Profile: -1,
		Util: workload.Util{GPU: float64(s.GPUUse), CPU: float64(s.CPUUse)},
	}
	switch {
	case s.GPUShare > 0 && (s.Nodes > 0 || s.GPUs > 0):
		c.fail(path+".gpu_share", "value", "a job asks for a share of one GPU, for gpus or for nodes, not for two of them", "")
		return
	case s.GPUShare > 0:
		j.Part[workload.GPU] = float64(s.GPUShare)
	case s.Nodes > 0 && s.GPUs > 0:
		c.fail(path+".nodes", "value", "a job asks for nodes or for gpus, not for both", "")
		return
	case s.Nodes > 0:
		j.Parts, j.Whole = int32(s.Nodes), true
		j.Part[workload.GPU] = float64(perNode)
	case s.GPUs > 0:
		each := s.PerNode
		if each == 0 {
			each = perNode
		}
		each = max(1, min(each, s.GPUs))
		if s.GPUs%each != 0 {
			c.fail(path+".gpus", "value", fmt.Sprintf("%d GPUs are not whole parts of %d", s.GPUs, each), "choose a multiple, or state per_node")
			return
		}
		j.Parts = int32(s.GPUs / each)
		j.Part[workload.GPU] = float64(each)
	case s.CPUs == 0:
		c.fail(path, "required", "a job asks for gpus, gpu_share, nodes or cpus", "")
		return
	}
	if !c.saves(path, s, &j) || !c.elastic(path, s, &j) {
		return
	}
	if len(s.Phases) > 0 {
		j.Profile = int32(len(c.plan.fixed.Profiles))
		c.plan.fixed.Profiles = append(c.plan.fixed.Profiles, phases(s.Phases))
	}
	c.addJob(path, j)
}

func phases(specs []PhaseSpec) workload.Profile {
	var p workload.Profile
	end := 0.0
	for _, s := range specs {
		end += float64(s.For)
		p.End = append(p.End, end)
		p.GPU = append(p.GPU, float32(s.GPU))
		p.CPU = append(p.CPU, float32(s.CPU))
	}
	return p
}

// generatorSite is what a generator is told of the site.
func (p *Plan) generatorSite(g *generator, seed random.Seed) workload.Site {
	var total, node workload.Vector
	for _, v := range p.Capacity {
		total = total.Add(v)
		for i := range node {
			node[i] = math.Max(node[i], v[i])
		}
	}
	site := workload.Site{Name: g.name, Seed: seed, Start: p.Start, Horizon: p.Duration, Total: total, Node: node}
	if len(p.Storage) > 0 {
		site.Store = p.drawnStore
	}
	return site
}
