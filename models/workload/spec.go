package workload

import (
	"fmt"

	"github.com/halltwin/halltwin/models/unit"
)

// GeneratorSpec is a source of jobs drawn from distributions (scenario key workload[].generate).
type GeneratorSpec struct {
	Title  string `yaml:"title" doc:"name of the workload"`
	About  string `yaml:"about" doc:"what it is like and where its figures come from"`
	Source string `yaml:"source" doc:"citation"`

	Load    unit.Ratio `yaml:"load" doc:"work offered over capacity: GPU time where the site has GPUs, else core time; sets the rate of submissions" default:"80 %" source:"typical" range:"(0,100]"`
	Rate    *unit.Rate `yaml:"rate" doc:"mean submissions per time, instead of load" range:"(0,)"`
	Begin   string     `yaml:"begin" doc:"busy: the site starts with jobs in the midst of their run, up to the load; empty: with none" enum:"busy,empty" default:"busy"`
	Largest unit.Ratio `yaml:"largest" doc:"share of the site that a job may ask for; larger ones are left out" default:"50 %" source:"typical" range:"(0,1]"`

	Arrivals    ArrivalSpec     `yaml:"arrivals" doc:"when jobs are submitted"`
	Sizes       []SizeSpec      `yaml:"sizes" doc:"the kinds of jobs, by size" required:"true"`
	PerGPU      PerGPUSpec      `yaml:"per_gpu" doc:"what a job asks for with each GPU"`
	Utilization UtilizationSpec `yaml:"utilization" doc:"how busy jobs keep what they hold, where their kind does not say"`
	Walltime    *WalltimeSpec   `yaml:"walltime" doc:"the time limits that users ask for; none when left out"`
	Checkpoint  *CheckpointSpec `yaml:"checkpoint" doc:"how jobs save their progress, where their kind does not say; never when left out"`
	Users       UserSpec        `yaml:"users" doc:"who submits"`
	Failed      unit.Ratio      `yaml:"failed" doc:"share of jobs that end by a fault of their own" default:"0" range:"[0,1]"`
	Cancelled   unit.Ratio      `yaml:"cancelled" doc:"share of jobs that their user ends" default:"0" range:"[0,1]"`
}

// ArrivalSpec is a process of submissions.
type ArrivalSpec struct {
	Process string          `yaml:"process" doc:"poisson: independent submissions; gamma: bursts, by the spread of the gaps; gaps: gaps of a stated distribution" enum:"poisson,gamma,gaps" default:"poisson"`
	CV      float64         `yaml:"cv" doc:"standard deviation over mean of the gaps, for gamma; 1 is poisson, above it bursts" default:"2" source:"typical" range:"(0,20]"`
	Gaps    []LogNormalSpec `yaml:"gaps" doc:"for gaps: their distribution, of which only the shape counts: it is scaled to the rate"`
	Day     []float64       `yaml:"day" doc:"relative rate in each of the 24 hours from midnight, local time; even when left out"`
	Week    []float64       `yaml:"week" doc:"relative rate on each of the 7 days from Monday; even when left out"`
}

// SizeSpec is one kind of job.
type SizeSpec struct {
	Name        string           `yaml:"name" doc:"name of the kind; part of its jobs' names"`
	Share       float64          `yaml:"share" doc:"relative number of submissions" required:"true" range:"[0,)"`
	GPUs        int              `yaml:"gpus" doc:"GPUs of a job; more than a node has make a gang" default:"0" range:"[0,)"`
	Nodes       int              `yaml:"nodes" doc:"whole nodes of a job, instead of gpus" default:"0" range:"[0,)"`
	GPUShare    unit.Ratio       `yaml:"gpu_share" doc:"part of one GPU that a job asks for, instead of gpus; without gpu_sharing of the scheduler it holds all of it" default:"0" range:"[0,1]"`
	UpTo        int              `yaml:"up_to" doc:"largest number of gpus or nodes: jobs lie between, evenly on a logarithmic scale" default:"0" range:"[0,)"`
	Cores       float64          `yaml:"cores" doc:"cores of a job without GPUs" default:"0" range:"[0,)"`
	Duration    []LogNormalSpec  `yaml:"duration" doc:"run time: a mixture of lognormal distributions" required:"true"`
	Longest     unit.Duration    `yaml:"longest" doc:"run times above are cut to it" default:"14 d" source:"typical" range:"(0,)"`
	Class       string           `yaml:"class" doc:"what the jobs are for" enum:"batch,train,service" default:"batch"`
	Queue       string           `yaml:"queue" doc:"queue that they join"`
	Priority    float64          `yaml:"priority" doc:"larger is more urgent" default:"0"`
	Utilization *UtilizationSpec `yaml:"utilization" doc:"how busy they keep what they hold"`
	Checkpoint  *CheckpointSpec  `yaml:"checkpoint" doc:"how they save their progress"`
	Elastic     *ElasticSpec     `yaml:"elastic" doc:"between which sizes they run, with elastic of the scheduler; the parts of such a job are single GPUs, or nodes"`
}

