package twin

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/scenarios/document"
	"github.com/halltwin/halltwin/twin/kernel"
	"github.com/halltwin/halltwin/twin/record"
)

// The files of testdata tell small worlds whole: what happens, and what it comes to. Each begins with a site, whose
// figures are round so that a reader can check what follows by hand:
//
//	site
//	(the value of the key site)
//	----
//
//	run [watch=(channel, …)]
//	(the rest of a scenario)
//	----
//	(every event, the watched channels at every sample, and the outcome of each job and ledger)
func TestTexts(t *testing.T) {
	datadriven.Walk(t, "testdata/texts", func(t *testing.T, path string) {
		site := ""
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "site":
				site = "site:\n  " + strings.ReplaceAll(strings.TrimSpace(d.Input), "\n", "\n  ") + "\n"
				p, ds := compiled("duration: 1 s\n" + site)
				if len(ds) > 0 {
					return ds.Error()
				}
				return fmt.Sprintf("%d nodes, %d GPUs, %s idle, %s at full load", p.Tree.Count(facility.Node), p.Tree.Count(facility.GPU),
					watts(idle(p)), watts(p.DesignIT))
			case "run":
				p, ds := compiled(d.Input + "\n" + site)
				if len(ds) > 0 {
					return ds.Error()
				}
				var watch []string
				for _, a := range d.CmdArgs {
					if a.Key == "watch" {
						watch = a.Vals
					}
				}
				return tell(t, p, watch)
			}
			return "no such command: " + d.Cmd
		})
	})
}

// compiled returns the plan of a scenario without its head.
func compiled(text string) (*scenarios.Plan, document.Diagnostics) {
	f, ds := scenarios.LoadBytes("test.yaml", []byte("halltwin: v1\nname: test\nstart: 2025-01-01T00:00:00Z\n"+text))
	if len(ds) > 0 {
		return nil, ds
	}
	p, ds := f.Plan("")
	return p, ds
}

// plan is compiled for tests whose scenario is right.
func plan(t testing.TB, text string) *scenarios.Plan {
	t.Helper()
	p, ds := compiled(text)
	if len(ds) > 0 {
		t.Fatalf("%v\n%s", ds.Error(), text)
	}
	return p
}

func idle(p *scenarios.Plan) float64 {
	sum := 0.0
	for _, k := range p.RackType {
		sum += p.RackTypes[k].Idle
	}
	return sum
}

// tell runs a plan and writes down all that happens.
func tell(t *testing.T, p *scenarios.Plan, watch []string) string {
	w, err := New(p, p.Seed)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	told := map[int64]string{}
	w.out = func(e *record.Event) {
		fmt.Fprintf(&b, "%9s  %-14s %s", seconds(e.Time), e.Type, strings.TrimSpace(e.Subject+" "+e.Text))
		if told[e.ID] = e.Type + " of " + e.Subject; e.Parent > 0 {
			fmt.Fprintf(&b, "  ← %s", told[e.Parent])
		}
		b.WriteByte('\n')
	}
	for i := range w.opening {
		w.out(&w.opening[i])
	}
	if len(watch) > 0 {
		w.see = func(w *World) error {
			fmt.Fprintf(&b, "%9s  :", seconds(w.Now))
			for _, name := range watch {
				ch, ok := channel.Lookup(name)
				if !ok {
					return fmt.Errorf("there is no channel %s", name)
				}
				fmt.Fprintf(&b, " %s", name)
				values := w.gauge(ch, nil)
				if ch.Kind == facility.Job {
					_, values = w.jobFrame(name, nil, nil)
				}
				for _, v := range values {
					fmt.Fprintf(&b, " %.7g", v)
				}
			}
			b.WriteByte('\n')
			return nil
		}
	}
	if err := live(w); err != nil {
		return b.String() + err.Error()
	}
	outcome(&b, w)
	return b.String()
}

// live runs a world to the end of its plan and closes its books.
func live(w *World) error {
	clock := kernel.NewClock(&w.Agenda, w.Now, nil)
	defer clock.Close()
	if err := clock.Run(context.Background(), w, w.plan.Duration); err != nil {
		return err
	}
	w.countAll()
	return w.closeBooks()
}

func outcome(b *strings.Builder, w *World) {
	for j := range w.Jobs {
		s, spec := &w.Jobs[j], &w.work.Jobs[j]
		fmt.Fprintf(b, "job %s: %s, first start %s, end %s, work %s of %s s", spec.ID, phases[s.Phase], seconds(s.First), seconds(s.End),
			number(s.Progress), number(spec.Work))
		if s.Restarts > 0 {
			fmt.Fprintf(b, ", restarts %d", s.Restarts)
		}
		b.WriteByte('\n')
	}
	var parts []string
	for c := account.Cause(0); c < account.NumCauses; c++ {
		if v := w.Books.GPU.By[c].Value(); math.Abs(v) > 1e-6 {
			parts = append(parts, fmt.Sprintf("%s %s", c, number(v)))
		}
	}
	fmt.Fprintf(b, "GPU-s: %s\n", strings.Join(parts, ", "))
	fmt.Fprintf(b, "energy: IT %s J, site %s J", number(w.Totals.Flowed), number(w.Books.Energy.Total()))
	if w.Totals.NodesLost > 0 {
		fmt.Fprintf(b, "; nodes lost %d", w.Totals.NodesLost)
	}
	b.WriteByte('\n')
}

var phases = [...]string{"not yet submitted", "queued", "running", "stalled", "done", "failed", "cancelled"}

func number(v float64) string { return fmt.Sprintf("%.9g", v) }

func seconds(v float64) string {
	if math.IsNaN(v) {
		return "never"
	}
	return number(v) + " s"
}

func watts(v float64) string { return number(v) + " W" }
