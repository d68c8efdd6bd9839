package compare

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"github.com/halltwin/halltwin/twin/record"
)

// Side is one of the two things compared: the runs of a variant, one a seed.
type Side struct {
	Name     string
	Resolved []byte // the resolved scenario
	Runs     []*record.Summary
}

// Comparison is two sides, compared.
type Comparison struct {
	Base         string        `json:"base"`
	Other        string        `json:"other"`
	Seeds        []uint64      `json:"seeds"`    // that both sides have
	Unpaired     int           `json:"unpaired"` // runs whose seed only one side has; they are left out
	Inputs       []Input       `json:"inputs"`
	Divergence   *Divergence   `json:"divergence,omitempty"` // nil when unknown, or when the runs never part
	Expectations []Expectation `json:"expectations"`
	Figures      []Figure      `json:"figures"`
}

// Outcome says what can be said of a difference.
type Outcome string

// The outcomes.
const (
	Equal    Outcome = "equal"               // to the last bit, in every pair
	Differs  Outcome = "differs"             // the interval does not hold zero
	Unsure   Outcome = "not distinguishable" // it does
	OneSeed  Outcome = "one seed"            // no interval can be given
	Unpaired Outcome = "only one side"       // the other side does not have the figure
)

// Figure is a KPI on both sides.
type Figure struct {
	Group   string
	Key     string
	Label   string
	Unit    string
	Base    float64 // mean over the seeds
	Other   float64
	Diff    float64 // mean of other − base
	Percent float64 // of the base; NaN where the base is zero, and of temperatures
	Low     float64 // 95 % confidence interval of the difference; NaN with one seed
	High    float64
	Pairs   int
	Outcome Outcome
}

// Expectation counts in how many runs each side holds an expectation.
type Expectation struct {
	Name  string `json:"name"`
	Base  int    `json:"base_holds"`
	Other int    `json:"other_holds"`
	Runs  int    `json:"runs"`
}

// Sides compares two sides. The divergence is left to [Diverge], which reads the recordings.
func Sides(base, other Side) (*Comparison, error) {
	c := &Comparison{Base: base.Name, Other: other.Name, Seeds: []uint64{}, Expectations: []Expectation{}}
	inputs, err := Inputs(base.Resolved, other.Resolved)
	if err != nil {
		return nil, err
	}
	c.Inputs = inputs
	a, b := pairs(base.Runs, other.Runs)
	for _, s := range a {
		c.Seeds = append(c.Seeds, s.Seed)
	}
	c.Unpaired = len(base.Runs) + len(other.Runs) - 2*len(a)
	c.expectations(a, b)
	c.figures(a, b)
	return c, nil
}

// pairs orders the runs of both sides by the seeds that they share.
func pairs(base, other []*record.Summary) (a, b []*record.Summary) {
	bySeed := map[uint64]*record.Summary{}
	for _, s := range other {
		bySeed[s.Seed] = s
	}
	for _, s := range base {
		if o := bySeed[s.Seed]; o != nil {
			a, b = append(a, s), append(b, o)
			delete(bySeed, s.Seed)
		}
	}
	order := make([]int, len(a))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(a[i].Seed, a[j].Seed) })
	sortedA, sortedB := make([]*record.Summary, len(a)), make([]*record.Summary, len(a))
	for i, o := range order {
		sortedA[i], sortedB[i] = a[o], b[o]
	}
	return sortedA, sortedB
}

func (c *Comparison) expectations(a, b []*record.Summary) {
	at := map[string]int{}
	count := func(s *record.Summary, of func(*Expectation) *int) {
		for _, e := range s.Expectations {
			i, ok := at[e.Name]
			if !ok {
				i = len(c.Expectations)
				at[e.Name] = i
				c.Expectations = append(c.Expectations, Expectation{Name: e.Name, Runs: len(a)})
			}
			if e.OK && e.Error == "" {
				*of(&c.Expectations[i])++
			}
		}
	}
	for i := range a {
		count(a[i], func(e *Expectation) *int { return &e.Base })
		count(b[i], func(e *Expectation) *int { return &e.Other })
	}
}

