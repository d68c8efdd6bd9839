package scenarios

import (
	"github.com/halltwin/halltwin/models/workload"
)

// elastic compiles between which sizes a job may run. It reports whether they can be had.
func (c *compiler) elastic(path string, s *JobSpec, j *workload.Job) bool {
	if s.Elastic == nil {
		return true
	}
	path += ".elastic"
	switch {
	case !j.Whole && s.GPUs == 0:
		c.fail(path, "value", "an elastic job has whole GPUs or nodes", "write gpus or nodes")
		return false
	case s.PerNode > 1:
		c.fail(path, "value", "the parts of an elastic job are single GPUs, or nodes", "leave per_node out, or write nodes instead of gpus")
		return false
	case j.Walltime > 0:
		c.fail(path, "value", "a time limit is for one size", "leave walltime out, or elastic")
		return false
	case j.Store != nil:
		c.fail(path, "value", "checkpoints through tiers hold one size of a job", "write every and cost instead of tiers, or leave elastic out")
		return false
	case j.Data != nil:
		c.fail(path, "value", "how fast a job reads its data is stated for one size", "leave data out, or elastic")
		return false
	}
	if !j.Whole {
		j.Parts, j.Part[workload.GPU] = int32(s.GPUs), 1
	}
	e, err := s.Elastic.For(int(j.Parts))
	if err != nil {
		c.failErr(path, "value", err)
		return false
	}
	j.Elastic = e
	return true
}
