package validate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/models/power"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// PowerSequences holds what the power chain does in a running twin against closed forms.
var PowerSequences = Benchmark{
	Name:  "power-sequences",
	About: "breakers, batteries, gensets, transfers and redundancy in the running twin against their closed forms, to 1 ms and 1e-9 of load",
	Data:  "none: every case is written here, with the published figures of IEEE C37.112, IEC 60255-151, UL 489, NFPA 110 and Jongerden & Haverkort 2009",
	Run:   runPowerSequences,
}

func runPowerSequences(ctx context.Context, _ string) (*Result, error) {
	r := &Result{}
	for _, group := range []func(context.Context, *Result) error{
		breakerCases, relayCases, breakerOnLoss, batteryCases, gensetCases, darkCases, restartCases, sagCases, redundancyCases,
	} {
		if err := group(ctx, r); err != nil {
			return nil, err
		}
	}
	r.Say("times are those of events in the log of a run, from the moment of the disturbance; loads are the channels ups.load and pdu.load just after it")
	r.Say("targets are closed forms computed from the scenario's own figures; published ones are among them where they exist (see names)")
	return r, nil
}

// Every case is a site without cooling whose racks draw an exact power: one node of 100 cores that draws idle W, and up
// to full W for a job.
type powerCase struct {
	name       string
	racks      int
	idle, full float64 // W of a rack
	job        float64 // W that every rack draws from jobAt on; 0: no job
	power      string  // site.power, as a YAML flow map without its braces
	timeline   []string
	until      float64 // s
	channels   string
}

// disturbed is when a case is disturbed, in s: breakers have settled on what was before.
const disturbed = 600.0

func (c *powerCase) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "halltwin: v1\nname: %s\nstart: 2025-01-01T00:00:00Z\nduration: %.9g s\n", c.name, c.until)
	fmt.Fprintf(&b, "site:\n  plant: {kind: none}\n  other: 0\n  power: {%s}\n", c.power)
	fmt.Fprintf(&b, "  halls: [{rows: [{racks: %d, rack: {nodes: 1, flow: 1 m3/s, node: {gpus: 0, cpus: 1, cpu: {cores: 100, idle: %.12g W, max: %.12g W}}}}]}]\n",
		c.racks, c.idle, max(c.full, c.idle))
	if c.job > 0 {
		b.WriteString("workload:\n")
		for i := range c.racks {
			fmt.Fprintf(&b, "  - job: {name: load-%d, submit: %g s, cpus: 100, cpu_utilisation: %.17g, work: 1000 h}\n", i, disturbed, (c.job-c.idle)/(c.full-c.idle))
		}
	}
	if len(c.timeline) > 0 {
		b.WriteString("timeline:\n")
		for _, line := range c.timeline {
			fmt.Fprintf(&b, "  - {%s}\n", line)
		}
	}
	fmt.Fprintf(&b, "record: {every: 20 s, channels: [site.power%s]}\n", c.channels)
	return b.String()
}

// run lives a case and keeps its events and the channels of its equipment.
func (c *powerCase) run(ctx context.Context) (*powerLog, error) {
	p, err := compile(".", c.name, c.text())
	if err != nil {
		return nil, err
	}
	l := &powerLog{of: map[string][][]float64{}}
	if _, err := twin.Run(ctx, p, twin.Options{Seed: 1, Sink: l}); err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return l, ctx.Err()
}

// powerLog is a sink that keeps events and frames in memory.
type powerLog struct {
	events []record.Event
	time   []float64
	of     map[string][][]float64
}

var _ record.Sink = (*powerLog)(nil)

func (l *powerLog) Open(*record.Header) error { return nil }

func (l *powerLog) Frame(f *record.Frame) error {
	if n := len(l.time); n == 0 || l.time[n-1] != f.Time {
		l.time = append(l.time, f.Time)
	}
	l.of[f.Channel.Name] = append(l.of[f.Channel.Name], slices.Clone(f.Values))
	return nil
}

