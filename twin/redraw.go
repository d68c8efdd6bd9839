package twin

import (
	"math"

	"github.com/halltwin/halltwin/twin/kernel"
)

// Branch is [Driven.Fork] with a future of its own: what is drawn from now on is drawn anew, for a key. What has been drawn
// and is still to come stays as it is, such as the end of a repair; together with the present it decides how likely each
// future is, so that branches are independent and as likely as the run itself. Nothing is recorded.
func (d *Driven) Branch(key uint64) (*Driven, error) {
	f, err := d.Fork(Options{})
	if err != nil {
		return nil, err
	}
	if err := f.world.redraw(key); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (w *World) redraw(key uint64) error {
	for i := range w.Power.Draws {
		w.Power.Draws[i] = w.Power.Draws[i].Branch(key)
	}
	w.Sched.Random, w.Care.Random = w.Sched.Random.Branch(key), w.Care.Random.Branch(key)
	for i := range w.Services {
		f := &w.Services[i].Flow
		f.Stream = f.Stream.Branch(key)
	}
	w.plan.Failures.Redraw(&w.Failure, key, w.Now)
	w.Agenda.Keep(func(e kernel.Event) bool { return e.Kind != evFailure })
	for p := range w.plan.Failures.Processes {
		for s := range w.plan.Failures.Processes[p].Count {
			w.armFailure(int32(p), int32(s))
		}
	}
	return w.redrawWork(key)
}

// redrawWork gives a world other jobs to come. Under power capping, where the jobs of a run decide which levels of
// importance there are, those to come stay.
func (w *World) redrawWork(key uint64) error {
	if w.level != nil {
		return nil
	}
	set, err := w.plan.Redraw(w.work, int(w.NextJob), w.seed.Branch(key))
	if err != nil || set == w.work {
		return err
	}
	users, queues := numbering{index: map[string]int32{}}, numbering{index: map[string]int32{}}
	for j := range w.work.Jobs { // whoever has a number keeps it
		users.of(w.work.Jobs[j].User)
		queues.of(w.work.Jobs[j].Queue)
	}
	w.work, w.owns = set, false
	w.users, w.queues = make([]int32, len(set.Jobs)), make([]int32, len(set.Jobs))
	for j := range set.Jobs {
		w.users[j], w.queues[j] = users.of(set.Jobs[j].User), queues.of(set.Jobs[j].Queue)
	}
	bound := *w.sched
	bound.Bind(users.names, queues.names)
	w.sched = &bound
	w.Jobs = w.Jobs[:w.NextJob]
	for j := range set.Jobs[w.NextJob:] {
		done := set.Jobs[int(w.NextJob)+j].Before
		w.Jobs = append(w.Jobs, JobState{Slice: -1, Progress: done, Saved: done, First: math.NaN(), End: math.NaN()})
	}
	w.rebindSaves()
	if w.serviceOf != nil {
		w.bindServices()
	}
	return nil
}
