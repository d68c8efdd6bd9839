package record

import (
	"testing"

	"github.com/halltwin/halltwin/models/channel"
)

// Every registered channel has a field name of its own within its level, since Parquet columns and InfluxDB
// fields rely on it.
func TestFieldNames(t *testing.T) {
	seen := map[string]string{}
	all := channel.All()
	for i := range all {
		c := &all[i]
		key := LevelName(c.Kind) + "/" + FieldName(c)
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s are both %s", other, c.Name, key)
		}
		seen[key] = c.Name
	}
	for name, want := range map[string]string{
		"site.power": "power_w", "rack.inlet_temperature": "inlet_temperature_c", "pue": "pue_run", "site.pue": "pue",
		"service.requests": "requests_per_s", "weather.dry_bulb": "weather_dry_bulb_c", "crah.airflow": "airflow_m3_per_s",
		"gpu_hours": "gpu_hours", "dry_cooler.power": "power_w",
	} {
		c, ok := channel.Lookup(name)
		if !ok {
			t.Fatalf("no channel %s", name)
		}
		if got := FieldName(c); got != want {
			t.Errorf("%s is called %s, want %s", name, got, want)
		}
	}
}
