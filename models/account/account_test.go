package account

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/halltwin/halltwin/models/unit"
)

func TestSumIsCompensated(t *testing.T) {
	var s Sum
	plain := 0.0
	for range 10_000_000 {
		s.Add(0.1)
		plain += 0.1
	}
	if got := s.Value(); math.Abs(got-1e6) > 1e-9 {
		t.Errorf("ten million tenths make %.12g (plainly summed %.12g)", got, plain)
	}
	var big Sum
	for _, v := range []float64{1, 1e100, 1, -1e100} {
		big.Add(v)
	}
	if big.Value() != 2 {
		t.Errorf("Neumaier's example gives %g, not 2", big.Value())
	}
}

// Whatever happens, the books close: random spans of flows, runs, losses and jobs.
func TestBooksClose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Books{Services: make([]Service, 1)}
		spec := &Spec{GensetCarbon: 1e-7, GensetPrice: 1e-7}
		var queued, running int
		for range rapid.IntRange(1, 300).Draw(t, "spans") {
			dt := math.Exp(rapid.Float64Range(-3, 9).Draw(t, "log dt"))
			f := Flows{Genset: rapid.Float64Range(0, 1e7).Draw(t, "genset"), Storing: rapid.Float64Range(-1e6, 1e6).Draw(t, "storing")}
			sum := f.Storing - f.Genset
			for p := range f.Use {
				f.Use[p] = rapid.Float64Range(0, 1e7).Draw(t, "use")
				sum += f.Use[p]
			}
			f.Grid = sum
			b.Energy.Add(&f, spec, dt)

			busy, speed := float64(rapid.IntRange(0, 1000).Draw(t, "busy")), rapid.Float64Range(0, 1).Draw(t, "speed")
			b.GPU.Tick(1024, dt)
			b.GPU.Run(busy, dt, speed)
			b.GPU.Spend(Down, 24, dt)
			b.GPU.Spend(Idle, 1000-busy, dt)
			b.GPU.Move(Lost, busy*dt*speed*rapid.Float64Range(0, 1).Draw(t, "lost"))
			b.Services[0].Add(rapid.Float64Range(0, 1e4).Draw(t, "requests"), speed)

			switch rapid.IntRange(0, 5).Draw(t, "job") {
			case 0:
				b.Jobs.Submit()
				queued++
			case 1:
				if queued > 0 {
					b.Jobs.Start()
					queued, running = queued-1, running+1
				}
			case 2:
				if running > 0 {
					b.Jobs.Finish()
					running--
				}
			case 3:
				if running > 0 {
					b.Jobs.Interrupt()
					queued, running = queued+1, running-1
				}
			case 4:
				if queued > 0 {
					b.Jobs.Cancel(false)
					queued--
				}
			case 5:
				if running > 0 {
					b.Jobs.Fail()
					running--
				}
			}
		}
		if err := b.Check(); err != nil {
			t.Error(err)
		}
	})
}

func TestCheckPrintsTheBook(t *testing.T) {
	var b Books
	if err := b.Check(); err != nil {
		t.Fatalf("empty books: %v", err)
	}
	b.GPU.Tick(8, 3600)
	b.GPU.Run(8, 3599, 1)
	b.Jobs.Submit()
	b.Jobs.Finish()
	err := b.Check()
	if err == nil {
		t.Fatal("the books close")
	}
	for _, want := range []string{"GPU-time (GPU·s)", "GPUs of the site", "28800", "28792", "job (jobs)", "running"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
	b = Books{}
	b.Energy.Grid.Add(math.NaN())
	if b.Check() == nil {
		t.Error("a NaN closes")
	}
}

// A training job of 1,000 GPUs: two hours of progress of which a failure undoes half an hour, a restart, a throttled hour, and
// a wait for a node.
func TestGoodputAndETTR(t *testing.T) {
	var g GPUTime
	g.Run(1000, 7200, 1)
	g.Move(Lost, 1000*1800)
	g.Spend(Stalled, 1000, 30)
	g.Wait(1000, 570)
	g.Spend(Restart, 1000, 300)
	g.Run(1000, 3600, 0.9)
	g.Spend(Checkpoint, 1000, 70)
	useful := 5400 + 3240.0
	held := 7200 + 30 + 300 + 3600 + 70.0
	if got := g.Goodput(); math.Abs(got-useful/held) > 1e-12 {
		t.Errorf("goodput %g, want %g", got, useful/held)
	}
	if got := g.ETTR(); math.Abs(got-useful/(held+570)) > 1e-12 {
		t.Errorf("ETTR %g, want %g", got, useful/(held+570))
	}
	if g.Slow.Value() != 3.6e6 || math.Abs(g.By[Throttled].Value()-3.6e5) > 1e-6 {
		t.Errorf("slow %g, throttled %g", g.Slow.Value(), g.By[Throttled].Value())
	}
}

// verification_cases.json, pue_chain and wue_tower; carbon and cost of a day at two intensities.
func TestEnergyFigures(t *testing.T) {
	var e Energy
	s := &Spec{GensetCarbon: unit.CarbonIntensity(700 / 3.6e9), GensetPrice: unit.EnergyPrice(0.35 / 3.6e6), WaterPrice: 2, CarbonPrice: 100}
	it, up := 1e6, 1e6/0.98/0.96
	total := (up + 190e3) / 0.99
	f := Flows{Grid: total, Carbon: 400 / 3.6e9, Price: 0.1 / 3.6e6, Water: 2.0338 * 1e6 / 3.6e6}
	f.Use[GPU], f.Use[Chilling], f.Use[Building], f.Use[Distribution] = it, 180e3, 10e3, total-it-190e3
	e.Add(&f, s, 3600)
	check := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got/want-1) > 1e-5 {
			t.Errorf("%s %g, want %g", what, got, want)
		}
	}
	check("PUE", e.PUE(), 1.26558)
	check("WUE in L/kWh", e.WUE()*3.6e6, 2.0338)
	check("CUE in kg/kWh", e.CUE()*3.6e6, 1.26558*0.4)
	kwh := total / 1000
	check("cost", e.Cost.Value(), kwh*0.1+2*2.0338+kwh*0.4*0.1)
	f.Grid, f.Genset = 0, total
	e.Add(&f, s, 3600)
	check("carbon of an hour on grid and one on diesel", e.Carbon.Value(), kwh*(0.4+0.7))
	b := Books{Energy: e}
	if err := b.Check(); err != nil {
		t.Error(err)
	}
}

func TestCloneSharesNothing(t *testing.T) {
	a := &Books{Services: make([]Service, 1)}
	b := a.Clone()
	b.Services[0].Add(1, 1)
	if a.Services[0].Share() != 1 || a.Services[0].Requests.Value() != 0 {
		t.Error("the original changed")
	}
}
