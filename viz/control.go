package viz

import (
	"context"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/twin/record"
)

// View sees a run: a sink that says at each sample which channels it wants. A [Run] is one.
type View interface {
	record.Sink
	Wants() []*channel.Channel
}

// Status is where a run under way stands.
type Status struct {
	Now, End      float64 // s
	Paused, Ended bool
	Speed         float64 // simulated seconds a second; 0: as fast as it can
}

// Branch says how a fork leaves a run.
type Branch struct {
	At    *float64 // s; nil: the present
	Until float64  // s; 0: the end of the run
	Acts  []action.Action
	View  View
}

// Forker lets forks leave a run, under way or recorded.
type Forker interface {
	// Check finds the targets of an action, or says why it cannot be done.
	Check(*action.Action) error
	// Fork begins a run that the view sees. It may take as long as the run took to get there; the fork then ends with ctx.
	Fork(ctx context.Context, b Branch) (Controller, error)
}

// Controller drives a run under way.
type Controller interface {
	Forker
	Status() Status
	Pause(context.Context) error
	Resume(context.Context) error
	Step(context.Context) error
	SetSpeed(context.Context, float64) error
	Stop(context.Context) error
	// Act does something as soon as it can, on behalf of who, and returns it with the time at which it happens.
	Act(ctx context.Context, a action.Action, who string) (action.Action, error)
	// Submit adds a job, the text of a scenario's job, and returns the entry of a timeline that does the same, and when.
	Submit(ctx context.Context, job, who string) (entry string, at float64, err error)
	// Done is closed when the run has ended.
	Done() <-chan struct{}
}
