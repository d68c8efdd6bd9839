package workload

import (
	"fmt"
	"strings"

	"github.com/halltwin/halltwin/models/unit"
)

// Interval is a run time between checkpoints in s, or the rule that chooses it.
type Interval float64

// The rules.
const (
	Auto    Interval = 0  // ByDaly
	Never   Interval = -1 //
	ByYoung Interval = -2 // Young's optimum of first order
	ByDaly  Interval = -3 // Daly's of higher order
	Optimal Interval = -4 // exact, under what the run has seen
)

var rules = map[Interval]string{Auto: "auto", Never: "never", ByYoung: "young", ByDaly: "daly", Optimal: "optimal"}

// UnmarshalText reads a rule or a duration.
func (i *Interval) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	for _, rule := range [...]Interval{Auto, Never, ByYoung, ByDaly, Optimal} {
		if rules[rule] == s {
			*i = rule
			return nil
		}
	}
	v, err := unit.Parse[unit.Duration](s)
	switch {
	case err == nil && v == 0:
		*i = Never
	case err != nil || v < 1:
		return fmt.Errorf("%q is no interval of checkpoints: write auto, young, daly, optimal, never, or a duration of 1 s or more, such as 30 min", s)
	default:
		*i = Interval(v)
	}
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (i Interval) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

func (i Interval) String() string {
	if name, ok := rules[i]; ok {
		return name
	}
	return unit.DurationKind.Format(float64(i), 0)
}

// StoreSpec is where checkpoints go, instead of a stated cost.
type StoreSpec struct {
	Tiers []TierSpec `yaml:"tiers" doc:"where checkpoints go, the fastest first: memory of the job's nodes and names of site.storage. A restart reads from the first that still has the latest; without tiers, cost and bandwidth say all"`
	Keep  int        `yaml:"keep" doc:"checkpoints that the job keeps in each distributed or object storage" default:"2" source:"typical" range:"[1,)"`
}

// TierSpec is one of the places where checkpoints go.
type TierSpec struct {
	In     string `yaml:"in" doc:"memory, or the name of one of site.storage" required:"true"`
	Nth    int    `yaml:"nth" doc:"every how many checkpoints go there" default:"1" range:"[1,)"`
	Copies int    `yaml:"copies" doc:"of memory and local drives: how many other nodes of the job keep a copy of each node's part" default:"1" source:"Gemini, SOSP 2023: two copies in all" range:"[0,16]"`
}

// Validate checks what tags cannot say.
func (s *StoreSpec) Validate(fail func(path, msg string)) {
	seen := map[string]bool{}
	for i := range s.Tiers {
		t := &s.Tiers[i]
		if seen[t.In] {
			fail(fmt.Sprintf("tiers[%d].in", i), fmt.Sprintf("%s is there twice", t.In))
		}
		seen[t.In] = true
		if i == 0 && t.Nth > 1 {
			fail("tiers[0].nth", "every checkpoint goes to the first tier: leave nth out, and choose a longer interval")
		}
		if i > 0 && t.Nth < s.Tiers[i-1].Nth {
			fail(fmt.Sprintf("tiers[%d].nth", i), "a slower tier is not written more often than a faster one: write at least what stands before it")
		}
	}
}

// DataSpec is where a job reads its data from.
type DataSpec struct {
	From   string          `yaml:"from" doc:"name of one of site.storage" required:"true"`
	Read   *unit.Bandwidth `yaml:"read" doc:"bandwidth that the job needs to run at full speed" range:"(0,)"`
	Sample *unit.Data      `yaml:"sample" doc:"size of one sample of a training run, instead of read" range:"(0,)"`
}

// Validate checks what tags cannot say.
func (s *DataSpec) Validate(fail func(path, msg string)) {
	if (s.Read == nil) == (s.Sample == nil) {
		fail("read", "say how fast data are needed: either read, a bandwidth, or sample, the size of a sample of a training run")
	}
}

// HostMemory is the pool of a [Tier] in the memory of a job's nodes.
const HostMemory = -1

// Store is how a job's checkpoints go through storage: immutable.
type Store struct {
	Tiers    []Tier
	Keep     int32    // checkpoints in each pool
	Rule     Interval // that chooses the interval
	Every    float64  // s of run time between checkpoints at the start; 0: never
	Least    float64  // s that it never falls below
	Snapshot float64  // s that each one blocks the job: barrier, and the copy to host memory
	Sync     bool     // the job waits until its first tier has it
	Size     float64  // B of all nodes
	Rate     float64  // interruptions of the job, as far as they are known beforehand, 1/s
	Near     float64  // s until memory and local drives have it
	Expected float64  // s until its first tier has it, when nothing else wants the storage
	Reading  float64  // s to read it from there, likewise
}

// Tier is one of its places.
type Tier struct {
	Pool   int32 // of the site's storage, or [HostMemory]
	Nth    int32
	Near   bool    // on the job's nodes: Write, Read and Fetch hold, whatever others do
	Copies int     // on other nodes
	Write  float64 // s
	Read   float64 // s, of each node's own part
	Fetch  float64 // s, of a part from another node
}

// Data is what a job reads while it runs.
type Data struct {
	Pool int32   // of the site's storage
	Rate float64 // B/s at full speed
	Most float64 // B/s that local drives give; 0 for a pool that jobs share
}

// Survives reports whether each part of a checkpoint is still on a node, when those of the job that are marked have lost theirs.
// The copies of a part lie on nodes as far from it and from each other as there are, so that neighbours, who share racks, do
// not keep them for each other.
func Survives(gone []bool, copies int) bool {
	n := len(gone)
	copies = min(copies, n-1)
	for i := range gone {
		kept := false
		for c := range copies + 1 {
			kept = kept || !gone[(i+c*max(1, n/(copies+1)))%n]
		}
		if !kept {
			return false
		}
	}
	return true
}
