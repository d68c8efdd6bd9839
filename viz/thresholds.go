package viz

import (
	"math"
	"strings"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/twin/record/plant"
	"github.com/halltwin/halltwin/viz/wire"
)

// thresholds returns beyond what values a channel is of concern: by the limits of the hardware where they are known, else by what is
// common in the field.
func thresholds(c *channel.Channel, p *plant.Plant) []wire.Threshold {
	above := func(at float64, severity, doc string) wire.Threshold {
		return wire.Threshold{At: at, Above: true, Severity: severity, Doc: doc}
	}
	below := func(at float64, severity, doc string) wire.Threshold {
		return wire.Threshold{At: at, Severity: severity, Doc: doc}
	}
	switch c.Name {
	case "rack.inlet_temperature":
		return []wire.Threshold{above(27, "warning", "ASHRAE TC 9.9 (2021): the recommended envelope of classes A1 to A4 ends"),
			above(32, "critical", "ASHRAE TC 9.9 (2021): the allowable envelope of class A1 ends")}
	case "gpu.temperature", "rack.gpu_temperature":
		if p == nil {
			return nil
		}
		target, off := math.Inf(1), math.Inf(1)
		for _, r := range p.Racks {
			if r.GPUTarget > 0 {
				target = min(target, r.GPUTarget)
			}
			if r.GPUShutdown > 0 {
				off = min(off, r.GPUShutdown)
			}
		}
		var list []wire.Threshold
		if !math.IsInf(target, 0) {
			list = append(list, above(target, "warning", "GPUs are slowed down to stay below"))
		}
		if !math.IsInf(off, 0) {
			list = append(list, above(off, "critical", "GPUs shut down"))
		}
		return list
	case "rack.power":
		if p == nil || len(p.Racks) != 1 || p.Racks[0].Rating <= 0 {
			return nil
		}
		return []wire.Threshold{above(p.Racks[0].Rating, "warning", "design power of the rack")}
	case "ups.charge":
		return []wire.Threshold{below(0.5, "warning", "half of the battery is gone"), below(0.1, "critical", "the battery is nearly empty")}
	case "ups.autonomy":
		return []wire.Threshold{below(300, "warning", "five minutes are left at the present load"), below(60, "critical", "a minute is left at the present load")}
	case "rack.speed", "job.speed":
		return []wire.Threshold{below(0.95, "warning", "heat or limits cost more than a twentieth of the speed")}
	case "hall.class":
		return []wire.Threshold{above(0.5, "warning", "outside the recommended envelope"), above(1.5, "critical", "outside the allowable envelope")}
	case "gpus.throttled", "gpus.down", "nodes.down":
		return []wire.Threshold{above(0, "warning", "none is expected")}
	}
	if strings.HasSuffix(c.Name, ".state") && c.Name != "job.state" {
		return []wire.Threshold{above(channel.OnBattery-0.5, "warning", "it does not work as it should"), above(channel.Tripped-0.5, "critical", "it does not work")}
	}
	switch c.Name {
	case "ups.load", "pdu.load", "transformer.load", "genset.load", "utility.load":
		return []wire.Threshold{above(0.8, "warning", "four fifths of the rating, the usual limit of a continuous load"), above(1, "critical", "above the rating")}
	}
	return nil
}

// scaleOf returns the range of a channel that has one at all times.
func scaleOf(c *channel.Channel) (low, high *wire.Number) {
	of := func(lo, hi float64) (*wire.Number, *wire.Number) {
		a, b := wire.Number(lo), wire.Number(hi)
		return &a, &b
	}
	switch {
	case strings.HasSuffix(c.Name, ".state") && c.Name != "job.state":
		return of(0, channel.Failed)
	case strings.HasSuffix(c.Name, ".utilisation"), strings.HasSuffix(c.Name, ".speed"), strings.HasSuffix(c.Name, ".charge"),
		strings.HasSuffix(c.Name, ".progress"), strings.HasSuffix(c.Name, ".relative_humidity"):
		return of(0, 1)
	case strings.HasSuffix(c.Name, ".load"):
		return of(0, 1)
	case c.Name == "hall.class":
		return of(0, 2)
	}
	return nil, nil
}
