package report

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/twin/record"
)

// season is a row of a plan of years.
type season struct {
	Year, Demand, Capacity, Served, Stranded, Power, PUE, Capex, Energy, Carbon, Limits string
	Events                                                                              []string
}

func seasons(list []record.Season) []season {
	count := func(v float64) string { return record.Digits(math.Round(v), 6) }
	var out []season
	for _, s := range list {
		row := season{Year: fmt.Sprintf("%.2f", s.From/(365*86400)), Demand: count(s.Demand), Capacity: count(s.Capacity), Served: count(s.Served), Stranded: record.Show(s.Stranded, "W"),
			Power: record.Show(s.Power, "W"), PUE: record.Digits(s.PUE, 4), Energy: record.Show(math.Round(s.Energy), "USD"), Carbon: record.Show(s.Carbon, "kg"), Limits: s.Limits, Events: s.Events}
		if s.Capex > 0 {
			row.Capex = record.Show(math.Round(s.Capex), "USD")
		}
		out = append(out, row)
	}
	return out
}
