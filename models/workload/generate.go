package workload

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/halltwin/halltwin/models/random"
)

// maxGenerated bounds the jobs of one generator.
const maxGenerated = 20_000_000

// Site is where and when generated jobs are to run.
type Site struct {
	Name    string      // of the generator; its streams are "workload/NAME/..."
	Seed    random.Seed // of the replica
	Start   time.Time   // of the run, with the offset of local time; its weekday and hour set the rhythm
	Horizon float64     // s
	Total   Vector      // capacity of the site
	Node    Vector      // capacity of its largest node

	// Store returns how the checkpoints of a job go through the storage of the site; nil where it has none.
	Store func(s *CheckpointSpec, j *Job) *Store
}

// Calibration is what a generator works out before it draws: rates and means, from the spec alone.
type Calibration struct {
	Rate     float64  // mean submissions per s
	Capacity float64  // of the resource that load counts
	Work     float64  // mean demand of a job in that resource times its run time: GPU s or core s
	Resource Resource // that load counts
	Dropped  []string // kinds that are too large for the site
}

// kind is a SizeSpec compiled for a site.
type kind struct {
	spec     *SizeSpec
	time     mixture
	from, to int // of the sizes that fit
	profiles []int32
	usage    *UtilizationSpec
	save     *CheckpointSpec
	elastic  map[int]*Elastic // by size, shared by its jobs
}

type generator struct {
	spec    *GeneratorSpec
	site    *Site
	kinds   []kind
	share   []float64 // by kind, of submissions; sums to 1
	present []float64 // by kind, of the jobs met at a random instant; sums to 1
	users   []float64
	names   []string // of users
	cal     Calibration
	set     Set
}

// Calibrate returns the rate of submissions that offers the load.
func Calibrate(spec *GeneratorSpec, site Site) (Calibration, error) {
	g, err := newGenerator(spec, &site)
	if err != nil {
		return Calibration{}, err
	}
	return g.cal, nil
}

// Generate draws the jobs of a run, in order of submission.
//
// The rate of submissions is load × capacity over the mean GPU time of a job, which is a closed formula. Each
// attribute comes from its own stream with a fixed number of draws a job, so the k-th job is of the same kind, length and user
// whatever the load, the capacity or the rhythm; those only move when it is submitted. With Begin "busy" the run starts
// with jobs in the midst of their run: kinds by share × mean run time, run times weighted by their length, progress
// uniform, as many as fill the load.
func Generate(spec *GeneratorSpec, site Site) (Set, error) {
	g, err := newGenerator(spec, &site)
	if err != nil {
		return Set{}, err
	}
	if expected := g.cal.Rate * site.Horizon; expected > maxGenerated {
		return Set{}, fmt.Errorf("workload %s: about %.0f jobs would be generated, at most %d are: lower the load or take longer jobs", site.Name, expected, maxGenerated)
	}
	if spec.Begin != "empty" {
		g.standing()
	}
	g.arrive(0, 0)
	return g.set, nil
}

// GenerateAfter draws what a generator submits after a submission at the time after, in s, that was its number last: as
// [Generate] does, for a run that has come so far.
func GenerateAfter(spec *GeneratorSpec, site Site, after float64, last int) (Set, error) {
	g, err := newGenerator(spec, &site)
	if err != nil {
		return Set{}, err
	}
	g.arrive(after, last+1)
	return g.set, nil
}

func newGenerator(spec *GeneratorSpec, site *Site) (*generator, error) {
	g := &generator{spec: spec, site: site}
	g.cal.Resource = CPU
	if site.Total[GPU] > 0 {
		g.cal.Resource = GPU
	}
	g.cal.Capacity = site.Total[g.cal.Resource]
	if !(g.cal.Capacity > 0) {
		return nil, fmt.Errorf("workload %s: the site has neither GPUs nor CPU cores to run jobs on", site.Name)
	}
	for i := range spec.Sizes {
		g.addKind(&spec.Sizes[i])
	}
	shares, presence := 0.0, 0.0
	for i := range g.kinds {
		shares += g.share[i]
	}
	if !(shares > 0) {
		return nil, fmt.Errorf("workload %s: no kind of job fits the site of %g GPUs and %g cores; raise largest or add smaller sizes", site.Name, site.Total[GPU], site.Total[CPU])
	}
	for i := range g.kinds {
		k := &g.kinds[i]
		g.share[i] /= shares
		g.present = append(g.present, g.share[i]*k.time.mean())
		presence += g.present[i]
		g.cal.Work += g.share[i] * g.meanDemand(k) * k.time.mean()
	}
	for i := range g.present {
		g.present[i] /= presence
	}
	switch {
	case spec.Rate != nil:
		g.cal.Rate = float64(*spec.Rate)
	case g.cal.Work > 0:
		g.cal.Rate = float64(spec.Load) * g.cal.Capacity / g.cal.Work
	default:
		return nil, fmt.Errorf("workload %s: no job uses what load counts; state rate instead of load", site.Name)
	}
	g.users = zipf(&spec.Users)
	for i := range g.users {
		g.names = append(g.names, "user-"+strconv.Itoa(i))
	}
	return g, nil
}

