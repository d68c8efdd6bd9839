package twin

import (
	"math"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/storage"
	"github.com/halltwin/halltwin/twin/record"
)

// storageCondition is the state of a storage, in the numbers of [channel.States].
func (w *World) storageCondition(i int32) int {
	p, s := w.plan.Storage[i], &w.Store.Pools[i]
	switch {
	case !p.Available(s):
		return channel.Unpowered // it is not broken: what it needs is away
	case len(s.Losses) > 0:
		return channel.Overloaded
	}
	return channel.Works
}

// storageGauge reads a channel of the storages.
func (w *World) storageGauge(name string, out []float64) []float64 {
	for i, p := range w.plan.Storage {
		s := w.storageNow(int32(i))
		v := math.NaN()
		switch name {
		case "storage.used":
			v = s.Used
		case "storage.fill":
			v = p.Fullness(&s)
		case "storage.read":
			v = s.Read
		case "storage.write":
			v = s.Write
		case "storage.load":
			v = s.Busy
		case "storage.lost":
			v = s.Lost
		case "storage.rebuild":
			v = s.Rebuild
		}
		out = append(out, v)
	}
	return out
}

// storageNow returns the state of a storage counted up to now: looking at it changes nothing.
func (w *World) storageNow(i int32) storage.State {
	s := w.Store.Pools[i].Clone()
	w.plan.Storage[i].Advance(&s, w.Store.Mark, w.Now-w.Store.Mark)
	return s
}

// lostTo returns the GPU-hours that a cause has taken up to the last count of each job.
func (w *World) lostTo(c account.Cause) float64 { return w.Books.GPU.By[c].Value() / hrs }

// storageKPIs adds what storage and the checkpoints through it have come to.
func (w *World) storageKPIs(add func(group, key, label string, v float64, unit string)) {
	if len(w.plan.Storage) == 0 {
		return
	}
	var all storage.State
	busiest := 0.0
	for i := range w.plan.Storage {
		s := w.storageNow(int32(i))
		all.ReadB, all.WrittenB, all.Rebuilt = all.ReadB+s.ReadB, all.WrittenB+s.WrittenB, all.Rebuilt+s.Rebuilt
		all.Exposed, all.Critical, all.Away = all.Exposed+s.Exposed, all.Critical+s.Critical, all.Away+s.Away
		all.Lost, all.Disasters, all.Rebuilds = all.Lost+s.Lost, all.Disasters+s.Disasters, all.Rebuilds+s.Rebuilds
		if f := w.plan.Storage[i].Fullness(&s); f > busiest {
			busiest = f
		}
	}
	add(record.Compute, "storage.read", "read from storage by jobs", all.ReadB, "B")
	add(record.Compute, "storage.written", "written to storage by jobs", all.WrittenB, "B")
	add(record.Compute, "storage.fill", "fullest storage at the end", busiest, "")
	if all.Exposed > 0 {
		add(record.Reliability, "storage.rebuilds", "losses in storage made up for", float64(all.Rebuilds), "")
		add(record.Reliability, "storage.exposed", "time with a loss not made up for", all.Exposed/hrs, "h")
		add(record.Reliability, "storage.critical", "of it one more loss from losing data", all.Critical/hrs, "h")
		add(record.Reliability, "storage.away", "time in which a storage could not be read", all.Away/hrs, "h")
		add(record.Reliability, "storage.lost", "data lost", all.Lost, "B")
	}
	w.lossOdds(add)
	w.saveKPIs(add)
}

// lossOdds adds the probability that failing drives take data with them, in a year of such failures.
func (w *World) lossOdds(add func(group, key, label string, v float64, unit string)) {
	rate := 0.0 // of one drive, 1/s
	for i := range w.plan.Failures.Processes {
		if p := &w.plan.Failures.Processes[i]; p.Victim == facility.Disk && !p.Burst {
			rate += 1 / p.Gap.Mean()
		}
	}
	if rate <= 0 {
		return
	}
	keeps := 1.0
	for _, p := range w.plan.Storage {
		if p.Kind == storage.Distributed {
			keeps *= 1 - storage.LossProbability(365.25*86400, p.MTTDL(rate))
		}
	}
	add(record.Reliability, "storage.loss_probability", "probability of data loss a year, by failing drives", 1-keeps, "")
}

// saveKPIs adds what the checkpoints through storage have come to.
func (w *World) saveKPIs(add func(group, key, label string, v float64, unit string)) {
	var taken, skipped, blocked, every, jobs float64
	for i := range w.Store.Saves {
		v := &w.Store.Saves[i]
		taken, skipped, blocked = taken+float64(v.Blocks), skipped+float64(v.Skipped), blocked+v.Blocked
		if v.Blocks > 0 {
			every, jobs = every+v.Every, jobs+1
		}
	}
	if taken == 0 {
		return
	}
	add(record.Compute, "checkpoint.taken", "checkpoints taken", taken, "")
	add(record.Compute, "checkpoint.blocked", "mean time that one blocks its job", blocked/taken, "s")
	add(record.Compute, "checkpoint.every", "mean interval between them at the end", every/jobs, "s")
	if skipped > 0 {
		add(record.Compute, "checkpoint.skipped", "checkpoints given up for lack of room", skipped, "")
	}
}
