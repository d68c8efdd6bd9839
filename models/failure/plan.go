package failure

import (
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

// Plan is a compiled [Spec]: immutable, shared by all replicas.
type Plan struct {
	Processes []Process
	Absent    []string // causes whose component the site has none of

	Crews      []Crew
	Parts      []Stock
	Health     *Health     // nil: no checks
	Quarantine *Quarantine // nil: lemons stay
	Waves      []Wave
	Pool       *Pool // nil: no spares

	tree *facility.Tree
}

// Process is one cause.
type Process struct {
	Name    string
	Subject facility.Kind // that has a clock: the component, or the domain of a burst
	Victim  facility.Kind // that breaks
	Takes   facility.Kind // that stops working
	Count   int           // subjects in the site
	Gap     Law           // between failures of one subject
	Frailty float64       // gamma shape of the rates of the subjects; 0: all alike
	New     bool          // subjects are new at the start of the run
	Burst   bool
	PerPart bool    // of a burst: Gap is for each component of the domain, not for the domain
	Size    float64 // of a burst: mean number of victims, when > 0
	Share   float64 // of a burst: probability of each component, when Size is 0
	Like    int     // of a burst: index of the process whose frailty says which components it prefers; -1: all alike
	Detect  float64 // s
	Sag     *Sag    // the failure is a sag; nil: it is none
	Draw    float64 // of the failed thing, as a share of its idle power
	Auto    float64 // probability of a recovery by itself
	AutoLaw Law
	Hand    Law

	Early     *Early  // infant mortality; nil: none
	Heat      *Heat   // the rate follows the temperature; nil: it does not
	Slow      float64 // share of the speed that is left; 0: it stops
	Evict     bool    // a slow component is taken out when it is noticed
	Silent    *Silent // it goes on and corrupts; nil: it stops
	Crew      int32   // that repairs by hand; -1: somebody is always there
	Part      int32   // that a repair by hand takes; -1: none
	PartShare float64 // of the repairs by hand that take it
}

// Compile makes the plan of the failures of one site. Causes of components that the site does not have are listed in
// Absent. A nil spec gives a plan without failures.
func Compile(spec *Spec, tree *facility.Tree) (*Plan, error) {
	p := &Plan{tree: tree}
	if spec == nil {
		return p, nil
	}
	p.compileCrews(spec)
	for i := range spec.Processes {
		s := &spec.Processes[i]
		kind, ok := facility.ParseKind(s.Component)
		if !ok {
			return nil, fmt.Errorf("failures.processes[%d].component: %q is no kind of component", i, s.Component)
		}
		pr := Process{Name: s.Name, Subject: kind, Victim: kind, New: s.Age == "new", Gap: s.law(), Like: -1}
		if s.Frailty != nil {
			pr.Frailty = *s.Frailty
		}
		pr.Heat = s.Heat.compile()
		if e := s.Early; e != nil {
			pr.Early = &Early{float64(e.Share), MedianLaw(Weibull, float64(e.Median), e.Shape, 0)}
		}
		if err := p.add(pr, &s.EffectSpec); err != nil {
			return nil, fmt.Errorf("failures.processes[%d]: %w", i, err)
		}
	}
	for i := range spec.Bursts {
		s := &spec.Bursts[i]
		within, okW := facility.ParseKind(s.Within)
		victim, okV := facility.ParseKind(s.Component)
		if !okW || !okV || victim <= within {
			return nil, fmt.Errorf("failures.bursts[%d]: a %q holds no %q", i, s.Within, s.Component)
		}
		pr := Process{Name: s.Name, Subject: within, Victim: victim, Burst: true, PerPart: s.Per == "component", Like: p.find(s.As),
			Gap: NewLaw(Exponential, period(s.MTBF, s.Rate), 0, 0)}
		if s.Size != nil {
			pr.Size = *s.Size
		} else if s.Fraction != nil {
			pr.Share = float64(*s.Fraction)
		}
		if err := p.add(pr, &s.EffectSpec); err != nil {
			return nil, fmt.Errorf("failures.bursts[%d]: %w", i, err)
		}
	}
	p.compileCare(spec)
	return p, nil
}

// find returns the index of the process of a name that has frailty, or -1.
func (p *Plan) find(name string) int {
	return slices.IndexFunc(p.Processes, func(pr Process) bool { return name != "" && pr.Name == name && pr.Frailty > 0 })
}

func (p *Plan) add(pr Process, e *EffectSpec) error {
	pr.Takes = pr.Victim
	if e.Takes != "" && e.Takes != "itself" {
		takes, ok := facility.ParseKind(e.Takes)
		if !ok {
			return fmt.Errorf("takes: %q is no kind of thing", e.Takes)
		}
		pr.Takes = takes
	}
	pr.Count = p.tree.Count(pr.Subject)
	if pr.Count == 0 || p.tree.Count(pr.Victim) == 0 {
		p.Absent = append(p.Absent, pr.Name)
		return nil
	}
	if math.IsInf(pr.Gap.Scale, 1) {
		return nil // a rate of zero: never
	}
	if !(pr.Gap.Mean() > 0) {
		return fmt.Errorf("%s: the mean time between failures must be positive", pr.Name)
	}
	pr.Sag = e.Sag.compile()
	if e.Slow != nil {
		pr.Slow, pr.Evict = float64(e.Slow.To), e.Slow.Evict
	}
	if e.Silent != nil {
		pr.Silent = &Silent{float64(e.Silent.Found), e.Silent.After.law(Infinite)}
	}
	pr.Crew = index(p.Crews, e.Repair.Crew, func(c *Crew) string { return c.Name })
	pr.Part = index(p.Parts, e.Repair.Part, func(x *Stock) string { return x.Name })
	pr.PartShare = 1
	if e.Repair.PartShare != nil {
		pr.PartShare = float64(*e.Repair.PartShare)
	}
	repair := e.Repair.law()
	pr.Detect, pr.Draw = float64(e.Detect), float64(e.FailedDraw)
	pr.Auto, pr.AutoLaw, pr.Hand = repair.auto, repair.self, repair.hand
	p.Processes = append(p.Processes, pr)
	return nil
}

// period returns the mean time between failures in s, infinite for a rate of zero.
func period(mtbf *unit.Duration, rate *unit.Rate) float64 {
	switch {
	case mtbf != nil:
		return float64(*mtbf)
	case rate != nil && *rate > 0:
		return 1 / float64(*rate)
	}
	return math.Inf(1)
}

func (s *ProcessSpec) law() Law {
	if s.Distribution == "trace" && s.Trace != nil {
		return s.Trace.law()
	}
	form := parseForm(s.Distribution)
	if s.Distribution == "" {
		form = Exponential
	}
	return NewLaw(form, period(s.MTBF, s.Rate), shapeOf(form, s.Shape, s.Sigma), 0)
}

func (s *DelaySpec) law(absent Law) Law {
	if s == nil {
		return absent
	}
	if s.Distribution == "trace" && s.Trace != nil {
		return s.Trace.law()
	}
	form := parseForm(s.Distribution)
	shape, limit := shapeOf(form, s.Shape, s.Sigma), 0.0
	if s.Max != nil {
		limit = float64(*s.Max)
	}
	if form == Mixture {
		return MixtureLaw(s.Mixture, limit)
	}
	switch {
	case s.Median != nil:
		return MedianLaw(form, float64(*s.Median), shape, limit)
	case s.Mean != nil:
		return NewLaw(form, float64(*s.Mean), shape, limit)
	}
	return absent
}

func (s *TraceSpec) law() Law {
	times := make([]float64, len(s.Times))
	for i, t := range s.Times {
		times[i] = float64(t)
	}
	return TraceLaw(times)
}

func shapeOf(form Form, shape, sigma *float64) float64 {
	switch {
	case form == Lognormal && sigma != nil:
		return *sigma
	case form != Lognormal && shape != nil:
		return *shape
	}
	return 1
}

// victims returns the range of components that a burst in the domain may strike.
func (p *Plan) victims(pr *Process, subject int32) (lo, hi int32) {
	return p.tree.Descendants(facility.Ref{Kind: pr.Subject, Index: subject}, pr.Victim)
}

// InterruptionRate returns how often, per s and in the long run, a job on the given number of nodes meets a failure of
// one of its GPUs, nodes or racks, or a burst among them: what Young's and Daly's intervals need. Failures of power
// and cooling are left out: whether they stop a job depends on redundancy.
func (p *Plan) InterruptionRate(nodes int) float64 {
	total := p.tree.Count(facility.Node)
	if total == 0 || nodes <= 0 {
		return 0
	}
	part := math.Min(1, float64(nodes)/float64(total))
	rate := 0.0
	for i := range p.Processes {
		pr := &p.Processes[i]
		if pr.Victim != facility.GPU && pr.Victim != facility.Node && pr.Victim != facility.Rack {
			continue
		}
		events := float64(pr.Count) / pr.Gap.Mean()
		if pr.PerPart {
			events = float64(p.tree.Count(pr.Victim)) / pr.Gap.Mean()
		}
		hit := part
		if pr.Burst {
			hit = 1 - math.Pow(1-part, math.Max(1, p.meanSize(pr)))
		}
		rate += events * hit
	}
	return rate
}

// meanSize returns the mean number of victims of a burst, before any limit by the size of the domain.
func (p *Plan) meanSize(pr *Process) float64 {
	if pr.Size > 0 {
		return pr.Size
	}
	return pr.Share * float64(p.tree.Count(pr.Victim)) / float64(pr.Count)
}