// addKind compiles a size, without what is too large for the site.
func (g *generator) addKind(s *SizeSpec) {
	k := kind{spec: s, time: newMixture(s.Duration, float64(s.Longest)), usage: s.Utilization, save: s.Checkpoint}
	if k.usage == nil {
		k.usage = &g.spec.Utilization
	}
	if k.save == nil {
		k.save = g.spec.Checkpoint
	}
	k.from = max(s.GPUs, s.Nodes, 1)
	k.to = max(s.UpTo, k.from)
	most := max(float64(g.spec.Largest)*g.cal.Capacity, 1) // one device is never too much
	for k.to >= k.from && g.amount(&k, k.to) > most {
		if k.to == k.from || g.amount(&k, k.from) > most {
			g.cal.Dropped = append(g.cal.Dropped, s.Name)
			return
		}
		k.to = k.from + sort.Search(k.to-k.from, func(i int) bool { return g.amount(&k, k.from+i) > most }) - 1
	}
	if s.Cores > g.site.Node[CPU] || (s.GPUs > 0 || s.GPUShare > 0) && g.site.Node[GPU] == 0 {
		g.cal.Dropped = append(g.cal.Dropped, s.Name)
		return
	}
	g.kinds = append(g.kinds, k)
	g.share = append(g.share, s.Share)
}

// amount is what a job of n GPUs or nodes takes of the resource that load counts.
func (g *generator) amount(k *kind, n int) float64 {
	parts, part, _ := g.shape(k, n)
	return float64(parts) * part[g.cal.Resource]
}

// meanDemand is the mean of amount over the sizes of a kind: n has a share of ln((n+1)/n), so that sizes are even on a
// logarithmic scale.
func (g *generator) meanDemand(k *kind) float64 {
	if k.from == k.to {
		return g.amount(k, k.from)
	}
	total := math.Log(float64(k.to+1) / float64(k.from))
	sum := 0.0
	for n := k.from; n <= k.to; n++ {
		sum += g.amount(k, n) * math.Log(float64(n+1)/float64(n)) / total
	}
	return sum
}

// size maps u in (0, 1) to a size of the kind.
func (k *kind) size(u float64) int {
	if k.from == k.to {
		return k.from
	}
	n := int(float64(k.from) * math.Pow(float64(k.to+1)/float64(k.from), u))
	return min(max(n, k.from), k.to)
}

// Gang returns the number of equal parts of a job of n devices, and the devices of each, where a node has perNode:
// the fewest parts that divide n, up to twice the fewest that hold it; else the fewest that hold it, rounded up.
func Gang(n, perNode float64) (parts, each float64) {
	fewest := max(math.Ceil(n/perNode), 1)
	if n != math.Floor(n) || fewest == 1 {
		return fewest, n / fewest
	}
	for p := fewest; p <= 2*fewest; p++ {
		if math.Mod(n, p) == 0 {
			return p, n / p
		}
	}
	return fewest, math.Ceil(n / fewest)
}

// shape returns the gang of a job of n GPUs or nodes.
func (g *generator) shape(k *kind, n int) (parts int32, part Vector, whole bool) {
	node, per := &g.site.Node, &g.spec.PerGPU
	switch {
	case k.spec.Nodes > 0:
		return int32(n), *node, true
	case k.spec.Cores > 0:
		part[CPU] = k.spec.Cores
		if per.Cores > 0 {
			part[Memory] = min(float64(per.Memory)/per.Cores*k.spec.Cores, node[Memory])
		}
		return 1, part, false
	}
	p, each := Gang(float64(n), max(node[GPU], 1))
	if k.spec.Elastic != nil {
		p, each = float64(n), 1
	}
	if k.spec.GPUShare > 0 {
		p, each = 1, float64(k.spec.GPUShare)
	}
	part[GPU] = each
	fair := each / max(node[GPU], 1) // a part leaves the other GPUs of its node their share
	part[CPU] = math.Floor(min(per.Cores*each, fair*node[CPU]))
	part[Memory] = min(float64(per.Memory)*each, fair*node[Memory])
	part[Storage] = min(float64(per.Storage)*each, fair*node[Storage])
	part[Network] = min(float64(per.Network)*each, fair*node[Network])
	return int32(p), part, false
}

// streams are the attributes of a job, one stream each.
type streams struct{ kind, size, time, user, limit, outcome, level random.Stream }

func (g *generator) streams(of string) *streams {
	name := func(what string) random.Stream {
		return g.site.Seed.Stream("workload/" + g.site.Name + "/" + of + "/" + what)
	}
	return &streams{name("kind"), name("size"), name("time"), name("user"), name("limit"), name("outcome"), name("level")}
}

