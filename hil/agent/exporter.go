package agent

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/halltwin/halltwin/hil/device"
)

// Exporter keeps the last reading of every device for those who ask.
type Exporter struct {
	// Stale is the age from which a device is left out; 0 is 15 s.
	Stale time.Duration
	Now   func() time.Time // nil is the machine's

	mu   sync.Mutex
	last map[string]*shown
	held []device.HeldCount
}

type shown struct {
	id      device.Identity
	reading device.Reading
	xid     uint64
}

// Put takes a reading.
func (e *Exporter) Put(id device.Identity, r *device.Reading) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.last == nil {
		e.last = map[string]*shown{}
	}
	s := e.last[id.Key]
	if s == nil {
		s = &shown{}
		e.last[id.Key] = s
	}
	s.id, s.reading = id, *r
	s.reading.Xids = nil
	if n := len(r.Xids); n > 0 {
		s.xid = r.Xids[n-1]
	}
}

// Held takes what the filter has held back so far.
func (e *Exporter) Held(h []device.HeldCount) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.held = h
}

// ServeHTTP implements [http.Handler].
func (e *Exporter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Write(e.text()) //nolint:errcheck // the asker has gone
}

// text returns the exposition: families in the table's order, devices in order of kind and slot.
func (e *Exporter) text() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	now, stale := time.Now, e.Stale
	if e.Now != nil {
		now = e.Now
	}
	if stale == 0 {
		stale = 15 * time.Second
	}
	var all []*shown
	for _, s := range e.last {
		if now().Sub(s.reading.At) <= stale {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b *shown) int {
		return strings.Compare(fmt.Sprintf("%s %s %06d", a.id.Host, a.id.Kind, a.id.Index), fmt.Sprintf("%s %s %06d", b.id.Host, b.id.Kind, b.id.Index))
	})
	var b bytes.Buffer
	for q := range device.Quantities {
		row := device.Quantity(q).Describe()
		for _, kind := range []device.Kind{device.GPU, ""} {
			name, scale := "halltwin_"+row.Name, 1.0
			if kind == device.GPU && row.DCGM != "" {
				name, scale = row.DCGM, row.Scale
			}
			family(&b, name, row, all, device.Quantity(q), scale, func(s *shown) bool {
				gpu := s.id.Kind == device.GPU && row.DCGM != ""
				return gpu == (kind == device.GPU)
			})
		}
	}
	e.xids(&b, all)
	fmt.Fprintf(&b, "# HELP halltwin_held_back_total Values that were held back as impossible.\n# TYPE halltwin_held_back_total counter\n")
	for _, h := range e.held {
		fmt.Fprintf(&b, "halltwin_held_back_total{device=%q,what=%q,why=%q} %d\n", h.Device, h.What, h.Why, h.Count)
	}
	return b.Bytes()
}

func family(b *bytes.Buffer, name string, row *device.Row, all []*shown, q device.Quantity, scale float64, of func(*shown) bool) {
	head := false
	for _, s := range all {
		v := s.reading.Values[q]
		if math.IsNaN(v) || !of(s) {
			continue
		}
		if !head {
			head = true
			kind := "gauge"
			if row.Counter {
				kind = "counter"
			}
			fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", name, row.Help, name, kind)
		}
		fmt.Fprintf(b, "%s%s %s\n", name, labels(&s.id), strconv.FormatFloat(v*scale, 'f', -1, 64))
	}
}

func (e *Exporter) xids(b *bytes.Buffer, all []*shown) {
	head := false
	for _, s := range all {
		if s.id.Kind != device.GPU {
			continue
		}
		if !head {
			head = true
			fmt.Fprintf(b, "# HELP DCGM_FI_DEV_XID_ERRORS Last XID error encountered.\n# TYPE DCGM_FI_DEV_XID_ERRORS gauge\n")
		}
		fmt.Fprintf(b, "DCGM_FI_DEV_XID_ERRORS%s %d\n", labels(&s.id), s.xid)
	}
}

// labels are those of dcgm-exporter for GPUs.
func labels(id *device.Identity) string {
	if id.Kind == device.GPU {
		return fmt.Sprintf(`{gpu="%d",UUID=%s,pci_bus_id=%s,device="nvidia%d",modelName=%s,Hostname=%s,DCGM_FI_DRIVER_VERSION=%s}`,
			id.Index, label(id.Key), label(id.Bus), id.Index, label(id.Model), label(id.Host), label(id.Driver))
	}
	return fmt.Sprintf(`{device=%s,modelName=%s,Hostname=%s}`, label(id.Name()), label(id.Model), label(id.Host))
}

// label quotes a label's value: the exposition format escapes less than Go does.
func label(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(s, "?")) + `"`
}