func (c *Comparison) figures(a, b []*record.Summary) {
	c.Figures = []Figure{}
	seen := map[string]bool{}
	for _, list := range [][]*record.Summary{a, b} {
		for _, s := range list {
			for _, g := range s.Groups {
				if g.Name == record.Engine { // how fast the run went is no property of the site
					continue
				}
				for _, k := range g.KPIs {
					if !seen[k.Key] {
						seen[k.Key] = true
						c.Figures = append(c.Figures, figure(g.Name, k, a, b))
					}
				}
			}
		}
	}
	slices.SortStableFunc(c.Figures, func(x, y Figure) int {
		return cmp.Compare(slices.Index(record.Groups, x.Group), slices.Index(record.Groups, y.Group))
	})
}

func figure(group string, k record.KPI, a, b []*record.Summary) Figure {
	f := Figure{Group: group, Key: k.Key, Label: k.Label, Unit: k.Unit, Base: math.NaN(), Other: math.NaN(), Diff: math.NaN(),
		Percent: math.NaN(), Low: math.NaN(), High: math.NaN(), Outcome: Unpaired}
	var base, other, diff []float64
	for i := range a {
		x, okX := value(a[i], k.Key)
		y, okY := value(b[i], k.Key)
		if okX {
			base = append(base, x)
		}
		if okY {
			other = append(other, y)
		}
		if okX && okY {
			diff = append(diff, y-x)
		}
	}
	f.Base, f.Other, f.Pairs = mean(base), mean(other), len(diff)
	if len(diff) == 0 {
		return f
	}
	f.Diff = mean(diff)
	if f.Base != 0 && f.Unit != "degC" { // a temperature has no zero to be a share of
		f.Percent = 100 * f.Diff / math.Abs(f.Base)
	}
	f.Low, f.High = interval(diff)
	switch {
	case !slices.ContainsFunc(diff, func(d float64) bool { return d != 0 }):
		f.Outcome = Equal
	case len(diff) == 1:
		f.Outcome = OneSeed
	case f.Low > 0 || f.High < 0:
		f.Outcome = Differs
	default:
		f.Outcome = Unsure
	}
	return f
}

func value(s *record.Summary, key string) (float64, bool) {
	k, ok := s.KPI(key)
	return k.Value, ok && !math.IsNaN(k.Value) && !math.IsInf(k.Value, 0)
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, v := range list {
		sum += v
	}
	return sum / float64(len(list))
}

// interval returns the 95 % confidence interval of the mean of a sample, NaN for fewer than two values.
func interval(d []float64) (low, high float64) {
	n := len(d)
	if n < 2 {
		return math.NaN(), math.NaN()
	}
	m, ss := mean(d), 0.0
	for _, v := range d {
		ss += (v - m) * (v - m)
	}
	half := Quantile(n-1) * math.Sqrt(ss/float64(n-1)/float64(n))
	return m - half, m + half
}

// Quantile returns the t of which Student's distribution with df ≥ 1 degrees of freedom exceeds the magnitude in
// 5 % of cases. From P(|T| > t) = I_x(df/2, 1/2) with x = df/(df+t²); Abramowitz and Stegun 26.7.1.
func Quantile(df int) float64 {
	v := float64(df)
	x := mathext.InvRegIncBeta(v/2, 0.5, 0.05)
	return math.Sqrt(v * (1 - x) / x)
}

// MarshalJSON writes unknown numbers as null.
func (f Figure) MarshalJSON() ([]byte, error) {
	known := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	return json.Marshal(struct {
		Group   string   `json:"group"`
		Key     string   `json:"key"`
		Label   string   `json:"label"`
		Unit    string   `json:"unit"`
		Base    *float64 `json:"base"`
		Other   *float64 `json:"other"`
		Diff    *float64 `json:"diff"`
		Percent *float64 `json:"percent"`
		Low     *float64 `json:"ci95_low"`
		High    *float64 `json:"ci95_high"`
		Pairs   int      `json:"pairs"`
		Outcome Outcome  `json:"outcome"`
	}{f.Group, f.Key, f.Label, f.Unit, known(f.Base), known(f.Other), known(f.Diff), known(f.Percent), known(f.Low), known(f.High),
		f.Pairs, f.Outcome})
}
