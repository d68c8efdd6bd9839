package twin

import "github.com/halltwin/halltwin/scenarios"

// ForkAs is [Driven.Fork] under another plan, which differs in its timeline alone: the first actions of it are all that the
// run has in its own, and the others are later than now. The fork is to the last bit the run of that plan.
func (d *Driven) ForkAs(plan *scenarios.Plan, o Options) (*Driven, error) {
	f, err := d.Fork(o)
	if err != nil {
		return nil, err
	}
	w := f.world
	have := len(w.plan.Actions)
	w.plan = plan
	for i := have; i < len(plan.Actions); i++ {
		w.push(plan.Actions[i].At, phaseAction, evAction, int32(i), 0)
	}
	return f, nil
}
