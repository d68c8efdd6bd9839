package power

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/facility"
)

// Effect is one line for the event log: what happened to what.
//
// Kinds: side.lost, side.back (a side's switchboard), genset.refuse, genset.lockout, genset.run, genset.stop, genset.dry,
// genset.order, genset.refuel, ats.transfer, ups.battery, ups.online, ups.bypass, ups.off, battery.empty, battery.full,
// sts.transfer, load.shed, load.restored, breaker.trip, load.high, load.over, load.normal, racks.dark, racks.on, cooling.off, cooling.on.
type Effect struct {
	Kind  string
	Ref   facility.Ref
	Topic Topic
	Text  string
	Over  bool // with it, what had happened to the thing, or in the topic, is over
}

// Topic is what an effect goes on about that is more than the thing it names: [OfThing], or something of the site.
type Topic int32

// The topics. Side i has OfSides + i.
const (
	OfThing Topic = iota
	OfCooling
	OfRacks
	OfSides
)

// Critical reports whether power, or what protects it, is gone.
func (e *Effect) Critical() bool {
	switch e.Kind {
	case "breaker.trip", "battery.empty", "ups.off", "genset.lockout", "genset.dry", "load.shed", "racks.dark", "cooling.off":
		return true
	}
	return false
}

// Good reports whether something is as it should be again, or does what it is there for.
func (e *Effect) Good() bool {
	switch e.Kind {
	case "side.back", "ups.online", "battery.full", "load.normal", "load.restored", "racks.on", "cooling.on", "genset.stop", "genset.refuel":
		return true
	}
	return false
}

// firing collects effects.
type firing struct {
	*Plan
	*State
	fx []Effect
}

func (f *firing) say(kind string, u int32, format string, args ...any) {
	f.fx = append(f.fx, Effect{Kind: kind, Ref: f.ref(u), Text: f.name(u) + " " + fmt.Sprintf(format, args...)})
}

// end marks what was said last as the end of its story.
func (f *firing) end() { f.fx[len(f.fx)-1].Over = true }

// Fire performs what is due at this instant, after a Solve, and appends what there is to say about it and about
// what the Solve found. The flows are then out of date: Solve again.
func (p *Plan) Fire(s *State, fx []Effect) []Effect {
	s.stir()
	f := &firing{p, s, fx}
	f.gensets()
	f.switches()
	f.connect()
	f.breakers()
	f.cords()
	f.batteries()
	f.banks()
	if !f.shedding() && s.News { // else the flows are of before: they are told after the next Solve
		f.report()
		s.News = false
	}
	return f.fx
}

// Update brings an instant to rest: it solves and fires until nothing is due. A world calls it after every change of
// loads or health and after every Advance; then RackOn, MechOn and the flows hold until [Plan.Next].
func (p *Plan) Update(s *State, rackW []float64, mechW float64, fx []Effect) []Effect {
	s.stir()
	return p.Follow(s, rackW, nil, mechW, fx)
}

// Follow is Update for a world that knows which racks may draw something else than at the last Update or Follow. It comes to
// the same bytes, sooner.
func (p *Plan) Follow(s *State, rackW []float64, changed []int32, mechW float64, fx []Effect) []Effect {
	m := p.recall(s)
	for _, r := range changed {
		m.mark(p.groupOf[r])
	}
	// Each round trips, empties, starts or moves something: rounds are bounded by what there is.
	for range 16 + 4*int(p.units) + 2*p.racks {
		p.solve(s, rackW, mechW)
		if p.Next(s) > 0 {
			return fx
		}
		fx = p.Fire(s, fx)
	}
	panic("power: the chain does not come to rest; its state machine has a cycle without delay")
}

func (f *firing) gensets() {
	first := f.layers[gensets].first
	for k, m := range f.Gensets {
		u := first + int32(k)
		if f.FuelUse[k] > 0 && f.Fuel[k]/f.FuelUse[k] <= due {
			f.Gensets[k], f.Fuel[k], f.Dry[k] = GensetLockedOut, 0, true
			f.say("genset.dry", u, "has run out of fuel")
			continue
		}
		f.refuel(k, u)
		if f.Timer[k] > due {
			continue
		}
		switch m {
		case GensetStarting:
			f.Counts.GensetStarts++
			if f.crank(k) {
				f.run(k, u)
				continue
			}
			f.Gensets[k], f.Timer[k] = GensetRefusing, float64(min(int(f.Cranks[k]), f.attempts-1))*f.retry
			f.say("genset.refuse", u, "does not start at the first crank of %d", f.attempts)
		case GensetRefusing:
			if int(f.Cranks[k]) < f.attempts {
				f.run(k, u)
				continue
			}
			f.Gensets[k] = GensetLockedOut
			f.Counts.GensetRefusals++
			f.say("genset.lockout", u, "has not started and is locked out")
		case GensetCooling:
			f.Gensets[k] = GensetOff
			f.say("genset.stop", u, "stops")
			f.end()
		}
	}
}

