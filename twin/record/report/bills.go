package report

import (
	"fmt"

	"github.com/halltwin/halltwin/twin/record"
)

// bill is a row of the table of who bears the cost.
type bill struct{ Name, Share, Cost, Hours, Energy, Carbon, Tokens string }

func bills(list []record.Bill) []bill {
	total := 0.0
	for _, b := range list {
		total += b.Cost
	}
	var out []bill
	for _, b := range list {
		row := bill{Name: b.Name, Cost: record.Show(b.Cost, "USD"), Hours: record.Show(b.GPUHours, "h"), Energy: record.Show(b.Energy, "J"), Carbon: record.Show(b.Carbon, "kg")}
		if b.Jobs > 1 {
			row.Name = fmt.Sprintf("%d %s", b.Jobs, b.Name)
		}
		if total > 0 {
			row.Share = record.Digits(100*b.Cost/total, 3) + " %"
		}
		if b.Tokens > 0 {
			row.Tokens = record.Digits(b.Tokens/1e6, 4) + " M"
		}
		out = append(out, row)
	}
	return out
}
