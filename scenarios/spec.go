package scenarios

import (
	"fmt"
	"time"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/economics"
	"github.com/halltwin/halltwin/models/fabric"
	"github.com/halltwin/halltwin/models/failure"
	"github.com/halltwin/halltwin/models/growth"
	"github.com/halltwin/halltwin/models/power"
	"github.com/halltwin/halltwin/models/schedule"
	"github.com/halltwin/halltwin/models/serving"
	"github.com/halltwin/halltwin/models/storage"
	"github.com/halltwin/halltwin/models/swing"
	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/weather"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/scenarios/document"
	"github.com/halltwin/halltwin/scenarios/trace"
)

// Spec is a whole scenario file.
type Spec struct {
	Version string `yaml:"halltwin" doc:"version of the scenario language" enum:"v1" required:"true"`
	Name    string `yaml:"name" doc:"short name, used for the run's directory" required:"true"`
	About   string `yaml:"about" doc:"the question that the scenario answers"`

	Start    time.Time     `yaml:"start" doc:"moment at which simulated time begins, with its offset" required:"true"`
	Duration unit.Duration `yaml:"duration" doc:"simulated time" required:"true" range:"(0,)"`
	Seed     uint64        `yaml:"seed" doc:"seed of every random stream" default:"1"`
	Replicas int           `yaml:"replicas" doc:"number of seeds that an experiment runs, counted up from seed" default:"1" range:"[1,1000000]"`

	Site      SiteSpec      `yaml:"site" doc:"the site" required:"true"`
	Workload  []WorkSpec    `yaml:"workload" doc:"its work: traces, generators, training runs, services, single jobs"`
	Scheduler schedule.Spec `yaml:"scheduler" doc:"how jobs are ordered and placed"`
	Failures  failure.Spec  `yaml:"failures" doc:"what fails by itself, how often, and how it is repaired"`
	Costs     account.Spec  `yaml:"costs" doc:"what energy and water cost beside the grid's own series"`
	Controls  ControlsSpec  `yaml:"controls" doc:"control laws above the plant's own"`
	Timeline  []ActionSpec  `yaml:"timeline" doc:"what happens when"`
	// Economics is beside costs: with it the site has capital, people and tariffs, and jobs have bills.
	Growth    *growth.Spec    `yaml:"growth" doc:"years of growth: halls that are built, filled and renewed; of each season a typical period of the scenario's duration is lived"`
	Economics *economics.Spec `yaml:"economics" doc:"capital, people, tariffs and embodied carbon; with it every job has its bill"`
	Record    RecordSpec      `yaml:"record" doc:"what is recorded"`
	Expect    []ExpectSpec    `yaml:"expect" doc:"targets; a missed one ends a run with exit code 3"`
	Step      StepSpec        `yaml:"step" doc:"length of the physical step"`

	Variants map[string]*document.Value `yaml:"variants" doc:"named patches on this file; set and at are shorthand for one timeline action"`
	Sweep    map[string]AxisSpec        `yaml:"sweep" doc:"named axes; an experiment runs their product, or samples it"`

	Experiment ExperimentSpec `yaml:"experiment" doc:"how variants, sweep and replicas are run and judged"`
}

// SiteSpec is the site: its place, its halls, and what feeds and cools them.
type SiteSpec struct {
	Title string `yaml:"title" doc:"name of the site"`
	About string `yaml:"about" doc:"what it is and where its figures come from"`

	Altitude unit.Length      `yaml:"altitude" doc:"height above sea level; thins the air" default:"0 m" source:"sea level" range:"[-430,5500]"`
	Weather  weather.Spec     `yaml:"weather" doc:"outdoor conditions"`
	Grid     weather.GridSpec `yaml:"grid" doc:"carbon intensity and price of grid energy"`

	Halls  []HallSpec  `yaml:"halls" doc:"the halls" required:"true"`
	Fabric fabric.Spec `yaml:"fabric" doc:"network between nodes; the scheduler packs by its leaves"`
	// Storage is a list: a checkpoint goes through several, and what is not named here costs nothing.
	Storage []storage.Spec      `yaml:"storage" doc:"storage systems, which jobs read data from and write checkpoints to"`
	Air     cooling.AirSpec     `yaml:"air" doc:"air side: containment, CRAH units, supply"`
	Liquid  *cooling.LiquidSpec `yaml:"liquid" doc:"liquid side: CDUs and their loops"`
	Plant   cooling.PlantSpec   `yaml:"plant" doc:"heat rejection: chillers and towers, or dry coolers"`
	Power   power.Spec          `yaml:"power" doc:"power chain from the utility to the racks"`
	// Battery is beside the power chain: what it does changes the meter, not the feeds.
	Battery *power.SiteBatterySpec `yaml:"battery" doc:"battery behind the meter: follows the grid's carbon intensity or the sun, and helps in demand response"`
	Solar   *power.SolarSpec       `yaml:"solar" doc:"photovoltaic array behind the meter, in the sunshine of site.weather"`
	Other   unit.Ratio             `yaml:"other" doc:"lighting, offices and other loads outside IT, power and cooling, as a share of the design IT power" default:"1 %" source:"typical" range:"[0,0.2]"`
}

