package failure

import (
	"fmt"

	"github.com/halltwin/halltwin/models/unit"
)

// EarlySpec is infant mortality: some new parts are weak and fail soon.
type EarlySpec struct {
	Share  unit.Ratio    `yaml:"share" doc:"new parts that are weak" required:"true" range:"(0,1]"`
	Median unit.Duration `yaml:"median" doc:"median life of a weak part" required:"true" range:"(0,)"`
	Shape  float64       `yaml:"shape" doc:"Weibull shape of that life; below 1 the first hours are the worst" default:"0.7" source:"typical of burn-in; decreasing hazards of new GPUs: Titan, SC'20" range:"(0,2]"`
}

// HeatSpec lets a failure rate follow the temperature of the component: the die of a GPU, the inlet air of a node or rack.
type HeatSpec struct {
	At      unit.Temperature            `yaml:"at" doc:"temperature to which mtbf or rate belong" required:"true" range:"[-40,150]"`
	Energy  *float64                    `yaml:"energy" doc:"activation energy of Arrhenius' law in eV; 0.7 is typical of silicon" range:"(0,2]"`
	Doubles *unit.TemperatureDifference `yaml:"doubles" doc:"warming that doubles the rate, instead of energy" range:"[1,200]"`
	Most    float64                     `yaml:"most" doc:"largest factor on the rate" default:"8" source:"chosen: beyond it machines shut down" range:"[1,100]"`
}

// SlowSpec is a failure that slows a component instead of stopping it.
type SlowSpec struct {
	To    unit.Ratio `yaml:"to" doc:"share of its speed that is left; of a leaf: of its uplinks" required:"true" range:"(0,1)"`
	Evict bool       `yaml:"evict" doc:"it is taken out for repair when it is noticed; otherwise it stays in service, slow, until it recovers"`
}

// SilentSpec is a failure that nobody sees: the component goes on and computes wrong results.
type SilentSpec struct {
	Found unit.Ratio `yaml:"found" doc:"share of them that shows, as a loss that jumps or a NaN" default:"70 %" source:"ByteRobust, SOSP'25: tests find some 70 % of silent corruption" range:"[0,1]"`
	After DelaySpec  `yaml:"after" doc:"time until it shows: all work of its jobs since then is lost, back to the checkpoint before it"`
}

// CrewSpec is people who repair by hand.
type CrewSpec struct {
	Name  string     `yaml:"name" doc:"by which repairs call them" required:"true"`
	Size  int        `yaml:"size" doc:"repairs that they work on at a time" default:"2" source:"typical" range:"[1,1000]"`
	Order string     `yaml:"order" doc:"which repair comes next: the oldest, or that of the most GPUs" enum:"fifo,largest" default:"fifo"`
	Hours *HoursSpec `yaml:"hours" doc:"when they work; absent: round the clock"`
}

// HoursSpec is working hours in the local time of the scenario.
type HoursSpec struct {
	From unit.Duration `yaml:"from" doc:"begin, from midnight" default:"8 h" source:"typical" range:"[0,86400]"`
	To   unit.Duration `yaml:"to" doc:"end, from midnight" default:"18 h" source:"typical" range:"[0,86400]"`
	Days int           `yaml:"days" doc:"days of a week, from Monday" default:"7" source:"typical" range:"[1,7]"`
}

// StockSpec is a kind of spare part. What is taken is ordered at once (base stock).
type StockSpec struct {
	Name  string        `yaml:"name" doc:"by which repairs call it" required:"true"`
	Stock int           `yaml:"stock" doc:"parts on the shelf at the start" required:"true" range:"[0,1000000]"`
	Lead  unit.Duration `yaml:"lead_time" doc:"time from order to shelf" default:"14 d" source:"typical of a return to the maker" range:"[0,)"`
}

