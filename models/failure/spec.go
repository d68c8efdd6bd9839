package failure

import (
	"fmt"
	"strings"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

// Spec is what may fail in a site, by itself.
type Spec struct {
	Title     string        `yaml:"title" doc:"name of this set of failures"`
	About     string        `yaml:"about" doc:"what it describes"`
	Source    string        `yaml:"source" doc:"where its figures come from"`
	Processes []ProcessSpec `yaml:"processes" doc:"failures of single components, each with a clock of its own"`
	Bursts    []BurstSpec   `yaml:"bursts" doc:"common causes: several components at the same moment"`

	Crews       []CrewSpec        `yaml:"crews" doc:"people who repair by hand, for repairs that call them"`
	Parts       []StockSpec       `yaml:"parts" doc:"spare parts, for repairs that take them"`
	Health      *HealthSpec       `yaml:"health" doc:"checks of the nodes; absent: none"`
	Quarantine  *QuarantineSpec   `yaml:"quarantine" doc:"what is done with nodes that fail again and again; absent: nothing"`
	Maintenance []MaintenanceSpec `yaml:"maintenance" doc:"planned work"`
	Spares      *SparesSpec       `yaml:"spares" doc:"nodes held back to take the place of failed ones; absent: none"`
}

// ProcessSpec is the failure process of one kind of component.
type ProcessSpec struct {
	Name         string         `yaml:"name" doc:"cause, as events and ledgers name it" required:"true"`
	Component    string         `yaml:"component" doc:"kind of component that fails" required:"true" enum:"gpu,node,rack,row,hall,utility,genset,transformer,ups,pdu,crah,in-row,rear-door,cdu,chiller,tower,dry-cooler,pump,leaf,storage,disk"`
	MTBF         *unit.Duration `yaml:"mtbf" doc:"mean time between failures of one component" range:"(0,)"`
	Rate         *unit.Rate     `yaml:"rate" doc:"failures of one component per time, instead of mtbf; 0 never fails" range:"[0,)"`
	Distribution string         `yaml:"distribution" doc:"law of the time between failures" enum:"exponential,weibull,lognormal,gamma,trace" default:"exponential"`
	Shape        *float64       `yaml:"shape" doc:"shape of a weibull or gamma law; below 1 failures cluster, above 1 components wear out" range:"(0,)"`
	Sigma        *float64       `yaml:"sigma" doc:"standard deviation of the logarithm of a lognormal law" range:"(0,)"`
	Trace        *TraceSpec     `yaml:"trace" doc:"observed times, for the law trace"`
	Frailty      *float64       `yaml:"frailty" doc:"gamma shape of the rates of the components; small values make lemons, absent means all alike" range:"(0,)"`
	Early        *EarlySpec     `yaml:"early" doc:"infant mortality of new parts: at the start of the run with age: new, and after each repair by hand"`
	Heat         *HeatSpec      `yaml:"heat" doc:"how the rate follows the temperature of the component; absent: not at all"`
	Age          string         `yaml:"age" doc:"components at the start of the run: in the midst of their life, or new" enum:"running,new" default:"running"`
	EffectSpec   `yaml:",inline"`
}

// BurstSpec is a common cause within a domain.
type BurstSpec struct {
	Name       string         `yaml:"name" doc:"cause, as events and ledgers name it" required:"true"`
	Within     string         `yaml:"within" doc:"domain that the cause strikes; each domain has a clock of its own" enum:"node,rack,row,hall,site" default:"rack"`
	Component  string         `yaml:"component" doc:"kind of component that fails; utility: a cause that feeds have in common" enum:"gpu,node,rack,utility,genset" default:"node"`
	MTBF       *unit.Duration `yaml:"mtbf" doc:"mean time between bursts in one domain" range:"(0,)"`
	Rate       *unit.Rate     `yaml:"rate" doc:"bursts in one domain per time, instead of mtbf" range:"[0,)"`
	Per        string         `yaml:"per" doc:"what mtbf and rate count: bursts of one domain, or bursts for each component of it, which lets a figure hold for domains of any size" enum:"domain,component" default:"domain"`
	Size       *float64       `yaml:"size" doc:"mean number of components that fail, geometric from one upwards" range:"[1,)"`
	Fraction   *unit.Ratio    `yaml:"fraction" doc:"share of the components of the domain that fail, each by chance, at least one; instead of size" range:"(0,1]"`
	As         string         `yaml:"as" doc:"process of the same component whose frailty tells which components are struck more often: the lemons; absent: all alike"`
	EffectSpec `yaml:",inline"`
}

// EffectSpec is what a failure does.
type EffectSpec struct {
	Takes      string        `yaml:"takes" doc:"kind of thing that stops working with the component: itself, or one that contains it" enum:"itself,node,rack,row,hall" default:"itself"`
	Detect     unit.Duration `yaml:"detect" doc:"time until the failure is noticed; work on it hangs until then" default:"30 s" source:"typical" range:"[0,)"`
	FailedDraw Draw          `yaml:"failed_draw" doc:"power of a failed thing: off, idle, or a share of its idle power" default:"off" source:"typical"`
	Sag        *SagSpec      `yaml:"sag" doc:"of a utility: a sag of its voltage instead of an outage, for the time of the repair"`
	Slow       *SlowSpec     `yaml:"slow" doc:"the component slows down instead of stopping, for the time of detection and repair"`
	Silent     *SilentSpec   `yaml:"silent" doc:"the component goes on and corrupts the work on it, until that shows; then it is repaired"`
	Repair     RepairSpec    `yaml:"repair" doc:"time from detection until it works again"`
}

// RepairSpec is a mixture of recovery by itself and of repair by hand.
type RepairSpec struct {
	Auto     unit.Ratio `yaml:"auto" doc:"share of failures that recover by themselves: reset, reboot, reattempt" default:"0 %" source:"typical" range:"[0,1]"`
	AutoTime *DelaySpec `yaml:"auto_time" doc:"time of a recovery by itself; absent: lognormal, median 10 min, sigma 0.5"`
	Time     *DelaySpec `yaml:"time" doc:"time of a repair by hand; absent: lognormal, median 15 h, sigma 2.52, at most 90 days"`

	Crew      string      `yaml:"crew" doc:"crew that does the repair by hand, which waits for it: time is then work alone, in working hours, and a component under repair does not fail anew; absent: time holds all waits"`
	Part      string      `yaml:"part" doc:"spare part that a repair by hand takes, and waits for where there is none; absent: none"`
	PartShare *unit.Ratio `yaml:"part_share" doc:"share of the repairs by hand that take it; absent: all" range:"(0,1]"`
}

// DelaySpec is a law of a delay.
type DelaySpec struct {
	Distribution string         `yaml:"distribution" doc:"law of the delay" enum:"fixed,exponential,weibull,lognormal,gamma,trace,mixture" default:"lognormal"`
	Mean         *unit.Duration `yaml:"mean" doc:"mean of the law, before max" range:"[0,)"`
	Median       *unit.Duration `yaml:"median" doc:"median of the law, before max; instead of mean" range:"[0,)"`
	Shape        *float64       `yaml:"shape" doc:"shape of a weibull or gamma law" range:"(0,)"`
	Sigma        *float64       `yaml:"sigma" doc:"standard deviation of the logarithm of a lognormal law" range:"(0,)"`
	Max          *unit.Duration `yaml:"max" doc:"longest delay: the law is drawn given that it is no longer" range:"(0,)"`
	Trace        *TraceSpec     `yaml:"trace" doc:"observed delays, for the law trace"`
	Mixture      []PartSpec     `yaml:"mixture" doc:"lognormal laws that a mixture draws from, such as a visit of the crew and a wait for parts"`
}

// TraceSpec is a list of observed times; each draw takes one of them, all equally likely.
type TraceSpec struct {
	Times []unit.Duration `yaml:"times" doc:"observed times" required:"true"`
}

// PartSpec is one lognormal law of a mixture.
type PartSpec struct {
	Share  float64       `yaml:"share" doc:"how often it is drawn, in relation to the others" required:"true" range:"(0,)"`
	Median unit.Duration `yaml:"median" doc:"median of the law" required:"true" range:"(0,)"`
	Sigma  float64       `yaml:"sigma" doc:"standard deviation of its logarithm" required:"true" range:"(0,)"`
}

// Draw is the power of a failed thing as a share of its idle power: 0 is off, 1 is idle.
type Draw float64

// UnmarshalText reads "off", "idle" or a ratio.
func (d *Draw) UnmarshalText(text []byte) error {
	switch s := strings.TrimSpace(string(text)); s {
	case "off":
		*d = 0
	case "idle":
		*d = 1
	default:
		v, err := unit.Parse[unit.Ratio](s)
		if err != nil || v < 0 || v > 1 {
			return fmt.Errorf("%q is no power of a failed thing: write off, idle, or a share of its idle power from 0 to 100 %%", s)
		}
		*d = Draw(v)
	}
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (d Draw) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d Draw) String() string {
	switch d {
	case 0:
		return "off"
	case 1:
		return "idle"
	}
	return fmt.Sprintf("%g", float64(d))
}

// Validate checks what tags cannot say.
func (s *Spec) Validate(fail func(path, msg string)) {
	seen := map[string]bool{}
	once := func(path, name string) {
		if seen[name] {
			fail(path+".name", fmt.Sprintf("there are two causes named %q: give each a name of its own, since names choose random numbers", name))
		}
		seen[name] = true
	}
	for i := range s.Processes {
		once(fmt.Sprintf("processes[%d]", i), s.Processes[i].Name)
	}
	for i := range s.Bursts {
		once(fmt.Sprintf("bursts[%d]", i), s.Bursts[i].Name)
		s.checkLike(i, fail)
	}
	s.checkCare(fail)
}

// checkLike checks that the process whose frailty a burst takes over has one, of the same component.
func (s *Spec) checkLike(burst int, fail func(path, msg string)) {
	b, path := &s.Bursts[burst], fmt.Sprintf("bursts[%d].as", burst)
	if b.As == "" {
		return
	}
	for i := range s.Processes {
		p := &s.Processes[i]
		switch {
		case p.Name != b.As:
			continue
		case p.Component != b.Component:
			fail(path, fmt.Sprintf("the process %q is of each %s, the burst strikes each %s: name a process of the same component", b.As, p.Component, b.Component))
		case p.Frailty == nil:
			fail(path, fmt.Sprintf("the process %q has no frailty: give it one, or leave as out", b.As))
		}
		return
	}
	fail(path, fmt.Sprintf("there is no process %q", b.As))
}

// Validate checks what tags cannot say.
func (s *ProcessSpec) Validate(fail func(path, msg string)) {
	if s.Distribution == "trace" {
		if s.MTBF != nil || s.Rate != nil {
			fail("distribution", "a trace brings its own times: leave out mtbf and rate")
		}
	} else if (s.MTBF == nil) == (s.Rate == nil) {
		fail("mtbf", "give either mtbf or rate")
	}
	checkShape(s.Distribution, s.Shape, s.Sigma, s.Trace, fail)
	checkTakes(s.Component, s.Takes, fail)
	checkSag(s.Component, s.Sag, fail)
	s.checkEffect(s.Component, false, fail)
	if s.Heat != nil {
		if s.Component != "gpu" && s.Component != "node" && s.Component != "rack" {
			fail("heat", fmt.Sprintf("the temperature of a %s is not known: heat is of component gpu, node or rack", s.Component))
		}
		if s.Distribution != "" && s.Distribution != "exponential" {
			fail("heat", "a rate that follows the temperature needs an exponential law")
		}
	}
	if s.Frailty != nil && s.Distribution != "" && s.Distribution != "exponential" {
		fail("frailty", "frailty and a "+s.Distribution+" law both describe clustered failures: use an exponential law with frailty, or leave frailty out")
	}
}

// Validate checks what tags cannot say.
func (s *BurstSpec) Validate(fail func(path, msg string)) {
	if (s.MTBF == nil) == (s.Rate == nil) {
		fail("mtbf", "give either mtbf or rate")
	}
	if (s.Size == nil) == (s.Fraction == nil) {
		fail("size", "give either size or fraction")
	}
	within, _ := facility.ParseKind(s.Within)
	if component, ok := facility.ParseKind(s.Component); ok && component <= within {
		fail("component", fmt.Sprintf("a %s holds no %s: choose a component inside the domain", s.Within, s.Component))
	} else if ok && component > facility.GPU && s.Within != "site" {
		fail("within", fmt.Sprintf("a %s serves the whole site: write within: site", s.Component))
	}
	checkTakes(s.Component, s.Takes, fail)
	checkSag(s.Component, s.Sag, fail)
	s.checkEffect(s.Component, true, fail)
}

// Validate checks what tags cannot say.
func (s *DelaySpec) Validate(fail func(path, msg string)) {
	if s.Distribution == "trace" {
		if s.Mean != nil || s.Median != nil || s.Max != nil {
			fail("distribution", "a trace brings its own times: leave out mean, median and max")
		}
	} else if s.Distribution == "mixture" {
		if s.Mean != nil || s.Median != nil {
			fail("distribution", "a mixture has the medians of its parts: leave out mean and median")
		}
	} else if (s.Mean == nil) == (s.Median == nil) {
		fail("mean", "give either mean or median")
	}
	checkShape(s.Distribution, s.Shape, s.Sigma, s.Trace, fail)
	if (s.Distribution == "mixture") != (len(s.Mixture) > 0) {
		fail("mixture", "the law mixture, and no other, needs one or more parts under mixture")
		return
	}
	if s.Distribution != "trace" && s.Max != nil && (len(s.Mixture) > 0 || (s.Mean == nil) != (s.Median == nil)) {
		if l := s.law(Infinite); l.Form != Fixed && l.under < 0.05 {
			fail("max", fmt.Sprintf("less than 5 %% of the law lies below %s: raise max or lower the mean", *s.Max))
		}
	}
}

// Validate checks what tags cannot say.
func (s *TraceSpec) Validate(fail func(path, msg string)) {
	if len(s.Times) == 0 {
		fail("times", "a trace needs at least one time")
	}
	for i, t := range s.Times {
		if t < 0 {
			fail(fmt.Sprintf("times[%d]", i), "a time cannot be negative")
		}
	}
}

func checkShape(form string, shape, sigma *float64, trace *TraceSpec, fail func(path, msg string)) {
	wants := func(is bool, key string, has bool) {
		switch {
		case is && !has:
			fail(key, fmt.Sprintf("a %s law needs %s", form, key))
		case !is && has:
			fail(key, fmt.Sprintf("%s says nothing about a %s law: leave it out", key, form))
		}
	}
	wants(form == "weibull" || form == "gamma", "shape", shape != nil)
	wants(form == "lognormal", "sigma", sigma != nil)
	wants(form == "trace", "trace", trace != nil)
}

func checkSag(component string, sag *SagSpec, fail func(path, msg string)) {
	if sag != nil && component != "utility" {
		fail("sag", fmt.Sprintf("a %s has no voltage of its own to lose: a sag is of component: utility", component))
	}
}

func checkTakes(component, takes string, fail func(path, msg string)) {
	if takes == "" || takes == "itself" || component == takes {
		return
	}
	c, _ := facility.ParseKind(component)
	t, _ := facility.ParseKind(takes)
	if c > facility.GPU || t >= c {
		fail("takes", fmt.Sprintf("a %s is not inside a %s: choose itself or what contains it", component, takes))
	}
}