func (f *firing) run(k int, u int32) {
	f.Gensets[k] = GensetRunning
	f.say("genset.run", u, "runs, ready for %s", watts(f.layers[gensets].rating))
}

func (f *firing) switches() {
	for i, to := range f.Target {
		if to < 0 || f.Transfer[i] > due {
			continue
		}
		f.Source[i], f.Target[i], f.Told.From[i] = to, -1, to
		f.Blocks[i], f.Connect[i] = allBlocks, 0
		if f.step > 0 && int(to) == len(f.Plan.sides[i].feeds) {
			f.Blocks[i] = 0
		}
		f.Counts.Transfers++
		f.say("ats.transfer", f.source(i), "takes over %s, %s", f.sideName(i), watts(f.Demand[i]))
	}
}

// source is the unit that a side is on: its feed, or the first of its gensets that runs.
func (f *firing) source(i int) int32 {
	sd := &f.Plan.sides[i]
	if k := f.Source[i]; int(k) < len(sd.feeds) {
		return sd.feeds[k]
	}
	return f.runs(sd.group)
}

// sideName says which lineup is meant.
func (f *firing) sideName(i int) string {
	if len(f.sides) == 1 {
		return "the switchboard"
	}
	return "side " + string(rune('a'+i))
}

func (f *firing) breakers() {
	for i := range f.layers {
		l := &f.layers[i]
		for u := l.first; u < l.end; u++ {
			if f.Load[u] <= l.breaker.Pickup || f.tripTime(f.State, l, u) > due {
				continue
			}
			switch i {
			case upses:
				f.tripUPS(u)
				continue
			case gensets:
				f.Gensets[u-l.first] = GensetLockedOut
				f.say("breaker.trip", u, "trips at %s of %s", percent(f.Load[u]), watts(l.rating))
			default:
				f.say("breaker.trip", u, "breaker trips at %s of %s", percent(f.Load[u]), watts(l.rating))
			}
			f.Open[u] = true
			f.Counts.BreakerTrips++
		}
	}
}

// tripUPS takes an overloaded unit's bank to its bypass, or shuts the unit down if it has none to go to.
func (f *firing) tripUPS(u int32) {
	x, rating := f.Load[u], f.layers[upses].rating
	for i := range f.sides {
		sd := &f.sides[i]
		if u < sd.ups.first || u >= sd.ups.end || !f.bypass || !f.Live[i] {
			continue
		}
		if !f.Bypassed[i] { // the units of a bank go together
			f.Bypassed[i] = true
			f.Counts.Transfers++
			f.say("ups.bypass", u, "and its bank give up at %s of %s and go to bypass", percent(x), watts(rating))
		}
		return
	}
	f.Open[u] = true
	f.Counts.BreakerTrips++
	f.say("breaker.trip", u, "shuts down at %s of %s", percent(x), watts(rating))
}

func (f *firing) cords() {
	if f.CordLoad == nil || f.nextCord(f.State) > due {
		return
	}
	for r, x := range f.CordLoad {
		for c := range 2 {
			if f.CordLive[r]>>c&1 == 0 || f.cordTrip(f.State, int32(r), int32(c)) > due {
				continue
			}
			f.Cut[r] |= 1 << c
			f.Cuts++
			f.Counts.BreakerTrips++
			f.fx = append(f.fx, Effect{Kind: "breaker.trip", Ref: facility.Ref{Kind: facility.Rack, Index: int32(r)},
				Text: fmt.Sprintf("cord %c trips at %s of %s", 'a'+c, percent(x), watts(f.limit))})
		}
	}
}

func (f *firing) batteries() {
	first := f.layers[upses].first
	for k := range f.BatteryW {
		if f.batteryTime(f.State, k) > due {
			continue
		}
		if f.BatteryW[k] > 0 {
			f.Drained[k] = true
			f.say("battery.empty", first+int32(k), "battery is empty")
		} else {
			f.Charging[k] = false
			f.say("battery.full", first+int32(k), "battery is full again")
			f.end()
		}
	}
}