// draw makes the next job of a sequence. run maps the two draws of its run time to what it has done and what is left.
func (g *generator) draw(st *streams, share []float64, run func(k *kind, u, v float64) (done, left float64)) Job {
	i := pickWeight(share, st.kind.Open())
	k := &g.kinds[i]
	n := k.size(st.size.Open())
	done, left := run(k, st.time.Open(), st.time.Open())
	j := Job{Name: k.spec.Name, Queue: k.spec.Queue, Priority: k.spec.Priority, Class: classOf(k.spec.Class), Work: done + max(left, 1), Before: done, Profile: -1}
	j.Parts, j.Part, j.Whole = g.shape(k, n)
	j.User = g.names[pickWeight(g.users, st.user.Open())]
	j.Walltime = g.limit(st, done, j.Work-done)
	switch u := st.outcome.Open(); {
	case u < float64(g.spec.Failed):
		j.Outcome = Failed
	case u < float64(g.spec.Failed+g.spec.Cancelled):
		j.Outcome = Cancelled
	}
	if k.save != nil {
		j.Checkpoint = Checkpoint{Every: float64(k.save.Every), Cost: float64(k.save.Cost), Restart: float64(k.save.Restart)}
		if g.site.Store != nil && len(k.save.Tiers) > 0 {
			j.Store = g.site.Store(k.save, &j)
			j.Every, j.Cost = 0, 0
		}
	}
	if k.spec.Elastic != nil {
		j.Elastic = k.sizes(int(j.Parts))
	}
	g.usage(&j, k, st.level.Open())
	return j
}

// sizes returns between which sizes a job of n GPUs or nodes may run.
func (k *kind) sizes(n int) *Elastic {
	e, ok := k.elastic[n]
	if !ok {
		e, _ = k.spec.Elastic.For(n) // n is between min and max: GeneratorSpec is validated
		if k.elastic == nil {
			k.elastic = map[int]*Elastic{}
		}
		k.elastic[n] = e
	}
	return e
}

func classOf(name string) Class {
	switch name {
	case "train":
		return Train
	case "service":
		return Service
	}
	return Batch
}

// limit draws the time limit that the user asked for, less what the job has run already.
func (g *generator) limit(st *streams, done, left float64) float64 {
	short, z := st.limit.Open(), normalQuantile(st.limit.Open())
	w := g.spec.Walltime
	if w == nil {
		return 0
	}
	run := done + left
	ask := run * (1 + (float64(w.Factor)-1)*math.Exp(w.Sigma*z))
	if short < float64(w.Short) {
		ask = run * normalCDF(z)
	}
	round := float64(w.Round)
	ask = min(math.Ceil(ask/round)*round, float64(w.Most))
	return max(ask-done, 1)
}

// zipf returns the shares of users, which sum to 1.
func zipf(s *UserSpec) []float64 {
	shares := make([]float64, max(s.Count, 1))
	total := 0.0
	for i := range shares {
		shares[i] = math.Pow(float64(i+1), -s.Zipf)
		total += shares[i]
	}
	for i := range shares {
		shares[i] /= total
	}
	return shares
}

// arrive draws the submissions of the run after the time t, the first of them of the given number.
func (g *generator) arrive(t float64, first int) {
	st := g.streams("job")
	gaps := newGaps(&g.spec.Arrivals, g.site.Seed.Stream("workload/"+g.site.Name+"/arrival"))
	rhythm := newRhythm(&g.spec.Arrivals, g.site.Start)
	if expected := int(g.cal.Rate * (g.site.Horizon - t)); expected > 0 {
		g.set.Jobs = slices.Grow(g.set.Jobs, expected+expected/20)
	}
	for n := first; n < first+2*maxGenerated; n++ {
		t = rhythm.advance(t, gaps.next()/g.cal.Rate, g.site.Horizon)
		if t >= g.site.Horizon {
			return
		}
		j := g.draw(st, g.share, func(k *kind, u, v float64) (float64, float64) { return 0, k.time.draw(u, v) })
		j.ID, j.Submit = g.site.Name+"-"+strconv.Itoa(n), t
		g.set.Jobs = append(g.set.Jobs, j)
	}
}

// standing fills the site with jobs in the midst of their run. A job that would exceed the load is passed over.
func (g *generator) standing() {
	st := g.streams("standing")
	phase := g.site.Seed.Stream("workload/" + g.site.Name + "/standing/phase")
	target := min(g.cal.Rate*g.cal.Work/g.cal.Capacity, 1) * g.cal.Capacity
	filled, refused := 0.0, 0
	for n := 0; filled < target && refused < 200 && n < maxGenerated; n++ {
		at := phase.Open()
		j := g.draw(st, g.present, func(k *kind, u, v float64) (float64, float64) {
			run := k.time.drawBiased(u, v)
			return at * run, (1 - at) * run
		})
		amount := float64(j.Parts) * j.Part[g.cal.Resource]
		if filled+amount > target {
			refused++
			continue
		}
		refused = 0
		filled += amount
		j.ID = g.site.Name + "-standing-" + strconv.Itoa(n)
		g.set.Jobs = append(g.set.Jobs, j)
	}
}
