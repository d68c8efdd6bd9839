package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/twin/live"
)

// liveReport is what `halltwin live` prints in the end.
type liveReport struct {
	*live.Report
	Digest string
	Things []live.Compared
	Answer *live.Outlook
	Took   float64 // s that the answer took
}

// plain replaces what JSON cannot say.
func (x *liveReport) plain() *liveReport {
	for i := range x.Sources {
		if math.IsInf(x.Sources[i].Good, 0) {
			x.Sources[i].Good = -1
		}
	}
	for i := range x.Matches {
		if math.IsInf(x.Matches[i].Age, 0) {
			x.Matches[i].Age = -1
		}
	}
	for i := range x.Channels {
		c := &x.Channels[i]
		for _, v := range []*float64{&c.Residual, &c.Measured, &c.Model, &c.Expected} {
			*v = finite(*v)
		}
	}
	for i := range x.Things {
		c := &x.Things[i]
		for _, v := range []*float64{&c.Residual, &c.Interval, &c.Model, &c.Expected} {
			*v = finite(*v)
		}
	}
	x.Progress.PUE = finite(x.Progress.PUE)
	return x
}

func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// statusLine is one line on how it stands.
func statusLine(x *live.Report) string {
	var lost []string
	for _, s := range x.Sources {
		if s.Fault != "" {
			lost = append(lost, s.Name+" LOST")
		}
	}
	line := fmt.Sprintf("%s  IT %s modelled", time.Unix(int64(x.At), 0).Format("15:04:05"), watts(x.Progress.IT))
	for _, c := range x.Channels {
		if (c.Name == "gpu.power" || c.Name == "node.power") && c.Subjects > 0 {
			line += fmt.Sprintf(" · %s of %d measured %s, expected %s", strings.TrimSuffix(c.Name, ".power"), c.Subjects, watts(c.Measured), watts(c.Expected))
		}
	}
	line += fmt.Sprintf(" · %d jobs run, %d wait · %d alarms", x.Running, x.Waiting, len(x.Alarms))
	if len(lost) > 0 {
		line += " · " + strings.Join(lost, ", ")
	}
	return line
}

func watts(v float64) string {
	ch, _ := channel.Lookup("site.it_power")
	return ch.Show(v, 4)
}

// mostHeld is how many reasons for holding readings back the report lists.
const mostHeld = 20

