//go:build nvml && linux && cgo

package device

import (
	"context"
	"fmt"
	"math"
	"strings"
)

// Probe implements [Device].
func (g *gpu) Probe() []Finding {
	var r Reading
	if err := g.Sample(context.Background(), &r); err != nil {
		return []Finding{{Name: "answers", Says: err.Error(), Fix: "see `dmesg | grep NVRM`; a GPU that fell off the bus needs a reset (nvidia-smi --gpu-reset) or a reboot"}}
	}
	var has, lacks []string
	for q := range r.Values {
		switch {
		case !math.IsNaN(r.Values[q]):
			has = append(has, Quantity(q).String())
		case !nodeOnly(Quantity(q)) && !g.pending(Quantity(q)):
			lacks = append(lacks, Quantity(q).String())
		}
	}
	all := []Finding{{Name: "reads", OK: true, Says: strings.Join(has, ", ")}}
	if len(lacks) > 0 {
		all = append(all, Finding{Name: "does not read", OK: true, Says: strings.Join(lacks, ", ")})
	}
	if !g.profile {
		all = append(all, Finding{Name: "activity", Says: "no counters of SM, tensor and memory activity",
			Fix: "before Hopper only DCGM has them: run dcgm-exporter with the profiling fields and import its readings"})
	}
	l, err := g.Limits()
	if err != nil {
		return append(all, Finding{Name: "power limit", Says: err.Error(), Fix: "this model's limit is fixed"})
	}
	limit := Finding{Name: "power limit", OK: true, Says: fmt.Sprintf("%g W now, %g to %g W", l.Now, l.Min, l.Max)}
	// Setting it to what it is asks for the right and changes nothing.
	if err := g.SetLimit(l.Now); err != nil {
		limit.OK, limit.Says, limit.Fix = false, limit.Says+"; "+err.Error(), "experiments that set limits need root or CAP_SYS_ADMIN; reading does not"
	}
	return append(all, limit)
}

// pending tells whether a quantity needs a second reading.
func (g *gpu) pending(q Quantity) bool {
	return g.profile && (q == SMActive || q == TensorActive || q == DRAMActive)
}

// nodeOnly tells whether no GPU has the quantity.
func nodeOnly(q Quantity) bool { return q == Inlet || q == Fan || q == DRAMPower }
