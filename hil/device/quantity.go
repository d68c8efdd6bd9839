package device

import "math"

// Quantity is one number of a reading.
type Quantity uint8

// The quantities.
const (
	Power Quantity = iota
	PowerInstant
	Energy
	Temperature
	MemoryTemperature
	Headroom
	Clock
	MemoryClock
	Utilisation
	MemoryUtilisation
	SMActive
	TensorActive
	DRAMActive
	MemoryUsed
	MemoryTotal
	PowerLimit
	Throttle
	ECC
	RemappedRows
	PCIeSent
	PCIeReceived
	NVLinkSent
	NVLinkReceived
	Inlet
	Fan
	DRAMPower
	quantities
)

// Quantities is their number.
const Quantities = int(quantities)

// Row describes a quantity.
type Row struct {
	Name     string  // of the channel, without its subject: power of gpu.power
	Unit     string  // SI, temperatures in degC
	Min, Max float64 // what is possible at all; outside is a sentinel or a fault
	Counter  bool    // grows; a smaller value is a restart or a fault
	DCGM     string  // dcgm-exporter's name, "" where it has none
	Scale    float64 // of DCGM's unit: its value = ours · Scale
	Help     string
}

var inf = math.Inf(1)

// table is by Quantity. The bounds are wide: the hottest die that still answers is below 130 °C, and the largest
// device of this decade draws less than 3 kW, a node less than 50 kW.
var table = [quantities]Row{
	Power:             {"power", "W", 0, 50e3, false, "DCGM_FI_DEV_POWER_USAGE", 1, "Power draw."},
	PowerInstant:      {"power_instant", "W", 0, 50e3, false, "DCGM_FI_DEV_POWER_USAGE_INSTANT", 1, "Power draw without averaging."},
	Energy:            {"energy", "J", 0, 1e15, true, "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", 1e3, "Energy since the driver was loaded."},
	Temperature:       {"temperature", "degC", -40, 130, false, "DCGM_FI_DEV_GPU_TEMP", 1, "Temperature of the die."},
	MemoryTemperature: {"memory_temperature", "degC", -40, 130, false, "DCGM_FI_DEV_MEMORY_TEMP", 1, "Temperature of the device memory."},
	Headroom:          {"headroom", "K", -100, 200, false, "", 1, "From the die to the temperature of slowdown."},
	Clock:             {"clock", "Hz", 0, 1e10, false, "DCGM_FI_DEV_SM_CLOCK", 1e-6, "Clock of the processors."},
	MemoryClock:       {"memory_clock", "Hz", 0, 1e11, false, "DCGM_FI_DEV_MEM_CLOCK", 1e-6, "Clock of the device memory."},
	Utilisation:       {"utilisation", "", 0, 1, false, "DCGM_FI_DEV_GPU_UTIL", 100, "Share of time that the device is busy."},
	MemoryUtilisation: {"memory_utilisation", "", 0, 1, false, "DCGM_FI_DEV_MEM_COPY_UTIL", 100, "Share of time that the device memory is read or written."},
	SMActive:          {"sm_active", "", 0, 1, false, "DCGM_FI_PROF_SM_ACTIVE", 1, "Share of time and of multiprocessors with work."},
	TensorActive:      {"tensor_active", "", 0, 1, false, "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", 1, "Share of cycles in which tensor pipes work."},
	DRAMActive:        {"dram_active", "", 0, 1, false, "DCGM_FI_PROF_DRAM_ACTIVE", 1, "Share of cycles in which device memory moves data."},
	MemoryUsed:        {"memory_used", "B", 0, 1e14, false, "DCGM_FI_DEV_FB_USED", 1.0 / (1 << 20), "Device memory in use."},
	MemoryTotal:       {"memory_total", "B", 0, 1e14, false, "", 1, "Device memory."},
	PowerLimit:        {"power_limit", "W", 0, 50e3, false, "DCGM_FI_DEV_POWER_MGMT_LIMIT", 1, "Power limit in force."},
	Throttle:          {"throttle", "", 0, math.MaxUint32, false, "DCGM_FI_DEV_CLOCKS_EVENT_REASONS", 1, "Why the clock is not at its highest, NVML's bits."},
	ECC:               {"ecc_errors", "", 0, 1e12, true, "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", 1, "Uncorrected memory errors since the driver was loaded."},
	RemappedRows:      {"remapped_rows", "", 0, 1e9, true, "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", 1, "Memory rows remapped after uncorrected errors."},
	PCIeSent:          {"pcie_sent", "B/s", 0, 1e12, false, "", 1, "Sent over PCIe."},
	PCIeReceived:      {"pcie_received", "B/s", 0, 1e12, false, "", 1, "Received over PCIe."},
	NVLinkSent:        {"nvlink_sent", "B", 0, inf, true, "", 1, "Sent over NVLink so far."},
	NVLinkReceived:    {"nvlink_received", "B", 0, inf, true, "", 1, "Received over NVLink so far."},
	Inlet:             {"inlet_temperature", "degC", -40, 80, false, "", 1, "Temperature of the air at the inlet."},
	Fan:               {"fan", "", 0, 1, false, "", 1, "Mean relative fan speed."},
	DRAMPower:         {"dram_power", "W", 0, 5e3, false, "", 1, "Power of the main memory."},
}

// Describe returns the row of a quantity.
func (q Quantity) Describe() *Row { return &table[q] }

func (q Quantity) String() string { return table[q].Name }

// Find returns the quantity of a name.
func Find(name string) (Quantity, bool) {
	for q := range table {
		if table[q].Name == name {
			return Quantity(q), true
		}
	}
	return 0, false
}

// Clear makes every value of a reading NaN.
func (r *Reading) Clear() {
	for q := range r.Values {
		r.Values[q] = math.NaN()
	}
	r.Xids = r.Xids[:0]
}
