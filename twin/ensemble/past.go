package ensemble

import (
	"context"
	"errors"
	"sync"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// past is the time that the replicas of a cell have in common (experiment.warm_up), lived once under the first seed. The zero
// value has not been lived.
type past struct {
	mu    sync.Mutex
	world *twin.Driven
}

// lead makes a run that leaves the past under a seed of its own; without one, a run from the beginning.
func (p *past) lead(ctx context.Context, plan *scenarios.Plan, seed uint64, version string) (Made, error) {
	s, err := guarded(seed, func() (*record.Summary, error) {
		d, err := p.begin(ctx, plan, twin.Options{Seed: seed, Version: version})
		switch {
		case err != nil:
			return nil, err
		case plan.Rare != nil:
			return liveSplit(ctx, d, plan, seed)
		}
		return d.End(ctx, d.Advance(ctx, plan.Duration))
	})
	if s == nil || s.Verdict == record.Interrupted || ctx.Err() != nil {
		return Made{}, errors.Join(err, ctx.Err())
	}
	return keep(s), nil
}

// begin begins a run.
func (p *past) begin(ctx context.Context, plan *scenarios.Plan, o twin.Options) (*twin.Driven, error) {
	if plan.WarmUp <= 0 {
		return twin.Begin(plan, o)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.world == nil {
		first := o
		first.Seed = plan.Seed
		d, err := twin.Begin(plan, first)
		if err != nil {
			return nil, err
		}
		if err := d.Advance(ctx, plan.WarmUp); err != nil {
			d.Close()
			return nil, err
		}
		p.world = d
	}
	return p.world.Branch(o.Seed)
}

// close lets go of the past.
func (p *past) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.world != nil {
		p.world.Close()
		p.world = nil
	}
}
