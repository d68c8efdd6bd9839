package validate

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mathext"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/failure"
	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// Failures lives ten thousand node-years under each law of failure and tests the outcome against the law.
var Failures = Benchmark{
	Name:  "failures",
	About: "10,000 node-years of failures under each law, overlaps included, against the law that was stated",
	Data:  "none: the laws are in the benchmark",
	Run:   runFailures,
}

// The experiment: nodes that fail twice a year, and that nobody repairs before 30 days.
const (
	failNodes  = 5000
	failYears  = 2
	failYear   = 365 * 86400.0
	failMTBF   = failYear / 2
	failRepair = 30 * 86400.0
	failGaps   = 4     // of each node
	failLevel  = 0.001 // smallest p-value that passes
)

func runFailures(ctx context.Context, _ string) (*Result, error) {
	r := &Result{}
	for _, c := range []struct{ name, law string }{
		{"exponential", "distribution: exponential"},
		{"weibull", "distribution: weibull, shape: 0.6"},
		{"lognormal", "distribution: lognormal, sigma: 1.5"},
		{"gamma", "distribution: gamma, shape: 0.49"},
		{"trace", "distribution: trace, trace: {times: [" + failTimes() + "]}"},
	} {
		law := fmt.Sprintf("mtbf: %g d, %s", failMTBF/86400, c.law)
		if c.name == "trace" {
			law = c.law // it brings its own times
		}
		p, err := compile(".", "failures-"+c.name, fmt.Sprintf(failScenario, c.name, failYears*365, failNodes/125, law, failRepair/86400))
		if err != nil {
			return nil, err
		}
		log := &failLog{at: map[string][]float64{}}
		if _, err := twin.Run(ctx, p, twin.Options{Seed: p.Seed, Sink: log}); err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		gap := &p.Failures.Processes[0].Gap
		r.gaps(c.name, p, gap)
		r.counts(c.name, log, gap)
		if c.name == "exponential" {
			r.overlaps(log)
		}
	}
	r.Say("%d nodes over %d years in a running world under each law, mean time between failures %g d, repaired after %g d; a failure also strikes a node that is still down.",
		failNodes, failYears, failMTBF/86400, failRepair/86400)
	r.Say("gaps: Kolmogorov-Smirnov (trace: chi-square) test of %d gaps; counts: chi-square test of failures a node, against Poisson or against an independent simulation from inverse distribution functions.", failNodes*failGaps)
	return r, nil
}

// test adds a p-value.
func (r *Result) test(name string, p float64) {
	r.Add(name+".p", p, "", fmt.Sprintf(">= %g", failLevel), p >= failLevel)
}

// gaps tests the time between failures of the same node. A fixed time would cut off the long ones: each node gives a fixed
// number of gaps.
func (r *Result) gaps(name string, p *scenarios.Plan, law *failure.Law) {
	s := failure.New(p.Failures, random.Seed(p.Seed), p.Tree.NameOf)
	var gaps []float64
	var targets []facility.Ref
	for n := range int32(failNodes) {
		now := s.Next(0, n)
		for range failGaps {
			targets = p.Failures.Fire(s, 0, n, now, targets[:0]).Targets
			gaps = append(gaps, s.Next(0, n)-now)
			now = s.Next(0, n)
		}
	}
	if name != "trace" {
		d := ksDistance(gaps, law.CDF)
		r.Add(name+".gaps.ks", d, "", "", true)
		r.test(name+".gaps", ksSurvival(d, len(gaps)))
		return
	}
	times := failDays
	observed, expected := make([]float64, len(times)), make([]float64, len(times))
	for _, g := range gaps {
		i, _ := slices.BinarySearch(times, g*(1-1e-6)) // a gap is a difference of absolute times
		observed[min(i, len(times)-1)]++
	}
	for i := range expected {
		expected[i] = float64(len(gaps)) / float64(len(times))
	}
	r.test(name+".gaps", chiSquare(observed, expected, 1))
}

// counts tests how many failures the nodes of the world had.
func (r *Result) counts(name string, log *failLog, law *failure.Law) {
	const most = 200
	observed := make([]float64, most)
	total := 0
	for _, at := range log.nodes() {
		observed[min(len(at), most-1)]++
		total += len(at)
	}
	observed[0] += float64(failNodes - len(log.at))
	r.Add(name+".failures", float64(total), "", "", true)
	mean := failYears * failYear / law.Mean()
	if name == "exponential" {
		expected := make([]float64, most)
		for k := range expected {
			l, _ := math.Lgamma(float64(k + 1))
			expected[k] = failNodes * math.Exp(float64(k)*math.Log(mean)-mean-l)
		}
		r.test(name+".counts", chiSquare(pool(observed, expected)))
		return
	}
	const others = 3000
	reference := make([]float64, most)
	st := random.Seed(99).Stream("reference")
	for range others {
		n := 0
		// In service for long when the watch begins: new nodes, watched from thirty mean times on.
		begin := 30 * law.Mean()
		for now := quantile(law, st.Open()); now < begin+failYears*failYear; now += quantile(law, st.Open()) {
			if now >= begin {
				n++
			}
		}
		reference[min(n, most-1)]++
	}
	r.test(name+".counts", homogeneity(observed, reference, failNodes, others))
}

