package live

import (
	"context"
	"math"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// Outlook is what lies ahead of the present if something is done now, and if nothing else happens.
type Outlook struct {
	At              []float64 // s ahead
	IT              []float64 // W, corrected by what was learnt
	Low, High       []float64 // its 90 % band, as wide as the errors of past forecasts were
	Racks           int       // that have failed or are without power at the end
	Interrupted     int       // times that a job lost its nodes
	Hottest         float64   // °C of a busy GPU
	HottestInlet    float64   // °C of a rack
	Events          []record.Event
	Running, Queued int64 // jobs at the end
}

// listener keeps the events that matter.
type listener struct{ o *Outlook }

// mostEvents bounds what an outlook lists.
const mostEvents = 100

func (l listener) Open(*record.Header) error { return nil }
func (l listener) Frame(*record.Frame) error { return nil }
func (l listener) Event(e *record.Event) error {
	if e.Type == "job.requeue" {
		l.o.Interrupted++
	}
	if e.Severity >= record.Info && len(l.o.Events) < mostEvents {
		l.o.Events = append(l.o.Events, *e)
	}
	return nil
}
func (l listener) Close(*record.Summary) error { return nil }

// Fork leaves the twin at its present. In the fork the jobs go their own way: those that run end at their limits, the
// scheduler starts those that wait.
func (t *Twin) Fork(o twin.Options) (*twin.Driven, error) {
	f, err := t.world.Fork(o)
	if err != nil {
		return nil, err
	}
	ends := map[int32]float64{}
	for _, k := range t.order {
		x := t.jobs[k]
		if x.number < 0 || x.over {
			continue
		}
		ends[x.number] = math.Inf(1)
		if x.seen.Limit > 0 {
			ends[x.number] = x.seen.Limit
			if x.seen.Start > 0 {
				ends[x.number] = max(x.seen.Limit-(t.now-float64(x.seen.Start)), 1)
			}
		}
	}
	err = f.Release(func(j int32) float64 {
		if left, ok := ends[j]; ok {
			return left
		}
		return math.Inf(1)
	})
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Ask answers what happens in the next s seconds if the given things are done now.
func (t *Twin) Ask(ctx context.Context, acts []action.Action, s float64) (*Outlook, error) {
	o := &Outlook{}
	f, err := t.Fork(twin.Options{Sink: listener{o}})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for i := range acts {
		if err := acts[i].Resolve(t.plan.Tree); err != nil {
			return nil, err
		}
		if _, err := f.Act(acts[i]); err != nil {
			return nil, err
		}
	}
	power, _ := channel.Lookup("site.it_power")
	inlet, _ := channel.Lookup("rack.inlet_temperature")
	gpu, _ := channel.Lookup("rack.gpu_temperature")
	racks, _ := channel.Lookup("rack.state")
	begin := f.Now()
	const looks = 60
	var buffer []float64
	highest := func(ch *channel.Channel) (top float64) {
		buffer = f.Values(ch, buffer)
		for _, v := range buffer {
			if v > top {
				top = v
			}
		}
		return top
	}
	for i := 0; i <= looks; i++ {
		ahead := s * float64(i) / looks
		if i == 0 {
			ahead = f.Soon() - begin
		}
		if err := f.Advance(ctx, begin+ahead); err != nil {
			return nil, err
		}
		buffer = f.Values(power, buffer)
		bare := buffer[0]
		offset, variance := t.correction(f, ahead)
		o.At, o.IT = append(o.At, ahead), append(o.IT, bare+offset)
		low, high := t.prophet.band.Around(bare+offset, spread(bare+offset, variance, ahead))
		o.Low, o.High = append(o.Low, low), append(o.High, high)
		o.HottestInlet, o.Hottest = max(o.HottestInlet, highest(inlet)), max(o.Hottest, highest(gpu))
	}
	buffer = f.Values(racks, buffer)
	for _, state := range buffer {
		if state == channel.Unpowered || state == channel.Tripped || state == channel.Failed {
			o.Racks++
		}
	}
	p := f.Progress()
	o.Running, o.Queued = p.Running, p.Queued
	return o, nil
}

// correction returns what was learnt of the IT power: of nodes where they are measured, else of GPUs.
func (t *Twin) correction(f *twin.Driven, ahead float64) (offset, variance float64) {
	var byNode map[int32]bool
	for _, name := range []string{"node.power", "gpu.power"} {
		m := t.meters[name]
		if m == nil {
			continue
		}
		model := f.Values(m.ch, nil)
		for i, learnt := range m.learnt {
			n := nodeOf(t.plan.Tree, m.ch.Kind, int32(i))
			if learnt == nil || byNode[n] || !(model[i] > 0) {
				continue
			}
			value, sd := learnt.Predict(t.now+ahead, []float64{1, model[i]})
			offset += value - model[i]
			variance += sd * sd
			if m.ch.Kind == facility.Node {
				if byNode == nil {
					byNode = map[int32]bool{}
				}
				byNode[n] = true
			}
		}
	}
	return offset, variance
}
