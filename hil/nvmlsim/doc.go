// Package nvmlsim is a bench of emulated NVIDIA GPUs: a small shared library with the interface of NVML and hidden
// physics behind it, for tests and for `halltwin bench --emulate` on a machine without a GPU.
//
// [Build] compiles the library from the C sources in this package, with the machine's C compiler; go-nvml loads it by
// its path as it would load the driver's. All state lies in one file that every process maps: power limits outlive the
// process that set them, as they do in a driver, and a workload, an agent and a test may be three processes. A [Rig]
// is the other side of that file: it sets the clock and the load, breaks things, and knows the truth.
//
// # Physics of one GPU
//
// In steps of 5 ms:
//
//	P*  = idle + (sm·a + tensor·b + dram·c) · f^γ · (1 + λ(T - T0))     activities a, b, c; relative clock f
//	P'  = (P* - P)/τ                                                     power lags
//	f'  = (min(f_cap, f_lock, f_thermal) - f)/τ_g                        f_cap brings P* to the limit
//	C1 T1' = P - (T1 - T2)/R1     C2 T2' = (T1 - T2)/R1 - (T2 - Tc)/R2   die and sink, by exact exponentials
//	work'  = rate / ((1 - x)/f + x)                                      x: share of a step that no clock shortens
//
// The thermal governor lowers the clock above the slowdown temperature and raises it below a margin; at the shutdown
// temperature the GPU falls off the bus with Xid 79. The power sensor takes the mean of a window once an update period
// and adds noise; the temperature sensor has an offset and noise and shows whole degrees; utilisation is the mean
// since the last update. Profiling counters (GPM) are exact, as on Hopper; a coarse rig has none.
//
// # Left out
//
// Voltage and clock steps, fans, memory temperature, ECC and row remaps (not supported, as NVML says it), processes,
// MIG, NVLink and PCIe counters. The numbers of NVML's interface are those of its published header; the prototypes
// are our own.
package nvmlsim
