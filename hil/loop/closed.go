package loop

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/halltwin/halltwin/hil/bench"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/kernel"
	"github.com/halltwin/halltwin/twin/record"
)

// Part is a way to devices, and what trains on them.
type Part struct {
	Name   string // as bonds say it
	Source device.Source
	Load   Load
}

// Restorer sets limits and takes all of them back: a guard.
type Restorer interface {
	Setter
	// Meet says that a device is to be reached anew.
	Meet(d device.Device)
	Restore() error
}

// Closed is a run of which some things are real.
type Closed struct {
	World  *twin.Driven
	Tree   *facility.Tree
	Bonds  []Bond
	Parts  []Part
	Stand  bool          // bound GPUs stand for their type
	Setter Restorer      // nil: limits of the simulation do not become real
	StopAt float64       // °C; 0 is 84
	Pacer  *kernel.Pacer // nil: virtual time
	Clocks device.Clocks // of the readings; nil is the machine's
	Tick   func(time.Duration)
	Say    func(format string, args ...any)
	// Saw hears of every reading: its time in s of the run, the device, the samples done on it; nil for nobody.
	Saw func(at float64, id *device.Identity, r *device.Reading, work float64) error

	actors  []actor
	watches []*device.Watch
	asks    []twin.Ask
	now     float64 // s of the loop
	origin  float64 // of the run at its begin
	hot     *HotError
	told    map[string]bool
	work    float64 // samples at the begin
	most    float64 // W: the highest power of all bound devices
}

// Period is how often devices are read and told what to do, in s.
const Period = 0.2

// silence is how long a device may say nothing before it counts as lost, in s.
const silence = 2.0

