package power

import (
	"fmt"
	"math"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/unit"
)

// Random chains under random loads, failures and repairs keep the ledger and every limit. HALLTWIN_SOAK=1 runs
// 10,000 of them.
func TestRandomChains(t *testing.T) {
	cases := 200
	if os.Getenv("HALLTWIN_SOAK") == "1" {
		cases = 10_000
	}
	base := newSpec(t, "N")
	prop := func(t *rapid.T) { randomChain(t, base) }
	for i := range cases / 100 { // rapid checks 100 at a time
		t.Run(fmt.Sprint(i), func(t *testing.T) { rapid.Check(t, prop) })
	}
}

var redundancies = []string{"none", "N", "N+1", "2N", "3N/2"}

func randomSpec(t *rapid.T, base *Spec) *Spec {
	s := *base
	s.Redundancy = rapid.SampledFrom(redundancies).Draw(t, "redundancy")
	sides := Count(1)
	switch s.Redundancy {
	case "2N":
		sides = 2
	case "3N/2":
		sides = 3
	}
	count := func(name string) Count {
		n := Count(rapid.IntRange(-1, 3).Draw(t, name))
		if n < 0 {
			return Auto
		}
		return n * sides
	}
	scale := func(name string) float64 { return rapid.Float64Range(0.3, 2).Draw(t, name) }
	s.Transformer.Count, s.Genset.Count, s.UPS.Count = count("transformers"), count("gensets"), count("upses")
	s.Utility.Count = Count(rapid.IntRange(1, 4).Draw(t, "utilities"))
	s.UPS.Each.Rating = unit.Power(200e3 * scale("ups rating"))
	s.UPS.Each.Autonomy = 60
	s.UPS.Each.Bypass = rapid.Bool().Draw(t, "bypass")
	s.UPS.Each.Mode = rapid.SampledFrom([]string{"double-conversion", "eco", "dc"}).Draw(t, "mode")
	s.UPS.Each.Battery.Model = rapid.SampledFrom([]string{"energy", "peukert", "kibam"}).Draw(t, "battery")
	s.PDU.Rating = unit.Power(60e3 * scale("pdu rating"))
	s.PDU.Count = Count(rapid.IntRange(0, 2).Draw(t, "pdus")) * 6
	s.Genset.FailToStart = ratio(rapid.Float64Range(0, 1).Draw(t, "refusal"))
	s.Genset.Bus = rapid.SampledFrom([]string{"side", "common"}).Draw(t, "bus")
	s.Genset.Fuel.Tank = 3600
	if rapid.Bool().Draw(t, "fuel is delivered") {
		d := unit.Duration(rapid.SampledFrom([]float64{60, 1500, 6000}).Draw(t, "delivery"))
		s.Genset.Fuel.Delivery, s.Genset.Fuel.Reorder = &d, 0.5
	}
	s.Genset.FailToCrank = ratio(rapid.SampledFrom([]float64{0, 0.6}).Draw(t, "crank"))
	s.UPS.Each.Transfer = unit.Duration(rapid.SampledFrom([]float64{0.004, 0.1}).Draw(t, "eco transfer"))
	if rapid.Bool().Draw(t, "steps") {
		step := ratio(scale("step") / 2)
		s.Genset.Step, s.Genset.Settle = &step, unit.Duration(rapid.SampledFrom([]float64{2, 30}).Draw(t, "settle"))
	}
	s.Genset.Shed = rapid.Bool().Draw(t, "shed")
	s.Transfer.Kind = rapid.SampledFrom([]string{"ats", "sts"}).Draw(t, "switch")
	s.Restart.After = unit.Duration(rapid.SampledFrom([]float64{0, 20}).Draw(t, "after"))
	s.Restart.Every = unit.Duration(rapid.SampledFrom([]float64{0, 7}).Draw(t, "every"))
	s.Mechanical.UPS = rapid.Bool().Draw(t, "cooling on ups")
	if rapid.Bool().Draw(t, "power factors") {
		s.PowerFactor = &PowerFactorSpec{Oversize: 2, UPS: 0.97, Mechanical: 0.8, UPSRated: 0.9, GenRated: 0.8}
	}
	curve := rapid.SampledFrom([]string{"thermal", "ieee-ei", "iec-si"}).Draw(t, "curve")
	s.PDU.Breaker.Curve, s.Transformer.Breaker.Curve = curve, curve
	if rapid.Bool().Draw(t, "limit") {
		s.RackLimit = power(12e3 * scale("rack limit"))
	}
	if rapid.Bool().Draw(t, "limited feed") {
		s.Utility.Rating = power(400e3 * scale("feed"))
	}
	return &s
}

