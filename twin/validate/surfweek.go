package validate

import (
	"context"
	"fmt"
)

var surfWeek = Benchmark{Name: "surf-week", About: "x", Run: runSurfWeek}

func runSurfWeek(ctx context.Context, data string) (*Result, error) {
	dir, err := folder(data, "peers/surf-week", "", "tasks.parquet")
	if err != nil {
		return nil, err
	}
	p, err := compile(dir, "surf", fmt.Sprintf(surfScenario, "pack-by-node"))
	if err != nil {
		return nil, err
	}
	fmt.Println(p.Notes)
	s, err := live(ctx, p)
	if err != nil {
		return nil, err
	}
	fmt.Println(len(s.time), s.time[:3], s.of["site.it_power"][:5], s.of["site.it_power"][len(s.time)-3:])
	return &Result{}, nil
}

const surfScenario = `
halltwin: v1
name: surf-week
start: 2022-10-06T22:00:00Z
duration: 168 h
site: {use: sites/surf-lisa}
workload: [{trace: {file: tasks.parquet, format: opendc}}]
scheduler: {policy: fcfs, placement: %s}
step: {calm: 150 s, disturbed: 150 s}
record: {every: 150 s, channels: [site.it_power, site.it_energy, jobs.queued, jobs.running]}
`