// banks takes overloaded banks back from their bypass.
func (f *firing) banks() {
	for i := range f.Bypassed {
		if f.Bypassed[i] && f.bypassTime(f.State, i) <= due {
			f.Bypassed[i] = false
			f.Counts.Transfers++
		}
	}
}

// report says what the last Solve found.
func (f *firing) report() {
	for i, live := range f.Live {
		if f.Source[i] != f.Told.From[i] {
			f.Told.From[i] = f.Source[i]
			f.say("sts.transfer", f.source(i), "takes over %s, %s, without a gap", f.sideName(i), watts(f.Demand[i]))
		}
		if live == f.Told.Live[i] {
			continue
		}
		f.Told.Live[i] = live
		u := f.source(i)
		kind, text := "side.back", fmt.Sprintf("%s has power again, from %s", f.sideName(i), f.name(u))
		if !live {
			kind, text = "side.lost", fmt.Sprintf("%s has lost its supply of %s", f.sideName(i), watts(f.Demand[i]))
		}
		f.fx = append(f.fx, Effect{Kind: kind, Ref: f.ref(u), Topic: OfSides + Topic(i), Text: text, Over: live})
	}
	f.reportUPS()
	for i := range f.layers {
		f.reportLoads(i)
	}
	f.reportRacks()
}

func (f *firing) reportUPS() {
	first := f.layers[upses].first
	for k, m := range f.UPS {
		if m == f.Told.UPS[k] {
			continue
		}
		f.Told.UPS[k] = m
		u := first + int32(k)
		switch m {
		case UPSOnline:
			f.say("ups.online", u, "online at %s, battery at %s", watts(f.Flow[u]), percent(max(0, f.Charge(f.State, k))))
			if f.Charge(f.State, k) >= 1 {
				f.end()
			}
		case UPSBattery:
			f.say("ups.battery", u, "on battery: %s at %s", seconds(f.batteryTime(f.State, k)), watts(f.Flow[u]))
		case UPSBypass:
			f.say("ups.bypass", u, "on bypass at %s", watts(f.Flow[u]))
		default:
			f.say("ups.off", u, "off")
		}
	}
}

func (f *firing) reportLoads(i int) {
	l := &f.layers[i]
	most := 1.0
	if i == pdus {
		most = f.continuous
	}
	for u := l.first; u < l.end; u++ {
		now := f.level(l, most, f.Load[u], f.Over[u])
		if now == f.Over[u] {
			continue
		}
		f.Over[u] = now
		load := percent(f.Load[u]) + " of " + watts(l.rating)
		switch now {
		case 2:
			f.say("load.over", u, "overloaded: %s, gives up in %s", load, seconds(f.tripTime(f.State, l, u)))
		case 1:
			f.say("load.high", u, "carries %s, above the %s it may carry continuously", load, percent(most))
		default:
			if f.Load[u] > 0 { // else it is off, which is said elsewhere
				f.say("load.normal", u, "back to %s", load)
				f.end()
			}
		}
	}
}

func (f *firing) reportRacks() {
	if f.Dark != f.Told.Dark {
		kind, text := "racks.dark", fmt.Sprintf("%s without power, %s unserved", countRacks(f.Dark), watts(f.Unserved))
		if f.Dark < f.Told.Dark {
			kind, text = "racks.on", fmt.Sprintf("power is back at %s, %d without", countRacks(f.Told.Dark-f.Dark), f.Dark)
		}
		f.Told.Dark = f.Dark
		f.fx = append(f.fx, Effect{Kind: kind, Ref: facility.Ref{Kind: facility.Site}, Topic: OfRacks, Text: text, Over: f.Dark == 0})
	}
	if f.MechOn != f.Told.Mech {
		kind, text := "cooling.on", "cooling has power again"
		if !f.MechOn {
			kind, text = "cooling.off", "cooling has lost its power"
		}
		f.Told.Mech = f.MechOn
		f.fx = append(f.fx, Effect{Kind: kind, Ref: facility.Ref{Kind: facility.Site}, Topic: OfCooling, Text: text, Over: f.MechOn})
	}
}

func countRacks(n int) string {
	if n == 1 {
		return "1 rack"
	}
	return fmt.Sprintf("%d racks", n)
}

// seconds prints a time for people.
func seconds(t float64) string {
	switch {
	case math.IsInf(t, 1):
		return "never"
	case t < 10:
		return fmt.Sprintf("%.3g s", t)
	case t < 120:
		return fmt.Sprintf("%.0f s", t)
	case t < 7200:
		return fmt.Sprintf("%.0f min", t/60)
	}
	return fmt.Sprintf("%.1f h", t/3600)
}
