package live

import (
	"fmt"
	"math"
	"strings"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// settling is how long after a change of its jobs a node teaches nothing, in s: what is measured lags.
const settling = 5.0

// A correction is an alarm when it stays beyond its limit for alarmAfter s, and ends below easing of the limit.
const (
	alarmAfter = 60.0
	easing     = 0.7
)

// inputs are measured and handed to the twin, so that there is nothing to compare.
var inputs = map[string]bool{"gpu.utilisation": true, "gpu.power_limit": true}

// meter is a channel that is measured: by subject what was measured, what the twin says, and what has been learnt of the
// difference.
type meter struct {
	ch       *channel.Channel
	measured []float64 // NaN: never
	at       []float64 // s since 1970
	model    []float64 // what the bare twin says now
	learnt   []*Filter
	drift    []drift
	residual []float64 // measured less what was expected before it was
	fresh    []int32   // subjects measured since the last time
	readings int
	square   float64 // sum over residuals
	count    int
}

type drift struct {
	since float64 // when the correction passed its limit; 0: it has not
	on    bool
}

func newMeter(ch *channel.Channel, n int) *meter {
	m := &meter{ch: ch, measured: make([]float64, n), at: make([]float64, n), learnt: make([]*Filter, n), drift: make([]drift, n), residual: make([]float64, n)}
	for i := range n {
		m.measured[i], m.residual[i], m.at[i] = math.NaN(), math.NaN(), math.Inf(-1)
	}
	return m
}

// put takes a reading.
func (m *meter) put(i int32, at, value float64) {
	m.measured[i], m.at[i] = value, at
	m.fresh = append(m.fresh, i)
	m.readings++
}

// hot reports whether the channel is a temperature.
func (m *meter) hot() bool { return strings.HasSuffix(m.ch.Name, "temperature") }

// begin returns a filter for a subject: measured = offset + gain·model.
func (m *meter) begin(model float64) *Filter {
	if m.hot() {
		return New([]Parameter{{"offset", 0, 3, 0.5}, {"gain", 1, 0.03, 0.005}}, 0.02)
	}
	scale := max(model, 50)
	return New([]Parameter{{"offset", 0, 0.1 * scale, 0.02 * scale}, {"gain", 1, 0.1, 0.02}}, 0.03)
}

// limit is how far a correction may go before the model is called wrong for its subject.
func (m *meter) limit(model float64) float64 {
	if m.hot() {
		return 5
	}
	return 0.1*math.Abs(model) + 20
}

// corrected returns what is expected of a subject for what the model says, with its standard deviation; NaN where nothing is known.
func (m *meter) corrected(i int32, at, model float64) (value, sd float64) {
	f := m.learnt[i]
	if f == nil {
		return model, math.NaN()
	}
	return f.Predict(at, []float64{1, model})
}

// learn compares the readings since the last time with the twin and learns from those of subjects at rest.
func (m *meter) learn(atRest func(i int32, at float64) bool, tell func(record.Event), name func(i int32) string) {
	for _, i := range m.fresh {
		at, y, model := m.at[i], m.measured[i], m.model[i]
		if math.IsNaN(model) || !atRest(i, at) {
			continue
		}
		if m.learnt[i] == nil {
			m.learnt[i] = m.begin(model)
		}
		h := []float64{1, model}
		expected, _ := m.learnt[i].Predict(at, h)
		m.residual[i] = y - expected
		m.square += m.residual[i] * m.residual[i]
		m.count++
		m.learnt[i].Learn(at, h, y)
		value, _ := m.learnt[i].Predict(at, h)
		m.watch(i, at, value-model, m.limit(model), tell, name)
	}
	m.fresh = m.fresh[:0]
}

// watch raises and ends alarms.
func (m *meter) watch(i int32, at, correction, limit float64, tell func(record.Event), name func(i int32) string) {
	d := &m.drift[i]
	away := math.Abs(correction)
	switch {
	case away > limit && d.since == 0:
		d.since = at
	case away > limit && !d.on && at-d.since >= alarmAfter:
		d.on = true
		tell(record.Event{Severity: record.Warning, Type: "drift", Subject: name(i),
			Text: fmt.Sprintf("%s is measured %s off what the model says, for %.0f s", m.ch.Name, signed(m.ch, correction), at-d.since)})
	case away < easing*limit:
		if d.on {
			tell(record.Event{Severity: record.Info, Type: "drift", Subject: name(i), Text: m.ch.Name + " agrees with the model again"})
		}
		*d = drift{}
	}
}

// signed prints a difference of a channel's values.
func signed(ch *channel.Channel, v float64) string {
	if strings.HasSuffix(ch.Name, "temperature") {
		return fmt.Sprintf("%+.1f K", v)
	}
	sign := "+"
	if v < 0 {
		sign = "-"
	}
	return sign + ch.Show(math.Abs(v), 3)
}

// now returns the measured values, NaN where they are stale.
func (m *meter) now(at float64, into []float64) []float64 {
	into = into[:0]
	for i, v := range m.measured {
		if at-m.at[i] > stale {
			v = math.NaN()
		}
		into = append(into, v)
	}
	return into
}

// nodeOf returns the node that a subject is or is in, or -1.
func nodeOf(t *facility.Tree, k facility.Kind, i int32) int32 {
	switch k {
	case facility.Node:
		return i
	case facility.GPU:
		return t.Levels[facility.GPU].Up[i]
	}
	return -1
}
