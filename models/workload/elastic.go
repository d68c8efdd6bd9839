package workload

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/unit"
)

// ElasticSpec says between which sizes a job may run, and what its size does to its speed.
type ElasticSpec struct {
	Min      int           `yaml:"min" doc:"fewest GPUs, or nodes, that it runs on" required:"true" range:"[1,100000]"`
	Max      int           `yaml:"max" doc:"most GPUs, or nodes, that it can use" required:"true" range:"[1,100000]"`
	Scaling  string        `yaml:"scaling" doc:"speed on n GPUs or nodes: amdahl 1/(serial + (1 - serial)/n), power n^exponent" enum:"amdahl,power" default:"amdahl"`
	Serial   unit.Ratio    `yaml:"serial" doc:"share of the work of one GPU or node that more of them do not speed up, for amdahl" default:"0.5 %" source:"typical of data-parallel training" range:"[0,1]"`
	Exponent float64       `yaml:"exponent" doc:"elasticity of speed to size, for power" default:"0.9" source:"typical of data-parallel training" range:"(0,1]"`
	Resize   unit.Duration `yaml:"resize" doc:"time without progress at each change of size: checkpoint, new process groups, load" default:"2 min" source:"typical" range:"[0,)"`
}

// Validate checks what tags cannot say.
func (s *ElasticSpec) Validate(fail func(path, msg string)) {
	if s.Max < s.Min {
		fail("max", fmt.Sprintf("is %d, below min; write at least %d", s.Max, s.Min))
	}
}

// Elastic is what a job may do with its size. Nil is a rigid job.
type Elastic struct {
	Least, Most int32     // parts
	Resize      float64   // s without progress at each change of size
	Rate        []float64 // by parts, from Least: speed relative to that on the parts asked for
}

// For makes the elasticity of a job that asks for so many GPUs or nodes, which are its parts: Job.Work is its work time on them.
func (s *ElasticSpec) For(parts int) (*Elastic, error) {
	if parts < s.Min || parts > s.Max {
		return nil, fmt.Errorf("the job asks for %d, which is not between min %d and max %d", parts, s.Min, s.Max)
	}
	e := &Elastic{Least: int32(s.Min), Most: int32(s.Max), Resize: float64(s.Resize), Rate: make([]float64, s.Max-s.Min+1)}
	whole := s.speed(parts)
	for i := range e.Rate {
		e.Rate[i] = s.speed(s.Min+i) / whole
	}
	return e, nil
}

// speed returns the speed on n GPUs or nodes, relative to one.
func (s *ElasticSpec) speed(n int) float64 {
	if s.Scaling == "power" {
		return math.Pow(float64(n), s.Exponent)
	}
	f := float64(s.Serial)
	return 1 / (f + (1-f)/float64(n))
}

// At returns the speed on so many parts, relative to that on the parts asked for.
func (e *Elastic) At(parts int32) float64 { return e.Rate[parts-e.Least] }
