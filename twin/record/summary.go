package record

import "time"

// Verdict is the outcome of a run.
type Verdict string

// The verdicts.
const (
	Passed      Verdict = "passed"      // every expectation held
	Missed      Verdict = "missed"      // at least one did not: exit code 3
	Unjudged    Verdict = "unjudged"    // the scenario expects nothing
	Interrupted Verdict = "interrupted" // stopped by a person before its end
	Broken      Verdict = "broken"      // stopped by an error, such as a ledger that did not close
)

// Provenance says how much a number can be trusted.
type Provenance string

// The provenances, the best first.
const (
	ProvMeasured   Provenance = "measured"   // read from a real meter or clock
	ProvCalibrated Provenance = "calibrated" // a model fitted to measurements of this equipment
	ProvModelled   Provenance = "modelled"   // a model with published parameters
	ProvTypical    Provenance = "typical"    // rests on a typical value of the field
)

// Names of the groups of KPIs, in the order in which they are shown.
const (
	Energy      = "ENERGY"
	Cooling     = "COOLING"
	Compute     = "COMPUTE"
	Services    = "SERVICES"
	Reliability = "RELIABILITY"
	Cost        = "COST"
	Carbon      = "CARBON"
	Engine      = "ENGINE" // the run itself: steps, wall time, memory; not reproducible to the byte
)

// Groups lists the groups in order.
var Groups = []string{Energy, Cooling, Compute, Services, Reliability, Cost, Carbon, Engine}

// Summary closes a recording: the verdict and its evidence.
type Summary struct {
	Run      string    `json:"run"`
	Scenario string    `json:"scenario"`
	About    string    `json:"about,omitempty"`
	Variant  string    `json:"variant,omitempty"`
	Seed     uint64    `json:"seed"`
	Version  string    `json:"version"`
	Start    time.Time `json:"start"`
	Duration float64   `json:"duration_s"`  // asked for
	Reached  float64   `json:"simulated_s"` // simulated
	Verdict  Verdict   `json:"verdict"`
	Reason   string    `json:"reason,omitempty"` // for Interrupted and Broken

	Expectations []Expectation  `json:"expectations"`
	Groups       []Group        `json:"groups"`
	Lost         []Loss         `json:"lost_gpu_hours,omitempty"` // the largest first
	Bills        []Bill         `json:"bills,omitempty"`          // of jobs, the dearest first; then of the other jobs, and of idle capacity
	Spectrum     []SpectralLine `json:"spectrum,omitempty"`       // of training power, the largest first
	Seasons      []Season       `json:"seasons,omitempty"`        // of a plan of years
	Events       map[string]int `json:"events,omitempty"`         // how many, by severity
	Notes        []string       `json:"notes,omitempty"`          // what a reader must know: "weather: typical year …"
	Failed       []SinkFailure  `json:"failed_sinks,omitempty"`   // what was not fully written
}

// Expectation is one target of a scenario and how it went.
type Expectation struct {
	Name   string  `json:"name"`
	Expr   string  `json:"expr"`
	OK     bool    `json:"ok"`
	Actual float64 `json:"actual"` // the value that decided, in Unit
	Target float64 `json:"target"` // what it was compared with, in Unit
	Op     string  `json:"op,omitempty"`
	Unit   string  `json:"unit"`
	Error  string  `json:"error,omitempty"` // why it could not be judged: never counted as held
	First  *Moment `json:"first_violation,omitempty"`
}

// Moment is where and when an expectation was first missed.
type Moment struct {
	Time  float64 `json:"t_s"` // s from the start
	Place string  `json:"place,omitempty"`
	Value float64 `json:"value"`
}

// Group is the KPIs of one subject.
type Group struct {
	Name string `json:"name"`
	KPIs []KPI  `json:"kpis"`
}

// KPI is one figure of a run.
type KPI struct {
	Key        string     `json:"key"`   // stable: "energy.facility"
	Label      string     `json:"label"` // for people: "facility energy"
	Value      float64    `json:"value"` // NaN means unknown
	Unit       string     `json:"unit"`  // always the same for a key
	Provenance Provenance `json:"provenance"`
	Note       string     `json:"note,omitempty"` // "at rack-3 on Tue 13:05"
}

// Loss is GPU-hours lost to one cause.
type Loss struct {
	Cause    string  `json:"cause"`
	GPUHours float64 `json:"gpu_hours"`
	Subject  string  `json:"subject,omitempty"` // the worst place
}

// Bill is what a job owes of all that the site costs and emits.
type Bill struct {
	Name     string  `json:"name"`
	Jobs     int     `json:"jobs,omitempty"` // that it is of
	GPUHours float64 `json:"gpu_hours"`
	Energy   float64 `json:"energy_j"` // with its share of cooling and losses
	Cost     float64 `json:"cost_usd"`
	Carbon   float64 `json:"carbon_kg"`
	Tokens   float64 `json:"tokens,omitempty"` // learned from, or generated
}

// SpectralLine is one line of the spectrum of power.
type SpectralLine struct {
	Frequency float64 `json:"hz"`
	Amplitude float64 `json:"w"` // of the sine
}

// Season is a part of a year in a plan of years. GPUs are those of its first phase, but for GPUs.
type Season struct {
	From     float64  `json:"from_s"`
	To       float64  `json:"to_s"`
	Demand   float64  `json:"demand"`
	Capacity float64  `json:"capacity"`
	GPUs     float64  `json:"gpus"`
	Served   float64  `json:"served"`
	Stranded float64  `json:"stranded_w"` // power that no further rack can use
	Limits   string   `json:"limits,omitempty"`
	Power    float64  `json:"power_w"` // of the site, on the mean
	Peak     float64  `json:"peak_w"`
	PUE      float64  `json:"pue"`
	Capex    float64  `json:"capex_usd"`
	Energy   float64  `json:"energy_usd"`
	Carbon   float64  `json:"carbon_kg"`
	Events   []string `json:"events,omitempty"`
}

// SinkFailure says what a sink failed to write.
type SinkFailure struct {
	Sink  string  `json:"sink"`
	Error string  `json:"error"`
	From  float64 `json:"from_s"` // s from the start: nothing later was written
	Lost  int64   `json:"lost"`   // frames and events that it missed
}

// KPI finds a figure by its key.
func (s *Summary) KPI(key string) (KPI, bool) {
	for _, g := range s.Groups {
		for _, k := range g.KPIs {
			if k.Key == key {
				return k, true
			}
		}
	}
	return KPI{}, false
}

// Add appends a figure to its group, creating the group in its place.
func (s *Summary) Add(group string, k KPI) {
	for i := range s.Groups {
		if s.Groups[i].Name == group {
			s.Groups[i].KPIs = append(s.Groups[i].KPIs, k)
			return
		}
	}
	g := Group{Name: group, KPIs: []KPI{k}}
	at := len(s.Groups)
	for i := range s.Groups {
		if rank(s.Groups[i].Name) > rank(group) {
			at = i
			break
		}
	}
	s.Groups = append(s.Groups[:at], append([]Group{g}, s.Groups[at:]...)...)
}

func rank(group string) int {
	for i, g := range Groups {
		if g == group {
			return i
		}
	}
	return len(Groups)
}

// Judge sets the verdict from the expectations, unless the run was interrupted or broke.
func (s *Summary) Judge() {
	if s.Verdict == Interrupted || s.Verdict == Broken {
		return
	}
	s.Verdict = Unjudged
	for _, e := range s.Expectations {
		if !e.OK || e.Error != "" {
			s.Verdict = Missed
			return
		}
		s.Verdict = Passed
	}
}
