package cooling

import (
	"math/rand/v2"
	"testing"

	"github.com/halltwin/halltwin/models/unit"
)

// randomAir gives a random plant in-row coolers, rear doors and fans that hold a temperature.
func randomAir(tb *testing.T, rng *rand.Rand, spec *Spec) {
	pick := func(s ...string) string { return s[rng.IntN(len(s))] }
	if rng.IntN(2) == 0 {
		warm := unit.Temperature(18 + 4*rng.Float64())
		spec.Plant.Warm.Supply = &warm
	}
	if rng.IntN(3) == 0 {
		spec.Air.InRow = &InRowSpec{Water: pick("chilled", "warm"), Share: unit.Ratio(0.1 + 0.9*rng.Float64()), Count: Count(rng.IntN(30))}
		if rng.IntN(3) == 0 {
			spec.Air.InRow.Share = 1
		}
		defaults(tb, spec.Air.InRow)
	}
	if rng.IntN(3) == 0 {
		spec.Air.RearDoor = &RearDoorSpec{Kind: pick("passive", "active"), Water: pick("chilled", "warm"), Capture: unit.Ratio(0.2 + 0.6*rng.Float64())}
		if rng.IntN(2) == 0 {
			leaving := unit.Temperature(24 + 6*rng.Float64())
			spec.Air.RearDoor.Leaving = &leaving
		}
		defaults(tb, spec.Air.RearDoor)
	}
	if rng.IntN(3) == 0 {
		spec.Air.CRAH.Control = &FanControlSpec{By: pick("inlet", "return")}
		defaults(tb, spec.Air.CRAH.Control)
	}
	if rng.IntN(3) == 0 {
		dew := unit.Temperature(5 + 12*rng.Float64())
		spec.Air.Humidity.Dehumidify = &dew
	}
	spec.Air.Tape = rng.IntN(2) == 0
}

// randomMatrix lets racks breathe each other's air, within a hall.
func randomMatrix(rng *rand.Rand, n *Sizes) {
	if rng.IntN(3) > 0 {
		return
	}
	most := 0.9 / float64(n.Racks)
	for i := range n.Racks {
		for j := range n.Racks {
			if n.RackHall[i] == n.RackHall[j] && rng.IntN(3) == 0 {
				n.Carried = append(n.Carried, Carried{int32(i), int32(j), most * rng.Float64()})
			}
		}
	}
}