// HallSpec is one or several equal halls.
type HallSpec struct {
	Name  string    `yaml:"name" doc:"name of its own instead of hall-0, hall-1 …"`
	Count int       `yaml:"count" doc:"number of such halls" default:"1" range:"[1,1000]"`
	Rows  []RowSpec `yaml:"rows" doc:"rows of racks, in order" required:"true"`
}

// RowSpec is one or several equal rows.
type RowSpec struct {
	Count int              `yaml:"count" doc:"number of such rows" default:"1" range:"[1,100000]"`
	Racks int              `yaml:"racks" doc:"racks in a row" required:"true" range:"[1,100000]"`
	Rack  compute.RackSpec `yaml:"rack" doc:"type of the racks"`
}

// WorkSpec is one source of work. Exactly one of its keys is given.
type WorkSpec struct {
	Generate *workload.GeneratorSpec `yaml:"generate" doc:"jobs drawn from distributions"`
	Trace    *trace.Spec             `yaml:"trace" doc:"jobs read from a log"`
	Train    *training.Spec          `yaml:"train" doc:"one training run with a step-time model"`
	Serve    *serving.Spec           `yaml:"serve" doc:"an inference service under load"`
	Job      *JobSpec                `yaml:"job" doc:"one job as stated"`
}

// Validate checks that one source is given.
func (s *WorkSpec) Validate(fail func(path, msg string)) {
	n := 0
	for _, given := range []bool{s.Generate != nil, s.Trace != nil, s.Train != nil, s.Serve != nil, s.Job != nil} {
		if given {
			n++
		}
	}
	if n != 1 {
		fail("", "write one of generate, trace, train, serve or job")
	}
}

// JobSpec is a job as a person states it.
type JobSpec struct {
	Name     string                `yaml:"name" doc:"name of the job" required:"true"`
	User     string                `yaml:"user" doc:"who submits it"`
	Queue    string                `yaml:"queue" doc:"queue it joins"`
	Submit   unit.Duration         `yaml:"submit" doc:"when it is submitted, from the start" default:"0 s"`
	GPUs     int                   `yaml:"gpus" doc:"GPUs in all" default:"0" range:"[0,)"`
	GPUShare unit.Ratio            `yaml:"gpu_share" doc:"part of one GPU, instead of gpus; without gpu_sharing of the scheduler the job holds all of it" default:"0" range:"[0,1]"`
	PerNode  int                   `yaml:"per_node" doc:"GPUs a node; 0: as many as a node has" default:"0" range:"[0,64]"`
	Nodes    int                   `yaml:"nodes" doc:"whole nodes, instead of gpus" default:"0" range:"[0,)"`
	CPUs     float64               `yaml:"cpus" doc:"CPU cores of each part" default:"0" range:"[0,)"`
	Memory   unit.Data             `yaml:"memory" doc:"memory of each part" default:"0 B" range:"[0,)"`
	Storage  unit.Data             `yaml:"storage" doc:"scratch of each part" default:"0 B" range:"[0,)"`
	Network  unit.Bandwidth        `yaml:"network" doc:"network bandwidth of each part" default:"0 B/s" range:"[0,)"`
	Elastic  *workload.ElasticSpec `yaml:"elastic" doc:"between which sizes it runs, with elastic of the scheduler; its parts are then single GPUs, or nodes"`
	Work     unit.Duration         `yaml:"work" doc:"run time at full speed" required:"true" range:"(0,)"`
	Walltime unit.Duration         `yaml:"walltime" doc:"limit after which it is killed; 0: none" default:"0 s" range:"[0,)"`
	Priority float64               `yaml:"priority" doc:"larger is more urgent" default:"0"`
	GPUUse   unit.Ratio            `yaml:"gpu_utilisation" doc:"how busy its GPUs are" default:"90 %" source:"typical of training" range:"[0,1]"`
	CPUUse   unit.Ratio            `yaml:"cpu_utilisation" doc:"how busy its CPU cores are" default:"30 %" source:"typical" range:"[0,1]"`
	Phases   []PhaseSpec           `yaml:"phases" doc:"utilisation over its progress, instead of the constants"`
	Save     SaveSpec              `yaml:"checkpoint" doc:"how it saves its progress"`
	// Data slows the job down where its storage cannot keep up.
	Data *workload.DataSpec `yaml:"data" doc:"the storage that it reads from while it runs; without it its data are there when they are needed"`
}