func (l *powerLog) Event(e *record.Event) error {
	l.events = append(l.events, *e)
	return nil
}

func (l *powerLog) Close(*record.Summary) error { return nil }

// after returns the time from the moment from to the first event of a type at or after it; NaN if there is none.
func (l *powerLog) after(kind string, from float64) float64 {
	for i := range l.events {
		if e := &l.events[i]; e.Type == kind && e.Time >= from-1e-9 {
			return e.Time - from
		}
	}
	return math.NaN()
}

// at returns the values of a channel at the first sample after a time.
func (l *powerLog) at(channel string, t float64) []float64 {
	i, _ := slices.BinarySearch(l.time, t+1e-6)
	if i >= len(l.of[channel]) {
		return nil
	}
	return l.of[channel][i]
}

// second compares a time with its closed form.
func (r *Result) second(name string, got, want float64) {
	const exact = 1e-3 // s
	r.Add(name, got, "s", fmt.Sprintf("%.6g ± 1 ms", want), math.Abs(got-want) <= exact)
}

// load compares a relative load with its closed form.
func (r *Result) load(name string, got, want float64) {
	r.Add(name, got, "", fmt.Sprintf("%.9g", want), math.Abs(got-want) <= 1e-9)
}

// never wants that there is no such event.
func (r *Result) never(name string, after float64) {
	count := 0.0
	if !math.IsNaN(after) {
		count = 1
	}
	r.load(name, count, 0)
}

// bare is a chain of one PDU behind the grid, which limits alone.
const bare = "redundancy: N, transformer: {count: 0}, genset: {count: 0}, ups: {count: 0}, pdu: {count: 1, rating: 100 kW, breaker: {%s}}"

// trip runs one rack from a load of before to one of after, relative to the PDU, and returns the time of its trip.
func trip(ctx context.Context, name, breaker string, before, after, until float64) (float64, error) {
	c := powerCase{name: name, racks: 1, idle: before * 1e5, full: 4e5, job: after * 1e5, power: fmt.Sprintf(bare, breaker), until: disturbed + until + 100}
	l, err := c.run(ctx)
	if err != nil {
		return 0, err
	}
	return l.after("breaker.trip", disturbed), nil
}

// breakerCases: t = τ ln((x² - x0²)/(x² - xp²)) after a long time at x0, with τ from the time at double load.
func breakerCases(ctx context.Context, r *Result) error {
	published := map[float64]float64{1.3: 470.52, 1.5: 274.41, 2: 120, 3: 46.116}
	for _, x0 := range []float64{0.5, 0.8, 1} {
		tau := power.BreakerTau(1.05, 0.8, 2, 120)
		for _, x := range []float64{1.3, 1.5, 2, 3} {
			want := tau * math.Log((x*x-x0*x0)/(x*x-1.05*1.05))
			if x0 == 0.8 && math.Abs(want-published[x]) > 1e-4*want {
				return fmt.Errorf("the closed form gives %g s at %g, published is %g", want, x, published[x])
			}
			if q0 := x0 * x0 / 1.1025; q0 > 0.9 { // a run begins no nearer to a trip than that ([power.Plan.Settle]), and heats on
				h := q0 + (0.9-q0)*math.Exp(-disturbed/tau)
				want = tau * math.Log((x*x/1.1025-h)/(x*x/1.1025-1))
			}
			got, err := trip(ctx, "breaker", "pickup: 105 %, double: 120 s", x0, x, want)
			if err != nil {
				return err
			}
			r.second(fmt.Sprintf("breaker.trip %g after %g", x, x0), got, want)
		}
	}
	// Ten times the rating is the magnetic element's: 20 ms, less the heat that is there.
	got, err := trip(ctx, "magnetic", "instant: 3, delay: 20 ms", 0.8, 3.5, 1)
	if err != nil {
		return err
	}
	r.second("breaker.magnetic 3.5 after 0.8", got, 0.02*(1-0.8*0.8/1.1025))
	// UL 489 allows these times at 200 % for frames up to 30, 50, 100, 150, 225, 400 and 600 A.
	for _, t := range []float64{120, 240, 360, 480, 600, 720, 840} {
		got, err := trip(ctx, "ul489", fmt.Sprintf("double: %g s", t), 0.8, 2, t)
		if err != nil {
			return err
		}
		r.second(fmt.Sprintf("breaker.ul489 %g s", t), got, t)
	}
	return nil
}

