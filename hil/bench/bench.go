package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/twin/kernel"
)

// Workload is what loads the devices.
type Workload interface {
	// Set asks for a load from now on; it returns when the request is made, not when it is met.
	Set(Demand) error
	// Work returns what has been got done so far on a device, in samples; NaN where it is not known.
	Work(index int) float64
	// Close ends it and frees what it holds.
	Close() error
}

// Setter sets limits and takes all of them back: a guard.
type Setter interface {
	SetLimit(d device.Device, watts float64) error
	BoundClock(d device.Device, mhz float64) error
	Restore() error
}

// Bench is a machine under test.
type Bench struct {
	Source   device.Source
	Workload Workload
	Setter   Setter // nil: steps with limits are left out
	Rate     float64
	Pacer    *kernel.Pacer       // nil: virtual time
	Clocks   device.Clocks       // of the readings; nil is the machine's
	Tick     func(time.Duration) // moves an emulated clock to a time since the beginning; nil for none
	StopAt   float64             // °C at which it stops; 0 is DefaultStop
	Say      func(format string, args ...any)

	watch   *device.Watch
	devices []device.Device
	rec     *Recording
	step    int
	rate    float64 // Hz, of the experiment at hand
}

// DefaultStop is the die temperature in °C at which an experiment stops: below the slowdown of any data centre GPU.
const DefaultStop = 84

// HotError stops an experiment.
type HotError struct {
	Device  string
	Celsius float64
	Limit   float64
}

func (e *HotError) Error() string {
	return fmt.Sprintf("%s is at %.0f °C: stopped, the limit is %.0f °C", e.Device, e.Celsius, e.Limit)
}

// Run carries out experiments, after a dry run of them, and returns the recording, which is whole up to an error. When it
// returns, the load has ended and limits are restored.
func (b *Bench) Run(ctx context.Context, experiments ...Experiment) (*Recording, error) {
	if b.Say == nil {
		b.Say = func(string, ...any) {}
	}
	if b.Clocks == nil {
		b.Clocks = device.System{}
	}
	if b.StopAt == 0 {
		b.StopAt = DefaultStop
	}
	devices, err := b.Source.Open(ctx)
	if err != nil {
		return nil, err
	}
	b.devices = devices
	if err := b.dryRun(ctx, experiments); err != nil {
		return nil, errors.Join(fmt.Errorf("the dry run fails, nothing was done: %w", err), b.Source.Close())
	}
	b.rec = newRecording(devices)
	b.watch = &device.Watch{Source: Opened{b.Source, devices}, Rate: b.Rate, Clocks: b.Clocks, Receive: b.receive,
		Tell: func(c device.Change) {
			word := "is back"
			if c.Lost {
				word = "is lost: " + c.Reason
			}
			b.Say("%s %s", c.Who, word)
		}}
	if !(b.Rate >= device.MinRate && b.Rate <= device.MaxRate) {
		return nil, errors.Join(fmt.Errorf("a sampling rate is %g to %g Hz, not %g", device.MinRate, device.MaxRate, b.Rate), b.Source.Close())
	}
	b.rate = b.Rate
	script := kernel.NewScript(b.Pacer)
	over := false
	script.Go(func(p *kernel.Process) error {
		defer func() { over = true }()
		return b.script(p, experiments)
	})
	script.Go(func(p *kernel.Process) error {
		for next := 0.0; !over; {
			b.rec.now = p.Now()
			b.tick(p.Now())
			if err := b.watch.Once(p.Context()); err != nil {
				return err
			}
			next = max(next+1/b.rate, p.Now())
			p.Wait(next - p.Now())
		}
		return nil
	})
	err = script.Run(ctx)
	if hot := (*HotError)(nil); errors.As(err, &hot) {
		err = errors.Join(err, b.coolDown())
	}
	err = errors.Join(err, b.Workload.Set(Demand{}))
	if b.Setter != nil {
		err = errors.Join(err, b.Setter.Restore())
	}
	if b.watch.Filter != nil {
		b.rec.Held = b.watch.Filter.Report()
	}
	return b.rec, errors.Join(err, b.Source.Close())
}

// Opened is a source whose devices are known; it is opened anew only after its session has ended.
type Opened struct {
	device.Source
	Devices []device.Device
}

// Open implements [device.Source].
func (o Opened) Open(ctx context.Context) ([]device.Device, error) {
	var r device.Reading
	for _, d := range o.Devices {
		if err := d.Sample(ctx, &r); err == nil {
			return o.Devices, nil
		}
	}
	if err := o.Source.Close(); err != nil {
		return nil, err
	}
	return o.Source.Open(ctx)
}

func (b *Bench) tick(at float64) {
	if b.Tick != nil {
		b.Tick(time.Duration(math.Round(at * 1e9)))
	}
}