// overlaps tests failures of nodes that are down already, and that such a node comes back only when its last repair ends.
func (r *Result) overlaps(log *failLog) {
	total, tried, struck := 0, 0, 0
	nodes := log.nodes()
	for _, at := range nodes {
		total += len(at)
		for i := range at {
			if at[i] < failRepair {
				continue // the run does not show what was before
			}
			tried++
			if i > 0 && at[i]-at[i-1] < failRepair {
				struck++
			}
		}
	}
	// Poisson arrivals see time averages: a failure finds its node down as often as anybody does.
	share := -math.Expm1(-failRepair / failMTBF)
	z := (float64(struck) - share*float64(tried)) / math.Sqrt(float64(tried)*share*(1-share))
	r.Add("overlaps.share", 100*float64(struck)/float64(tried), "%", fmt.Sprintf("%.2f, |z| <= 3.29", 100*share), math.Abs(z) <= 3.29)
	wrong, seen, down := 0, 0, 0.0
	for _, s := range log.down {
		want := 0
		for _, at := range nodes {
			i, _ := slices.BinarySearch(at, s.time)
			if i < len(at) && at[i] == s.time || i > 0 && s.time < at[i-1]+failRepair {
				want++
			}
		}
		if want != s.nodes {
			wrong++
		}
		if s.time > failRepair {
			seen++
			down += float64(s.nodes) / failNodes
		}
	}
	r.Add("overlaps.wrong_samples", float64(wrong), "", "0", wrong == 0)
	mean := 100 * down / float64(seen)
	r.Add("overlaps.down", mean, "%", fmt.Sprintf("%.2f ± 0.5", 100*share), math.Abs(mean-100*share) <= 0.5)
	r.Say("overlaps: of %d failures, %d of the later ones struck a node that was still down; in each sample the nodes that are down are those whose last failure was less than %g d ago", total, struck, failRepair/86400)
}

// failLog is a sink that keeps when each node failed, and how many were down at each sample.
type failLog struct {
	at   map[string][]float64 // by node, ascending
	down []downSample
}

type downSample struct {
	time  float64
	nodes int
}

var _ record.Sink = (*failLog)(nil)

// nodes returns when each node that ever failed did, in order of their names.
func (l *failLog) nodes() [][]float64 {
	var all [][]float64
	for _, name := range slices.Sorted(maps.Keys(l.at)) {
		all = append(all, l.at[name])
	}
	return all
}

func (l *failLog) Open(*record.Header) error { return nil }

func (l *failLog) Frame(f *record.Frame) error {
	if f.Channel.Name == "nodes.down" {
		l.down = append(l.down, downSample{f.Time, int(f.Values[0])})
	}
	return nil
}

func (l *failLog) Event(e *record.Event) error {
	if e.Type == "fail" {
		l.at[e.Subject] = append(l.at[e.Subject], e.Time)
	}
	return nil
}

func (l *failLog) Close(*record.Summary) error { return nil }

// failDays are the times of the trace in s, ascending: forty, from a day to two years.
var failDays = func() (t []float64) {
	for i := range 40 {
		t = append(t, 86400*math.Round(1000*math.Exp(float64(i)/6))/1000)
	}
	return t
}()

func failTimes() string {
	var all []string
	for _, t := range failDays {
		all = append(all, fmt.Sprintf("%g d", t/86400))
	}
	return strings.Join(all, ", ")
}

// quantile returns the time in s that a share u of a law lies below: another way to draw than that of the law itself.
func quantile(l *failure.Law, u float64) float64 {
	switch l.Form {
	case failure.Weibull:
		return l.Scale * math.Pow(-math.Log(u), 1/l.Shape)
	case failure.Lognormal:
		return l.Scale * math.Exp(-l.Shape*mathext.NormalQuantile(u))
	case failure.Gamma:
		return l.Scale * mathext.GammaIncRegInv(l.Shape, u)
	}
	return failDays[min(int(u*float64(len(failDays))), len(failDays)-1)]
}

const failScenario = `halltwin: v1
name: failures-%s
start: 2024-01-01T00:00:00Z
duration: %d d
seed: 7
site:
  halls: [{rows: [{racks: %d, rack: {nodes: 125, node: {gpus: 0, cpus: 1}}}]}]
  plant: {kind: none}
  power: {use: plants/power-direct}
failures:
  processes:
    - {name: node, component: node, %s, detect: 0 s, repair: {time: {distribution: fixed, mean: %g d}}}
step: {calm: 1 h, disturbed: 1 h}
record: {every: 5 d, channels: [nodes.down]}
`
