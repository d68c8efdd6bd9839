package device

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind is what a device is.
type Kind string

// The kinds.
const (
	GPU  Kind = "gpu"
	CPU  Kind = "cpu"
	Node Kind = "node"
)

// Identity says which device it is.
type Identity struct {
	Kind   Kind   `json:"kind"`
	Index  int    `json:"index"`         // in its source's order: the slot
	Key    string `json:"key"`           // unique: the UUID of a GPU
	Model  string `json:"model"`         // product name
	Bus    string `json:"bus,omitempty"` // PCI address
	Driver string `json:"driver,omitempty"`
	Host   string `json:"host"`
}

// Name returns a short name within the host, as gpu-3.
func (d *Identity) Name() string { return fmt.Sprintf("%s-%d", d.Kind, d.Index) }

// Finding is one thing that a probe looked at.
type Finding struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`
	Fix  string `json:"fix,omitempty"`
}

// Reading is what a device told at one moment.
type Reading struct {
	At     time.Time
	Values [quantities]float64 // by [Quantity]; NaN: not told
	Xids   []uint64            // error events since the reading before
}

// Device is one machine part that can be read.
type Device interface {
	Identity() Identity
	// Probe tells what can be read and set, and how to mend what cannot.
	Probe() []Finding
	// Sample fills the values of a reading, all of them; [ErrLost] and [ErrSession] may be within its error. Values that
	// the device does not have are no error.
	Sample(ctx context.Context, r *Reading) error
}

// Selective is a device that can be read faster when less is asked of it.
type Selective interface {
	// Select limits readings to some quantities; with none, all are read again.
	Select(only ...Quantity)
}

// Source is a way to devices: a driver, a host, a management controller.
type Source interface {
	// Open connects and lists the devices. It may be called again after Close.
	Open(ctx context.Context) ([]Device, error)
	Close() error
	// Title says what it is, as "NVML".
	Title() string
}

// Limits are a device's power limit and its range in W.
type Limits struct {
	Now, Min, Max, Default float64
}

// Limiter is a device with a power limit.
type Limiter interface {
	Limits() (Limits, error)
	// SetLimit sets the limit; one outside of the device's range is an error and changes nothing.
	SetLimit(watts float64) error
}

// Clocker is a device whose highest clock can be bounded.
type Clocker interface {
	// MaxClock returns the highest clock in MHz that the device has.
	MaxClock() (float64, error)
	// BoundClock bounds the clock; 0 frees it.
	BoundClock(mhz float64) error
}

var (
	// ErrLost says that a device does not answer any more, others may.
	ErrLost = errors.New("the device is lost")
	// ErrSession says that the source must be opened anew: its driver restarted.
	ErrSession = errors.New("the session with the driver has ended")
	// ErrDenied says that this user may not set that.
	ErrDenied = errors.New("this user may not set limits")
)

// RangeError is a limit that a device would not accept.
type RangeError struct {
	Device   string
	What     string
	Asked    float64
	Min, Max float64
	Unit     string
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("%s: a %s of %g %s is out of its range, %g to %g %s", e.Device, e.What, e.Asked, e.Unit, e.Min, e.Max, e.Unit)
}

// Check returns an error if watts is not within the range.
func (l *Limits) Check(device string, watts float64) error {
	if !(watts >= l.Min && watts <= l.Max) {
		return &RangeError{device, "power limit", watts, l.Min, l.Max, "W"}
	}
	return nil
}
