package wire

import (
	"encoding/json"
	"math"
	"time"

	"github.com/halltwin/halltwin/twin/record"
)

// Number is a float64 that is null in JSON when it is unknown or infinite.
type Number float64

// MarshalJSON writes null for what JSON cannot say.
func (n Number) MarshalJSON() ([]byte, error) {
	if v := float64(n); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads null as unknown.
func (n *Number) UnmarshalJSON(b []byte) error {
	v := math.NaN()
	if string(b) != "null" {
		if err := json.Unmarshal(b, &v); err != nil {
			return err
		}
	}
	*n = Number(v)
	return nil
}

// Server says who serves and who asks.
//
//	{"version":"0.1.0","protocol":1,"login":true,"role":"","who":"","run":"first-run"}
type Server struct {
	Version  string `json:"version"`
	Protocol int    `json:"protocol"`
	Login    bool   `json:"login"`         // tokens are asked for here
	Role     string `json:"role"`          // "viewer", "operator", or "" before the login
	Who      string `json:"who"`           // the name of the token, "local" without tokens
	Run      string `json:"run,omitempty"` // to show first
}

// RunInfo is a run of the catalogue.
//
//	{"id":"first-run","name":"first-run","mode":"TWIN","source":"simulated","scenario":"first-run","about":"…","seed":1,
//	 "start":"2025-07-15T00:00:00-05:00","duration_s":86400,"every_s":60,"head_s":51840,"state":"running","speed":600,
//	 "version":"0.1.0","live":true,"verdict":"","counts":{"rack":16,"gpu":512}}
type RunInfo struct {
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Mode     string         `json:"mode"`
	Source   record.Source  `json:"source"`
	Scenario string         `json:"scenario"`
	About    string         `json:"about,omitempty"`
	Variant  string         `json:"variant,omitempty"`
	Seed     uint64         `json:"seed"`
	Start    time.Time      `json:"start"`
	Duration float64        `json:"duration_s"`
	Every    float64        `json:"every_s"`
	Head     float64        `json:"head_s"`
	State    string         `json:"state"`
	Speed    float64        `json:"speed"`
	Version  string         `json:"version"`
	Command  string         `json:"command,omitempty"` // reproduces it
	Live     bool           `json:"live"`              // it can be acted upon and controlled
	CanFork  bool           `json:"can_fork"`
	Verdict  record.Verdict `json:"verdict,omitempty"`
	Reason   string         `json:"reason,omitempty"` // why it broke, or cannot be forked
	Base     string         `json:"base,omitempty"`   // of a fork: the run that it left
	Forked   float64        `json:"forked_s,omitempty"`
	Actions  []string       `json:"actions,omitempty"`  // of a fork: what was done there, as timeline entries
	Measured string         `json:"measured,omitempty"` // of a twin beside a real site: the run of what is measured there
	Twin     string         `json:"twin,omitempty"`     // of that run: the twin
	Counts   map[string]int `json:"counts"`             // things by kind
	Inputs   []record.Input `json:"inputs,omitempty"`   // in GET …/runs/RUN only
}

// Site is the map of a run's site. The name of a thing is that of its parent, "/" and its own part, which is a name of its
// own if Names has one that is not "", else KIND-n with n counted within the parent; the site itself is not part of it.
//
//	{"name":"first hall","levels":[
//	   {"kind":"hall","parent":"site","count":1,"counts":[[1,1]]},
//	   {"kind":"rack","parent":"row","count":16,"counts":[[2,8]],"models":["dgx-h100"],"model":[[16,0]]}],
//	 "floor":{"pitch":0.6,"depth":1.2,"halls":[{"x":0,"y":0,"w":12,"d":9}],
//	   "rows":{"x":[1.8,1.8],"y":[2.4,4.8],"facing":[0,1]},
//	   "equipment":[{"kind":"crah","x":[0.3,0.3],"y":[2,4],"w":0.9,"d":2}]}}
type Site struct {
	Name   string  `json:"name"`
	Levels []Level `json:"levels"` // parents before children
	Floor  *Floor  `json:"floor"`
}

// Level is the things of one kind, in order.
type Level struct {
	Kind   string   `json:"kind"`
	Number uint8    `json:"number"` // of the kind, as in frames
	Parent string   `json:"parent"`
	Count  int      `json:"count"`
	Counts [][2]int `json:"counts"`           // children by parent, packed: [how many parents, how many children each]
	Names  []string `json:"names,omitempty"`  // own names by thing, may be shorter
	Models []string `json:"models,omitempty"` // hardware types
	Model  [][2]int `json:"model,omitempty"`  // by thing, packed: [how many things, index into models or -1]
}

// Floor is a plan drawn from the counts alone, in metres: scenarios do not say where things stand. Rack i of a row stands
// at (x + i × pitch, y), is pitch wide and depth deep; facing is 0 when its front, and cold aisle, is at smaller y, else 1.
type Floor struct {
	Width     float64     `json:"w"`
	Depth     float64     `json:"d"`
	Pitch     float64     `json:"pitch"`
	RackDepth float64     `json:"depth"`
	Halls     []Rectangle `json:"halls"` // by hall
	Rows      Rows        `json:"rows"`
	Equipment []Placed    `json:"equipment"`
}

// Rectangle is an area of the floor.
type Rectangle struct {
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	Width float64 `json:"w"`
	Depth float64 `json:"d"`
}

// Rows says by row where its first rack stands.
type Rows struct {
	X      []float64 `json:"x"`
	Y      []float64 `json:"y"`
	Facing []int     `json:"facing"`
}

// Placed is the equipment of one kind, by thing; all of the same size.
type Placed struct {
	Kind  string    `json:"kind"`
	X     []float64 `json:"x"`
	Y     []float64 `json:"y"`
	Width float64   `json:"w"`
	Depth float64   `json:"d"`
}

// Registry is what is recorded of a run, and what can be done.
type Registry struct {
	Channels []Channel `json:"channels"`
	Settings []Setting `json:"settings"`
	Verbs    []Verb    `json:"verbs"`
	States   []State   `json:"states"` // what the values of channels called KIND.state mean
	Kinds    []string  `json:"kinds"`  // by the number of a level in frames
}

// Channel is one channel of a run.
//
//	{"id":4,"name":"rack.inlet_temperature","unit":"degC","symbol":"°C","kind":"rack","type":"gauge","reduce":"max",
//	 "doc":"Temperature of the air that enters the rack.","provenance":"modelled","thresholds":[{"at":27,"above":true,
//	 "severity":"warning","doc":"ASHRAE recommended, class A1"}]}
type Channel struct {
	ID         uint16      `json:"id"`
	Name       string      `json:"name"`
	Unit       string      `json:"unit"`
	Symbol     string      `json:"symbol"` // the unit as people write it
	Kind       string      `json:"kind"`
	Type       string      `json:"type"`   // gauge, counter, total
	Reduce     string      `json:"reduce"` // sum, max, min, mean, last: how many subjects become one
	Doc        string      `json:"doc"`
	Provenance string      `json:"provenance"` // measured, calibrated, modelled, typical
	Low        *Number     `json:"low,omitempty"`
	High       *Number     `json:"high,omitempty"` // a scale that suits it at all times, where one is known
	Thresholds []Threshold `json:"thresholds,omitempty"`
}

// Threshold is a value beyond which a channel is of concern.
type Threshold struct {
	At       float64 `json:"at"`
	Above    bool    `json:"above"` // of concern above it, else below
	Severity string  `json:"severity"`
	Doc      string  `json:"doc"`
}

// Setting is something that can be set.
type Setting struct {
	Kind  string  `json:"kind"`
	Field string  `json:"field"`
	Unit  string  `json:"unit"`
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
	Doc   string  `json:"doc"`
}

// Verb is something that can be done with things of the kinds.
type Verb struct {
	Name  string   `json:"name"`
	Kinds []string `json:"kinds"`
}

// State is a state of a thing, by the value of its channel KIND.state. Higher is worse.
type State struct {
	Value int    `json:"value"`
	Name  string `json:"name"` // "works", "drained", …
	Doc   string `json:"doc"`
}

// Values is what is known of one thing at one time: exact, of the last sample not after t.
//
//	{"subject":"hall-0/row-1/rack-3","kind":"rack","index":11,"t":43200,"model":"dgx-h100","values":[
//	  {"channel":"rack.power","value":38211.7,"unit":"W","t":43200,"provenance":"modelled"}]}
type Values struct {
	Subject string  `json:"subject"`
	Kind    string  `json:"kind"`
	Index   int32   `json:"index"`
	Model   string  `json:"model,omitempty"`
	T       float64 `json:"t"`
	Values  []Value `json:"values"`
}

// Value is one value.
type Value struct {
	Channel    string  `json:"channel"`
	Value      Number  `json:"value"`
	Unit       string  `json:"unit"`
	T          float64 `json:"t"` // of the sample
	Provenance string  `json:"provenance"`
}

// History is a channel in time, of one thing, or over all things of a level, reduced as the channel says. Buckets have equal
// length; those without a sample are left out. If there are no more samples than points asked for, each is a bucket.
//
//	{"channel":"rack.power","subject":"hall-0/row-1/rack-3","unit":"W","from":0,"to":86400,"bucket_s":900,"exact":false,
//	 "t":[0,900],"min":[38000,38100],"max":[39000,38900],"mean":[38500,38400],"command":"halltwin …"}
type History struct {
	Channel string    `json:"channel"`
	Subject string    `json:"subject"`
	Unit    string    `json:"unit"`
	Reduce  string    `json:"reduce,omitempty"` // if over several things
	From    float64   `json:"from"`
	To      float64   `json:"to"`
	Bucket  float64   `json:"bucket_s"`
	Exact   bool      `json:"exact"` // every bucket is one sample
	T       []float64 `json:"t"`     // begin of the bucket, or the time of the sample
	Min     []Number  `json:"min"`
	Max     []Number  `json:"max"`
	Mean    []Number  `json:"mean"`
	Command string    `json:"command,omitempty"` // makes the run again, and with it these values
}

// Events is a part of the log, in order; more than was asked for is told by More. An event is as in events.jsonl, with kind and
// index of its subject where it is one thing of the site:
//
//	{"t_s":43200,"at":"2025-07-15T12:00:00-05:00","id":17,"parent":12,"severity":"warning","type":"fail",
//	 "subject":"crah-0","kind":"crah","index":0,"text":"fails (timeline)","fields":[{"key":"repair","value":3600,"unit":"s"}]}
type Events struct {
	Events []json.RawMessage `json:"events"`
	Total  int               `json:"total"` // that match
	More   bool              `json:"more"`
}

// Ticks is the log at a glance.
type Ticks struct {
	Bucket float64          `json:"bucket_s"`
	Counts map[string][]int `json:"counts"` // by severity, by bucket; detail is left out
	Faults []Tick           `json:"faults"` // warnings and worse in order, thinned to the worst where there are many
}

// Tick is one event on the time line.
type Tick struct {
	T        float64 `json:"t"`
	ID       int64   `json:"id"`
	Severity string  `json:"severity"`
	Type     string  `json:"type"`
	Subject  string  `json:"subject"`
	Text     string  `json:"text"`
}

// Jobs is the work of a run between two times. Rows are left out where they are more than asked for; Density always holds.
// What they say of a moment is of "at", or of "to" where that is not given; index asks for one job alone.
type Jobs struct {
	From    float64 `json:"from"`
	To      float64 `json:"to"`
	Total   int     `json:"total"` // that match
	Rows    []Job   `json:"rows"`
	Density Density `json:"density"`
}

// Job is one row of the Gantt chart. Times are null where they are not (yet) so.
//
//	{"index":17,"name":"llama-70b-3","class":"train","user":"ann","gpus":512,"submit":0,"start":60,"end":null,
//	 "state":"running","restarts":1,"segments":[[60,4000],[4300,null]],"speed":0.93,"why":"…"}
type Job struct {
	Index    int32       `json:"index"`
	Name     string      `json:"name"`
	Class    string      `json:"class,omitempty"`
	User     string      `json:"user,omitempty"`
	Queue    string      `json:"queue,omitempty"`
	GPUs     float64     `json:"gpus"`
	Submit   Number      `json:"submit"`
	Start    Number      `json:"start"`
	End      Number      `json:"end"`
	State    string      `json:"state"` // pending, queued, running, done, failed, cancelled
	Restarts int         `json:"restarts"`
	Segments [][2]Number `json:"segments"`        // when it ran
	Speed    Number      `json:"speed"`           // at the moment, share of full speed
	Why      string      `json:"why,omitempty"`   // why it waits then
	Slow     string      `json:"slow,omitempty"`  // why it is slow then
	Nodes    [][2]int32  `json:"nodes,omitempty"` // index ranges of nodes that it holds then, [lo, hi), where that is known
}

// Density is how much is done by time, for when bars are too many. Values are means over the bucket.
type Density struct {
	Bucket  float64  `json:"bucket_s"`
	Running []Number `json:"running"` // jobs
	Queued  []Number `json:"queued"`
	Busy    []Number `json:"busy"` // GPUs
}

// Act asks for an action.
type Act struct {
	Verb     string          `json:"verb"`
	Selector string          `json:"selector,omitempty"`
	Field    string          `json:"field,omitempty"` // set
	Value    string          `json:"value,omitempty"` // set: with its unit
	For      string          `json:"for,omitempty"`   // with its unit; for good if left out
	Job      json.RawMessage `json:"job,omitempty"`   // submit: a job as a scenario states it, {"name":"probe","gpus":8,"work":"2 h"}
	Text     string          `json:"text,omitempty"`  // why; the text of a note
	At       *float64        `json:"at,omitempty"`    // of a fork's actions, and of a dry run: when, instead of now
	Dry      bool            `json:"dry,omitempty"`
}

// Acted says what was done.
type Acted struct {
	At      float64 `json:"at"`
	Line    string  `json:"line"`
	Targets int     `json:"targets"`
	Done    bool    `json:"done"`
}

// Control changes how a run goes: {"do":"pause"}, {"do":"resume"}, {"do":"step"} to the next sample, {"do":"speed","speed":600},
// {"do":"stop"}.
type Control struct {
	Do    string  `json:"do"`
	Speed float64 `json:"speed,omitempty"` // simulated seconds a second; 0: as fast as it can
}

// Forking asks for a fork.
type Forking struct {
	T       *float64 `json:"t,omitempty"` // now if left out
	Until   *float64 `json:"until,omitempty"`
	Name    string   `json:"name,omitempty"`
	Actions []Act    `json:"actions,omitempty"`
}

// Comparison is what the command compare says, of two runs.
type Comparison struct {
	A        string          `json:"a"`
	B        string          `json:"b"`
	Inputs   []Difference    `json:"inputs"`             // that differ
	Diverges *Divergence     `json:"diverges,omitempty"` // the first moment at which they do
	KPIs     []KPIDifference `json:"kpis"`
	Notes    []string        `json:"notes,omitempty"` // such as that one of them has not finished
	Command  string          `json:"command"`
}

// Difference is an input that differs.
type Difference struct {
	Path string `json:"path"`
	A    string `json:"a"`
	B    string `json:"b"`
}

// Divergence is where two runs part.
type Divergence struct {
	T    float64 `json:"t"`
	Text string  `json:"text"`
}

// KPIDifference is a figure of both.
type KPIDifference struct {
	Group      string `json:"group"`
	Key        string `json:"key"`
	Label      string `json:"label"`
	Unit       string `json:"unit"`
	A          Number `json:"a"`
	B          Number `json:"b"`
	Difference Number `json:"difference"`
	Percent    Number `json:"percent"` // null where a is 0
	Provenance string `json:"provenance"`
}

// File is one file of a run.
type File struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	About string `json:"about,omitempty"`
}

// Now is how the plant stands at a time.
//
//	{"t":43200,"total":1,"faults":[{"kind":"crah","index":0,"subject":"hall-0/crah-0","state":"failed",
//	 "since":43200,"event":17}],"ups":[{"index":0,"subject":"ups-0","autonomy_s":540,"charge":0.98,"state":"works"}]}
type Now struct {
	T      float64                   `json:"t"`
	Faults []Fault                   `json:"faults"` // things that do not work, the worst first, at most 200
	Total  int                       `json:"total"`  // of them
	UPS    []Autonomy                `json:"ups"`
	Counts map[string]map[string]int `json:"counts"` // by kind, by name of the state
}

// Fault is a thing that does not work.
type Fault struct {
	Kind    string `json:"kind"`
	Index   int32  `json:"index"`
	Subject string `json:"subject"`
	State   string `json:"state"`
	Since   Number `json:"since"`           // of the event, null where none names it
	Event   int64  `json:"event,omitempty"` // that tells of it
}

// Autonomy is what a UPS has left.
type Autonomy struct {
	Index    int32  `json:"index"`
	Subject  string `json:"subject"`
	State    string `json:"state"`
	Charge   Number `json:"charge"`
	Autonomy Number `json:"autonomy_s"`
}
