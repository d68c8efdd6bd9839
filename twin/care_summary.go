package twin

import "github.com/halltwin/halltwin/twin/record"

// careKPIs adds what was done about failures, and what those did that stopped nothing.
func (w *World) careKPIs(add func(group, key, label string, v float64, unit string)) {
	c, p := &w.Care.Counts, w.plan.Failures
	count := func(key, label string, n int64) {
		if n > 0 {
			add(record.Reliability, key, label, float64(n), "")
		}
	}
	if len(p.Crews)+len(p.Parts) > 0 {
		add(record.Reliability, "repairs", "repairs by crews, begun", float64(c.Repairs), "")
		add(record.Reliability, "repairs.wait", "mean wait for crew and part", ratio(c.Waited, float64(c.Repairs)), "s")
		waiting := 0
		for i := range w.Care.Queues {
			waiting += len(w.Care.Queues[i].Waiting)
		}
		for i := range w.Care.Short {
			waiting += len(w.Care.Short[i])
		}
		count("repairs.waiting", "repairs that wait at the end", int64(waiting))
		count("repairs.short", "repairs that waited for a part", c.Short)
	}
	count("failures.slow", "failures that slowed", c.Slow)
	count("failures.silent", "failures that corrupted work", c.Silent)
	count("failures.found", "of both, found and taken out", c.Found)
	count("jobs.corrupted", "jobs done with wrong results that nobody noticed", c.Corrupted)
	count("health.false", "sound nodes taken out by checks", c.False)
	if p.Quarantine != nil {
		add(record.Reliability, "lemons", "nodes put into quarantine", float64(c.Lemons), "")
	}
	if p.Pool != nil {
		add(record.Reliability, "spares", "spare nodes", float64(len(w.Care.Pool)), "")
		add(record.Reliability, "spares.swaps", "failures after which a job went on with spares", float64(c.Swapped), "")
		add(record.Reliability, "spares.short", "failures for which there were too few", float64(c.Unswapped), "")
	}
	if len(p.Waves) > 0 {
		add(record.Reliability, "maintenance.units", "units maintained", float64(c.Maintained), "")
		add(record.Reliability, "maintenance.stops", "jobs stopped for it", float64(c.Stopped), "")
	}
}