// relayCases: published operating times of inverse curves at a dial of 1 (IEEE C37.112-2018, IEC 60255-151).
func relayCases(ctx context.Context, r *Result) error {
	curves := []string{"ieee-mi", "ieee-vi", "ieee-ei", "iec-si", "iec-vi", "iec-ei"}
	for _, m := range []struct {
		multiple  float64
		published []float64
	}{{1.5, []float64{6.439, 16.179, 22.6817, 17.1942, 27, 64}}, {2, []float64{3.8032, 7.0277, 9.5217, 10.029, 13.5, 26.6667}}} {
		for i, curve := range curves {
			got, err := trip(ctx, "relay", fmt.Sprintf("curve: %s, pickup: 100 %%, dial: 1", curve), 0.8, m.multiple, m.published[i])
			if err != nil {
				return err
			}
			r.second(fmt.Sprintf("relay.%s %g", curve, m.multiple), got, m.published[i])
		}
	}
	return nil
}

// breakerOnLoss: in a 2N chain the PDU that is left gets twice the load when its twin fails.
func breakerOnLoss(ctx context.Context, r *Result) error {
	for _, x := range []float64{1.3, 1.5, 1.9} {
		x0 := x / 2
		tau := power.BreakerTau(1.05, 0.8, 2, 120)
		want := tau * math.Log((x*x-x0*x0)/(x*x-1.05*1.05))
		c := powerCase{
			name: "pdu-loss", racks: 2, idle: x * 5e4, until: disturbed + want + 100, timeline: []string{fmt.Sprintf("at: %g s, fail: 'pdu[1]'", disturbed)},
			power:    "redundancy: 2N, transformer: {count: 0}, genset: {count: 0}, ups: {count: 0}, pdu: {count: 2, rating: 100 kW}",
			channels: ", pdu.load",
		}
		l, err := c.run(ctx)
		if err != nil {
			return err
		}
		r.load(fmt.Sprintf("2n.pdu_load %g", x), l.at("pdu.load", disturbed)[0], x)
		r.second(fmt.Sprintf("2n.pdu_trip %g after %g", x, x0), l.after("breaker.trip", disturbed), want)
		r.second(fmt.Sprintf("2n.racks_dark %g", x), l.after("racks.dark", disturbed), want)
	}
	return nil
}

// battery runs a bank of one UPS of 1 MW off the grid and returns how long its racks last.
func battery(ctx context.Context, load, autonomy float64, more string) (float64, error) {
	c := powerCase{
		name: "battery", racks: 1, idle: load * 1e6, until: disturbed + 40*autonomy, timeline: []string{fmt.Sprintf("at: %g s, fail: utility-a", disturbed)},
		power: fmt.Sprintf("redundancy: N, transformer: {count: 0}, genset: {count: 0}, pdu: {count: 0}, ups: {count: 1, each: {rating: 1 MW, autonomy: %.12g s, battery: {%s}}}", autonomy, more),
	}
	l, err := c.run(ctx)
	if err != nil {
		return 0, err
	}
	empty, dark := l.after("battery.empty", disturbed), l.after("racks.dark", disturbed)
	if empty != dark {
		return math.NaN(), nil
	}
	return dark, nil
}

