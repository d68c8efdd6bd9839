//go:build nvml && linux && cgo

package device

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
)

// gpu is one NVIDIA GPU.
type gpu struct {
	session *session
	dev     nvml.Device
	id      Identity
	xids    []uint64 // since the last reading

	thresholds bool               // temperature has the old form
	profile    bool               // profiling counters answer
	samples    [2]nvml.GpmSample  // of the profiling counters: before and now
	filled     bool               // the first is there
	fields     [4]nvml.FieldValue // read in one call
	absent     [quantities]bool   // not supported, so not asked again
	skip       [quantities]bool   // not asked for
}

var (
	_ Limiter   = (*gpu)(nil)
	_ Clocker   = (*gpu)(nil)
	_ Selective = (*gpu)(nil)
)

// Identity implements [Device].
func (g *gpu) Identity() Identity { return g.id }

// open finds the handle and what the GPU answers.
func (g *gpu) open() error {
	lib := g.session.lib
	dev, ret := lib.DeviceGetHandleByIndex(g.id.Index)
	if ret != nvml.SUCCESS {
		return fmt.Errorf("gpu-%d: %w", g.id.Index, failure(ret))
	}
	g.dev = dev
	if g.id.Key, ret = dev.GetUUID(); ret != nvml.SUCCESS {
		return fmt.Errorf("gpu-%d: %w", g.id.Index, failure(ret))
	}
	g.id.Model, _ = dev.GetName()
	if pci, ret := dev.GetPciInfo(); ret == nvml.SUCCESS {
		g.id.Bus = characters(pci.BusId[:])
	}
	if g.session.events != nil {
		dev.RegisterEvents(nvml.EventTypeXidCriticalError, g.session.events)
	}
	g.thresholds = true
	if g.session.can("nvmlDeviceGetTemperatureV") {
		_, ret := dev.GetTemperatureV().V1()
		g.thresholds = ret != nvml.SUCCESS
	}
	g.profile = g.startProfile()
	return nil
}

// startProfile makes ready for the counters of SM, tensor and memory activity, which Hopper and later have.
func (g *gpu) startProfile() bool {
	for _, f := range []string{"nvmlGpmQueryDeviceSupport", "nvmlGpmSampleAlloc", "nvmlGpmSampleGet", "nvmlGpmMetricsGet", "nvmlGpmSampleFree"} {
		if !g.session.can(f) {
			return false
		}
	}
	if s, ret := g.dev.GpmQueryDeviceSupport(); ret != nvml.SUCCESS || s.IsSupportedDevice == 0 {
		return false
	}
	for i := range g.samples {
		sample, ret := g.session.lib.GpmSampleAlloc()
		if ret != nvml.SUCCESS {
			return false
		}
		g.samples[i] = sample
	}
	return true
}

func (g *gpu) free() {
	for i, s := range g.samples {
		if s != nil {
			s.Free()
			g.samples[i] = nil
		}
	}
}

// Select implements [Selective].
func (g *gpu) Select(only ...Quantity) {
	for q := range g.skip {
		g.skip[q] = len(only) > 0
	}
	for _, q := range only {
		g.skip[q] = false
	}
	g.filled = false // activity since before the selection would be a mean over it
}

// Sample implements [Device].
func (g *gpu) Sample(_ context.Context, r *Reading) error {
	r.Clear()
	if g.dev == nil { // it did not answer when the session began
		if err := g.open(); err != nil {
			return err
		}
	}
	if err := g.session.collect(); err != nil {
		return fmt.Errorf("gpu-%d: %w", g.id.Index, err)
	}
	r.Xids = append(r.Xids, g.xids...)
	g.xids = g.xids[:0]
	for _, read := range readers {
		if g.absent[read.fills] || g.skip[read.fills] || read.symbol != "" && !g.session.can(read.symbol) {
			continue
		}
		switch ret := read.do(g, r); ret {
		case nvml.SUCCESS:
		case nvml.ERROR_NOT_SUPPORTED, nvml.ERROR_FUNCTION_NOT_FOUND, nvml.ERROR_INVALID_ARGUMENT, nvml.ERROR_ARGUMENT_VERSION_MISMATCH, nvml.ERROR_NO_PERMISSION:
			g.absent[read.fills] = true
		case nvml.ERROR_GPU_IS_LOST, nvml.ERROR_RESET_REQUIRED, nvml.ERROR_UNINITIALIZED, nvml.ERROR_DRIVER_NOT_LOADED, nvml.ERROR_LIB_RM_VERSION_MISMATCH:
			g.filled = false
			return fmt.Errorf("gpu-%d: %w", g.id.Index, failure(ret))
		default: // a read that fails leaves a gap
		}
	}
	return nil
}