// Run lives the world up to a time in s, at the pace of the pacer. When it returns, nothing trains any more and limits are as
// they were. The world is to be ended by the caller, with the error.
func (c *Closed) Run(ctx context.Context, until float64) (err error) {
	if c.Say == nil {
		c.Say = func(string, ...any) {}
	}
	c.told = map[string]bool{}
	if err := c.prepare(ctx); err != nil {
		return errors.Join(err, c.shut())
	}
	script := kernel.NewScript(c.Pacer)
	script.Go(func(p *kernel.Process) error {
		for c.origin+p.Now() < until {
			p.Wait(min(Period, until-c.origin-p.Now()))
			if err := c.turn(p.Context(), p.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	err = script.Run(ctx)
	if c.hot != nil {
		err = errors.Join(err, c.coolDown())
	}
	c.attach()
	return errors.Join(err, c.shut())
}

// prepare opens the devices, looks whether they are what was meant and may be limited, and binds the world.
func (c *Closed) prepare(ctx context.Context) error {
	if c.StopAt == 0 {
		c.StopAt = defaultStop
	}
	var bonds []twin.Bond
	for _, b := range c.Bonds {
		if slices.ContainsFunc(c.actors, func(a actor) bool { return a.Source == b.Source && a.Index == b.Index }) {
			return fmt.Errorf("%s is bound twice", b.Device())
		}
		c.actors = append(c.actors, actor{Bond: b, name: c.Tree.NameOf(b.Thing), heard: math.Inf(-1), limit: math.NaN(), free: math.NaN()})
	}
	for _, part := range c.Parts {
		devices, err := part.Source.Open(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", part.Source.Title(), err)
		}
		for i := range c.actors {
			if a := &c.actors[i]; a.Source == part.Name {
				if err := c.meet(ctx, a, devices); err != nil {
					return err
				}
			}
		}
		c.watches = append(c.watches, &device.Watch{Source: bench.Opened{Source: part.Source, Devices: devices}, Rate: 1 / Period, Clocks: c.Clocks, Receive: c.receive(part), Tell: c.tell(part)})
	}
	for i := range c.actors {
		a := &c.actors[i]
		if a.device == nil {
			return fmt.Errorf("%s is bound to %s, which nothing was opened for", a.name, a.Device())
		}
		id := a.device.Identity()
		bonds = append(bonds, twin.Bond{Thing: a.Thing, Device: a.Device(), Model: id.Model})
	}
	c.origin = c.World.Now()
	c.work = c.total()
	return c.World.Bind(bonds, c.Stand)
}

// meet finds the device of a bond.
func (c *Closed) meet(ctx context.Context, a *actor, devices []device.Device) error {
	i := slices.IndexFunc(devices, func(d device.Device) bool {
		id := d.Identity()
		return id.Kind == kindOf(a.Source) && id.Index == a.Index
	})
	if i < 0 {
		return fmt.Errorf("%s: there is no %s here; %d devices were found", a.name, a.Device(), len(devices))
	}
	d := devices[i]
	var r device.Reading
	if err := d.Sample(ctx, &r); err != nil {
		return fmt.Errorf("%s does not answer: %w", a.Device(), err)
	}
	id := d.Identity()
	if id.Kind == device.GPU && math.IsNaN(r.Values[device.Temperature]) {
		return fmt.Errorf("%s tells no temperature: nothing would stop it when it is too hot", a.Device())
	}
	a.device = d
	l, ok := d.(device.Limiter)
	if !ok || c.Setter == nil {
		return nil
	}
	limits, err := l.Limits()
	if err != nil {
		return err
	}
	a.limits, a.free, a.limit = limits, limits.Now, limits.Now
	if err := c.Setter.SetLimit(d, limits.Now); err != nil { // the dry run: what is in force already
		return fmt.Errorf("limits of the simulation cannot become real: %w", err)
	}
	return nil
}

// receive takes a reading of one of a part's devices.
func (c *Closed) receive(part Part) func(device.Device, *device.Reading) error {
	return func(d device.Device, r *device.Reading) error {
		id := d.Identity()
		for i := range c.actors {
			a := &c.actors[i]
			if a.Source != part.Name || a.Index != id.Index || id.Kind != kindOf(a.Source) {
				continue
			}
			if a.device != d && c.Setter != nil {
				c.Setter.Meet(d)
			}
			a.device, a.heard = d, c.now
			a.power.add(r.Values[device.Power])
			a.heat.add(r.Values[device.Temperature])
			a.use.add(r.Values[device.Utilisation])
			if l := r.Values[device.PowerLimit]; !math.IsNaN(l) {
				a.limit = l // somebody else may have set it, or the driver restarted
			}
			if t := r.Values[device.Temperature]; t >= c.StopAt {
				c.hot = &HotError{a.Device(), t}
				return c.hot
			}
			if c.Saw != nil {
				return c.Saw(c.origin+c.now, &id, r, part.Load.Work(id.Index))
			}
		}
		return nil
	}
}

// tell hears that a device, or all of a part, is lost.
func (c *Closed) tell(part Part) func(device.Change) {
	return func(x device.Change) {
		word := "is back"
		if x.Lost {
			word = "is lost: " + x.Reason
		}
		c.Say("%s %s", x.Who, word)
		for i := range c.actors {
			if a := &c.actors[i]; a.Source == part.Name && x.Lost {
				if id := a.device.Identity(); x.Who == id.Name() || x.Who == part.Source.Title() {
					a.heard = math.Inf(-1)
				}
			}
		}
	}
}

// turn is one period: read, let the world live up to now, and do what it asks for.
func (c *Closed) turn(ctx context.Context, now float64) error {
	c.now = now
	if c.Tick != nil {
		c.Tick(time.Duration(math.Round(now * 1e9)))
	}
	for _, w := range c.watches {
		if err := w.Once(ctx); err != nil {
			return err
		}
	}
	all, sum := make([]twin.Measured, len(c.actors)), 0.0
	for i := range c.actors {
		a := &c.actors[i]
		if a.task {
			a.pace.look(now, c.part(a.Source).Load.Work(a.Index))
		}
		all[i] = a.measured(now)
		if p := all[i].Power; !math.IsNaN(p) {
			sum += p
		}
		if err := c.lose(a, now-a.heard > silence); err != nil {
			return err
		}
	}
	c.most = max(c.most, sum)
	c.World.Measured(all)
	if err := c.World.Advance(ctx, c.origin+now); err != nil {
		return err
	}
	c.asks = c.World.Asks(c.asks[:0])
	return errors.Join(c.limit(), c.load())
}

// lose brings down what a lost device stands for, and up again when it is back.
func (c *Closed) lose(a *actor, lost bool) error {
	if lost == a.lost {
		return nil
	}
	a.lost = lost
	act := action.Action{Verb: action.Repair, Selector: a.name, Targets: []facility.Ref{a.Thing}, Origin: "hardware"}
	if lost {
		act.Verb = action.Fail
		a.pace.begin(a.pace.key)
	}
	_, err := c.World.Act(act)
	return err
}

// limit puts the limits of the simulation on the devices.
func (c *Closed) limit() error {
	if c.Setter == nil {
		return nil
	}
	for i := range c.actors {
		a, ask := &c.actors[i], &c.asks[i]
		if math.IsNaN(a.free) || a.lost {
			continue
		}
		want := min(a.free, ask.Limit)
		if want < a.limits.Min {
			c.once("%s: the simulation asks for a limit of %.0f W; the lowest that %s accepts is %.0f W", a.name, want, a.Device(), a.limits.Min)
			want = a.limits.Min
		}
		if math.Abs(want-a.limit) < dead {
			continue
		}
		switch err := c.Setter.SetLimit(a.device, want); {
		case errors.Is(err, device.ErrLost), errors.Is(err, device.ErrSession):
			a.heard = math.Inf(-1)
		case err != nil:
			return err
		default:
			a.limit = want
		}
	}
	return nil
}

// steps of the level that is asked of a load: a finer one would start it anew at every breath of a job.
const steps = 20

// load starts and stops real work as the simulation says.
func (c *Closed) load() error {
	for _, part := range c.Parts {
		var tasks []Task
		for i := range c.actors {
			a, ask := &c.actors[i], &c.asks[i]
			if a.Source != part.Name {
				continue
			}
			runs := ask.Runs() && !a.lost
			level := math.Ceil(steps*max(ask.Use.GPU, ask.Use.CPU)) / steps
			if a.Source != CPU && ask.Use.GPU == 0 { // processors only
				runs = false
			}
			a.pace.capped = ask.Share < 1
			if runs && (!a.task || level != a.pace.key) {
				a.pace.begin(level)
			}
			if a.task = runs; !runs {
				continue
			}
			if a.Source == CPU { // processors have no limit that may be set: a cap takes some of them away
				level *= ask.Share
			}
			k := slices.IndexFunc(tasks, func(t Task) bool { return t.Job == ask.Job })
			if k < 0 {
				tasks = append(tasks, Task{Job: ask.Job, Level: level})
				k = len(tasks) - 1
			}
			tasks[k].Devices = append(tasks[k].Devices, a.Index)
		}
		if err := part.Load.Put(arrange(tasks)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Closed) part(name string) *Part {
	return &c.Parts[slices.IndexFunc(c.Parts, func(p Part) bool { return p.Name == name })]
}

// once says something the first time.
func (c *Closed) once(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !c.told[format] {
		c.told[format] = true
		c.Say("%s", text)
	}
}

// coolDown puts every bound device at its lowest limit.
func (c *Closed) coolDown() error {
	var failed []error
	for i := range c.actors {
		if a := &c.actors[i]; c.Setter != nil && !math.IsNaN(a.free) && !a.lost {
			failed = append(failed, c.Setter.SetLimit(a.device, a.limits.Min))
		}
	}
	return errors.Join(failed...)
}

// shut ends all work, then restores limits and lets go of the devices.
func (c *Closed) shut() error {
	var failed []error
	for _, part := range c.Parts {
		failed = append(failed, part.Load.Close())
	}
	if c.Setter != nil {
		failed = append(failed, c.Setter.Restore())
	}
	for _, part := range c.Parts {
		failed = append(failed, part.Source.Close())
	}
	return errors.Join(failed...)
}

// total returns the samples done on all bound devices.
func (c *Closed) total() float64 {
	sum := 0.0
	for i := range c.actors {
		if v := c.part(c.actors[i].Source).Load.Work(c.actors[i].Index); !math.IsNaN(v) {
			sum += v
		}
	}
	return sum
}

// attach adds what only the loop knows to the summary of the run.
func (c *Closed) attach() {
	add := func(group, key, label string, v float64, unit, note string) {
		c.World.Attach(group, record.KPI{Key: key, Label: label, Value: v, Unit: unit, Provenance: record.ProvMeasured, Note: note})
	}
	add(record.Compute, "bound.samples", "samples trained on real devices", c.total()-c.work, "", "")
	if c.most > 0 {
		add(record.Energy, "bound.peak_power", "highest power of the real devices", c.most, "W", "")
	}
	held := 0
	for _, w := range c.watches {
		if w.Filter != nil {
			for _, h := range w.Filter.Report() {
				held += h.Count
			}
		}
	}
	if held > 0 {
		add(record.Reliability, "bound.held_back", "readings held back as impossible", float64(held), "", "")
	}
	if c.Pacer != nil {
		l := c.Pacer.Late()
		add(record.Engine, "bound.lateness", "latest of the real-time steps", l.Worst.Seconds(), "s",
			fmt.Sprintf("%d of %d later than %s", l.Late, l.Waits, c.Pacer.Tolerance))
	}
}
