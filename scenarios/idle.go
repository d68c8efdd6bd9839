package scenarios

import (
	"github.com/halltwin/halltwin/models/failure"
	"github.com/halltwin/halltwin/models/workload"
)

// Idle returns the plan of the bare site: without work, timeline, failures, events of demand response and expectations. It is
// what a twin begins from whose work and failures come from outside.
func (p *Plan) Idle() *Plan {
	idle := *p
	idle.fixed, idle.generators, idle.Services = workload.Set{}, nil, nil
	idle.Actions, idle.Response, idle.Expect = nil, nil, nil
	bare := failure.Plan{}
	if p.Failures != nil {
		bare = *p.Failures
		bare.Processes = nil
	}
	idle.Failures = &bare
	return &idle
}
