package record

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
)

// Source says where the values of a run come from. It is the tag `source` of everything recorded.
type Source string

// The sources.
const (
	Simulated Source = "simulated"
	Measured  Source = "measured"
)

// Header opens a recording: what is run, on what site, and what will be recorded.
type Header struct {
	Run      string    // names the run for people; RunName makes it
	Scenario string    // the scenario's name
	About    string    // its line about what is asked
	Variant  string    // the variant's name, or "" for the base
	Seed     uint64    // of every random stream
	Start    time.Time // the moment that simulated time counts from, with its offset
	Duration float64   // s to simulate
	Every    float64   // s between samples
	Source   Source
	Version  string // of halltwin

	Site     *facility.Tree     // names the subjects of frames
	Channels []*channel.Channel // what frames will hold; a sink may refuse others

	Resolved []byte  // the resolved scenario, as it is written to resolved.yaml
	Inputs   []Input // the inputs that matter most, for the report
	Command  string  // reproduces the run: "halltwin run first-run.yaml --seed 7"
}

// RunName is the name of a run of a scenario: "first-run", "first-run.three-crahs", and with a seed when there
// are several.
func RunName(scenario, variant string) string {
	if variant == "" {
		return scenario
	}
	return scenario + "." + variant
}

// ID identifies the run among all others; it is the tag `run` of its points: "first-run.7.1f0a93c2", the name, the
// seed, and a hash of the resolved scenario and the version. A run that is repeated has the same ID and the same
// points, so that writing them again changes nothing; one that differs in anything never overwrites them.
func (h *Header) ID() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n%d\n%s\n", h.Source, h.Version, h.Seed, h.Start.UTC())
	sum.Write(h.Resolved)
	return fmt.Sprintf("%s.%d.%s", h.Run, h.Seed, hex.EncodeToString(sum.Sum(nil)[:4]))
}

// At returns the moment of t seconds after the start.
func (h *Header) At(t float64) time.Time {
	return h.Start.Add(time.Duration(t * float64(time.Second)))
}

// Input is one input of a run that a reader of the report should know.
type Input struct {
	Path   string `json:"path"`   // in the scenario: "site.liquid.supply"
	Label  string `json:"label"`  // for people: "liquid supply temperature"
	Value  string `json:"value"`  // with its unit: "40 degC"
	Origin string `json:"origin"` // where it is written: "first-run.yaml:12", "default", "library"
}

// Frame holds the values of one channel at one instant. A sink must not keep or change its slices.
type Frame struct {
	Time     float64 // s from the start; frames come in order of time
	Channel  *channel.Channel
	Subjects []int32   // indices of Channel.Kind, ascending; nil means all, in order
	Values   []float64 // in Channel.Unit; NaN means unknown
}

// Severity ranks events.
type Severity uint8

// The severities.
const (
	Detail   Severity = iota // every job's start and end: for the file only
	Info                     // what an operator would like to know
	Warning                  // a margin is gone: redundancy, a throttle, a queue
	Critical                 // capacity or work is lost
)

var severityNames = [...]string{"detail", "info", "warning", "critical"}

func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return "unknown"
}

// ParseSeverity finds a severity by its name.
func ParseSeverity(name string) (Severity, bool) {
	for i, n := range severityNames {
		if n == name {
			return Severity(i), true
		}
	}
	return 0, false
}

// Event is one line of the log.
type Event struct {
	Time     float64 // s from the start
	ID       int64   // counts from 1 in a run
	Parent   int64   // the event that caused this one, or 0
	Severity Severity
	Type     string // in the words of the registry: "fail", "job.start", "throttle", "breaker.trip"
	Subject  string // the name of the thing, or of the job
	Text     string // for people: "CRAH failed: 14 % of the hall's airflow is lost"
	Fields   []Field
}

// Field is a detail of an event: a number with its unit, or a text.
type Field struct {
	Key    string
	Number float64
	Unit   string
	Text   string // used when not ""
}

// Num is a numerical field.
func Num(key string, value float64, unit string) Field {
	return Field{Key: key, Number: value, Unit: unit}
}

// Str is a textual field.
func Str(key, text string) Field { return Field{Key: key, Text: text} }

// Sink consumes one recording. Open comes first and Close last, once each; frames and events come in between in
// order of time. After an error a sink gets no more calls than Close, and Close must keep what was written
// before readable. Close gets nil when the run broke off without a summary.
type Sink interface {
	Open(*Header) error
	Frame(*Frame) error
	Event(*Event) error
	Close(*Summary) error
}

// Namer is implemented by sinks that can say where they write, for error messages.
type Namer interface{ Name() string }
