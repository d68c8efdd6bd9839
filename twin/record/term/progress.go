package term

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/halltwin/halltwin/twin/record"
)

// Status is what the progress of a run shows. Unknown values are NaN and left out.
type Status struct {
	Time       float64 // s, simulated
	Duration   float64 // s, to simulate
	IT, Site   float64 // W
	PUE        float64
	HottestGPU float64 // °C
	Running    float64 // jobs
	Queued     float64 // jobs
	Faults     float64 // that are open
}

// every is the time between two drawings of the live lines.
const every = 100 * time.Millisecond

// Progress shows how a run goes. The caller gives it the moment, since it is the caller who knows the clock.
type Progress struct {
	screen Screen
	begin  time.Time
	drawn  time.Time
	lines  int // now on the screen
	tenth  int
	status Status
	known  bool
}

// NewProgress begins to show a run.
func NewProgress(s Screen, now time.Time) *Progress { return &Progress{screen: s, begin: now} }

// Due says whether Update would draw, so that a caller can spare itself the status.
func (p *Progress) Due(now time.Time, t, duration float64) bool {
	if p.screen.Live {
		return now.Sub(p.drawn) >= every
	}
	return duration > 0 && int(t/duration*10+1e-9) > p.tenth
}

// Update shows the status, when it is due.
func (p *Progress) Update(now time.Time, s Status) {
	if !p.Due(now, s.Time, s.Duration) {
		return
	}
	p.status, p.known, p.drawn = s, true, now
	if p.screen.Live {
		p.clear()
		p.draw(now)
		return
	}
	p.tenth = int(s.Time/s.Duration*10 + 1e-9)
	p.print(strings.Join(parts(
		fmt.Sprintf("%3d %%", p.tenth*10), record.Clock(s.Time), known("IT", s.IT, "W"), known("site", s.Site, "W"),
		known("PUE", s.PUE, ""), count(s.Running, "running"), count(s.Queued, "queued"), faults(s.Faults)), " · ") + "\n")
}

// Event shows an event line above the progress, if the event matters: warnings and worse, and what an operator
// would like to know on a terminal.
func (p *Progress) Event(now time.Time, e *record.Event) {
	least := record.Warning
	if p.screen.Live {
		least = record.Info
	}
	if e.Severity < least {
		return
	}
	p.clear()
	sign := p.screen.paint(dim, "·")
	switch e.Severity {
	case record.Warning:
		sign = p.screen.paint(yellow, "▲")
	case record.Critical:
		sign = p.screen.paint(red, "◆")
	}
	text := e.Text
	if e.Subject != "" {
		text = e.Subject + "  " + text
	}
	at := record.Clock(e.Time)
	p.print(fmt.Sprintf("%s %s %s\n", p.screen.paint(dim, at), sign, fit(text, p.screen.Width-width(at)-4)))
	if p.screen.Live && p.known {
		p.draw(now)
	}
}

// Close takes the live lines away.
func (p *Progress) Close() { p.clear() }

func (p *Progress) print(text string) {
	fmt.Fprint(p.screen.Out, text) // a terminal that has gone is no reason to stop a run
}

// clear moves up over the live lines and wipes them.
func (p *Progress) clear() {
	if p.lines > 0 {
		p.print(fmt.Sprintf("\x1b[%dA\x1b[J", p.lines))
		p.lines = 0
	}
}

func (p *Progress) draw(now time.Time) {
	s := p.status
	share := 0.0
	if s.Duration > 0 {
		share = min(s.Time/s.Duration, 1)
	}
	wall := now.Sub(p.begin).Seconds()
	first := []string{record.Clock(s.Time) + " of " + record.Clock(s.Duration)}
	if wall > 0.2 && s.Time > 0 {
		first = append(first, "× "+record.Digits(s.Time/wall, 2), "ETA "+eta(wall*(1-share)/math.Max(share, 1e-9)))
	}
	bar := 24
	done := int(share * float64(bar))
	for _, line := range []string{
		p.screen.paint(green, strings.Repeat("━", done)) + p.screen.paint(dim, strings.Repeat("─", bar-done)) +
			fmt.Sprintf(" %3.0f %%  ", 100*share) + strings.Join(first, " · "),
		strings.Join(parts(known("IT", s.IT, "W"), known("site", s.Site, "W"), known("PUE", s.PUE, ""), known("hottest GPU", s.HottestGPU, "degC")), " · "),
		strings.Join(parts(jobs(s.Running), count(s.Queued, "queued"), faults(s.Faults)), " · "),
	} {
		p.print(fit(line, p.screen.Width-1) + "\n")
		p.lines++
	}
}

func parts(list ...string) (out []string) {
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func known(name string, v float64, unit string) string {
	if math.IsNaN(v) {
		return ""
	}
	return name + " " + record.Show(v, unit)
}

func count(v float64, what string) string {
	if math.IsNaN(v) {
		return ""
	}
	return record.Digits(math.Round(v), 4) + " " + what
}

func jobs(v float64) string {
	if v == 1 {
		return "1 job running"
	}
	return count(v, "jobs running")
}

func faults(v float64) string {
	if v == 1 {
		return "1 open fault"
	}
	return count(v, "open faults")
}

// eta is a time to wait, roughly.
func eta(s float64) string {
	switch {
	case s < 90:
		return fmt.Sprintf("%.0f s", math.Ceil(s))
	case s < 5400:
		return fmt.Sprintf("%.0f min", math.Ceil(s/60))
	case s < 200*3600:
		return fmt.Sprintf("%.0f h", math.Ceil(s/3600))
	}
	return "days"
}
