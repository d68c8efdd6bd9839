package prometheus

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/models/reading"
)

// answer is what /api/v1/query says to a query for a range vector.
type answer struct {
	Status string `json:"status"`
	Error  string `json:"error"`
	Data   struct {
		Type   string   `json:"resultType"`
		Result []series `json:"result"`
	} `json:"data"`
	Warnings []string `json:"warnings"`
}

type series struct {
	Metric map[string]string   `json:"metric"`
	Values [][2]reading.Number `json:"values"` // s since 1970, value
}

// metric is what a name means.
type metric struct {
	kind     string // empty: that of the label device
	quantity string
	scale    float64 // its value in SI · scale
}

// metrics are the names that are asked for.
var metrics = known()

func known() map[string]metric {
	m := map[string]metric{"ipmi_dcmi_power_consumption_watts": {"node", "power", 1}}
	for _, q := range []device.Quantity{device.Power, device.Temperature, device.Utilisation, device.PowerLimit} {
		m[q.Describe().DCGM] = metric{"gpu", q.String(), q.Describe().Scale}
	}
	for _, q := range []device.Quantity{device.Power, device.Temperature, device.Utilisation, device.Inlet} {
		m["halltwin_"+q.String()] = metric{"", q.String(), 1}
	}
	return m
}

// selector is the range vector's, without its window.
func selector() string {
	var names []string
	for name := range metrics {
		names = append(names, name)
	}
	slices.Sort(names)
	return `{__name__=~"` + strings.Join(names, "|") + `"}`
}

// Read reads an answer. The values come in order of time, then thing, then quantity.
func Read(text []byte) ([]reading.Value, error) {
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, fmt.Errorf("answer of Prometheus: %w", err)
	}
	switch {
	case a.Status == "error":
		return nil, errors.New("Prometheus says: " + a.Error)
	case a.Status != "success" || a.Data.Type != "matrix":
		return nil, fmt.Errorf("this is no answer of Prometheus to a query for a range: status %.20q, type %.20q", a.Status, a.Data.Type)
	}
	var out []reading.Value
	for i := range a.Data.Result {
		s := &a.Data.Result[i]
		m, ok := metrics[s.Metric["__name__"]]
		if !ok {
			continue
		}
		thing, ok := thingOf(s.Metric, m.kind)
		if !ok {
			continue
		}
		for _, v := range s.Values {
			out = append(out, reading.Value{Thing: thing, Quantity: m.quantity, At: v[0], Value: v[1] / reading.Number(m.scale)})
		}
	}
	slices.SortStableFunc(out, func(a, b reading.Value) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Index, b.Index),
			cmp.Compare(a.Key, b.Key), cmp.Compare(a.Quantity, b.Quantity))
	})
	return out, nil
}

// thingOf says whose series it is.
func thingOf(labels map[string]string, kind string) (reading.Thing, bool) {
	t := reading.Thing{Kind: kind, Host: host(labels), Key: labels["UUID"], Model: labels["modelName"]}
	slot := labels["gpu"]
	if kind == "" {
		t.Kind, slot, _ = strings.Cut(labels["device"], "-")
	}
	if t.Host == "" || t.Kind != "gpu" && t.Kind != "cpu" && t.Kind != "node" || labels["GPU_I_ID"] != "" { // a slice of a GPU is not the GPU
		return t, false
	}
	if slot != "" {
		n, err := strconv.ParseUint(slot, 10, 16)
		if err != nil {
			return t, false
		}
		t.Index = int(n)
	}
	return t, true
}

func host(labels map[string]string) string {
	for _, name := range []string{"Hostname", "node", "kubernetes_node"} {
		if h := labels[name]; h != "" {
			return h
		}
	}
	instance := labels["instance"]
	if h, _, err := net.SplitHostPort(instance); err == nil {
		return h
	}
	return instance
}
