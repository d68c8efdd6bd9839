package telemetry

import (
	"math"
	"strconv"
	"strings"
)

// meaning is what a column of a CSV file, or a metric, says.
type meaning struct {
	q     Quantity
	scale float64 // to SI
}

// columns are the names under which programs write quantities, lower case, without units. Names of DCGM fields are those of
// dcgm-exporter.
var columns = map[string]meaning{
	"power.draw": {Power, 1}, "power_w": {Power, 1}, "power_watts": {Power, 1}, "avg_power_w": {Power, 1}, "sys_power_w": {Power, 1},
	"dcgm_fi_dev_power_usage": {Power, 1}, "power": {Power, 1}, "watts": {Power, 1}, "nvidia_smi_power_draw_watts": {Power, 1},

	"temperature.gpu": {Temperature, 1}, "temp_c": {Temperature, 1}, "dcgm_fi_dev_gpu_temp": {Temperature, 1}, "temp_edge": {Temperature, 1},
	"temperature.memory": {MemoryTemperature, 1}, "dcgm_fi_dev_memory_temp": {MemoryTemperature, 1}, "mem_temp_c": {MemoryTemperature, 1},

	"utilization.gpu": {Utilisation, 0.01}, "gpu_util_pct": {Utilisation, 0.01}, "dcgm_fi_dev_gpu_util": {Utilisation, 0.01}, "util": {Utilisation, 0.01},
	"dcgm_fi_prof_gr_engine_active": {Utilisation, 1}, "utilization.memory": {MemoryUtilisation, 0.01}, "mem_util_pct": {MemoryUtilisation, 0.01},
	"dcgm_fi_dev_mem_copy_util": {MemoryUtilisation, 0.01},

	"sm_active": {SMActive, 1}, "dcgm_fi_prof_sm_active": {SMActive, 1},
	"tensor_active": {TensorActive, 1}, "dcgm_fi_prof_pipe_tensor_active": {TensorActive, 1},
	"dram_active": {DRAMActive, 1}, "dcgm_fi_prof_dram_active": {DRAMActive, 1},
	"fp16_active": {FP16Active, 1}, "dcgm_fi_prof_pipe_fp16_active": {FP16Active, 1},

	"pcie_tx_bytes_s": {PCIe, 1}, "pcie_rx_bytes_s": {PCIe, 1}, "dcgm_fi_prof_pcie_tx_bytes": {PCIe, 1}, "dcgm_fi_prof_pcie_rx_bytes": {PCIe, 1},
	"nvlink_tx_bytes_s": {NVLink, 1}, "nvlink_rx_bytes_s": {NVLink, 1}, "dcgm_fi_prof_nvlink_tx_bytes": {NVLink, 1}, "dcgm_fi_prof_nvlink_rx_bytes": {NVLink, 1},

	"clocks.current.sm": {Clock, 1e6}, "clocks.sm": {Clock, 1e6}, "clocks.current.graphics": {Clock, 1e6}, "sm_clock_mhz": {Clock, 1e6},
	"dcgm_fi_dev_sm_clock": {Clock, 1e6}, "clock_mhz": {Clock, 1e6},
	"power.limit": {PowerLimit, 1}, "enforced.power.limit": {PowerLimit, 1}, "power_limit_w": {PowerLimit, 1}, "power_cap_watts": {PowerLimit, 1},
	"dcgm_fi_dev_power_mgmt_limit": {PowerLimit, 1}, "energy_mj": {Energy, 1e-3}, "dcgm_fi_dev_total_energy_consumption": {Energy, 1e-3},
	"memory.used": {MemoryUsed, 1 << 20}, "mem_used_mib": {MemoryUsed, 1 << 20}, "dcgm_fi_dev_fb_used": {MemoryUsed, 1 << 20},
	"throttle_reasons": {Throttle, 1}, "clocks_throttle_reasons.active": {Throttle, 1}, "clocks_event_reasons.active": {Throttle, 1},
	"dcgm_fi_dev_clock_throttle_reasons": {Throttle, 1}, "inlet_c": {Inlet, 1}, "inlet_temp_c": {Inlet, 1}, "fan.speed": {Fan, 0.01},
}

// plain returns the name of a column without its unit, lower case.
func plain(name string) string {
	name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
	if i := strings.IndexByte(name, '['); i > 0 {
		name = strings.TrimSpace(name[:i])
	}
	return name
}

// number reads a value with or without its unit. Words that stand for "unknown" are NaN; ok is false for other texts.
func number(s string) (v float64, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" || s[0] == '[' || s == "N/A" || s == "na" || s == "-" || strings.EqualFold(s, "nan") || strings.EqualFold(s, "no reading") {
		return math.NaN(), true
	}
	factor := 1.0
	if i := strings.IndexByte(s, ' '); i > 0 {
		switch unit := strings.TrimSpace(s[i:]); unit {
		case "W", "Watts", "%", "MHz", "MiB", "C", "°C", "degrees C", "RPM":
		case "mW":
			factor = 1e-3
		case "kW":
			factor = 1e3
		default:
			return 0, false
		}
		s = s[:i]
	}
	if strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X") {
		u, err := strconv.ParseUint(s[2:], 16, 64)
		return float64(u), err == nil
	}
	v, err := strconv.ParseFloat(s, 64)
	return v * factor, err == nil
}