// LogNormalSpec is one component of a mixture: exp(N(ln median, sigma²)).
type LogNormalSpec struct {
	Weight float64       `yaml:"weight" doc:"relative weight in the mixture" default:"1" range:"(0,)"`
	Median unit.Duration `yaml:"median" doc:"median" required:"true" range:"(0,)"`
	Sigma  float64       `yaml:"sigma" doc:"standard deviation of the logarithm" default:"1" source:"typical" range:"[0,6]"`
}

// PerGPUSpec is what goes with a GPU. A part never asks for more than its share of the largest node.
type PerGPUSpec struct {
	Cores   float64        `yaml:"cores" doc:"CPU cores" default:"8" source:"typical" range:"[0,)"`
	Memory  unit.Data      `yaml:"memory" doc:"host memory" default:"96 GB" source:"typical" range:"[0,)"`
	Storage unit.Data      `yaml:"storage" doc:"scratch" default:"0 B" range:"[0,)"`
	Network unit.Bandwidth `yaml:"network" doc:"network bandwidth" default:"0 B/s" range:"[0,)"`
}

// UtilizationSpec is how busy a job keeps its GPUs and cores over its progress: a warm-up, then a steady level with dips
// for evaluation and checkpoints.
type UtilizationSpec struct {
	GPU    unit.Ratio    `yaml:"gpu" doc:"steady GPU utilisation, mean over jobs" default:"90 %" source:"typical of training" range:"[0,1]"`
	Spread unit.Ratio    `yaml:"spread" doc:"standard deviation of the steady level between jobs" default:"8 %" source:"typical" range:"[0,1]"`
	CPU    unit.Ratio    `yaml:"cpu" doc:"utilisation of the cores asked for" default:"40 %" source:"typical" range:"[0,1]"`
	WarmUp unit.Duration `yaml:"warm_up" doc:"loading and compiling before the first step" default:"2 min" source:"typical" range:"[0,)"`
	Low    unit.Ratio    `yaml:"low" doc:"GPU utilisation in warm-up and dips" default:"8 %" source:"typical: an H100 node that is loaded but waits draws a third of its peak (MLPerf Training v4.0 power logs)" range:"[0,1]"`
	Every  unit.Duration `yaml:"every" doc:"from dip to dip; 0: none" default:"30 min" source:"typical" range:"[0,)"`
	Dip    unit.Duration `yaml:"dip" doc:"length of a dip" default:"40 s" source:"typical" range:"[0,)"`
}

// WalltimeSpec is the time limit that a user asks for: run time × (1 + (factor−1)·exp(sigma·N)), rounded up.
type WalltimeSpec struct {
	Factor unit.Ratio    `yaml:"factor" doc:"median of what is asked for over the run time" default:"2.5" source:"typical; users overestimate (Mu'alem and Feitelson, TPDS 2001)" range:"[1,)"`
	Sigma  float64       `yaml:"sigma" doc:"spread of the overestimate: standard deviation of its logarithm" default:"1" source:"typical" range:"[0,6]"`
	Round  unit.Duration `yaml:"round" doc:"limits are multiples of it" default:"30 min" source:"typical" range:"(0,)"`
	Most   unit.Duration `yaml:"most" doc:"longest limit of the site" default:"14 d" source:"typical" range:"(0,)"`
	Short  unit.Ratio    `yaml:"short" doc:"share of jobs that ask for less than they need, so that they are killed" default:"0" range:"[0,1]"`
}

// CheckpointSpec is how a job saves its progress.
type CheckpointSpec struct {
	Every   unit.Duration `yaml:"every" doc:"run time between checkpoints" default:"30 min" source:"typical" range:"[1,)"`
	Cost    unit.Duration `yaml:"cost" doc:"time that a checkpoint blocks the job" default:"20 s" source:"typical" range:"[0,)"`
	Restart unit.Duration `yaml:"restart" doc:"time from a restart until progress resumes; with tiers, until it begins to read" default:"5 min" source:"typical" range:"[0,)"`
	Write   string        `yaml:"write" doc:"with tiers: sync waits until the first of them has the checkpoint, async does not; cost is then that of the snapshot alone" enum:"async,sync" default:"sync"`
	Size    unit.Data     `yaml:"size" doc:"size of a checkpoint for each GPU of the job, or of the whole job where it has none, which tiers need" default:"0 B" range:"[0,)"`

	StoreSpec `yaml:",inline"`
}

