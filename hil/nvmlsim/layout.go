package nvmlsim

import "unsafe"

// The Go mirror of c/layout.h. Every field is eight bytes wide, so both compilers lay it out alike; the library
// compares the sizes when it opens the mapping.
const (
	magic      = 0x3147495254414c48
	maxLoads   = 4096
	maxHistory = 1024
	maxXids    = 64

	// MaxGPUs is the most that a rig can have.
	MaxGPUs = 16
)

// Load is what a workload asks of a GPU.
type Load struct {
	at               int64
	SM, Tensor, DRAM float64 // activities, 0 to 1
	Rate             float64 // work a second at full clock
	Fixed            float64 // share of a step's time that no clock shortens, 0 to 1
	Memory           float64 // bytes of device memory in use
}

// Truth is what is hidden in one GPU. Powers in W, temperatures in °C, times in s.
type Truth struct {
	Idle, SM, Tensor, DRAM           float64 // the last three at activity 1 and full clock
	Gamma                            float64 // exponent of power over relative clock
	Leakage, LeakRef                 float64 // 1/K of what is above idle; °C at which it is stated
	PowerLag                         float64 // first order
	GovernorLag                      float64 // of the clock that a cap asks for
	R1, R2, C1, C2                   float64 // K/W, J/K: die to sink, sink to coolant
	Coolant                          float64
	Update, Window, Phase            float64 // the power sensor's period, averaging window and first update
	Noise                            float64 // W, standard deviation of one update
	TempOffset                       float64 // K
	TempNoise                        float64 // K, standard deviation of one update, before rounding
	TempUpdate                       float64
	MinLimit, MaxLimit, DefaultLimit float64
	Slowdown, Clear, Shutdown        float64 // °C, K, °C
	MaxClock, MinClock, MemoryClock  float64 // MHz
	Memory                           float64 // bytes
}

type state struct {
	at               int64
	started          uint64
	random           uint64
	taken            uint64
	load             Load
	power, energy    float64
	die, sink        float64
	clock, thermal   float64
	limit            float64
	lockMin, lockMax float64
	work             float64
	sm, tensor, dram float64
	reasons          uint64
	sensedPower      float64
	sensedTemp       float64
	sensedUtil       float64
	utilMark         float64
	nextPower        int64
	nextTemp         int64
	steps            uint64
	history          [maxHistory]float64
}

type gpu struct {
	truth  Truth
	uuid   [96]byte
	name   [96]byte
	bus    [32]byte
	loads  uint64
	ring   [maxLoads]Load
	lost   uint64
	glitch uint64
	xids   uint64
	xid    [maxXids]uint64
	state  state
}

type header struct {
	magic, headerSize, deviceSize uint64
	lock                          uint64
	wall                          uint64
	now, origin                   int64
	rate                          float64
	count, modern, denied, down   uint64
	epoch, coarse                 uint64
	driver                        [32]byte
}

type mapping struct {
	header header
	gpus   [MaxGPUs]gpu
}

const (
	headerSize  = unsafe.Sizeof(header{})
	gpuSize     = unsafe.Sizeof(gpu{})
	mappingSize = unsafe.Sizeof(mapping{})
)
