package workload

import "github.com/halltwin/halltwin/models/fabric"

// Resource is one coordinate of a demand vector.
type Resource uint8

// The resources of a node, in the order of a [Vector].
const (
	GPU     Resource = iota // devices
	CPU                     // cores
	Memory                  // B
	Storage                 // B of node-local scratch or of the job's share of a pool
	Network                 // B/s
	NumResources
)

// Vector is an amount of each resource: what a part demands or what a node has.
type Vector [NumResources]float64

// Add returns v + w.
func (v Vector) Add(w Vector) Vector {
	for i := range v {
		v[i] += w[i]
	}
	return v
}

// Sub returns v - w.
func (v Vector) Sub(w Vector) Vector {
	for i := range v {
		v[i] -= w[i]
	}
	return v
}

// Fits reports whether v is at most w in every coordinate.
func (v Vector) Fits(w Vector) bool {
	for i := range v {
		if v[i] > w[i] {
			return false
		}
	}
	return true
}

// Class is what a job is for; it decides which model gives its speed and its service level.
type Class uint8

// The classes.
const (
	Batch   Class = iota // runs for a stated work time
	Train                // a training run with a step-time model and checkpoints
	Service              // an inference service: holds its nodes for the whole run
)

// Outcome is how a job ends when no failure of the site and no walltime ends it first.
type Outcome uint8

// The outcomes. A job that fails by its own fault or is cancelled by its user does so after Work.
const (
	Done Outcome = iota
	Failed
	Cancelled
)

// Util is how busy a job keeps what it holds: fractions of its demanded GPUs and CPU cores, 0 to 1.
type Util struct {
	GPU, CPU float64
	Memory   float64 // activity of the GPU memory; only the activity power model reads it
}

// Checkpoint says how a job saves its progress. All times are in s; the zero value never saves.
type Checkpoint struct {
	Every   float64 // between the starts of two checkpoints, of running time
	Cost    float64 // during which the job makes no progress (a blocking write)
	Restart float64 // from the restart of a failed job until it makes progress again
}

// Exchange is what the nodes of a job tell each other. Nil is nothing that counts.
type Exchange struct {
	Each           float64 // B/s that a node sends while transfers are under way
	Mesh           bool    // all nodes talk with all, not with neighbours in rings
	Stride         int     // of the rings: how many nodes further on the next one lies
	fabric.Profile         // what the transfers take of its time
}

// Job is one piece of work as it was submitted. Times are s from the start of the run.
type Job struct {
	ID       string // as its trace names it
	Name     string
	User     string
	Queue    string
	Class    Class
	Submit   float64   // may be negative: it was waiting when the run began
	Parts    int32     // members of the gang, at least 1
	Part     Vector    // demand of each member
	Whole    bool      // each part holds a whole node
	Work     float64   // s of progress at full speed
	Before   float64   // s of Work done before the run began
	Walltime float64   // s after which it is killed; 0: no limit. Backfill trusts it; where 0, it trusts Work
	Priority float64   // larger is more urgent
	Outcome  Outcome   // how it ends after Work, when left alone
	Util     Util      // when Profile < 0
	Profile  int32     // index in Set.Profiles, or -1
	Exchange *Exchange // what its nodes tell each other
	Checkpoint
	Store *Store // how its checkpoints go through storage, instead of Every and Cost; nil: those say all
	Data  *Data  // what it reads while it runs; nil: nothing that counts

	Elastic *Elastic // between which sizes it runs, where the scheduler changes sizes; nil: Parts alone

	Standby     bool // a replica of a service that joins the queue only when the service asks for it
	Preemptible bool // a replica of a service that the scheduler may take GPUs from

	Pinned bool    // a replayed placement: starts at Start on Nodes, whatever the scheduler thinks
	Start  float64 // when Pinned
	Nodes  []int32 // when Pinned: one node a part
}

// Estimate returns the run time that a scheduler may count on, in s.
func (j *Job) Estimate() float64 {
	if j.Walltime > 0 {
		return j.Walltime
	}
	return j.Work - j.Before
}

// GPUs returns the number of GPUs of the whole gang.
func (j *Job) GPUs() float64 { return float64(j.Parts) * j.Part[GPU] }

// Profile is utilisation as a step function of a job's progress (s of work done). Segment i holds GPU[i], CPU[i]
// until End[i], or until (i+1)*Quantum where End is nil; the last segment holds for ever. A nil GPU or CPU is
// zero throughout. The slices of many profiles may share one backing array.
type Profile struct {
	Quantum float64
	End     []float64
	GPU     []float32
	CPU     []float32
}

// Len returns the number of segments.
func (p *Profile) Len() int { return max(len(p.GPU), len(p.CPU)) }

// EndOf returns the progress at which segment i ends.
func (p *Profile) EndOf(i int32) float64 {
	if p.End != nil {
		return p.End[i]
	}
	return float64(i+1) * p.Quantum
}

// Util returns the utilisation of segment i.
func (p *Profile) Util(i int32) Util {
	var u Util
	if p.GPU != nil {
		u.GPU = float64(p.GPU[i])
	}
	if p.CPU != nil {
		u.CPU = float64(p.CPU[i])
	}
	return u
}

// Seek moves cursor to the segment that holds at the given progress and returns it, at a step a segment in either
// direction. Any cursor is a correct beginning.
func (p *Profile) Seek(cursor int32, progress float64) int32 {
	last := int32(p.Len() - 1)
	cursor = min(max(cursor, 0), last)
	for cursor > 0 && progress < p.EndOf(cursor-1) {
		cursor--
	}
	for cursor < last && progress >= p.EndOf(cursor) {
		cursor++
	}
	return cursor
}

// Set is the work of one run: jobs in order of submission, ties in the order of their source.
type Set struct {
	Jobs     []Job
	Profiles []Profile
}
