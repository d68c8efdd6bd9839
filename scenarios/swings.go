package scenarios

import (
	"math"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/swing"
	"github.com/halltwin/halltwin/models/workload"
)

// Swings is how the power of the training runs moves within their steps.
type Swings struct {
	Runs     []string // by job ID
	Of       []swing.Swing
	Together swing.Swing
}

// swings finds how the power of training runs moves, and lets what a floor under it burns count as their use.
func (c *compiler) swings() {
	s, p := c.spec.Controls.Swings, c.plan
	if s == nil || len(c.ds) > 0 {
		return
	}
	if len(p.Training) == 0 {
		c.fail("controls.swings", "required", "no training run swings: generated jobs have no steps", "write a workload with train:")
		return
	}
	if s.To <= s.From {
		c.fail("controls.swings.to", "range", "is not above from", "")
		return
	}
	node := &p.RackTypes[c.trainers()].Node
	p.Swings = &Swings{}
	for i := range p.Training {
		run := &p.Training[i]
		draw := inputOf(node, run.Plan.Use())
		src := swing.Source{Name: run.Job, GPUs: float64(run.Plan.Layout.GPUs()), Wave: run.Plan.Wave(draw), Idle: draw(0)}
		x, _ := s.Of(&src)
		p.Swings.Runs, p.Swings.Of = append(p.Swings.Runs, run.Job), append(p.Swings.Of, x)
		if s.Floor > 0 {
			c.raise(run.Job, useAt(draw, draw(run.Plan.Use())+s.Floored(src.Wave)-src.Wave.Mean()))
		}
	}
	p.Swings.Together = s.Together(p.Swings.Of)
}

// trainers returns the rack type that has the most GPUs: that of training runs.
func (c *compiler) trainers() int16 {
	counts := make([]int, len(c.plan.RackTypes))
	best := int16(0)
	for _, k := range c.plan.RackType {
		t := &c.plan.RackTypes[k]
		counts[k] += t.Nodes * t.Node.GPUs
		if counts[k] > counts[best] {
			best = k
		}
	}
	return best
}

// inputOf returns what a GPU with its share of its node draws at the node's input over its utilisation, in W. Fans and processors
// are those of the mean utilisation: they do not follow within a step.
func inputOf(n *compute.Node, mean float64) func(use float64) float64 {
	eval := func(use float64) compute.Draw {
		load := compute.Load{GPUsUp: n.GPUs, Settled: true, Groups: []compute.Group{{GPUs: n.GPUs, Util: workload.Util{GPU: use}, Limit: math.Inf(1), Spread: 1}}}
		return n.Eval(&load, reference)
	}
	d := eval(mean)
	direct := d.GPUs + d.CPUs + d.Fans + n.Fixed
	return func(use float64) float64 {
		return (eval(use).GPUs - d.GPUs + direct) * d.Input / direct / float64(n.GPUs)
	}
}

// reference is the coolant temperature in °C at which the waves are told.
const reference = 25

// useAt returns the utilisation at which a GPU draws so many W.
func useAt(draw func(float64) float64, power float64) float64 {
	lo, hi := 0.0, 1.0
	for range 50 {
		if mid := (lo + hi) / 2; draw(mid) < power {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// raise gives a job another utilisation, and its profile where it has one.
func (c *compiler) raise(id string, use float64) {
	set := &c.plan.fixed
	for i := range set.Jobs {
		j := &set.Jobs[i]
		if j.ID != id || j.Util.GPU >= use {
			continue
		}
		if j.Profile >= 0 {
			for k, u := range set.Profiles[j.Profile].GPU {
				if u == float32(j.Util.GPU) {
					set.Profiles[j.Profile].GPU[k] = float32(use)
				}
			}
		}
		j.Util.GPU = use
	}
}
