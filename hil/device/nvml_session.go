//go:build nvml && linux && cgo

package device

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
)

// HasNVML tells whether NVML is compiled in.
const HasNVML = true

// ErrNoNVML says that the machine has no driver that can be spoken to.
var ErrNoNVML = errors.New("no NVIDIA driver here: libnvidia-ml.so.1 was not found (install the driver, or run in a container started with --gpus all)")

// NVML is the driver of NVIDIA GPUs. The zero value loads the machine's own library.
type NVML struct {
	// Path is the library; "" is libnvidia-ml.so.1 where the loader finds it.
	Path string

	session *session
}

// Title implements [Source].
func (n *NVML) Title() string { return "NVML" }

// loaded is the library of this process: go-nvml's functions resolve to the first that was loaded.
var loaded struct {
	sync.Mutex
	any  bool
	path string
}

// session is one time between Init and Shutdown.
type session struct {
	lib    nvml.Interface
	driver string
	has    map[string]bool // symbols looked up
	events nvml.EventSet
	gpus   []*gpu
}

// Open implements [Source].
func (n *NVML) Open(context.Context) ([]Device, error) {
	if n.session != nil {
		return nil, errors.New("NVML is open")
	}
	loaded.Lock()
	if loaded.any && loaded.path != n.Path {
		defer loaded.Unlock()
		return nil, fmt.Errorf("a process can load one NVML library; this one has %q", loaded.path)
	}
	loaded.any, loaded.path = true, n.Path
	loaded.Unlock()
	var options []nvml.LibraryOption
	if n.Path != "" {
		options = append(options, nvml.WithLibraryPath(n.Path))
	}
	s := &session{lib: nvml.New(options...), has: map[string]bool{}}
	if ret := s.lib.Init(); ret != nvml.SUCCESS {
		if ret == nvml.ERROR_LIBRARY_NOT_FOUND {
			return nil, ErrNoNVML
		}
		return nil, fmt.Errorf("NVML does not start: %w", failure(ret))
	}
	devices, err := s.list()
	if err != nil {
		s.lib.Shutdown()
		return nil, err
	}
	n.session = s
	return devices, nil
}

// Close implements [Source].
func (n *NVML) Close() error {
	s := n.session
	n.session = nil
	if s == nil {
		return nil
	}
	if s.events != nil {
		s.events.Free()
	}
	for _, g := range s.gpus {
		g.free()
	}
	switch ret := s.lib.Shutdown(); ret {
	case nvml.SUCCESS, nvml.ERROR_UNINITIALIZED:
		return nil
	default:
		return failure(ret)
	}
}

// list opens every GPU. One that does not answer is listed as well: it may come back.
func (s *session) list() ([]Device, error) {
	count, ret := s.lib.DeviceGetCount()
	if ret != nvml.SUCCESS {
		return nil, fmt.Errorf("NVML does not count GPUs: %w", failure(ret))
	}
	s.driver, _ = s.lib.SystemGetDriverVersion()
	if s.can("nvmlEventSetCreate") && s.can("nvmlDeviceRegisterEvents") {
		if set, ret := s.lib.EventSetCreate(); ret == nvml.SUCCESS {
			s.events = set
		}
	}
	host, _ := os.Hostname()
	var devices []Device
	for i := range count {
		g := &gpu{session: s, id: Identity{Kind: GPU, Index: i, Driver: s.driver, Host: host}}
		if err := g.open(); err != nil && !errors.Is(err, ErrLost) {
			return nil, err
		}
		s.gpus = append(s.gpus, g)
		devices = append(devices, g)
	}
	return devices, nil
}

// can tells whether the library has a function. Calling one that it lacks ends the process.
func (s *session) can(symbol string) bool {
	ok, seen := s.has[symbol]
	if !seen {
		ok = s.lib.Extensions().LookupSymbol(symbol) == nil
		s.has[symbol] = ok
	}
	return ok
}

// failure gives an error code of NVML its meaning for those who read.
func failure(ret nvml.Return) error {
	text := nvml.ErrorString(ret)
	switch ret {
	case nvml.ERROR_GPU_IS_LOST, nvml.ERROR_RESET_REQUIRED:
		return fmt.Errorf("%w: %s", ErrLost, text)
	case nvml.ERROR_UNINITIALIZED, nvml.ERROR_DRIVER_NOT_LOADED, nvml.ERROR_LIB_RM_VERSION_MISMATCH:
		return fmt.Errorf("%w: %s", ErrSession, text)
	case nvml.ERROR_NO_PERMISSION:
		return fmt.Errorf("%w: %s; run as root, or let an administrator run `nvidia-smi -pl`", ErrDenied, text)
	}
	return errors.New(text)
}

// collect hands the error events since the last time to their GPUs.
func (s *session) collect() error {
	for s.events != nil {
		e, ret := s.events.Wait(0)
		switch ret {
		case nvml.SUCCESS:
		case nvml.ERROR_TIMEOUT:
			return nil
		default:
			return failure(ret)
		}
		for _, g := range s.gpus {
			if g.dev == e.Device && e.EventType == nvml.EventTypeXidCriticalError {
				g.xids = append(g.xids, e.EventData)
			}
		}
	}
	return nil
}