// PhaseSpec is a stretch of a job's progress.
type PhaseSpec struct {
	For unit.Duration `yaml:"for" doc:"length in run time at full speed" required:"true" range:"(0,)"`
	GPU unit.Ratio    `yaml:"gpu" doc:"how busy its GPUs are" default:"0" range:"[0,1]"`
	CPU unit.Ratio    `yaml:"cpu" doc:"how busy its CPU cores are" default:"0" range:"[0,1]"`
}

// SaveSpec is how a job saves its progress.
type SaveSpec struct {
	Every   workload.Interval `yaml:"every" doc:"run time between checkpoints, 0 or never, or the rule that chooses it under the failures of the scenario: auto or daly (Daly's optimum), young, or optimal (under the interruptions and the blocking time that the job has seen, chosen anew at every checkpoint that goes to site.storage)" default:"0 s"`
	Cost    unit.Duration     `yaml:"cost" doc:"time that a checkpoint blocks the job; with tiers, the snapshot alone" default:"30 s" source:"typical" range:"[0,)"`
	Restart unit.Duration     `yaml:"restart" doc:"time from a restart until progress resumes; with tiers, until it begins to read" default:"0 s" range:"[0,)"`
	Write   string            `yaml:"write" doc:"with tiers: sync waits until the first of them has the checkpoint, async does not" enum:"async,sync" default:"sync"`
	Size    *unit.Data        `yaml:"size" doc:"size of a checkpoint of the whole job, which tiers need" range:"(0,)"`

	workload.StoreSpec `yaml:",inline"`
}

// Validate checks what tags cannot say.
func (s *SaveSpec) Validate(fail func(path, msg string)) {
	if len(s.Tiers) > 0 && s.Size == nil {
		fail("size", "say how large a checkpoint is: its tiers cannot know")
	}
	s.StoreSpec.Validate(fail)
}

// ControlsSpec is control above the plant's own loops.
type ControlsSpec struct {
	DemandResponse *DemandResponseSpec `yaml:"demand_response" doc:"a utility's request to draw less for a while"`
	Capping        *CappingSpec        `yaml:"capping" doc:"keep feeds and places under limits by capping the GPUs behind them"`
	Swings         *swing.Spec         `yaml:"swings" doc:"how the power of training runs moves within their steps, what smooths it, and the grid that feels it"`
	PowerLimit     unit.Power          `yaml:"power_limit" doc:"power limit of every GPU from the start; 0: none" default:"0 W" range:"[0,)"`
}

// DemandResponseSpec is a utility's request to draw less for a while: the site battery helps first, then deferred work, then
// caps on GPUs, work of little importance first.
type DemandResponseSpec struct {
	Limit    *unit.Power   `yaml:"limit" doc:"power at the meter not to exceed" range:"(0,)"`
	Reduce   *unit.Power   `yaml:"reduce" doc:"power to shed below the baseline, instead of limit" range:"(0,)"`
	Baseline unit.Duration `yaml:"baseline" doc:"time before the event over which the baseline is the mean" default:"1 h" source:"typical of event programmes, which compare with the hours before" range:"[0,)"`
	Notice   unit.Duration `yaml:"notice" doc:"time from the start of the event until it binds; what is measured against the request begins then" default:"10 min" source:"typical" range:"[0,)"`
	From     unit.Duration `yaml:"from" doc:"start of the event" default:"0 s" range:"[0,)"`
	For      unit.Duration `yaml:"for" doc:"length of the event; 0: to the end" default:"0 s" range:"[0,)"`
	Defer    bool          `yaml:"defer" doc:"no job starts during the event; those that run go on" default:"false"`
	Cap      bool          `yaml:"cap" doc:"GPUs are capped by as much as battery and deferral leave" default:"true"`
}