func randomChain(t *rapid.T, base *Spec) {
	s := randomSpec(t, base)
	n := rapid.IntRange(1, 24).Draw(t, "racks")
	p, err := Compile(s, racks(n, 12e3, 90e3))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{p: p, s: New(p, random.Seed(rapid.Uint64().Draw(t, "seed"))), mechW: 90e3, rackW: make([]float64, n)}
	kinds := layerKinds[:]
	for range rapid.IntRange(1, 25).Draw(t, "acts") {
		switch rapid.IntRange(0, 4).Draw(t, "act") {
		case 4:
			i := rapid.IntRange(0, p.Count(facility.Utility)-1).Draw(t, "feed")
			p.SetVoltage(w.s, i, rapid.SampledFrom([]float64{1, 0.9, 0.82, 0.75, 0.3}).Draw(t, "voltage"))
		case 0:
			for r := range w.rackW {
				w.rackW[r] = rapid.Float64Range(0, 25e3).Draw(t, "rack")
			}
			w.mechW = rapid.Float64Range(0, 150e3).Draw(t, "mech")
		case 1, 2:
			k := rapid.SampledFrom(kinds).Draw(t, "kind")
			if c := p.Count(k); c > 0 {
				r := facility.Ref{Kind: k, Index: int32(rapid.IntRange(0, c-1).Draw(t, "unit"))}
				p.Health(w.s, r, rapid.Bool().Draw(t, "up"))
			}
		case 3:
			p.Health(w.s, facility.Ref{Kind: facility.Rack, Index: int32(rapid.IntRange(0, n-1).Draw(t, "reset"))}, true)
		}
		w.update()
		sound(t, w)
		until := rapid.SampledFrom([]float64{0.01, 1, 20, 300, 4000}).Draw(t, "dt")
		for rounds := 0; until > 0; rounds++ {
			if rounds > 10_000 {
				t.Fatalf("the chain chatters: %d events in %g s\n%s", rounds, until, w.log.String())
			}
			dt := min(p.Next(w.s), until)
			in, out, loss, before := account(w.s, p)
			p.Advance(w.s, dt)
			if gap := (in-out-loss)*dt - (w.s.Stored - before); math.Abs(gap) > 1e-9*max(in, loss)*dt+1e-13*before {
				t.Fatalf("after %g s, %g J are missing of %g J stored", dt, gap, w.s.Stored)
			}
			until -= dt
			w.update()
			sound(t, w)
		}
	}
}

// account sums what enters and leaves the chain.
func account(s *State, p *Plan) (in, out, loss, stored float64) {
	for _, w := range p.Flows(s, facility.Utility) {
		in += w
	}
	for _, w := range p.Flows(s, facility.Genset) {
		in += w
	}
	return in, s.IT + s.Mech, s.Loss.Total(), s.Stored
}

// sound checks what must hold at every instant that is at rest.
func sound(t *rapid.T, w *world) {
	p, s := w.p, w.s
	in, out, loss, _ := account(s, p)
	if gap := in - out - loss - s.Storing; math.Abs(gap) > 1e-9*max(in, out, loss) || math.IsNaN(gap) {
		t.Fatalf("ledger: in %g, out %g, loss %g, storing %g: %g W are missing", in, out, loss, s.Storing, gap)
	}
	if next := p.Next(s); !(next > 0) {
		t.Fatalf("Next is %g at rest", next)
	}
	for u := range s.Flow {
		switch x := s.Flow[u]; {
		case !(x >= 0):
			t.Fatalf("%s carries %g W", p.name(int32(u)), x)
		case x > 0 && (!s.Up[u] || s.Open[u]):
			t.Fatalf("%s carries %g W though it is failed or open", p.name(int32(u)), x)
		case !(s.Heat[u] >= 0 && (s.Heat[u] < 1 || s.Open[u] || !s.Up[u] || s.Load[u] <= p.layers[p.layerOf(int32(u))].breaker.Pickup)):
			t.Fatalf("%s has heat %g at load %g and has not tripped", p.name(int32(u)), s.Heat[u], s.Load[u])
		}
	}
	if p.factor != nil { // a transformer, or a feed without transformers, carries the var of its side
		for i := range p.layers {
			for u := p.layers[i].first; u < p.layers[i].end; u++ {
				if pf := p.PowerFactor(s, int(u)); !(pf > 0 && pf <= 1) || !(s.Var[u] >= 0) {
					t.Fatalf("%s has a power factor of %g, %g var", p.name(u), pf, s.Var[u])
				}
			}
		}
	}
	for k := range s.UPS {
		if s.Available[k] < p.battery.low()-1e-5*p.battery.Capacity/60 || s.Available[k]+s.Bound[k] > p.battery.Capacity*(1+1e-6) {
			t.Fatalf("ups-%d holds %g + %g J of %g", k, s.Available[k], s.Bound[k], p.battery.Capacity)
		}
	}
	var it, served float64
	dark := 0
	for r, x := range w.rackW {
		if s.RackOn[r] {
			it += x
		} else {
			dark++
		}
	}
	for u := p.layers[pdus].first; u < p.layers[pdus].end; u++ {
		served += s.Flow[u]
	}
	if math.Abs(it-s.IT) > 1e-9*it || math.Abs(it-served) > 1e-9*it || dark != s.Dark {
		t.Fatalf("racks draw %g W, IT says %g W, PDUs give %g W; %d dark, Dark says %d", it, s.IT, served, dark, s.Dark)
	}
}
