package trace

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/halltwin/halltwin/models/unit"
)

// Spec is a trace of jobs: where it lies, how it is written and how it is laid into the run.
type Spec struct {
	File     string            `yaml:"file" doc:"the trace; a path relative to the scenario or in the library; gzip is seen through" required:"true"`
	Format   string            `yaml:"format" doc:"how the trace is written" enum:"auto,swf,opendc,raps,sacct,slurmdb,philly,helios,acme,openb,eagle,tiresias,csv" default:"auto"`
	With     string            `yaml:"with" doc:"second file: fragments.parquet for opendc, traces.csv for raps; by default the one of that name beside the first"`
	Columns  map[string]string `yaml:"columns" doc:"for tables: our name (id, name, user, queue, submit, start, end, run, limit, gpus, cores, memory, nodes, state, priority, gpu_util, cpu_util, node_list) to the header of the column"`
	Units    map[string]string `yaml:"units" doc:"for tables: our name to the unit of a column's numbers: ms, s, min, h, d, MB, MiB, GB, GiB, percent, milli"`
	Zone     string            `yaml:"zone" doc:"offset of time stamps that have none, such as +08:00" default:"+00:00"`
	Window   *Window           `yaml:"window" doc:"the part of the trace to take"`
	SkipBad  int               `yaml:"skip_bad" doc:"malformed rows to pass over before giving up" default:"0" range:"[0,)"`
	States   []string          `yaml:"states" doc:"take only jobs that ended so: done, failed, cancelled; all when empty"`
	Only     string            `yaml:"only" doc:"take only jobs with or without GPUs" enum:"all,gpu,cpu" default:"all"`
	Class    string            `yaml:"class" doc:"what the jobs are for" enum:"batch,train,service" default:"batch"`
	Replay   bool              `yaml:"replay" doc:"start each job when and where the trace says, whatever the scheduler thinks; needs start times and node lists" default:"false"`
	Absent   string            `yaml:"absent" doc:"node numbers of the trace that do not exist, such as 5248-5375; higher ones move down"`
	TimeGain unit.Ratio        `yaml:"time_scale" doc:"multiplies the time between submissions; run times stay" default:"1" range:"(0,)"`
	Scale    unit.Ratio        `yaml:"scale" doc:"multiplies the number of jobs: 0.5 takes every second one, 3 each three times, spread over the gap to the next" default:"1" range:"(0,1000]"`

	GPUsPerNode    int         `yaml:"gpus_per_node" doc:"GPUs of a node: a larger job becomes a gang of equal parts" default:"8" range:"[1,)"`
	CPUsPerNode    int         `yaml:"cpus_per_node" doc:"processors of a node, for traces that count busy ones (raps)" default:"1" range:"[1,)"`
	CoresPerNode   int         `yaml:"cores_per_node" doc:"cores of a node: a larger CPU job becomes a gang; 0: swf jobs are gangs of single cores, others one part" default:"0" range:"[0,)"`
	Processors     string      `yaml:"processors" doc:"what the processors of an swf trace are" enum:"cpu,gpu" default:"cpu"`
	WalltimeFactor unit.Ratio  `yaml:"walltime_factor" doc:"time limit of jobs whose trace states none, in run times; 0: no limit" default:"0" range:"[0,)"`
	Utilization    Utilization `yaml:"utilization" doc:"of jobs whose trace does not tell"`
}

// Utilization is how busy jobs keep what they hold.
type Utilization struct {
	GPU unit.Ratio `yaml:"gpu" doc:"mean GPU utilisation" default:"90 %" source:"typical of training jobs; Philly's mean was 52 % (Jeon et al., ATC 2019)" range:"[0,1]"`
	CPU unit.Ratio `yaml:"cpu" doc:"mean utilisation of the demanded cores" default:"50 %" source:"typical" range:"[0,1]"`
}

// Window is a span of a trace; its beginning becomes the zero of the run.
type Window struct {
	From Point `yaml:"from" doc:"first submission to take: a time since the trace's zero, or a time stamp with an offset"`
	To   Point `yaml:"to" doc:"end, not included, in the same form"`
}

// Point is an instant of a trace as it is written: a time since its zero ("36 h") or a time stamp with an offset
// ("2017-10-03T00:00:00-07:00"). Empty means unset.
type Point string

// UnmarshalText checks the form.
func (p *Point) UnmarshalText(text []byte) error {
	*p = Point(strings.TrimSpace(string(text)))
	_, _, err := p.parse()
	return err
}

