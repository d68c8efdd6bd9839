package term

import (
	"fmt"
	"strings"

	"github.com/halltwin/halltwin/twin/record"
)

// mostBills is how many jobs are told by name.
const mostBills = 5

// bills tells who owes what of the total cost: the dearest jobs, the others together, and idle capacity.
func (p *printer) bills(list []record.Bill) {
	if len(list) == 0 {
		return
	}
	idle := list[len(list)-1]
	named := list[:len(list)-1]
	if len(named) > mostBills {
		rest := record.Bill{Name: "other jobs"}
		for _, b := range named[mostBills:] {
			rest.Jobs += b.Jobs
			rest.GPUHours += b.GPUHours
			rest.Energy += b.Energy
			rest.Cost += b.Cost
			rest.Carbon += b.Carbon
		}
		named = append(named[:mostBills:mostBills], rest)
	}
	total, wide := 0.0, 0
	shown := append(named[:len(named):len(named)], idle)
	for _, b := range shown {
		total += b.Cost
		wide = max(wide, width(billed(b)))
	}
	wide = min(wide, p.screen.Width/3)
	p.line("  who bears it")
	for _, b := range shown {
		text := fmt.Sprintf("    %s  %s  %s  %s  %s", padRight(fit(billed(b), wide), wide), percent(b.Cost, total),
			padLeft(record.Show(b.Cost, "USD"), 14), padLeft(hours(b.GPUHours), 10), padLeft(record.Show(b.Energy, "J"), 10))
		if b.Tokens > 0 {
			text += p.screen.paint(dim, fmt.Sprintf("  %s M tokens", record.Digits(b.Tokens/1e6, 4)))
		}
		p.line("%s", strings.TrimRight(text, " "))
	}
}

// billed names whom a bill is for.
func billed(b record.Bill) string {
	if b.Jobs > 1 {
		return fmt.Sprintf("%d %s", b.Jobs, b.Name)
	}
	return b.Name
}