// print writes the report for people.
func (x *liveReport) print(out io.Writer, f *liveFlags) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\nSOURCES\n")
	for _, s := range x.Sources {
		state := fmt.Sprintf("answered %.1f s ago", s.Good)
		if math.IsInf(s.Good, 0) {
			state = "never answered"
		}
		if s.Fault != "" {
			state += ": " + s.Fault
		}
		fmt.Fprintf(&b, "  %-12s %s; %d readings, away %d times\n", s.Name, state, s.Values, s.Faults)
	}
	fmt.Fprintf(&b, "MAPPING\n")
	matched := 0
	for i, m := range x.Matches {
		if m.Node != "" {
			matched++
			quiet := ""
			if m.Silent {
				quiet = fmt.Sprintf("; SILENT for %.0f s", m.Age)
			}
			if i < 8 || m.Silent {
				fmt.Fprintf(&b, "  %-12s is %s, %s%s\n", m.Host, m.Node, m.How, quiet)
			}
			continue
		}
		fmt.Fprintf(&b, "  %-12s is nowhere: %s\n", m.Host, m.How)
	}
	fmt.Fprintf(&b, "  %d hosts matched, %d not; %d nodes of the site are silent\n", matched, len(x.Matches)-matched, x.Silent)
	for _, c := range x.Conflicts {
		fmt.Fprintf(&b, "  conflict: %s\n", c)
	}
	fmt.Fprintf(&b, "JOBS\n  %d run, %d wait, %d came and went between two looks; the twin runs %d and draws %s of IT power\n", x.Running, x.Waiting, x.Missed, x.Progress.Running, watts(x.Progress.IT))
	if len(x.Channels) > 0 {
		fmt.Fprintf(&b, "MEASURED AND EXPECTED\n  %-24s %8s %12s %12s %12s %12s\n", "", "things", "measured", "modelled", "expected", "residual rms")
	}
	for _, c := range x.Channels {
		ch, known := channel.Lookup(c.Name)
		if c.Input {
			text := fmt.Sprintf("%.1f %%", 100*c.Measured)
			if known && ch.Unit != "" {
				text = ch.Show(c.Measured, 4)
			}
			fmt.Fprintf(&b, "  %-24s %8d %12s  handed to the model\n", c.Name, c.Subjects, text)
			continue
		}
		fmt.Fprintf(&b, "  %-24s %8d %12s %12s %12s %12s\n", c.Name, c.Subjects, ch.Show(c.Measured, 4), ch.Show(c.Model, 4), ch.Show(c.Expected, 4), short(c.Residual))
	}
	if s := x.Score; s.Count > 0 {
		fmt.Fprintf(&b, "FORETOLD an hour ahead, %d times: %s off by %.1f %% on average, %.1f %% if nothing were to change; %.0f %% lay in the 90 %% band\n", s.Count, s.Channel, 100*s.Error, 100*s.Persistence, 100*s.Covered)
	}
	x.printThings(&b, f)
	for i, h := range x.Held {
		if i == mostHeld {
			fmt.Fprintf(&b, "held back, for %d further reasons: --json lists them\n", len(x.Held)-i)
			break
		}
		fmt.Fprintf(&b, "held back %d of %s: %s\n", h.Count, strings.TrimSpace(h.Thing+" "+h.Quantity), h.Why)
	}
	if x.Late > 0 {
		fmt.Fprintf(&b, "%d readings came late: they are in the log and taught nothing\n", x.Late)
	}
	if x.Returns > 0 {
		fmt.Fprintf(&b, "another process went on with this twin %d times\n", x.Returns)
	}
	for _, a := range x.Alarms {
		fmt.Fprintf(&b, "ALARM %s drifts\n", a)
	}
	x.printAnswer(&b, f)
	fmt.Fprintf(&b, "twin %.16s\n", x.Digest)
	_, err := io.WriteString(out, b.String())
	return err
}

func (x *liveReport) printThings(b *strings.Builder, f *liveFlags) {
	if f.show == "" {
		return
	}
	ch, ok := channel.Lookup(f.show)
	if !ok || len(x.Things) == 0 {
		fmt.Fprintf(b, "%s: nothing is measured\n", f.show)
		return
	}
	for _, c := range x.Things {
		fmt.Fprintf(b, "  %-36s measured %s, %.1f s ago; modelled %s; expected %s ± %s\n", c.Name, ch.Show(c.Measured, 4), c.Age, ch.Show(c.Model, 4), ch.Show(c.Expected, 4), short(c.Interval))
	}
}

func (x *liveReport) printAnswer(b *strings.Builder, f *liveFlags) {
	a := x.Answer
	if a == nil {
		return
	}
	fmt.Fprintf(b, "WHAT IF %s, now, for %s (answered in %.0f ms)\n", strings.Join(f.whatIf, ", "), f.ahead, 1000*x.Took)
	last := len(a.IT) - 1
	fmt.Fprintf(b, "  IT %s at once, %s in the end (%s to %s); %d jobs lose nodes, %d run and %d wait in the end\n", watts(a.IT[0]), watts(a.IT[last]),
		watts(a.Low[last]), watts(a.High[last]), a.Interrupted, a.Running, a.Queued)
	fmt.Fprintf(b, "  %d racks are down, hottest inlet %.1f °C, hottest GPU %.1f °C\n", a.Racks, a.HottestInlet, a.Hottest)
}

func short(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf("%.3g", v)
}