// HealthSpec is checks that find slow and corrupting components before they show, and now and then a sound one.
type HealthSpec struct {
	Every    unit.Duration `yaml:"every" doc:"time between checks of a node in service" default:"5 min" source:"Kokolis et al., HPCA'25" range:"[1,)"`
	Coverage unit.Ratio    `yaml:"coverage" doc:"share of slow and corrupting components that a check finds" default:"30 %" source:"typical of light checks" range:"[0,1]"`
	Start    unit.Ratio    `yaml:"start" doc:"likewise, of the longer test before a job starts; 0: none" default:"0 %" range:"[0,1]"`
	Takes    unit.Duration `yaml:"takes" doc:"time of that test, for which the job holds its nodes" default:"2 min" source:"typical" range:"[0,86400]"`
	False    unit.Rate     `yaml:"false_alarms" doc:"sound nodes that are taken out, of each node in time" default:"0 1/d" range:"[0,)"`
	Clears   unit.Duration `yaml:"clears" doc:"time until such a node is back" default:"30 min" source:"typical: reboot and test" range:"[0,)"`
}

// QuarantineSpec takes lemons out: nodes that fail again and again.
type QuarantineSpec struct {
	Failures int           `yaml:"failures" doc:"failures of a node, its GPUs' included, that make it a lemon" default:"3" source:"chosen; the published detector is a classifier: Kokolis et al., HPCA'25" range:"[1,100]"`
	Within   unit.Duration `yaml:"within" doc:"window in which they are counted" default:"30 d" source:"chosen" range:"(0,)"`
	For      unit.Duration `yaml:"for" doc:"time for which it takes no work" default:"7 d" source:"typical of a return to the maker" range:"(0,)"`
	Replaced bool          `yaml:"replaced" doc:"another one comes back, no worse than any: its frailty is drawn anew"`
}

// MaintenanceSpec is planned work that goes round the site a part at a time.
type MaintenanceSpec struct {
	Name  string        `yaml:"name" doc:"as events and reports name it" required:"true"`
	Unit  string        `yaml:"unit" doc:"what is taken out at a time" enum:"node,rack,row" default:"node"`
	First unit.Duration `yaml:"first" doc:"begin of the first round" default:"0 s" range:"[0,)"`
	Every unit.Duration `yaml:"every" doc:"time from the begin of a round to that of the next; 0: there is one" default:"0 s" range:"[0,)"`
	Size  int           `yaml:"size" doc:"units out at a time: the size of the wave" default:"1" range:"[1,1000000]"`
	Takes unit.Duration `yaml:"takes" doc:"time for which a unit is out" default:"1 h" source:"typical of firmware" range:"(0,)"`
	Grace unit.Duration `yaml:"grace" doc:"time for which a unit takes no new work before its jobs are stopped" default:"1 h" source:"typical" range:"[0,)"`
	Hours *HoursSpec    `yaml:"hours" doc:"when units may be taken out; absent: at any time"`
}

// SparesSpec is nodes that are held back to take the place of failed ones within a running job.
type SparesSpec struct {
	Nodes    *int          `yaml:"nodes" doc:"their number; absent: by quantile" range:"[0,)"`
	Quantile float64       `yaml:"quantile" doc:"probability with which they are enough, for a number chosen by rate, recovery and over" default:"0.99" source:"ByteRobust, SOSP'25: P99 of a binomial" range:"(0,1)"`
	Recovery unit.Duration `yaml:"recovery" doc:"time until a failed node is a spare again, for that number" default:"2 h" source:"typical" range:"(0,)"`
	Over     unit.Duration `yaml:"over" doc:"time for which they are to be enough without a break; 0: at one moment" default:"0 s" range:"[0,)"`
	Start    string        `yaml:"start" doc:"warm: it stands ready with its software, and the job goes on after swap; cold: it boots, and the job restarts" enum:"warm,cold" default:"warm"`
	Swap     unit.Duration `yaml:"swap" doc:"time in which a job goes on with a warm spare" default:"1 min" source:"ByteRobust, SOSP'25: 10.9 times faster than requeuing" range:"[0,86400]"`
}

// Validate checks what tags cannot say.
func (s *HeatSpec) Validate(fail func(path, msg string)) {
	if (s.Energy == nil) == (s.Doubles == nil) {
		fail("energy", "give either energy or doubles")
	}
}

