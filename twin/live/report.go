package live

import (
	"math"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/reading"
	"github.com/halltwin/halltwin/twin"
)

// Report is how the twin and its site stand to one another.
type Report struct {
	At        float64 // s since 1970
	World     float64 // s of the world
	Lag       float64 // s that the world is behind
	Progress  twin.Progress
	Sources   []SourceReport
	Matches   []Match
	Silent    int // nodes of the site of which no source tells
	Conflicts []string
	Held      []Held
	Late      int // readings that came too late to teach anything; they are in the log
	Channels  []ChannelReport
	Running   int // jobs that schedulers say run
	Waiting   int
	Missed    int // jobs that came and went between two looks
	Alarms    []string
	Score     Score
	Adrift    int // jobs that schedulers say run and that the twin does not
	Returns   int // times that another process went on with the twin
}

// SourceReport is how a source is.
type SourceReport struct {
	Name   string
	Good   float64 // s since it answered; +Inf: never
	Fault  string
	Faults int // times that it went away
	Values int // readings that counted
}

// ChannelReport compares a channel.
type ChannelReport struct {
	Name     string
	Subjects int     // measured now
	Of       int     // on the site
	Measured float64 // sum or mean over those measured now
	Model    float64 // of the bare model, over the same
	Expected float64 // corrected by what was learnt
	Residual float64 // root mean square of measured less expected, of all readings, each expected before it came
	Input    bool    // it is handed to the model: nothing to compare
}

// Report tells how things stand.
func (t *Twin) Report() *Report {
	r := &Report{At: t.now, World: t.world.Now(), Lag: max(0, t.now-t.start-t.world.Now()), Progress: t.world.Progress(), Held: t.sieve.report(), Late: t.sieve.late, Returns: t.returns,
		Conflicts: append([]string(nil), t.mapping.conflicts...)}
	r.Matches, r.Silent = t.mapping.report()
	for i := range r.Matches {
		m := &r.Matches[i]
		m.Age = math.Inf(1)
		if h := t.hosts[m.Host]; h != nil {
			m.Age, m.Silent = t.now-h.at, h.silent
		}
	}
	for _, name := range t.names {
		s := t.sources[name]
		x := SourceReport{Name: name, Good: math.Inf(1), Fault: s.fault, Faults: s.faults, Values: s.values}
		if s.answered {
			x.Good = t.now - s.good
		}
		r.Sources = append(r.Sources, x)
		r.Missed += s.missed
	}
	r.Score = t.prophet.score()
	for _, k := range t.order {
		x := t.jobs[k]
		switch {
		case x.over:
		case x.seen.Phase == reading.Running:
			r.Running++
			if x.number < 0 || t.world.Phase(x.number) != twin.Running {
				r.Adrift++
			}
		default:
			r.Waiting++
		}
	}
	for _, name := range t.metered {
		m := t.meters[name]
		m.model = t.world.Values(m.ch, m.model)
		r.Channels = append(r.Channels, m.report(t.now))
		for i, d := range m.drift {
			if d.on {
				r.Alarms = append(r.Alarms, t.plan.Tree.NameOf(facility.Ref{Kind: m.ch.Kind, Index: int32(i)})+": "+m.ch.Name)
			}
		}
	}
	cpu := ChannelReport{Name: "cpu.utilisation", Of: len(t.cpuUse), Residual: math.NaN(), Input: true}
	for _, u := range t.cpuUse {
		if !math.IsNaN(u) {
			cpu.Subjects++
			cpu.Measured += (u - cpu.Measured) / float64(cpu.Subjects)
		}
	}
	if cpu.Subjects > 0 {
		r.Channels = append(r.Channels, cpu)
	}
	return r
}

func (m *meter) report(now float64) ChannelReport {
	x := ChannelReport{Name: m.ch.Name, Of: len(m.measured), Input: inputs[m.ch.Name], Residual: math.NaN()}
	for i, v := range m.measured {
		if now-m.at[i] > stale || math.IsNaN(v) {
			continue
		}
		x.Subjects++
		expected, _ := m.corrected(int32(i), now, m.model[i])
		x.Measured += v
		x.Model += m.model[i]
		x.Expected += expected
	}
	if m.hot() || x.Input {
		n := float64(max(x.Subjects, 1))
		x.Measured, x.Model, x.Expected = x.Measured/n, x.Model/n, x.Expected/n
	}
	if m.count > 0 {
		x.Residual = math.Sqrt(m.square / float64(m.count))
	}
	return x
}

// Compared is one thing, measured and expected.
type Compared struct {
	Name               string
	Measured           float64
	Age                float64 // s
	Model, Expected    float64
	Residual, Interval float64 // of the last reading; half the 90 % interval of what is expected
}

// Compare lists the things of a channel that are measured now.
func (t *Twin) Compare(name string) []Compared {
	m := t.meters[name]
	if m == nil {
		return nil
	}
	m.model = t.world.Values(m.ch, m.model)
	var out []Compared
	for i, v := range m.measured {
		if t.now-m.at[i] > stale || math.IsNaN(v) {
			continue
		}
		expected, sd := m.corrected(int32(i), t.now, m.model[i])
		out = append(out, Compared{Name: t.plan.Tree.NameOf(facility.Ref{Kind: m.ch.Kind, Index: int32(i)}), Measured: v, Age: t.now - m.at[i],
			Model: m.model[i], Expected: expected, Residual: m.residual[i], Interval: 1.645 * sd})
	}
	return out
}
