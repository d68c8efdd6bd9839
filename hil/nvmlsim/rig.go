//go:build linux

package nvmlsim

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// Environment is the variable that tells the library where the rig's file is.
const Environment = "HALLTWIN_NVMLSIM"

// Config is what a rig is made of.
type Config struct {
	GPUs   []Truth
	Name   string // product name of the GPUs
	Seed   uint64 // of the sensors' noise
	Old    bool   // temperature in the forms before driver 555: thresholds instead of headroom
	Coarse bool   // no profiling counters, as before Hopper
	Denied bool   // the user may not set anything
	// Speed is rig seconds a second of the monotonic clock; 0 stops the clock, and Advance moves it.
	Speed float64
}

// Rig is a bench of emulated GPUs.
type Rig struct {
	path string
	data []byte
	m    *mapping
}

// Create makes the rig's file and maps it. A file of that name is replaced.
func Create(path string, c Config) (*Rig, error) {
	if n := len(c.GPUs); n < 1 || n > MaxGPUs {
		return nil, fmt.Errorf("a rig has 1 to %d GPUs, not %d", MaxGPUs, n)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := f.Truncate(int64(mappingSize)); err != nil {
		return nil, err
	}
	r, err := mapFile(path, f)
	if err != nil {
		return nil, err
	}
	h := &r.m.header
	h.headerSize, h.deviceSize = uint64(headerSize), uint64(gpuSize)
	h.count = uint64(len(c.GPUs))
	h.modern, h.coarse, h.denied, h.epoch = bit(!c.Old), bit(c.Coarse), bit(c.Denied), 1
	if c.Speed > 0 {
		h.wall, h.rate, h.origin = 1, c.Speed, monotonic()
	}
	copy(h.driver[:len(h.driver)-1], "580.00-emulated")
	if c.Old {
		copy(h.driver[:len(h.driver)-1], "535.00-emulated")
	}
	name := c.Name
	if name == "" {
		name = "Emulated H100 80GB HBM3"
	}
	for i, t := range c.GPUs {
		g := &r.m.gpus[i]
		g.truth = t
		copy(g.name[:len(g.name)-1], name)
		copy(g.uuid[:len(g.uuid)-1], fmt.Sprintf("GPU-e0000000-0000-4000-8000-%08x%04x", uint32(c.Seed), i))
		copy(g.bus[:len(g.bus)-1], fmt.Sprintf("00000000:%02X:00.0", 0x10+0x10*i))
		g.state.random = c.Seed*0x9e3779b97f4a7c15 + uint64(i)*0xd1342543de82ef95 + 1
	}
	atomic.StoreUint64(&h.magic, magic)
	return r, nil
}

// Open maps the file of a rig that somebody else made.
func Open(path string) (*Rig, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if s, err := f.Stat(); err != nil || s.Size() != int64(mappingSize) {
		return nil, fmt.Errorf("%s is not the file of a rig of this version", path)
	}
	r, err := mapFile(path, f)
	if err == nil && (r.m.header.magic != magic || r.m.header.deviceSize != uint64(gpuSize)) {
		r.Close()
		return nil, fmt.Errorf("%s is not the file of a rig of this version", path)
	}
	return r, err
}

func mapFile(path string, f *os.File) (*Rig, error) {
	data, err := syscall.Mmap(int(f.Fd()), 0, int(mappingSize), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping %s: %w", path, err)
	}
	return &Rig{path, data, (*mapping)(unsafe.Pointer(&data[0]))}, nil
}

// Close unmaps the file, which stays.
func (r *Rig) Close() error {
	data := r.data
	r.data, r.m = nil, nil
	return syscall.Munmap(data)
}

// Path returns the file's path, the value for [Environment].
func (r *Rig) Path() string { return r.path }

// GPUs returns how many there are.
func (r *Rig) GPUs() int { return int(r.m.header.count) }

// Truth returns what is hidden in a GPU.
func (r *Rig) Truth(gpu int) Truth { return r.m.gpus[gpu].truth }

// Now returns the rig's time since it was made.
func (r *Rig) Now() time.Duration {
	h := &r.m.header
	if h.wall == 0 {
		return time.Duration(atomic.LoadInt64(&h.now))
	}
	return time.Duration(float64(monotonic()-h.origin) * h.rate)
}

// Set puts a stopped clock at a time; it must not go back.
func (r *Rig) Set(now time.Duration) { atomic.StoreInt64(&r.m.header.now, int64(now)) }

// Advance moves a stopped clock.
func (r *Rig) Advance(d time.Duration) { atomic.AddInt64(&r.m.header.now, int64(d)) }

// Put gives a GPU a load from now on. One process at a time may load a GPU.
func (r *Rig) Put(gpu int, l Load) {
	g := &r.m.gpus[gpu]
	l.at = int64(r.Now())
	n := atomic.LoadUint64(&g.loads)
	g.ring[n%maxLoads] = l
	atomic.StoreUint64(&g.loads, n+1)
}

// Progress is what a rig knows of a GPU; the time is that of the last look through NVML.
type Progress struct {
	At               time.Duration
	Work             float64 // that the workload has got done
	Power, Die, Sink float64 // W and °C: true, not sensed
	Clock            float64 // relative
	Limit            float64 // W, in force
	Locked           float64 // MHz, highest clock allowed; 0: not locked
	Energy           float64 // J
}

// Progress returns the state of a GPU.
func (r *Rig) Progress(gpu int) Progress {
	defer r.acquire()()
	s := &r.m.gpus[gpu].state
	return Progress{time.Duration(s.at), s.work, s.power, s.die, s.sink, s.clock, s.limit, s.lockMax, s.energy}
}

// Glitch is a way in which telemetry lies.
type Glitch uint64

// The glitches.
const (
	WildPower  Glitch = 1 << iota // 0xffffffff mW
	WildTemp                      // 214748365 °C
	SameUUID                      // every GPU says it is the first
	ZeroEnergy                    // the energy counter falls to 0
	FailReads                     // reading power fails with an unknown error
)

// Lie makes a GPU's telemetry lie; 0 ends it.
func (r *Rig) Lie(gpu int, how Glitch) { atomic.StoreUint64(&r.m.gpus[gpu].glitch, uint64(how)) }

// Warm sets the temperature of a GPU's coolant.
func (r *Rig) Warm(gpu int, coolant float64) {
	defer r.acquire()()
	r.m.gpus[gpu].truth.Coolant = coolant
}

// Xid injects an error event.
func (r *Rig) Xid(gpu int, code uint64) {
	defer r.acquire()()
	g := &r.m.gpus[gpu]
	g.xid[g.xids%maxXids] = code
	atomic.AddUint64(&g.xids, 1)
}

// Lose lets a GPU fall off the bus.
func (r *Rig) Lose(gpu int) {
	r.Xid(gpu, 79)
	defer r.acquire()()
	r.m.gpus[gpu].lost = 1
}

// Recover brings a lost GPU back as a reset would: cold, with its default limit.
func (r *Rig) Recover(gpu int) {
	defer r.acquire()()
	g := &r.m.gpus[gpu]
	g.lost, g.state.started = 0, 0
}

// StopDriver unloads the driver: every session ends.
func (r *Rig) StopDriver() {
	defer r.acquire()()
	r.m.header.down = 1
	r.m.header.epoch++
}

// StartDriver loads it again; limits are the default ones.
func (r *Rig) StartDriver() {
	defer r.acquire()()
	for i := range r.GPUs() {
		r.m.gpus[i].state.started = 0
	}
	r.m.header.down = 0
}

// acquire takes the lock that the library takes; the result gives it back.
func (r *Rig) acquire() func() {
	lock, me := &r.m.header.lock, uint64(os.Getpid())
	for !atomic.CompareAndSwapUint64(lock, 0, me) {
		if holder := atomic.LoadUint64(lock); holder != 0 && holder != me && errors.Is(syscall.Kill(int(holder), 0), syscall.ESRCH) &&
			atomic.CompareAndSwapUint64(lock, holder, me) {
			break
		}
		runtime.Gosched()
	}
	return func() { atomic.StoreUint64(lock, 0) }
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
