package validate

import (
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/training"
)

// powerModel is the power of a node in each phase of a run, in W.
type powerModel struct {
	wait, train, eval float64
	high, noise       float64 // of training between its own short dips, and its scatter
	width             float64 // of the wait at the start of an evaluation, s
}

// meterLag is the time constant in s of the power supplies and the telemetry behind a node's work: what half a second to a
// second of averaging in a management controller does.
const meterLag = 0.7

// piece is a stretch of a run with one power.
type piece struct{ to, power float64 }

// pieces lays the phases of a run end to end: the first block waits as long as its throughput falls short of the later ones,
// half at its beginning, half at its end; each evaluation begins with a dip.
func (m *powerModel) pieces(run *powerRun) []piece {
	p := []piece{{0, m.wait}}
	at := 0.0
	add := func(to, power float64) {
		if to > at {
			p = append(p, piece{to, power})
			at = to
		}
	}
	first := run.stop
	if len(run.evals) > 0 {
		first = run.evals[0].from
	}
	add(math.Min(first, run.waiting/2), m.wait)
	add(first-run.waiting/2, m.train)
	add(first, m.wait)
	for i, e := range run.evals {
		add(e.from, m.train)
		add(e.from+m.width, m.wait)
		add(e.to, m.eval)
		if i == len(run.evals)-1 {
			break
		}
	}
	add(run.stop, m.train)
	return append(p, piece{math.Inf(1), m.wait})
}

// simulate returns the power of a node at the moments of a run's log, behind the lag of its meter.
func (m *powerModel) simulate(run *powerRun) []float64 {
	pieces := m.pieces(run)
	out := make([]float64, len(run.time))
	state, now, k := m.wait, math.Min(0, run.time[0]), 0
	for i, t := range run.time {
		for now < t {
			end := math.Min(t, pieces[k].to)
			state = pieces[k].power + (state-pieces[k].power)*math.Exp(-(end-now)/meterLag)
			now = end
			if now >= pieces[k].to {
				k++
			}
		}
		out[i] = state
		// Steps are not seen one by one: what a sample catches of them scatters about the mean, more often above than below.
		if pieces[k].power == m.train && t > 0 && t < run.stop {
			out[i] += m.scatter(i)
		}
	}
	return out
}

// scatter returns the deviation of the i-th sample of training: the high level for most, short dips for the others, so that
// the mean stays.
func (m *powerModel) scatter(i int) float64 {
	share := 0.2 // of the samples that catch a dip
	up := m.high - m.train
	if i%5 == 4 {
		return -up * (1 - share) / share
	}
	// A normal scatter by its quantiles, in an order that repeats after 32 samples.
	q := (float64(i*13%32) + 0.5) / 32
	return up + m.noise*math.Sqrt2*math.Erfinv(2*q-1)
}

// together returns the coincidence of nodes that run in step: their phases scatter by a few per cent of it.
func (m *powerModel) together(nodes int, run *powerRun) float64 {
	period := run.period
	if period <= 0 {
		period = 1
	}
	w := training.Wave{Length: []float64{0.8 * period, 0.2 * period}, Power: []float64{m.high, math.Max(m.wait, 5*m.train-4*m.high)}, Lag: 0.035}
	return w.Together(nodes, 0.03*period).Coincidence
}

// held returns the runs that are predicted: every second one, or the only one.
func (l *nodeLog) held() []*powerRun {
	var out []*powerRun
	for i := range l.runs {
		if i%2 == 1 || len(l.runs) == 1 {
			out = append(out, &l.runs[i])
		}
	}
	return out
}

// fit finds the levels on the other runs.
func (l *nodeLog) fit() {
	var runs []*powerRun
	for i := range l.runs {
		if i%2 == 0 {
			runs = append(runs, &l.runs[i])
		}
	}
	var wait, train, eval, every []float64
	for _, run := range runs {
		for i, t := range run.time {
			v := run.power[i]
			kind, since, until := run.phase(t)
			edge := math.Min(5, (since+until)/4) // s after a change that belong to neither phase
			settled := since > edge && until > edge/2
			switch kind {
			case waiting:
				if until > 4 {
					wait = append(wait, v)
				}
			case blocks:
				every = append(every, v)
				half := run.waiting / 2
				if settled && (t > run.first() || (t > half+edge && t < run.first()-half-edge)) {
					train = append(train, v)
				}
			case evaluating:
				if settled {
					eval = append(eval, v)
				}
			}
		}
	}
	if len(train) < 20 {
		train = every // blocks shorter than a few samples
	}
	m := &l.model
	m.train = average(train)
	slices.Sort(train)
	// The high level is the upper four fifths; their scatter is what lies between their middle and the 95th percentile.
	m.high = average(train[len(train)/5:])
	m.noise = math.Max(0, train[len(train)*95/100]-m.high) / 1.51 // normal: the 93.75th percentile of the four fifths
	m.eval = m.train
	if len(eval) > 0 {
		m.eval = average(eval)
	}
	if len(wait) > 4 {
		// A warm-up before the start computes: waiting is the lower of the two levels.
		slices.Sort(wait)
		middle, _ := slices.BinarySearch(wait, (wait[0]+m.train)/2)
		m.wait = wait[middle/2]
	} else { // nothing before the run was logged: the lowest that it shows
		m.wait = math.Inf(1)
		for _, run := range runs {
			m.wait = math.Min(m.wait, slices.Min(run.power))
		}
	}
	m.dips(runs)
}

// dips finds how long the start of an evaluation waits: as long as it takes for the energy that its dips lack.
func (m *powerModel) dips(runs []*powerRun) {
	missing, n := 0.0, 0.0
	for _, run := range runs {
		for k, e := range run.evals {
			if k == 0 && run.waiting > 2 {
				continue // the wait before it hides its own dip
			}
			d := -(m.train - m.eval) * (e.to - e.from)
			for i, t := range run.time {
				if i > 0 && t >= e.from-2 && t <= e.to+4 && t <= run.stop {
					d += (m.train - run.power[i]) * (t - run.time[i-1])
				}
			}
			missing += d
			n++
		}
	}
	if n > 0 {
		m.width = math.Max(0, missing/n/(m.train-m.wait))
	}
}

func average(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
