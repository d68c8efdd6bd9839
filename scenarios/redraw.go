package scenarios

import (
	"slices"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/workload"
)

// Redraw returns the work of a world with a future of its own: the jobs up to number next are those submitted so far and
// stay, and so do all that no generator draws. Of each generator the next job stays, so that the time since its last one
// counts, whatever the law of its gaps; those after it are drawn anew.
func (p *Plan) Redraw(old *workload.Set, next int, seed random.Seed) (*workload.Set, error) {
	if len(p.generators) == 0 {
		return old, nil
	}
	set := &workload.Set{Jobs: slices.Clone(old.Jobs[:next]), Profiles: slices.Clip(old.Profiles)}
	tail := workload.Set{Profiles: set.Profiles}
	done := make([]bool, len(p.generators))
	for _, j := range old.Jobs[next:] {
		i, n := p.drawnBy(j.ID)
		if i < 0 {
			tail.Jobs = append(tail.Jobs, j)
			continue
		}
		if done[i] {
			continue
		}
		done[i] = true
		g := &p.generators[i]
		more, err := workload.GenerateAfter(g.spec, p.generatorSite(g, seed), j.Submit, n)
		if err != nil {
			return nil, err
		}
		tail.Jobs = append(tail.Jobs, j)
		merge(&tail, more)
	}
	sortJobs(&tail)
	set.Jobs, set.Profiles = append(set.Jobs, tail.Jobs...), tail.Profiles
	return set, nil
}

// drawnBy returns the generator that has drawn a job, -1 for none, and which of its submissions it is.
func (p *Plan) drawnBy(id string) (generator, number int) {
	for i := range p.generators {
		if rest, ok := strings.CutPrefix(id, p.generators[i].name+"-"); ok {
			if n, err := strconv.Atoi(rest); err == nil {
				return i, n
			}
		}
	}
	return -1, 0
}
