package device

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
)

// Host is the machine's processors, read from the files of the Linux kernel.
type Host struct {
	// Root is the file system with proc and sys; nil is the machine's.
	Root fs.FS
	// Now is the time; nil is the machine's.
	Now func() time.Time
}

// Title implements [Source].
func (h *Host) Title() string { return "host" }

// Open implements [Source].
func (h *Host) Open(context.Context) ([]Device, error) {
	root, now := h.Root, h.Now
	if root == nil {
		root = os.DirFS("/")
	}
	if now == nil {
		now = time.Now
	}
	if _, err := fs.Stat(root, "proc/stat"); err != nil {
		return nil, errors.New("no /proc/stat here: the host's processors are read on Linux only")
	}
	host, _ := os.Hostname()
	c := &cpu{root: root, now: now, id: Identity{Kind: CPU, Key: "cpu@" + host, Host: host}}
	c.look()
	return []Device{c}, nil
}

// Close implements [Source].
func (h *Host) Close() error { return nil }

// cpu is all processors of a host together.
type cpu struct {
	root fs.FS
	now  func() time.Time
	id   Identity

	zones   []*zone
	denied  bool     // RAPL is there, and not for this user
	sensors []string // temperature files

	busy, total float64 // of /proc/stat, ticks
}

// zone is one counter of RAPL.
type zone struct {
	file  string
	dram  bool
	wraps float64 // J
	sum   float64 // J, over the wraps
	last  float64
	rate  Rates
}

// look finds the sensors.
func (c *cpu) look() {
	if text, err := fs.ReadFile(c.root, "proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if key, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				c.id.Model = strings.TrimSpace(v)
				break
			}
		}
	}
	const powercap = "sys/class/powercap"
	entries, _ := fs.ReadDir(c.root, powercap)
	for _, e := range entries {
		dir := path.Join(powercap, e.Name())
		name := c.word(dir + "/name")
		dram := name == "dram"
		if !strings.HasPrefix(name, "package-") && !dram {
			continue // core and uncore are parts of the package; psys is the board
		}
		z := &zone{file: dir + "/energy_uj", dram: dram, wraps: c.number(dir+"/max_energy_range_uj") * 1e-6, last: math.NaN()}
		if _, err := fs.ReadFile(c.root, z.file); errors.Is(err, fs.ErrPermission) {
			c.denied = true
			continue
		}
		c.zones = append(c.zones, z)
	}
	const hwmon = "sys/class/hwmon"
	entries, _ = fs.ReadDir(c.root, hwmon)
	for _, e := range entries {
		dir := path.Join(hwmon, e.Name())
		switch c.word(dir + "/name") {
		case "coretemp", "k10temp", "zenpower":
			files, _ := fs.Glob(c.root, dir+"/temp*_input")
			c.sensors = append(c.sensors, files...)
		}
	}
	c.share() // the first reading then has a utilisation
}

// Identity implements [Device].
func (c *cpu) Identity() Identity { return c.id }

// Sample implements [Device].
func (c *cpu) Sample(_ context.Context, r *Reading) error {
	r.Clear()
	now := c.now()
	power, dram, energy := 0.0, 0.0, 0.0
	packages, memories := 0, 0
	for _, z := range c.zones {
		v := c.number(z.file) * 1e-6
		if math.IsNaN(v) {
			continue
		}
		if gained := v - z.last; gained >= 0 {
			z.sum += gained
		} else if gained < 0 {
			z.sum += gained + z.wraps
		}
		z.last = v
		watts := z.rate.Next(now, z.sum)
		if z.dram {
			dram, memories = dram+watts, memories+1
			continue
		}
		power, energy, packages = power+watts, energy+z.sum, packages+1
	}
	if packages > 0 {
		r.Values[Power], r.Values[Energy] = power, energy
	}
	if memories > 0 {
		r.Values[DRAMPower] = dram
	}
	hottest := math.NaN()
	for _, file := range c.sensors {
		if t := c.number(file) / 1000; !math.IsNaN(t) && !(t <= hottest) {
			hottest = t
		}
	}
	r.Values[Temperature] = hottest
	r.Values[Utilisation] = c.share()
	r.Values[Clock] = c.clock()
	total, available := c.memory()
	r.Values[MemoryTotal], r.Values[MemoryUsed] = total, total-available
	return nil
}

// share returns the share of time since the last call that the processors were busy.
func (c *cpu) share() float64 {
	text, err := fs.ReadFile(c.root, "proc/stat")
	if err != nil {
		return math.NaN()
	}
	line, _, _ := strings.Cut(string(text), "\n")
	f := strings.Fields(line)
	if len(f) < 8 || f[0] != "cpu" {
		return math.NaN()
	}
	var total, rest float64
	for i, word := range f[1:] {
		v, err := strconv.ParseFloat(word, 64)
		if err != nil || i >= 8 { // guests are within user
			break
		}
		total += v
		if i == 3 || i == 4 || i == 7 { // idle, iowait, steal
			rest += v
		}
	}
	busy := total - rest
	db, dt := busy-c.busy, total-c.total
	c.busy, c.total = busy, total
	if !(dt > 0) {
		return math.NaN()
	}
	return min(1, max(0, db/dt))
}

// clock returns the mean clock of the processors in Hz.
func (c *cpu) clock() float64 {
	text, err := fs.ReadFile(c.root, "proc/cpuinfo")
	if err != nil {
		return math.NaN()
	}
	sum, n := 0.0, 0
	for line := range strings.Lines(string(text)) {
		if key, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "cpu MHz" {
			if mhz, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil {
				sum, n = sum+mhz, n+1
			}
		}
	}
	return sum / float64(n) * 1e6 // 0/0: not told
}

// memory returns the main memory in bytes and what of it is available.
func (c *cpu) memory() (total, available float64) {
	total, available = math.NaN(), math.NaN()
	text, err := fs.ReadFile(c.root, "proc/meminfo")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		var kib float64
		switch {
		case strings.HasPrefix(line, "MemTotal:"):
			if _, err := fmt.Sscanf(line, "MemTotal: %f kB", &kib); err == nil {
				total = kib * 1024
			}
		case strings.HasPrefix(line, "MemAvailable:"):
			if _, err := fmt.Sscanf(line, "MemAvailable: %f kB", &kib); err == nil {
				available = kib * 1024
			}
		}
	}
	return
}

func (c *cpu) word(file string) string {
	text, err := fs.ReadFile(c.root, file)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func (c *cpu) number(file string) float64 {
	v, err := strconv.ParseFloat(c.word(file), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// Probe implements [Device].
func (c *cpu) Probe() []Finding {
	power := Finding{Name: "power", OK: len(c.zones) > 0, Says: fmt.Sprintf("RAPL, %d counters", len(c.zones))}
	switch {
	case power.OK:
	case c.denied:
		power.Says, power.Fix = "RAPL is readable by root only", "sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj /sys/class/powercap/intel-rapl:*/*/energy_uj"
	default:
		power.Says, power.Fix = "no RAPL under /sys/class/powercap", "virtual machines have none; on metal: modprobe intel_rapl_msr (Intel, and AMD since Zen)"
	}
	heat := Finding{Name: "temperature", OK: len(c.sensors) > 0, Says: fmt.Sprintf("hwmon, %d sensors", len(c.sensors))}
	if !heat.OK {
		heat.Says, heat.Fix = "no coretemp, k10temp or zenpower under /sys/class/hwmon", "virtual machines have none; on metal: modprobe coretemp or k10temp"
	}
	return []Finding{{Name: "utilisation", OK: true, Says: "/proc/stat"}, power, heat}
}