// Validate checks what tags cannot say.
func (s *CheckpointSpec) Validate(fail func(path, msg string)) {
	if len(s.Tiers) > 0 && s.Size == 0 {
		fail("size", "say how large a checkpoint is: its tiers cannot know")
	}
	s.StoreSpec.Validate(fail)
}

// UserSpec is who submits: user k with a share proportional to k^-zipf.
type UserSpec struct {
	Count int     `yaml:"count" doc:"number of users" default:"40" source:"typical" range:"[1,100000]"`
	Zipf  float64 `yaml:"zipf" doc:"exponent of Zipf's law; 0: all alike" default:"1.1" source:"typical" range:"[0,5]"`
}

// Validate reports what tags cannot say.
func (s *GeneratorSpec) Validate(fail func(path, msg string)) {
	if len(s.Sizes) == 0 {
		fail("sizes", "there are no jobs to draw: name at least one kind")
	}
	total := 0.0
	for i := range s.Sizes {
		total += s.Sizes[i].Share
	}
	if len(s.Sizes) > 0 && !(total > 0) {
		fail("sizes", "every share is 0: give one a positive share")
	}
	for i := range s.Sizes {
		if s.Sizes[i].Elastic == nil {
			continue
		}
		if s.Walltime != nil {
			fail(fmt.Sprintf("sizes[%d].elastic", i), "a time limit is for one size: leave walltime out, or elastic")
		}
		if k := s.Sizes[i].Checkpoint; k == nil && s.Checkpoint != nil && len(s.Checkpoint.Tiers) > 0 {
			fail(fmt.Sprintf("sizes[%d].elastic", i), "checkpoints through tiers hold one size of a job: write every and cost instead of tiers, or leave elastic out")
		}
	}
	if s.Failed+s.Cancelled > 1 {
		fail("cancelled", "failed and cancelled are more than all jobs together")
	}
}

// Validate reports what tags cannot say.
func (s *SizeSpec) Validate(fail func(path, msg string)) {
	n := 0
	for _, given := range []bool{s.GPUs > 0, s.GPUShare > 0, s.Nodes > 0, s.Cores > 0} {
		if given {
			n++
		}
	}
	if n != 1 {
		fail("", "write one of gpus, gpu_share, nodes or cores")
	}
	if low := max(s.GPUs, s.Nodes); s.UpTo != 0 && (s.UpTo < low || s.Cores > 0 || s.GPUShare > 0) {
		fail("up_to", fmt.Sprintf("it is the upper end of gpus or nodes: write at least %d", low))
	}
	if e := s.Elastic; e != nil {
		switch low := max(s.GPUs, s.Nodes); {
		case low == 0:
			fail("elastic", "an elastic job has whole GPUs or nodes: write gpus or nodes")
		case e.Min > low || e.Max < max(low, s.UpTo):
			fail("elastic", fmt.Sprintf("the jobs ask for %d to %d: write min and max around that", low, max(low, s.UpTo)))
		}
		if s.Class == "service" {
			fail("elastic", "a service changes its size by replicas: leave elastic out, or write serve with autoscale")
		}
		if s.Checkpoint != nil && len(s.Checkpoint.Tiers) > 0 {
			fail("elastic", "checkpoints through tiers hold one size of a job: write every and cost instead of tiers, or leave elastic out")
		}
	}
	if len(s.Duration) == 0 {
		fail("duration", "a kind of job needs a run time: write [{median: 20 min, sigma: 1.5}]")
	}
}

// Validate reports what tags cannot say.
func (s *ArrivalSpec) Validate(fail func(path, msg string)) {
	check := func(path string, shape []float64, n int) {
		if len(shape) == 0 {
			return
		}
		if len(shape) != n {
			fail(path, fmt.Sprintf("there are %d numbers, %d are due", len(shape), n))
		}
		total := 0.0
		for i, v := range shape {
			if !(v >= 0) {
				fail(fmt.Sprintf("%s[%d]", path, i), "a relative rate is not negative")
			}
			total += v
		}
		if !(total > 0) {
			fail(path, "every rate is 0: nothing would be submitted")
		}
	}
	if (s.Process == "gaps") != (len(s.Gaps) > 0) {
		fail("gaps", "process: gaps and the list gaps go together: write both or neither")
	}
	check("day", s.Day, 24)
	check("week", s.Week, 7)
}
