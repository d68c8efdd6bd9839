// Package recordtest makes a small, plausible recording for the tests of sinks and readers: a hall of racks on a
// hot day whose CRAH fails at noon. Its numbers are invented; only their shape is lifelike.
package recordtest

import (
	"fmt"
	"math"
	"time"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// The channels of the recording.
var (
	Power    = lookup("site.power")
	ITPower  = lookup("site.it_power")
	Cooling  = lookup("site.cooling_power")
	Loss     = lookup("site.loss_power")
	PUE      = lookup("site.pue")
	DryBulb  = lookup("weather.dry_bulb")
	WetBulb  = lookup("weather.wet_bulb")
	Running  = lookup("jobs.running")
	Queued   = lookup("jobs.queued")
	Busy     = lookup("gpus.busy")
	Free     = lookup("gpus.free")
	Down     = lookup("gpus.down")
	Throttle = lookup("gpus.throttled")
	Inlet    = lookup("rack.inlet_temperature")
	RackIT   = lookup("rack.power")
	Speed    = lookup("job.speed")
)

func lookup(name string) *channel.Channel {
	c, ok := channel.Lookup(name)
	if !ok {
		panic("recordtest: no channel " + name)
	}
	return c
}

// Site is a hall of rows × racks.
func Site(rows, racks int) *facility.Tree {
	t := facility.New("test-site")
	t.Add(facility.Hall, facility.Site, []int{1})
	t.Add(facility.Row, facility.Hall, []int{rows})
	counts := make([]int, rows)
	for i := range counts {
		counts[i] = racks
	}
	t.Add(facility.Rack, facility.Row, counts)
	nodes := make([]int, rows*racks)
	for i := range nodes {
		nodes[i] = 2
	}
	t.Add(facility.Node, facility.Rack, nodes)
	gpus := make([]int, 2*rows*racks)
	for i := range gpus {
		gpus[i] = 4
	}
	t.Add(facility.GPU, facility.Node, gpus)
	t.Add(facility.CRAH, facility.Hall, []int{4})
	return t
}

// Header opens the recording of a day, sampled every minute.
func Header(site *facility.Tree) *record.Header {
	return &record.Header{
		Run: "hot-noon", Scenario: "hot-noon", About: "A hall works through a hot day; a CRAH fails at noon.",
		Seed: 7, Start: time.Date(2025, 7, 15, 0, 0, 0, 0, time.FixedZone("", -5*3600)), Duration: 86400, Every: 60,
		Source: record.Simulated, Version: "v0.1.0", Site: site,
		Channels: []*channel.Channel{Power, ITPower, Cooling, Loss, PUE, DryBulb, WetBulb, Running, Queued, Busy, Free, Down,
			Throttle, Inlet, RackIT, Speed},
		Resolved: []byte("halltwin: v1\nname: hot-noon\n"),
		Inputs: []record.Input{
			{Path: "site.it", Label: "computing", Value: "1,024 × H100 SXM in 128 nodes", Origin: "library"},
			{Path: "site.air.crah", Label: "air handlers", Value: "4 × 300 kW, N+1", Origin: "library"},
			{Path: "site.air.supply", Label: "supply air", Value: "24 degC", Origin: "hot-noon.yaml:9"},
			{Path: "site.weather.file", Label: "weather", Value: "Chicago O'Hare, TMY3", Origin: "hot-noon.yaml:10"},
			{Path: "workload.load", Label: "offered load", Value: "85 %", Origin: "hot-noon.yaml:14"},
			{Path: "scheduler.policy", Label: "scheduler", Value: "EASY backfill, pack by leaf", Origin: "default"},
		},
		Command: "halltwin run hot-noon.yaml --seed 7",
	}
}

// Play sends the whole recording, samples every `every` seconds, to a sink.
func Play(s record.Sink, h *record.Header, every float64) error {
	if err := s.Open(h); err != nil {
		return err
	}
	err := Samples(s, h, every)
	sum := Summary(h)
	if e := s.Close(sum); err == nil {
		err = e
	}
	return err
}

// Samples sends the frames and events of the recording.
func Samples(s record.Sink, h *record.Header, every float64) error {
	racks := h.Site.Count(facility.Rack)
	inlet, power := make([]float64, racks), make([]float64, racks)
	gpus := float64(h.Site.Count(facility.GPU))
	events := Events()
	for i := 0; float64(i)*every <= h.Duration; i++ {
		t := float64(i) * every
		for len(events) > 0 && events[0].Time <= t {
			if err := s.Event(&events[0]); err != nil {
				return err
			}
			events = events[1:]
		}
		day := math.Sin(2 * math.Pi * (t/86400 - 0.375))
		busy := 0.82 + 0.1*math.Sin(t/5400) + 0.03*math.Sin(t/611)
		hot := bump(t, 43200, 7200, 900)
		used, down := math.Round(gpus*math.Min(busy, 0.96)), 1.0
		if t < 11520 || t > 18720 {
			down = 0
		}
		it, outdoor := 0.0, 27+7*day
		for r := range racks {
			power[r] = 4200 + 31000*busy*(0.9+0.1*math.Sin(float64(r)*1.7+t/7000))
			inlet[r] = 24 + 0.4*math.Sin(float64(r)) + 6.5*hot*math.Exp(-float64(r%16)/9) + 0.5*math.Max(day, 0)
			it += power[r]
		}
		cooling := it * (0.16 + 0.05*day - 0.02*hot)
		loss := it * 0.045
		queued := math.Round(math.Max(0, 14+22*math.Sin(t/9000)+9*hot))
		frames := []record.Frame{
			{Channel: Power, Values: []float64{it + cooling + loss}},
			{Channel: ITPower, Values: []float64{it}},
			{Channel: Cooling, Values: []float64{cooling}},
			{Channel: PUE, Values: []float64{(it + cooling + loss) / it}},
			{Channel: Loss, Values: []float64{loss}},
			{Channel: DryBulb, Values: []float64{outdoor}},
			{Channel: WetBulb, Values: []float64{16 + 0.35*outdoor/2}},
			{Channel: Running, Values: []float64{math.Round(61 + 12*math.Sin(t/5400))}},
			{Channel: Queued, Values: []float64{queued}},
			{Channel: Busy, Values: []float64{used}},
			{Channel: Free, Values: []float64{gpus - used - down}},
			{Channel: Down, Values: []float64{down}},
			{Channel: Throttle, Values: []float64{math.Round(gpus * math.Max(0, hot-0.62))}},
			{Channel: Inlet, Values: inlet},
			{Channel: RackIT, Values: power},
			{Channel: Speed, Subjects: []int32{int32(i / 10), int32(i/10) + 7}, Values: []float64{1, 1 - 0.3*hot}},
		}
		for f := range frames {
			frames[f].Time = t
			if err := s.Frame(&frames[f]); err != nil {
				return err
			}
		}
	}
	for i := range events {
		if err := s.Event(&events[i]); err != nil {
			return err
		}
	}
	return nil
}

// bump rises at `at`, holds for `hold` and falls, with time constant tau.
func bump(t, at, hold, tau float64) float64 {
	switch {
	case t < at:
		return 0
	case t < at+hold:
		return 1 - math.Exp(-(t-at)/tau)
	}
	return (1 - math.Exp(-hold/tau)) * math.Exp(-(t-at-hold)/tau)
}

// Events is the log of the recording.
func Events() []record.Event {
	list := []record.Event{
		{Time: 0, ID: 1, Severity: record.Info, Type: "start", Text: "hot-noon begins, seed 7"},
		{Time: 11520, ID: 2, Severity: record.Warning, Type: "fail", Subject: "hall-0/row-2/rack-5/node-1/gpu-3",
			Text: "GPU failed: row remap", Fields: []record.Field{record.Str("cause", "process"), record.Num("repair", 7200, "s")}},
		{Time: 11520, ID: 3, Parent: 2, Severity: record.Info, Type: "job.requeue", Subject: "job-112",
			Text: "job goes back to the queue from its checkpoint 14 min ago"},
		{Time: 43200, ID: 4, Severity: record.Critical, Type: "fail", Subject: "hall-0/crah-0",
			Text: "CRAH failed: 25 % of the hall's airflow is lost"},
		{Time: 43980, ID: 5, Parent: 4, Severity: record.Warning, Type: "limit", Subject: "hall-0/row-0/rack-0",
			Text: "inlet above 27 °C", Fields: []record.Field{record.Num("inlet", 27.02, "degC")}},
		{Time: 44640, ID: 6, Parent: 5, Severity: record.Critical, Type: "throttle", Subject: "hall-0/row-0/rack-0",
			Text: "8 GPUs throttle, their jobs run at 86 %"},
		{Time: 50400, ID: 7, Severity: record.Info, Type: "repair", Subject: "hall-0/crah-0", Text: "CRAH works again"},
		{Time: 52200, ID: 8, Parent: 7, Severity: record.Info, Type: "throttle.end", Subject: "hall-0/row-0/rack-0", Text: "no GPU throttles"},
	}
	for i := range 40 {
		list = append(list, record.Event{Time: 60000 + 600*float64(i), ID: int64(9 + i), Severity: record.Detail,
			Type: "job.end", Subject: fmt.Sprintf("job-%d", 200+i), Text: "job completed"})
	}
	return append(list, record.Event{Time: 86400, ID: 49, Severity: record.Info, Type: "end", Text: "hot-noon ends"})
}

// Summary closes the recording.
func Summary(h *record.Header) *record.Summary {
	s := &record.Summary{
		Run: h.Run, Scenario: h.Scenario, About: h.About, Variant: h.Variant, Seed: h.Seed, Version: h.Version,
		Start: h.Start, Duration: h.Duration, Reached: h.Duration,
		Expectations: []record.Expectation{
			{Name: "no hot inlet", Expr: "max(rack.inlet_temperature) < degC(32)", OK: true, Actual: 31.24, Op: "<", Target: 32, Unit: "degC"},
			{Name: "goodput", Expr: "goodput > 0.90", OK: false, Actual: 0.8871, Op: ">", Target: 0.9, Unit: "ratio",
				First: &record.Moment{Time: 49380, Place: "hall-0/row-0/rack-0", Value: 0.8998}},
		},
		Lost: []record.Loss{
			{Cause: "GPUs throttle on hot inlets", GPUHours: 412.4, Subject: "hall-0/row-0/rack-0"},
			{Cause: "work since the last checkpoint is lost", GPUHours: 96.2, Subject: "job-112"},
			{Cause: "failed GPUs", GPUHours: 24, Subject: "hall-0/row-2/rack-5/node-1/gpu-3"},
		},
		Notes: []string{"weather is a typical year, mapped to 2025 by month, day and hour"},
	}
	add := func(group, key, label string, value float64, unit string, p record.Provenance, note string) {
		s.Add(group, record.KPI{Key: key, Label: label, Value: value, Unit: unit, Provenance: p, Note: note})
	}
	add(record.Energy, "energy.facility", "facility energy", 1.4203e11, "J", record.ProvModelled, "")
	add(record.Energy, "energy.it", "computing energy", 1.1714e11, "J", record.ProvModelled, "")
	add(record.Energy, "pue", "PUE", 1.2125, "ratio", record.ProvModelled, "energy-weighted")
	add(record.Energy, "power.peak", "peak facility power", 1.8114e6, "W", record.ProvModelled, "at 14:37")
	add(record.Cooling, "inlet.max", "hottest inlet", 31.24, "degC", record.ProvModelled, "hall-0/row-0/rack-0 at 13:59")
	add(record.Cooling, "water", "water used", 41210, "L", record.ProvTypical, "")
	add(record.Compute, "gpu.hours", "GPU-hours used", 20193.4, "h", record.ProvModelled, "")
	add(record.Compute, "goodput", "goodput", 0.8871, "ratio", record.ProvModelled, "")
	add(record.Compute, "gpu.throttled", "GPU-hours throttled", 1204.2, "h", record.ProvModelled, "")
	add(record.Reliability, "failures", "failures", 2, "count", record.ProvTypical, "")
	add(record.Cost, "cost.energy", "energy cost", 3708.6, "USD", record.ProvModelled, "")
	add(record.Carbon, "carbon", "operational carbon", 15230, "kg", record.ProvModelled, "")
	add(record.Engine, "engine.wall", "wall time", 2.84, "s", record.ProvMeasured, "")
	add(record.Engine, "engine.steps", "steps", 1523, "count", record.ProvMeasured, "")
	s.Judge()
	return s
}
