package term

import (
	"fmt"
	"math"
	"strings"

	"github.com/halltwin/halltwin/twin/record"
)

// seasons tells a plan of years: a line for each year as it ends, and what happened in it.
func (p *printer) seasons(list []record.Season) {
	if len(list) == 0 {
		return
	}
	p.head("YEARS", "")
	p.line("  %s", p.screen.paint(dim, fmt.Sprintf("%4s %9s %9s %9s %11s %6s %14s  %s", "year", "demand", "capacity", "served", "stranded", "PUE", "capex", "runs out")))
	const year = 365 * 86400.0
	capex := 0.0
	var events []string
	for i, s := range list {
		capex += s.Capex
		events = append(events, s.Events...)
		ends := i+1 == len(list) || math.Floor(list[i+1].From/year+1e-6) > math.Floor(s.From/year+1e-6)
		if !ends {
			continue
		}
		p.line("%s", strings.TrimRight(fmt.Sprintf("  %4.0f %9s %9s %9s %11s %6.3f %14s  %s", math.Floor(s.From/year+1e-6)+1, record.Digits(math.Round(s.Demand), 6),
			record.Digits(math.Round(s.Capacity), 6), record.Digits(math.Round(s.Served), 6), record.Show(s.Stranded, "W"), s.PUE, record.Show(math.Round(capex), "USD"), s.Limits), " "))
		for _, e := range events {
			p.line("       %s", p.screen.paint(dim, fit(e, p.screen.Width-7)))
		}
		capex, events = 0, nil
	}
}