func batteryCases(ctx context.Context, r *Result) error {
	// t = E (1 - floor) η / P. The published case is 50 kWh, 10 %, 0.95, 400 kW: 384.75 s.
	for _, c := range []struct{ kwh, floor, eta, load float64 }{{50, 0.1, 0.95, 0.4}, {50, 0.1, 0.95, 0.8}, {120, 0.2, 0.92, 0.25}, {20, 0, 1, 1}} {
		joules := c.kwh * 3.6e6 * (1 - c.floor) * c.eta
		got, err := battery(ctx, c.load, joules/1e6, fmt.Sprintf("floor: %g, efficiency: %g", c.floor, c.eta))
		if err != nil {
			return err
		}
		r.second(fmt.Sprintf("battery.energy %g kWh at %g kW", c.kwh, c.load*1000), got, joules/(c.load*1e6))
	}
	// Peukert: 100 Ah in 20 h with exponent 1.2 last 1.26191 h at 50 A, ten times the current. The bank's rating is twenty
	// times it.
	rated := power.PeukertTime(100, 20, 100, 1.2) * 3600
	got, err := battery(ctx, 0.5, rated, "model: peukert, peukert: 1.2, hours: 20 h, floor: 0, efficiency: 1")
	if err != nil {
		return err
	}
	r.second("battery.peukert 10 of 20", got, power.PeukertTime(100, 20, 50, 1.2)*3600)
	// KiBaM: 5.5 and 11 A min at 250 and 500 mA; the bank's rating is 1 A.
	for _, c := range []struct{ capacity, amps, published float64 }{{5.5, 0.25, 4.53}, {5.5, 0.5, 2.02}, {11, 0.25, 12.16}, {11, 0.5, 4.53}} {
		const well, rate = 0.166, 0.122
		time := func(amps float64) float64 {
			return power.KiBaMTime(well*c.capacity, (1-well)*c.capacity, well, rate, amps, 0) // min
		}
		got, err := battery(ctx, c.amps, time(1)*60, "model: kibam, well: 0.166, rate: 0.122 1/min, floor: 0, efficiency: 1")
		if err != nil {
			return err
		}
		want := time(c.amps)
		if math.Abs(want-c.published) > 0.0051 {
			return fmt.Errorf("KiBaM gives %g min, published is %g", want, c.published)
		}
		r.second(fmt.Sprintf("battery.kibam %g A min at %g A", c.capacity, c.amps), got, want*60)
	}
	return nil
}

// gensetCases: the sequence of a standby plant through an outage of ten minutes, and of one that refuses.
func gensetCases(ctx context.Context, r *Result) error {
	const outage, start, move, retransfer, cooldown = 600.0, 10.0, 0.15, 300.0, 240.0
	chain := "redundancy: N, utility: {retransfer: %g s}, transformer: {count: 1, rating: 2 MW}, pdu: {count: 0}, transfer: {break: 150 ms}, " +
		"genset: {count: %d, rating: 1 MW, start: %g s, fail_to_start: %d, attempts: 3, retry: 30 s, cooldown: %g s}, " +
		"ups: {count: 1, each: {rating: 1 MW, autonomy: 120 s, curve: {k0: 0, k1: 0, k2: 0}, battery: {charger: 10 %%, charging: 0.95, efficiency: 0.95}}}"
	c := powerCase{
		name: "genset", racks: 1, idle: 5e5, until: 3600, timeline: []string{fmt.Sprintf("at: %g s, fail: utility-a, for: %g s", disturbed, outage)},
		power: fmt.Sprintf(chain, retransfer, 1, start, 0, cooldown), channels: ", genset.power, utility.power, ups.charge",
	}
	l, err := c.run(ctx)
	if err != nil {
		return err
	}
	back := disturbed + outage
	r.second("genset.ups_on_battery", l.after("ups.battery", disturbed), 0)
	r.second("genset.runs", l.after("genset.run", disturbed), start)
	r.second("genset.ats_transfers", l.after("ats.transfer", disturbed), start+move)
	r.second("genset.ups_online", l.after("ups.online", disturbed), start+move)
	// The battery gave P t / η; it gets what the charger draws, less its loss.
	spent := 5e5 * (start + move) / 0.95
	r.second("genset.battery_full", l.after("battery.full", disturbed), start+move+spent/(0.1*1e6*0.95))
	drawn := l.at("genset.power", disturbed+500)
	r.load("genset.load", drawn[0]/1e6, 0.5)
	charge := l.at("ups.charge", disturbed)[0] // 20 s after the loss
	full := 1e6 * 120 / 0.95 / 0.9
	r.load("genset.battery_charge", charge, 1-(spent-0.1*1e6*0.95*(20-start-move))/full)
	r.second("genset.retransfer", l.after("ats.transfer", back), retransfer)
	r.second("genset.stops", l.after("genset.stop", back), retransfer+cooldown)

	// One that refuses all three cranks: locked out 10 s + 2 × 30 s after the loss; the battery ends at 240 s.
	c.name, c.power = "genset-refuses", fmt.Sprintf(chain, retransfer, 1, start, 1, cooldown)
	if l, err = c.run(ctx); err != nil {
		return err
	}
	r.second("refusal.first_crank", l.after("genset.refuse", disturbed), start)
	r.second("refusal.lockout", l.after("genset.lockout", disturbed), start+60)
	r.second("refusal.racks_dark", l.after("racks.dark", disturbed), 240)
	r.second("refusal.racks_on", l.after("racks.on", disturbed), outage)
	return nil
}

