//go:build nvml && linux && cgo

package device

import (
	"fmt"
	"math"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
)

// Limits implements [Limiter].
func (g *gpu) Limits() (l Limits, err error) {
	if g.dev == nil || !g.session.can("nvmlDeviceGetPowerManagementLimitConstraints") || !g.session.can("nvmlDeviceGetPowerManagementLimit") {
		return l, fmt.Errorf("gpu-%d tells no power limits", g.id.Index)
	}
	lo, hi, ret := g.dev.GetPowerManagementLimitConstraints()
	if ret != nvml.SUCCESS {
		return l, fmt.Errorf("gpu-%d: %w", g.id.Index, failure(ret))
	}
	now, ret := g.dev.GetPowerManagementLimit()
	if ret != nvml.SUCCESS {
		return l, fmt.Errorf("gpu-%d: %w", g.id.Index, failure(ret))
	}
	l = Limits{Now: float64(now) / 1000, Min: float64(lo) / 1000, Max: float64(hi) / 1000, Default: float64(hi) / 1000}
	if g.session.can("nvmlDeviceGetPowerManagementDefaultLimit") {
		if d, ret := g.dev.GetPowerManagementDefaultLimit(); ret == nvml.SUCCESS {
			l.Default = float64(d) / 1000
		}
	}
	return l, nil
}

// SetLimit implements [Limiter].
func (g *gpu) SetLimit(watts float64) error {
	l, err := g.Limits()
	if err != nil {
		return err
	}
	if err := l.Check(g.id.Name(), watts); err != nil {
		return err
	}
	if ret := g.dev.SetPowerManagementLimit(uint32(math.Round(watts * 1000))); ret != nvml.SUCCESS {
		return fmt.Errorf("gpu-%d: setting the power limit: %w", g.id.Index, failure(ret))
	}
	return nil
}

// MaxClock implements [Clocker].
func (g *gpu) MaxClock() (float64, error) {
	if g.dev == nil || !g.session.can("nvmlDeviceGetMaxClockInfo") || !g.session.can("nvmlDeviceSetGpuLockedClocks") {
		return 0, fmt.Errorf("the clock of gpu-%d cannot be bounded", g.id.Index)
	}
	mhz, ret := g.dev.GetMaxClockInfo(nvml.CLOCK_SM)
	if ret != nvml.SUCCESS {
		return 0, fmt.Errorf("gpu-%d: %w", g.id.Index, failure(ret))
	}
	return float64(mhz), nil
}

// BoundClock implements [Clocker].
func (g *gpu) BoundClock(mhz float64) error {
	most, err := g.MaxClock()
	if err != nil {
		return err
	}
	var ret nvml.Return
	switch {
	case mhz == 0:
		ret = g.dev.ResetGpuLockedClocks()
	case !(mhz > 0 && mhz <= most):
		return &RangeError{g.id.Name(), "clock", mhz, 0, most, "MHz"}
	default:
		ret = g.dev.SetGpuLockedClocks(0, uint32(math.Round(mhz)))
	}
	if ret != nvml.SUCCESS {
		return fmt.Errorf("gpu-%d: bounding the clock: %w", g.id.Index, failure(ret))
	}
	return nil
}
