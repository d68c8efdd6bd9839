package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/halltwin/halltwin/hil/device"
)

// Journal is what must be restored.
type Journal struct {
	Library string  `json:"library,omitempty"` // NVML library; "" is the machine's
	PID     int     `json:"pid"`
	Entries []Entry `json:"entries"`
}

// Entry is one device that was changed.
type Entry struct {
	Key   string  `json:"key"`
	Name  string  `json:"name"`
	Watts float64 `json:"watts,omitempty"` // the limit before; 0: it was not changed
	Clock bool    `json:"clock,omitempty"` // its clock was bounded
}

// Guard sets limits and restores them.
type Guard struct {
	path    string
	mu      sync.Mutex
	journal Journal
	devices map[string]device.Device
}

// Folder returns where journals lie.
func Folder(getenv func(string) string) string {
	if dir := getenv("HALLTWIN_STATE"); dir != "" {
		return dir
	}
	if dir, err := os.UserCacheDir(); err == nil {
		return filepath.Join(dir, "halltwin", "limits")
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("halltwin-%d", os.Getuid()), "limits")
}

// New returns a guard that keeps its journal at a path, for devices of the given NVML library.
func New(path, library string) *Guard {
	return &Guard{path: path, journal: Journal{Library: library, PID: os.Getpid()}, devices: map[string]device.Device{}}
}

// SetLimit sets a power limit in W, after writing down the one before.
func (g *Guard) SetLimit(d device.Device, watts float64) error {
	l, ok := d.(device.Limiter)
	id := d.Identity()
	if !ok {
		return fmt.Errorf("%s has no power limit", id.Name())
	}
	now, err := l.Limits()
	if err != nil {
		return err
	}
	if err := now.Check(id.Name(), watts); err != nil {
		return err
	}
	if err := g.note(d, func(e *Entry) bool {
		if e.Watts != 0 {
			return false
		}
		e.Watts = now.Now
		return true
	}); err != nil {
		return err
	}
	return l.SetLimit(watts)
}

// Meet says that a device is to be reached through d from now on: its driver was opened anew.
func (g *Guard) Meet(d device.Device) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if id := d.Identity(); g.devices[id.Key] != nil {
		g.devices[id.Key] = d
	}
}

// BoundClock bounds a clock in MHz; 0 frees it.
func (g *Guard) BoundClock(d device.Device, mhz float64) error {
	c, ok := d.(device.Clocker)
	id := d.Identity()
	if !ok {
		return fmt.Errorf("the clock of %s cannot be bounded", id.Name())
	}
	if err := g.note(d, func(e *Entry) bool {
		was := e.Clock
		e.Clock = true
		return !was
	}); err != nil {
		return err
	}
	return c.BoundClock(mhz)
}

// note writes an entry down, on disk, if it changes.
func (g *Guard) note(d device.Device, change func(*Entry) bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	id := d.Identity()
	g.devices[id.Key] = d
	at := -1
	for i := range g.journal.Entries {
		if g.journal.Entries[i].Key == id.Key {
			at = i
		}
	}
	if at < 0 {
		g.journal.Entries = append(g.journal.Entries, Entry{Key: id.Key, Name: id.Name()})
		at = len(g.journal.Entries) - 1
	}
	if !change(&g.journal.Entries[at]) {
		return nil
	}
	if err := g.journal.write(g.path); err != nil {
		return fmt.Errorf("no limit is set that could not be restored: %w", err)
	}
	return nil
}

// Restore takes everything back. What cannot be restored stays in the journal and is in the error.
func (g *Guard) Restore() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.journal.restore(g.path, g.devices)
}

func (j *Journal) restore(path string, devices map[string]device.Device) error {
	var failed []error
	var left []Entry
	for _, e := range j.Entries {
		if err := e.restore(devices[e.Key]); err != nil {
			failed = append(failed, fmt.Errorf("%s keeps its limits: %w", e.Name, err))
			left = append(left, e)
		}
	}
	j.Entries = left
	if len(left) == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			failed = append(failed, err)
		}
	} else if err := j.write(path); err != nil {
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// restore takes one device back, and looks whether it is so.
func (e *Entry) restore(d device.Device) error {
	if d == nil {
		return fmt.Errorf("%w: it is not among the devices (%s)", device.ErrLost, e.Key)
	}
	if e.Clock {
		if err := d.(device.Clocker).BoundClock(0); err != nil {
			return err
		}
	}
	if e.Watts == 0 {
		return nil
	}
	l := d.(device.Limiter)
	if err := l.SetLimit(e.Watts); err != nil {
		return err
	}
	now, err := l.Limits()
	if err == nil && now.Now != e.Watts {
		err = fmt.Errorf("its limit is %g W after it was set to %g W", now.Now, e.Watts)
	}
	return err
}

// write replaces the journal on disk, whole or not at all.
func (j *Journal) write(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	text, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".journal-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Pending returns the journals in a folder whose process is gone: limits that nobody has taken back.
func Pending(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []string
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		path := filepath.Join(folder, e.Name())
		if j, err := read(path); err != nil || !running(j.PID) {
			all = append(all, path)
		}
	}
	return all, nil
}

func read(path string) (*Journal, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var j Journal
	if err := json.Unmarshal(text, &j); err != nil {
		return nil, fmt.Errorf("%s is not a journal of limits: %w", path, err)
	}
	return &j, nil
}

// Recover restores what a journal says, and returns the names of the devices. No journal is nothing to do.
func Recover(ctx context.Context, path string) ([]string, error) {
	j, err := read(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	source := &device.NVML{Path: j.Library}
	all, err := source.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	devices := map[string]device.Device{}
	for _, d := range all {
		devices[d.Identity().Key] = d
	}
	var names []string
	for _, e := range j.Entries {
		names = append(names, e.Name)
	}
	return names, j.restore(path, devices)
}