// Validate checks what tags cannot say.
func (s *DemandResponseSpec) Validate(fail func(path, msg string)) {
	if (s.Limit == nil) == (s.Reduce == nil) {
		fail("limit", "say what is asked for: either limit, a power not to exceed, or reduce, a power to shed")
	}
	if s.For > 0 && s.Notice >= s.For {
		fail("notice", fmt.Sprintf("a notice of %s outlasts the event of %s: it would never bind", s.Notice, s.For))
	}
}

// ActionSpec is one line of the timeline. Exactly one verb is given.
type ActionSpec struct {
	At      unit.Duration     `yaml:"at" doc:"when, from the start" required:"true" range:"[0,)"`
	Fail    string            `yaml:"fail" doc:"selector of what stops working"`
	Repair  string            `yaml:"repair" doc:"selector of what works again"`
	Set     map[string]string `yaml:"set" doc:"selector.field: value"`
	Drain   string            `yaml:"drain" doc:"selector of what takes no new work"`
	Undrain string            `yaml:"undrain" doc:"selector of what takes work again"`
	Submit  *JobSpec          `yaml:"submit" doc:"a job that joins the queue"`
	Note    string            `yaml:"note" doc:"a line for the event log"`
	For     unit.Duration     `yaml:"for" doc:"after which it is undone; 0: it stays" default:"0 s" range:"[0,)"`
}

// Validate checks that one verb is given.
func (s *ActionSpec) Validate(fail func(path, msg string)) {
	n := 0
	for _, given := range []bool{s.Fail != "", s.Repair != "", len(s.Set) > 0, s.Drain != "", s.Undrain != "", s.Submit != nil, s.Note != ""} {
		if given {
			n++
		}
	}
	if n != 1 {
		fail("", "write one of fail, repair, set, drain, undrain, submit or note")
	}
	if s.For > 0 && (s.Repair != "" || s.Undrain != "" || s.Submit != nil || s.Note != "") {
		fail("for", "only fail, set and drain can be undone after a time")
	}
}

// RecordSpec says what is recorded.
type RecordSpec struct {
	Every    unit.Duration `yaml:"every" doc:"time between samples" default:"60 s" range:"(0,)"`
	Channels []string      `yaml:"channels" doc:"channels or patterns (job.*), besides what is recorded anyway: the site's own gauges and, unless things are selected, those of the plant, power and inlet temperature of racks, and states, where a run has at most 500,000 values of one"`
	Select   string        `yaml:"select" doc:"selector of the things whose channels are recorded; empty: all"`
	Influx   *InfluxSpec   `yaml:"influx" doc:"send the samples to an InfluxDB server while the run goes"`
	Lines    bool          `yaml:"line_protocol" doc:"also write the samples as InfluxDB line protocol into the run directory" default:"false"`
}

// InfluxSpec says which InfluxDB server gets the samples. The token is no part of it: it is read from the environment.
type InfluxSpec struct {
	URL       string    `yaml:"url" doc:"address of the server" default:"http://127.0.0.1:8086" source:"port of InfluxDB"`
	Org       string    `yaml:"org" doc:"organisation" default:"halltwin"`
	Bucket    string    `yaml:"bucket" doc:"bucket" default:"halltwin"`
	Levels    []string  `yaml:"levels" doc:"levels that are sent (site, hall, rack, gpu, job …); empty: all that are recorded"`
	MaxSeries int       `yaml:"max_series" doc:"most series that the run may make there; one that would make more is refused" default:"100000" source:"a tenth of what InfluxData advises for a bucket" range:"[1,100000000]"`
	Spool     unit.Data `yaml:"spool" doc:"most disk space that points may take while the server is away" default:"1 GB" range:"[1e6,)"`
}

// ExpectSpec is one target.
type ExpectSpec struct {
	Name   string `yaml:"name" doc:"what the target is called in the verdict"`
	That   string `yaml:"that" doc:"expression over channels and results that must hold" required:"true"`
	Where  string `yaml:"where" doc:"selector of the things that channels in it reduce over"`
	During Window `yaml:"during" doc:"time window that channels in it reduce over, such as 12 h .. 14 h"`
}

// StepSpec bounds the physical step.
type StepSpec struct {
	Calm      unit.Duration `yaml:"calm" doc:"longest step, taken when nothing changes" default:"60 s" range:"[1,3600]"`
	Disturbed unit.Duration `yaml:"disturbed" doc:"step around a disturbance of power or cooling" default:"10 s" range:"[0.1,3600]"`
}