// reader fills one or a few quantities by one call.
type reader struct {
	fills  Quantity // the first of them
	symbol string   // that it needs; "" where it has a choice
	do     func(*gpu, *Reading) nvml.Return
}

var readers = []reader{
	{Power, "nvmlDeviceGetPowerUsage", func(g *gpu, r *Reading) nvml.Return {
		mw, ret := g.dev.GetPowerUsage()
		return r.put(ret, Power, float64(mw)/1000)
	}},
	{Temperature, "", (*gpu).temperature},
	{PowerInstant, "nvmlDeviceGetFieldValues", (*gpu).field},
	{Energy, "nvmlDeviceGetTotalEnergyConsumption", func(g *gpu, r *Reading) nvml.Return {
		mj, ret := g.dev.GetTotalEnergyConsumption()
		return r.put(ret, Energy, float64(mj)/1000)
	}},
	{Clock, "nvmlDeviceGetClockInfo", func(g *gpu, r *Reading) nvml.Return {
		mhz, ret := g.dev.GetClockInfo(nvml.CLOCK_SM)
		return r.put(ret, Clock, float64(mhz)*1e6)
	}},
	{MemoryClock, "nvmlDeviceGetClockInfo", func(g *gpu, r *Reading) nvml.Return {
		mhz, ret := g.dev.GetClockInfo(nvml.CLOCK_MEM)
		return r.put(ret, MemoryClock, float64(mhz)*1e6)
	}},
	{Utilisation, "nvmlDeviceGetUtilizationRates", func(g *gpu, r *Reading) nvml.Return {
		u, ret := g.dev.GetUtilizationRates()
		r.put(ret, MemoryUtilisation, float64(u.Memory)/100)
		return r.put(ret, Utilisation, float64(u.Gpu)/100)
	}},
	{MemoryUsed, "nvmlDeviceGetMemoryInfo", func(g *gpu, r *Reading) nvml.Return {
		m, ret := g.dev.GetMemoryInfo()
		r.put(ret, MemoryTotal, float64(m.Total))
		return r.put(ret, MemoryUsed, float64(m.Used))
	}},
	{PowerLimit, "nvmlDeviceGetEnforcedPowerLimit", func(g *gpu, r *Reading) nvml.Return {
		mw, ret := g.dev.GetEnforcedPowerLimit()
		return r.put(ret, PowerLimit, float64(mw)/1000)
	}},
	{Throttle, "", (*gpu).reasons},
	{ECC, "nvmlDeviceGetTotalEccErrors", func(g *gpu, r *Reading) nvml.Return {
		n, ret := g.dev.GetTotalEccErrors(nvml.MEMORY_ERROR_TYPE_UNCORRECTED, nvml.VOLATILE_ECC)
		return r.put(ret, ECC, float64(n))
	}},
	{RemappedRows, "nvmlDeviceGetRemappedRows", func(g *gpu, r *Reading) nvml.Return {
		_, uncorrected, _, _, ret := g.dev.GetRemappedRows()
		return r.put(ret, RemappedRows, float64(uncorrected))
	}},
	{PCIeSent, "nvmlDeviceGetPcieThroughput", func(g *gpu, r *Reading) nvml.Return {
		tx, ret := g.dev.GetPcieThroughput(nvml.PCIE_UTIL_TX_BYTES)
		rx, _ := g.dev.GetPcieThroughput(nvml.PCIE_UTIL_RX_BYTES)
		r.put(ret, PCIeReceived, float64(rx)*1000)
		return r.put(ret, PCIeSent, float64(tx)*1000)
	}},
	{SMActive, "nvmlGpmMetricsGet", (*gpu).activity},
}

func (r *Reading) put(ret nvml.Return, q Quantity, v float64) nvml.Return {
	if ret == nvml.SUCCESS {
		r.Values[q] = v
	}
	return ret
}

// temperature reads the die in whichever form the driver has, and the way to its slowdown.
func (g *gpu) temperature(r *Reading) nvml.Return {
	if !g.thresholds {
		t, ret := g.dev.GetTemperatureV().V1()
		r.put(ret, Temperature, float64(t.Temperature))
		if ret == nvml.SUCCESS && !g.absent[Headroom] && g.session.can("nvmlDeviceGetMarginTemperature") {
			m, ret := g.dev.GetMarginTemperature()
			r.put(ret, Headroom, float64(m.MarginTemperature))
			g.absent[Headroom] = ret == nvml.ERROR_NOT_SUPPORTED
		}
		return ret
	}
	if !g.session.can("nvmlDeviceGetTemperature") {
		return nvml.ERROR_FUNCTION_NOT_FOUND
	}
	t, ret := g.dev.GetTemperature(nvml.TEMPERATURE_GPU)
	r.put(ret, Temperature, float64(t))
	if ret == nvml.SUCCESS && !g.absent[Headroom] && g.session.can("nvmlDeviceGetTemperatureThreshold") {
		slow, ret := g.dev.GetTemperatureThreshold(nvml.TEMPERATURE_THRESHOLD_SLOWDOWN)
		r.put(ret, Headroom, float64(slow)-float64(t))
		g.absent[Headroom] = ret == nvml.ERROR_NOT_SUPPORTED
	}
	return ret
}