// darkCases: how long racks are without power.
func darkCases(ctx context.Context, r *Result) error {
	// Without a UPS, from the loss until the transfer switch has closed on the genset.
	c := powerCase{
		name: "no-ups", racks: 1, idle: 5e5, until: 3600, timeline: []string{fmt.Sprintf("at: %g s, fail: utility-a, for: 900 s", disturbed)},
		power: "redundancy: N, transformer: {count: 0}, pdu: {count: 0}, ups: {count: 0}, transfer: {break: 100 ms}, genset: {count: 1, rating: 1 MW, start: 8 s, fail_to_start: 0}",
	}
	l, err := c.run(ctx)
	if err != nil {
		return err
	}
	r.second("dark.no_ups", l.after("racks.on", disturbed)-l.after("racks.dark", disturbed), 8.1)
	// With a battery of 300 s at half load and no genset, 900 s of outage leave 300 s in the dark.
	c.name = "no-genset"
	c.power = "redundancy: N, transformer: {count: 0}, pdu: {count: 0}, genset: {count: 0}, ups: {count: 1, each: {rating: 1 MW, autonomy: 300 s}}"
	if l, err = c.run(ctx); err != nil {
		return err
	}
	r.second("dark.no_genset", l.after("racks.on", disturbed)-l.after("racks.dark", disturbed), 300)
	return nil
}

// redundancyCases: 2N doubles what is left, 3N/2 makes it one and a half, N+1 gives (N+1)/N.
func redundancyCases(ctx context.Context, r *Result) error {
	const free = "transformer: {count: 0}, genset: {count: 0}, pdu: {count: 0}, ups: {count: %d, each: {rating: 1 MW, bypass: false, curve: {k0: 0, k1: 0, k2: 0}}}"
	for _, c := range []struct {
		name, redundancy string
		units, racks     int
		before, after    float64
	}{
		{"2n", "2N", 2, 2, 0.47, 0.94}, {"3n2", "3N/2", 3, 3, 0.6, 0.9},
		{"n+1 of 3", "N+1", 3, 3, 0.6, 0.9}, {"n+1 of 4", "N+1", 4, 4, 0.6, 0.8}, {"n+1 of 5", "N+1", 5, 5, 0.6, 0.75},
	} {
		p := powerCase{
			name: strings.Fields(c.name)[0], racks: c.racks, idle: c.before * 1e6, until: disturbed + 100,
			timeline: []string{fmt.Sprintf("at: %g s, fail: 'ups[%d]'", disturbed, c.units-1)},
			power:    fmt.Sprintf("redundancy: %s, "+free, c.redundancy, c.units), channels: ", ups.load",
		}
		p.name = strings.ReplaceAll(p.name, "+", "-plus-")
		l, err := p.run(ctx)
		if err != nil {
			return err
		}
		before, after := l.at("ups.load", disturbed-40), l.at("ups.load", disturbed)
		r.load(c.name+".load_before", before[0], c.before)
		for i := range c.units - 1 {
			if i == 0 || after[i] != after[0] {
				r.load(fmt.Sprintf("%s.load_after", c.name), after[i], c.after)
			}
		}
		r.load(c.name+".load_of_lost", after[c.units-1], 0)
	}
	return nil
}