// parse returns the time stamp, or s since the zero where the time stamp is zero.
func (p Point) parse() (stamp time.Time, since float64, err error) {
	if stamp, err = time.Parse(time.RFC3339, string(p)); err == nil {
		return stamp, 0, nil
	}
	d, err := unit.Parse[unit.Duration](string(p))
	if err != nil {
		err = fmt.Errorf("%q is neither a time since the trace's zero (36 h) nor a time stamp with an offset (2017-10-03T00:00:00-07:00)", string(p))
	}
	return time.Time{}, float64(d), err
}

// Validate reports what tags cannot say.
func (s *Spec) Validate(fail func(path, msg string)) {
	if _, _, err := zoneOffset(s.Zone); err != nil {
		fail("zone", err.Error())
	}
	for i, state := range s.States {
		if _, ok := outcomes[strings.ToLower(state)]; !ok {
			fail(fmt.Sprintf("states[%d]", i), fmt.Sprintf("unknown state %q: write done, failed or cancelled", state))
		}
	}
	for _, name := range sortedKeys(s.Columns) {
		if _, ok := fieldNamed(name); !ok {
			fail("columns."+name, fmt.Sprintf("unknown name: write one of %s", strings.Join(fieldNames(), ", ")))
		}
	}
	for _, name := range sortedKeys(s.Units) {
		if _, ok := fieldNamed(name); !ok {
			fail("units."+name, fmt.Sprintf("unknown name: write one of %s", strings.Join(fieldNames(), ", ")))
		} else if _, ok := unitFactors[s.Units[name]]; !ok {
			fail("units."+name, fmt.Sprintf("unknown unit %q: write one of %s", s.Units[name], strings.Join(sortedKeys(unitFactors), ", ")))
		}
	}
	if s.Replay && s.Scale != 0 && s.Scale != 1 {
		fail("scale", "a replayed placement cannot be multiplied: leave out scale or replay")
	}
	if _, err := parseRanges([]byte(s.Absent), nil, math.MaxInt32); err != nil {
		fail("absent", err.Error())
	}
	if w := s.Window; w != nil && w.From != "" && w.To != "" {
		from, since, err1 := w.From.parse()
		to, until, err2 := w.To.parse()
		if err1 == nil && err2 == nil && from.IsZero() == to.IsZero() && !from.Before(to) && since >= until {
			fail("window.to", "the window ends before it begins")
		}
	}
}

// withDefaults returns a copy in which everything that was left out holds its default, for callers that fill a
// Spec in Go.
func (s *Spec) withDefaults() *Spec {
	c := *s
	if c.Format == "" {
		c.Format = "auto"
	}
	if c.TimeGain == 0 {
		c.TimeGain = 1
	}
	if c.Scale == 0 {
		c.Scale = 1
	}
	if c.GPUsPerNode == 0 {
		c.GPUsPerNode = 8
	}
	if c.CPUsPerNode == 0 {
		c.CPUsPerNode = 1
	}
	if c.Utilization == (Utilization{}) {
		c.Utilization = Utilization{GPU: 0.9, CPU: 0.5}
	}
	return &c
}

// zoneOffset reads an offset such as +08:00 and returns s east of Greenwich. set is false where none is given.
func zoneOffset(text string) (sec float64, set bool, err error) {
	if text == "" {
		return 0, false, nil
	}
	sec, zoned, ok := parseOffset([]byte(text))
	if !ok || !zoned {
		return 0, false, fmt.Errorf("zone %q is no offset: write +08:00, -05:00 or Z", text)
	}
	return sec, true, nil
}

// parseRanges appends the numbers of "0-5247 5376-9599" or "0-3,7" to list. It refuses more than limit numbers.
func parseRanges(b []byte, list []int32, limit int) ([]int32, error) {
	for i := 0; i < len(b); {
		if b[i] == ' ' || b[i] == ',' || b[i] == ';' {
			i++
			continue
		}
		from, next := rangeNumber(b, i)
		if next == i {
			return nil, fmt.Errorf("%s is no list of node numbers such as 0-127 256", quote(b))
		}
		to := from
		i = next
		if i < len(b) && b[i] == '-' {
			to, next = rangeNumber(b, i+1)
			if next == i+1 || to < from {
				return nil, fmt.Errorf("%s is no list of node numbers such as 0-127 256", quote(b))
			}
			i = next
		}
		if int(to-from)+1 > limit-len(list) {
			return nil, fmt.Errorf("%s names more than %s nodes", quote(b), strconv.Itoa(limit))
		}
		if list == nil && limit == math.MaxInt32 { // the caller only checks
			continue
		}
		for n := from; n <= to; n++ {
			list = append(list, n)
		}
	}
	return list, nil
}

func rangeNumber(b []byte, i int) (int32, int) {
	n := int64(0)
	from := i
	for i < len(b) && isDigit(b[i]) && i-from < 9 {
		n = n*10 + int64(b[i]-'0')
		i++
	}
	return int32(n), i
}