// reasons reads why the clock is not at its highest, under the function's name of the driver's age.
func (g *gpu) reasons(r *Reading) nvml.Return {
	switch {
	case g.session.can("nvmlDeviceGetCurrentClocksEventReasons"):
		bits, ret := g.dev.GetCurrentClocksEventReasons()
		return r.put(ret, Throttle, float64(bits))
	case g.session.can("nvmlDeviceGetCurrentClocksThrottleReasons"):
		bits, ret := g.dev.GetCurrentClocksThrottleReasons()
		return r.put(ret, Throttle, float64(bits))
	}
	return nvml.ERROR_FUNCTION_NOT_FOUND
}

// field reads what has no function of its own, in one call.
func (g *gpu) field(r *Reading) nvml.Return {
	f := g.fields[:]
	f[0].FieldId, f[1].FieldId, f[2].FieldId, f[3].FieldId = nvml.FI_DEV_POWER_INSTANT, nvml.FI_DEV_MEMORY_TEMP,
		nvml.FI_DEV_NVLINK_THROUGHPUT_DATA_TX, nvml.FI_DEV_NVLINK_THROUGHPUT_DATA_RX
	f[2].ScopeId, f[3].ScopeId = math.MaxUint32, math.MaxUint32 // all links
	ret := g.dev.GetFieldValues(f)
	if ret != nvml.SUCCESS {
		return ret
	}
	for i, to := range []struct {
		q     Quantity
		scale float64
	}{{PowerInstant, 1e-3}, {MemoryTemperature, 1}, {NVLinkSent, 1024}, {NVLinkReceived, 1024}} {
		if v, ok := number(&f[i]); ok {
			r.Values[to.q] = v * to.scale
		}
	}
	return ret
}

// activity turns the profiling counters since the reading before into shares.
func (g *gpu) activity(r *Reading) nvml.Return {
	if !g.profile {
		return nvml.ERROR_NOT_SUPPORTED
	}
	if ret := g.dev.GpmSampleGet(g.samples[1]); ret != nvml.SUCCESS {
		return ret
	}
	if g.filled {
		m := nvml.GpmMetricsGetType{NumMetrics: 3, Sample1: g.samples[0], Sample2: g.samples[1]}
		m.Metrics[0].MetricId = uint32(nvml.GPM_METRIC_SM_UTIL)
		m.Metrics[1].MetricId = uint32(nvml.GPM_METRIC_ANY_TENSOR_UTIL)
		m.Metrics[2].MetricId = uint32(nvml.GPM_METRIC_DRAM_BW_UTIL)
		if ret := g.session.lib.GpmMetricsGet(&m); ret != nvml.SUCCESS {
			return ret
		}
		for i, q := range []Quantity{SMActive, TensorActive, DRAMActive} {
			if m.Metrics[i].NvmlReturn == uint32(nvml.SUCCESS) {
				r.Values[q] = m.Metrics[i].Value / 100
			}
		}
	}
	g.samples[0], g.samples[1] = g.samples[1], g.samples[0]
	g.filled = true
	return nvml.SUCCESS
}

// number returns the value of a field in the type that the driver says it has.
func number(f *nvml.FieldValue) (float64, bool) {
	if f.NvmlReturn != uint32(nvml.SUCCESS) {
		return 0, false
	}
	bits := binary.NativeEndian.Uint64(f.Value[:])
	switch nvml.ValueType(f.ValueType) {
	case nvml.VALUE_TYPE_DOUBLE:
		return math.Float64frombits(bits), true
	case nvml.VALUE_TYPE_UNSIGNED_INT:
		return float64(binary.NativeEndian.Uint32(f.Value[:])), true
	case nvml.VALUE_TYPE_UNSIGNED_LONG, nvml.VALUE_TYPE_UNSIGNED_LONG_LONG:
		return float64(bits), true
	case nvml.VALUE_TYPE_SIGNED_LONG_LONG:
		return float64(int64(bits)), true
	case nvml.VALUE_TYPE_SIGNED_INT:
		return float64(int32(binary.NativeEndian.Uint32(f.Value[:]))), true
	case nvml.VALUE_TYPE_UNSIGNED_SHORT:
		return float64(binary.NativeEndian.Uint16(f.Value[:])), true
	}
	return 0, false
}

func characters(b []int8) string {
	var text strings.Builder
	for _, c := range b {
		if c == 0 {
			break
		}
		text.WriteByte(byte(c))
	}
	return text.String()
}
