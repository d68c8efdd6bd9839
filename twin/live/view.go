package live

import (
	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// measuredView shows the measured site to a view: its header says so, and of the twin's own recording it gets the events only.
type measuredView struct{ twin.View }

func (v *measuredView) Open(h *record.Header) error {
	own := *h
	own.Source = record.Measured
	return v.View.Open(&own)
}

func (v *measuredView) Frame(*record.Frame) error { return nil }

func (v *measuredView) Wants() []*channel.Channel { return nil }

// pair is two views of one world.
type pair struct{ a, b twin.View }

// both joins views; the first may be nil.
func both(a, b twin.View) twin.View {
	if a == nil {
		return b
	}
	return &pair{a, b}
}

func (p *pair) Open(h *record.Header) error {
	if err := p.a.Open(h); err != nil {
		return err
	}
	return p.b.Open(h)
}

// Frame goes to the first: the second asks for none.
func (p *pair) Frame(f *record.Frame) error { return p.a.Frame(f) }

func (p *pair) Event(e *record.Event) error {
	if err := p.a.Event(e); err != nil {
		return err
	}
	return p.b.Event(e)
}

func (p *pair) Close(s *record.Summary) error {
	if err := p.a.Close(s); err != nil {
		return err
	}
	return p.b.Close(s)
}

func (p *pair) Wants() []*channel.Channel { return p.a.Wants() }

// frames shows what is measured, at most once a second.
func (t *Twin) frames() error {
	if t.view == nil || t.now-t.framed < 1 {
		return nil
	}
	t.framed = t.now
	for _, name := range t.metered {
		m := t.meters[name]
		t.buffer = m.now(t.now, t.buffer)
		if err := t.view.Frame(&record.Frame{Time: t.world.Now(), Channel: m.ch, Values: t.buffer}); err != nil {
			return err
		}
	}
	return t.shape()
}

// shape shows what follows from the jobs that are known, so that a viewer of the measured site sees which things are busy.
func (t *Twin) shape() error {
	for _, name := range []string{"jobs.running", "jobs.queued", "gpus.busy"} {
		ch, ok := channel.Lookup(name)
		if !ok || !t.scheduled {
			continue
		}
		t.buffer = t.world.Values(ch, t.buffer)
		if err := t.view.Frame(&record.Frame{Time: t.world.Now(), Channel: ch, Values: t.buffer}); err != nil {
			return err
		}
	}
	return nil
}