// restartCases: a genset of 1 MW takes at most half of it at once, and racks come back PDU by PDU.
func restartCases(ctx context.Context, r *Result) error {
	const free = "curve: {k0: 0, k1: 0, k2: 0}"
	c := powerCase{
		name: "blocks", racks: 3, idle: 3e5, until: disturbed + 200, timeline: []string{fmt.Sprintf("at: %g s, fail: utility-a", disturbed)},
		power: "redundancy: N, transformer: {count: 0}, pdu: {count: 0}, ups: {count: 3, each: {rating: 500 kW, battery: {charger: 0}, " + free + "}}, " +
			"genset: {count: 1, rating: 1 MW, start: 10 s, fail_to_start: 0, step: 60 %, settle: 5 s}", channels: ", genset.power",
	}
	l, err := c.run(ctx)
	if err != nil {
		return err
	}
	// Blocks of 300 kW: two fit into 600 kW, the third follows when the genset has settled.
	r.second("blocks.first_online", l.after("ups.online", disturbed), 10.15)
	last := math.NaN()
	for i := range l.events {
		if e := &l.events[i]; e.Type == "ups.online" {
			last = e.Time - disturbed
		}
	}
	r.second("blocks.last_online", last, 15.15)
	r.load("blocks.genset_load", l.at("genset.power", disturbed+20)[0]/1e6, 0.9)

	c.name, c.racks, c.idle = "stagger", 4, 1e5
	c.power = "redundancy: N, transformer: {count: 0}, ups: {count: 0}, pdu: {count: 4, rating: 200 kW, " + free + "}, " +
		"genset: {count: 1, rating: 1 MW, start: 10 s, fail_to_start: 0}, restart: {after: 20 s, every: 3 s}"
	if l, err = c.run(ctx); err != nil {
		return err
	}
	k := 0
	for i := range l.events {
		if e := &l.events[i]; e.Type == "racks.on" {
			r.second(fmt.Sprintf("stagger.pdu_%d", k), e.Time-disturbed, 10.15+20+3*float64(k))
			k++
		}
	}
	r.load("stagger.groups", float64(k), 4)
	return nil
}

// sagCases: what the ITI (CBEMA) curve lets through reaches no load; what is longer drops what has no UPS.
func sagCases(ctx context.Context, r *Result) error {
	for _, s := range []struct{ voltage, long, stands float64 }{{0.6, 0.2, 0.02}, {0.75, 0.4, math.NaN()}, {0.75, 2, 0.5}, {0.82, 9, math.NaN()}, {0.82, 30, 10}} {
		c := powerCase{
			name: "sag", racks: 1, idle: 1e5, until: disturbed + 200,
			timeline: []string{fmt.Sprintf("at: %g s, set: {utility-a.voltage: %g %%}, for: %g s", disturbed, 100*s.voltage, s.long)},
			power:    "redundancy: N, transformer: {count: 0}, pdu: {count: 0}, genset: {count: 0}, ups: {count: 0}",
		}
		l, err := c.run(ctx)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("sag.%g %% for %g s", 100*s.voltage, s.long)
		if dark := l.after("racks.dark", disturbed); math.IsNaN(s.stands) {
			r.never(name+" racks_dark", dark)
		} else {
			r.second(name+" racks_dark", dark, s.stands)
		}
		c.name, c.power = "sag-ups", "redundancy: N, transformer: {count: 0}, pdu: {count: 0}, genset: {count: 0}, ups: {count: 1}"
		if l, err = c.run(ctx); err != nil {
			return err
		}
		r.never(name+" racks_dark_with_ups", l.after("racks.dark", disturbed))
		r.second(name+" on_battery", l.after("ups.online", disturbed), s.long)
	}
	return nil
}
