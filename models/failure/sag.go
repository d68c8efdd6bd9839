package failure

import (
	"fmt"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/unit"
)

// SagSpec makes the failures of a utility sags: its voltage falls for the time of the repair, it is not gone. Whether loads
// notice is for the power chain to say: UPSs go to battery below their window, and what has none stands a sag as long as
// the ITI (CBEMA) curve says.
type SagSpec struct {
	Voltages []VoltageSpec `yaml:"voltages" doc:"law of the voltage that is left: ranges and how often each occurs" required:"true"`
}

// VoltageSpec is a range of the voltage that is left, within which all values are equally likely.
type VoltageSpec struct {
	From  unit.Ratio `yaml:"from" doc:"lowest voltage, relative to nominal" required:"true" range:"[0,1)"`
	To    unit.Ratio `yaml:"to" doc:"highest voltage" required:"true" range:"(0,1]"`
	Share float64    `yaml:"share" doc:"how often it occurs, relative to the other ranges" required:"true" range:"[0,)"`
}

// Validate checks what tags cannot say.
func (s *SagSpec) Validate(fail func(path, msg string)) {
	sum := 0.0
	for i, v := range s.Voltages {
		if v.From >= v.To {
			fail(fmt.Sprintf("voltages[%d].to", i), fmt.Sprintf("the range ends at %s, where it has not begun: %s", v.To, v.From))
		}
		sum += v.Share
	}
	if !(sum > 0) {
		fail("voltages", "a sag needs a voltage that occurs: write voltages: [{from: 70 %, to: 90 %, share: 1}]")
	}
}

// Sag is the compiled law of a voltage: ranges with their cumulated shares. Nil: the failure is no sag.
type Sag struct{ From, To, Below []float64 }

func (s *SagSpec) compile() *Sag {
	if s == nil {
		return nil
	}
	law, sum := &Sag{}, 0.0
	for _, v := range s.Voltages {
		if v.Share > 0 {
			sum += v.Share
			law.From, law.To, law.Below = append(law.From, float64(v.From)), append(law.To, float64(v.To)), append(law.Below, sum)
		}
	}
	for i := range law.Below {
		law.Below[i] /= sum
	}
	return law
}

// Draw returns the voltage of one sag, relative to nominal.
func (s *Sag) Draw(st *random.Stream) float64 {
	u, k := st.Float64(), 0
	for k < len(s.Below)-1 && u >= s.Below[k] {
		k++
	}
	return s.From[k] + (s.To[k]-s.From[k])*st.Float64()
}

// CDF returns the probability of a voltage of at most v.
func (s *Sag) CDF(v float64) float64 {
	p, below := 0.0, 0.0
	for k := range s.Below {
		p += (s.Below[k] - below) * min(max((v-s.From[k])/(s.To[k]-s.From[k]), 0), 1)
		below = s.Below[k]
	}
	return p
}