// Validate checks what tags cannot say.
func (s *HoursSpec) Validate(fail func(path, msg string)) {
	if s.To <= s.From {
		fail("to", fmt.Sprintf("working hours end at %s, not after they begin at %s: a night shift is a crew of its own", s.To, s.From))
	}
}

// Validate checks what tags cannot say.
func (s *MaintenanceSpec) Validate(fail func(path, msg string)) {
	if h := s.Hours; h != nil && h.To-h.From < s.Takes {
		fail("takes", fmt.Sprintf("a unit is out for %s, longer than the hours from %s to %s: it could never be taken out", s.Takes, h.From, h.To))
	}
}

// checkEffect checks the parts of an effect that depend on the kind of component.
func (s *EffectSpec) checkEffect(component string, burst bool, fail func(path, msg string)) {
	node := component == "gpu" || component == "node" || component == "rack"
	if s.Slow != nil && (!node && component != "leaf" || burst) {
		fail("slow", fmt.Sprintf("a %s cannot be slow here: slow is of a process of component gpu, node, rack or leaf", component))
	}
	if s.Slow != nil && component == "leaf" && s.Slow.Evict {
		fail("slow.evict", "a leaf is not taken out for repair while its nodes work: leave evict out")
	}
	if s.Silent != nil && (component != "gpu" && component != "node" || burst) {
		fail("silent", fmt.Sprintf("a %s corrupts nothing silently: silent is of a process of component gpu or node", component))
	}
	if s.Slow != nil && !s.Slow.Evict && (s.Repair.Crew != "" || s.Repair.Part != "") {
		fail("slow.evict", "what stays in service recovers by itself: write evict: true, or leave repair.crew and repair.part out")
	}
	n := 0
	for _, is := range [...]bool{s.Sag != nil, s.Slow != nil, s.Silent != nil} {
		if is {
			n++
		}
	}
	if n > 1 {
		fail("slow", "a failure is a sag, slow or silent: leave all but one out")
	}
	if s.Repair.Crew != "" && s.Sag != nil {
		fail("repair.crew", "a sag ends by itself: leave crew out")
	}
	if s.Repair.Part == "" && s.Repair.PartShare != nil {
		fail("repair.part_share", "name the part")
	}
}

// checkCare checks that crews and parts which repairs call are there.
func (s *Spec) checkCare(fail func(path, msg string)) {
	crews, parts := map[string]bool{}, map[string]bool{}
	for i := range s.Crews {
		if crews[s.Crews[i].Name] {
			fail(fmt.Sprintf("crews[%d].name", i), fmt.Sprintf("there are two crews named %q", s.Crews[i].Name))
		}
		crews[s.Crews[i].Name] = true
	}
	for i := range s.Parts {
		if parts[s.Parts[i].Name] {
			fail(fmt.Sprintf("parts[%d].name", i), fmt.Sprintf("there are two parts named %q", s.Parts[i].Name))
		}
		parts[s.Parts[i].Name] = true
	}
	check := func(path string, r *RepairSpec) {
		if r.Crew != "" && !crews[r.Crew] {
			fail(path+".repair.crew", fmt.Sprintf("there is no crew %q: name one of crews", r.Crew))
		}
		if r.Part != "" && !parts[r.Part] {
			fail(path+".repair.part", fmt.Sprintf("there is no part %q: name one of parts", r.Part))
		}
	}
	for i := range s.Processes {
		check(fmt.Sprintf("processes[%d]", i), &s.Processes[i].Repair)
	}
	for i := range s.Bursts {
		check(fmt.Sprintf("bursts[%d]", i), &s.Bursts[i].Repair)
	}
	waves := map[string]bool{}
	for i := range s.Maintenance {
		if waves[s.Maintenance[i].Name] {
			fail(fmt.Sprintf("maintenance[%d].name", i), fmt.Sprintf("there are two works named %q", s.Maintenance[i].Name))
		}
		waves[s.Maintenance[i].Name] = true
	}
}
