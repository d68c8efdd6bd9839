package record

import (
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
)

// FieldName is the name of a channel's values in Parquet columns and InfluxDB fields: the last part of the
// channel's name with the unit as suffix ("power_w", "inlet_temperature_c").
func FieldName(c *channel.Channel) string {
	name, level := c.Name, LevelName(c.Kind)
	if subject, rest, ok := strings.Cut(name, "."); ok && subject == level {
		name = rest
	} else if _, taken := channel.Lookup(level + "." + name); taken { // pue beside site.pue
		name += "_run"
	}
	name = strings.ReplaceAll(strings.ReplaceAll(name, ".", "_"), "-", "_")
	if s := unitSuffix(c.Unit); s != "" && !strings.HasSuffix(name, "_"+s) && !(s == "h" && strings.HasSuffix(name, "_hours")) {
		name += "_" + s
	}
	return name
}

func unitSuffix(unit string) string {
	switch unit {
	case "", "1", "ratio", "count":
		return ""
	case "%":
		return "pct"
	case "degC", "°C":
		return "c"
	}
	s := strings.TrimPrefix(strings.ToLower(unit), "1/")
	if s != strings.ToLower(unit) {
		return "per_" + s
	}
	s = strings.NewReplacer("/", "_per_", "²", "2", "³", "3", "·", "_", "*", "_", " ", "_", "µ", "u").Replace(s)
	return strings.Trim(s, "_")
}

// LevelName is the name of a kind in file names and InfluxDB measurements: "rack", "dry_cooler".
func LevelName(k facility.Kind) string { return strings.ReplaceAll(k.String(), "-", "_") }

// SubjectName is the name of one thing, also for things outside the tree, such as jobs.
func (h *Header) SubjectName(k facility.Kind, index int32) string {
	if h.Site != nil && index >= 0 && int(index) < h.Site.Count(k) {
		return h.Site.NameOf(facility.Ref{Kind: k, Index: index})
	}
	return k.String() + "-" + strconv.Itoa(int(index))
}