// script goes through the steps.
func (b *Bench) script(p *kernel.Process, experiments []Experiment) error {
	defer func() { b.step = 0 }()
	for _, e := range experiments {
		b.Say("%s: %s, %.0f s", e.Name, e.About, e.Seconds())
		b.pace(&e)
		was := Step{}
		for _, s := range e.Steps {
			if b.Setter == nil && (s.limited() || s.bounded()) {
				b.Say("  left out, limits cannot be set here: %s", s.Name)
				continue
			}
			b.tick(p.Now())
			if err := b.apply(&s, &was); err != nil {
				return err
			}
			b.step = b.rec.begin(&e, s, p.Now())
			if err := b.Workload.Set(s.Demand); err != nil {
				return err
			}
			p.Wait(s.Seconds)
			was = s
		}
		b.tick(p.Now())
		if err := b.apply(&Step{}, &was); err != nil {
			return err
		}
	}
	return nil
}

// pace sets the rate of sampling; in a burst only what it is for is read, and what safety needs.
func (b *Bench) pace(e *Experiment) {
	var only []device.Quantity
	if b.rate = b.Rate; e.Rate > 0 {
		b.rate = e.Rate
		only = []device.Quantity{device.Power, device.Energy, device.Temperature}
	}
	for _, d := range b.devices {
		if s, ok := d.(device.Selective); ok {
			s.Select(only...)
		}
	}
}

// apply sets the limits of a step where they differ from those before; what is not limited is at the highest.
func (b *Bench) apply(s, was *Step) error {
	if s.Limit == was.Limit && s.Clock == was.Clock || b.Setter == nil {
		return nil
	}
	for _, d := range b.devices {
		if s.Limit != was.Limit {
			watts, err := limitOf(d, s.Limit)
			if err == nil {
				err = b.Setter.SetLimit(d, watts)
			}
			if err != nil && !errors.Is(err, device.ErrLost) {
				return err
			}
		}
		if s.Clock != was.Clock {
			mhz, err := clockOf(d, s.Clock)
			if err == nil {
				err = b.Setter.BoundClock(d, mhz)
			}
			if err != nil && !errors.Is(err, device.ErrLost) {
				return err
			}
		}
	}
	return nil
}

// limitOf returns the limit in W of a share of the range; that of no share is the default.
func limitOf(d device.Device, share float64) (float64, error) {
	l, ok := d.(device.Limiter)
	if !ok {
		id := d.Identity()
		return 0, fmt.Errorf("%s has no power limit", id.Name())
	}
	r, err := l.Limits()
	if err != nil || share == 0 {
		return r.Default, err
	}
	return math.Round(r.Min + share*(r.Max-r.Min)), nil
}

func clockOf(d device.Device, share float64) (float64, error) {
	c, ok := d.(device.Clocker)
	if !ok {
		id := d.Identity()
		return 0, fmt.Errorf("the clock of %s cannot be bounded", id.Name())
	}
	most, err := c.MaxClock()
	return math.Round(share * most), err
}

// coolDown puts every device at its lowest limit.
func (b *Bench) coolDown() error {
	if b.Setter == nil {
		return nil
	}
	var all []error
	for _, d := range b.devices {
		if l, ok := d.(device.Limiter); ok {
			if r, err := l.Limits(); err == nil {
				all = append(all, b.Setter.SetLimit(d, r.Min))
			}
		}
	}
	return errors.Join(all...)
}

// receive takes a reading down, and stops if it is too hot.
func (b *Bench) receive(d device.Device, r *device.Reading) error {
	id := d.Identity()
	b.rec.add(&id, b.step, r, b.Workload.Work(id.Index))
	if t := r.Values[device.Temperature]; t >= b.StopAt {
		return &HotError{id.Name(), t, b.StopAt}
	}
	return nil
}

// dryRun goes through all steps without a load and sets nothing: what a device would refuse comes out here.
func (b *Bench) dryRun(ctx context.Context, experiments []Experiment) error {
	if len(experiments) == 0 {
		return errors.New("no experiment")
	}
	for _, d := range b.devices {
		id := d.Identity()
		var r device.Reading
		if err := d.Sample(ctx, &r); err == nil && id.Kind == device.GPU && math.IsNaN(r.Values[device.Temperature]) {
			return fmt.Errorf("%s tells no temperature: nothing would stop it when it is too hot", id.Name())
		}
	}
	for _, e := range experiments {
		for _, s := range e.Steps {
			if !(s.Seconds > 0) || !(s.Demand.Level >= 0 && s.Demand.Level <= 1) || !(s.Limit >= 0 && s.Limit <= 1) || !(s.Clock >= 0 && s.Clock <= 1) {
				return fmt.Errorf("%s: step %q asks for what cannot be: %+v", e.Name, s.Name, s)
			}
			if b.Setter == nil {
				continue
			}
			for _, d := range b.devices {
				if err := check(d, &s); err != nil {
					return fmt.Errorf("%s: step %q: %w", e.Name, s.Name, err)
				}
			}
		}
	}
	return nil
}

func check(d device.Device, s *Step) error {
	if s.limited() {
		watts, err := limitOf(d, s.Limit)
		if err != nil {
			return err
		}
		l, err := d.(device.Limiter).Limits()
		if err != nil {
			return err
		}
		id := d.Identity()
		if err := l.Check(id.Name(), watts); err != nil {
			return err
		}
	}
	if s.bounded() {
		_, err := clockOf(d, s.Clock)
		return err
	}
	return nil
}
