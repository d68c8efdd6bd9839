package twin

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/serving"
	"github.com/halltwin/halltwin/twin/record"
)

func (w *World) serviceGauge(name string, out []float64) []float64 {
	for i := range w.Services {
		s := &w.Services[i]
		l := &s.Last
		v := math.NaN()
		switch name {
		case "service.requests":
			v = l.Load
		case "service.load":
			v = ratio(l.Load, l.Capacity)
		case "service.ttft_p99":
			v = l.TTFT
		case "service.tpot_p99":
			v = l.TPOT
		case "service.met":
			v = l.Met
		case "service.replicas":
			v = float64(s.Up)
		case "service.waiting":
			v = s.Backlog + s.Away
		case "service.tokens":
			v = l.Output
		case "service.remote_share":
			v = l.Away
		}
		out = append(out, v)
	}
	return out
}

// slaMet returns the share of requests within the service level, of the service that did worst; NaN without one.
func (w *World) slaMet() float64 {
	worst := math.NaN()
	for i := range w.Services {
		if s := w.Books.Services[i].Share(); math.IsNaN(worst) || s < worst {
			worst = s
		}
	}
	return worst
}

// serviceKPIs adds what each service did: its level with the causes of what it missed, its tokens, and their energy.
func (w *World) serviceKPIs(sum *record.Summary) {
	for i := range w.Services {
		s, p := &w.Services[i], w.plan.Services[i].Plan
		add := func(key, label string, v float64, unit, note string) {
			if !math.IsNaN(v) {
				sum.Add(record.Services, record.KPI{Key: "service." + p.Name + "." + key, Label: p.Name + ": " + label, Value: v, Unit: unit, Provenance: record.ProvModelled, Note: note})
			}
		}
		note := ""
		if c, share := s.Worst(); c != serving.Nothing {
			note = fmt.Sprintf("%.0f %% of the others by %s", 100*share, c)
		}
		add("met", "requests in SLA", s.Share(), "", note)
		add("requests", "requests", s.Requests, "", "")
		for _, c := range serving.Causes() {
			if n := s.Missed[c]; n > 0.5 {
				add("missed."+c.Key(), "missed by "+c.String(), n/s.Requests, "", "")
			}
		}
		if s.Dropped > 0 {
			add("dropped", "given up", s.Dropped/s.Requests, "", "")
		}
		if p.Remote != "" {
			add("remote", "answered by "+p.Remote, s.Routed/math.Max(1, s.Requests), "", "")
		}
		add("tokens", "tokens generated", s.Output, "", "")
		add("gpu_hours", "GPU-hours of its replicas", s.Held/hrs, "h", "")
		if s.Output > 0 {
			add("energy", "energy of its GPUs per thousand tokens", s.Energy/s.Output*1e3, "J", "")
			if w.plan.Price != nil {
				add("energy_cost", "price of that energy per million tokens", s.Cost/s.Output*1e6, "USD", "")
			}
		}
	}
}
