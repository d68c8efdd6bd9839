package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/scenarios/document"
	"github.com/halltwin/halltwin/twin"
)

// longestJob bounds the text of a job, in bytes.
const longestJob = 16 << 10

// Base is what a run can be lived again from: its resolved scenario and what was done by hand since, as entries of a
// timeline.
type Base struct {
	Path     string // of the scenario: beside it lie the files that it names
	Resolved []byte
	Seed     uint64
	ByHand   []string
}

// Plan compiles the base with what was done by hand in its timeline.
func (b *Base) Plan() (*scenarios.Plan, error) {
	f, ds := scenarios.LoadBytes(b.Path, b.Resolved)
	if len(ds) > 0 {
		return nil, ds
	}
	if len(b.ByHand) > 0 {
		text := "timeline:\n  add:\n"
		for _, entry := range b.ByHand {
			text += "  - " + entry + "\n"
		}
		patch, more := f.Loader.LoadBytes("actions.log", []byte(text))
		if len(more) == 0 {
			f.Whole, more = document.Merge(f.Whole, patch)
		}
		if len(more) > 0 {
			return nil, more
		}
	}
	plan, ds := f.Plan("")
	if len(ds) > 0 {
		return nil, ds
	}
	return plan, nil
}

// Repeat lives a base again up to a time in s and goes on from there as a run of its own, with the given actions done
// there. It is recorded from that time on.
func Repeat(ctx context.Context, b *Base, at float64, acts []action.Action, o Options) (*Run, error) {
	plan, err := b.Plan()
	if err != nil {
		return nil, err
	}
	if !(at >= 0 && at < plan.Duration) {
		return nil, fmt.Errorf("no run can leave this one at %g s: it lasts from 0 s to %g s", at, plan.Duration)
	}
	w, err := relive(ctx, plan, b.Seed, at)
	if err != nil {
		return nil, err
	}
	return Leave(ctx, plan, w, acts, o)
}

// relive lives a plan again up to a time.
func relive(ctx context.Context, plan *scenarios.Plan, seed uint64, at float64) (*twin.Driven, error) {
	w, err := twin.Begin(plan, twin.Options{Seed: seed})
	if err != nil {
		return nil, err
	}
	if err := w.Advance(ctx, at); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// Leave makes a fork of a world that nobody else advances, and closes it.
func Leave(ctx context.Context, plan *scenarios.Plan, w *twin.Driven, acts []action.Action, o Options) (*Run, error) {
	defer w.Close()
	return branch(ctx, plan, w, acts, o)
}

// branch begins a run where a world is now.
func branch(ctx context.Context, plan *scenarios.Plan, w *twin.Driven, acts []action.Action, o Options) (*Run, error) {
	acts = slices.Clone(acts)
	for i := range acts {
		if err := Check(&acts[i], plan); err != nil {
			return nil, err
		}
	}
	if o.Until > 0 && o.Until <= w.Now() {
		return nil, fmt.Errorf("a run that leaves at %g s cannot end at %g s", w.Now(), o.Until)
	}
	f, err := w.Fork(o.Options)
	if err != nil {
		return nil, err
	}
	var said []string
	for _, a := range acts {
		done, err := f.Act(a)
		if err != nil {
			f.Close()
			return nil, err
		}
		said = append(said, Entry(done))
	}
	r := begin(ctx, plan, f, o, said)
	return r, nil
}

// Fork leaves the run at its present, with the given actions done there. The fork ends when ctx does.
func (r *Run) Fork(ctx context.Context, acts []action.Action, o Options) (f *Run, err error) {
	o.Seed = r.options.Seed
	err = r.ask(ctx, func() error {
		f, err = branch(ctx, r.plan, r.world, acts, o)
		return err
	})
	return f, err
}

// Base returns what the run can be lived again from.
func (r *Run) Base(ctx context.Context) (*Base, error) {
	b := &Base{Path: r.options.Path, Seed: r.options.Seed, Resolved: r.options.Resolved}
	if b.Resolved == nil {
		b.Resolved = r.Plan().Resolved
	}
	err := r.ask(ctx, func() error { b.ByHand = slices.Clone(r.said); return nil })
	if errors.Is(err, ErrEnded) {
		b.ByHand, err = slices.Clone(r.said), nil // nobody writes any more
	}
	return b, err
}

// Submit adds a job, which is the text of a JobSpec without submit, as YAML or JSON. It returns the entry of the timeline
// that does the same, and when.
func (r *Run) Submit(ctx context.Context, job, who string) (entry string, at float64, err error) {
	text, err := oneLine(job)
	if err != nil {
		return "", 0, err
	}
	base, err := r.Base(ctx)
	if err != nil {
		return "", 0, err
	}
	err = r.ask(ctx, func() error {
		at = r.world.Soon()
		entry = "{at: " + strconv.FormatFloat(at, 'g', -1, 64) + " s, submit: " + text + "}"
		base.ByHand = append(slices.Clone(r.said), entry)
		plan, err := base.Plan()
		if err != nil {
			return err
		}
		plan.Channels, plan.Only = r.plan.Channels, r.plan.Only // the recording goes on
		w, err := relive(ctx, plan, base.Seed, r.world.Now())
		if err != nil {
			return err
		}
		r.world.Become(w)
		r.mu.Lock()
		r.plan = plan
		r.mu.Unlock()
		r.did(at, entry, who)
		return nil
	})
	return entry, at, err
}

// oneLine writes a job as a YAML flow mapping in one line.
func oneLine(job string) (string, error) {
	if len(job) > longestJob {
		return "", fmt.Errorf("a job is said in at most %d bytes", longestJob)
	}
	l := &document.Loader{}
	v, ds := l.LoadBytes("job", []byte(strings.TrimSpace(job)))
	if len(ds) > 0 {
		return "", ds
	}
	if v == nil || v.Kind != document.Map {
		return "", errors.New("a job is a mapping: {name: probe, gpus: 8, work: 2 h}")
	}
	if v.Get("submit") != nil {
		return "", errors.New("a job that is submitted now has no time of submission: leave out submit")
	}
	var b bytes.Buffer
	flow(&b, v)
	return b.String(), nil
}

// flow writes a value in flow style, each text quoted.
func flow(b *bytes.Buffer, v *document.Value) {
	switch v.Kind {
	case document.Map:
		b.WriteByte('{')
		for i, e := range v.Entries {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(strconv.Quote(e.Key) + ": ")
			flow(b, e.Value)
		}
		b.WriteByte('}')
	case document.List:
		b.WriteByte('[')
		for i, item := range v.Items {
			if i > 0 {
				b.WriteString(", ")
			}
			flow(b, item)
		}
		b.WriteByte(']')
	default:
		b.WriteString(strconv.Quote(v.Text))
	}
}
