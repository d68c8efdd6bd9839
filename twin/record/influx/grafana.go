package influx

import (
	"encoding/json"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// The variables of a Grafana dashboard, as Flux texts.
const (
	grafanaBucket = `"${bucket}"`
	grafanaRun    = `"${run}"`
)

// Grafana is a dashboard for Grafana 9 and later: one row a level, one panel for each kind of channel, made from the
// registry. It asks for the data source, the bucket and the run.
func Grafana(bucket string) ([]byte, error) {
	type object = map[string]any
	source := object{"type": "influxdb", "uid": "${datasource}"}
	panels := []any{}
	id, y := 0, 0
	next := func() int { id++; return id }
	stats := func() {
		for i, s := range []struct{ title, field, unit, fn string }{
			{"PUE", "pue", "none", "mean"}, {"Site power", "power_w", "watt", "mean"}, {"Peak power", "power_w", "watt", "max"},
			{"IT power", "it_power_w", "watt", "mean"}, {"Jobs running", "jobs_running", "none", "mean"}, {"GPUs down", "gpus_down", "none", "max"},
		} {
			panels = append(panels, object{
				"id": next(), "type": "stat", "title": s.title, "datasource": source, "gridPos": object{"x": 4 * i, "y": y, "w": 4, "h": 4},
				"fieldConfig": object{"defaults": object{"unit": s.unit, "decimals": 2}, "overrides": []any{}},
				"options":     object{"reduceOptions": object{"calcs": []string{"lastNotNull"}}, "colorMode": "none", "graphMode": "none"},
				"targets":     []any{object{"refId": "A", "datasource": source, "query": statFlux(grafanaBucket, grafanaRun, "v.timeRangeStart", "v.timeRangeStop", s.field, s.fn)}},
			})
		}
		y += 4
	}
	stats()
	level := facility.Kind(0)
	var row object
	x := 0
	for i, p := range Panels() {
		if i == 0 || p.Level != level {
			level = p.Level
			if x > 0 {
				y, x = y+8, 0
			}
			row = object{"id": next(), "type": "row", "title": record.LevelName(level), "collapsed": level != facility.Site,
				"gridPos": object{"x": 0, "y": y, "w": 24, "h": 1}, "panels": []any{}}
			panels = append(panels, row)
			y++
		}
		one := object{
			"id": next(), "type": "timeseries", "title": p.Title(), "description": p.About(), "datasource": source,
			"gridPos":     object{"x": x, "y": y, "w": 12, "h": 8},
			"fieldConfig": object{"defaults": object{"unit": grafanaUnit(p.Unit), "displayName": "${__field.labels._field}", "custom": object{"fillOpacity": 0, "lineWidth": 1, "showPoints": "never"}}, "overrides": []any{}},
			"options":     object{"legend": object{"displayMode": "list", "placement": "bottom"}, "tooltip": object{"mode": "multi"}},
			"targets":     []any{object{"refId": "A", "datasource": source, "query": p.Flux(grafanaBucket, grafanaRun, "v.timeRangeStart", "v.timeRangeStop", "v.windowPeriod")}},
		}
		if level == facility.Site {
			panels = append(panels, one)
		} else { // a collapsed row holds its panels
			row["panels"] = append(row["panels"].([]any), one)
		}
		if x += 12; x >= 24 {
			y, x = y+8, 0
		}
	}
	dashboard := object{
		"title": "Halltwin", "uid": "halltwin", "tags": []string{"halltwin"}, "schemaVersion": 38, "version": 1, "editable": true,
		"description": "A run of Halltwin. Made from its registry of channels by `halltwin influx dashboard`.",
		"time":        object{"from": "2025-07-15T00:00:00Z", "to": "2025-07-17T00:00:00Z"}, "timezone": "utc", "refresh": "",
		"templating": object{"list": []any{
			object{"name": "datasource", "label": "data source", "type": "datasource", "query": "influxdb"},
			object{"name": "bucket", "type": "textbox", "query": bucket, "current": object{"text": bucket, "value": bucket}},
			object{"name": "run", "type": "query", "datasource": source, "query": runsFlux(grafanaBucket), "refresh": 1, "sort": 1},
		}},
		"annotations": object{"list": []any{object{
			"name": "events", "enable": true, "iconColor": "#c4162a", "datasource": source,
			"target": object{"refId": "events", "query": eventsFlux(grafanaBucket, grafanaRun, "v.timeRangeStart", "v.timeRangeStop")},
		}}},
		"panels": panels,
	}
	b, err := json.MarshalIndent(dashboard, "", "  ")
	return append(b, '\n'), err
}

// statFlux is one number of the site.
func statFlux(bucket, run, start, stop, field, fn string) string {
	return "from(bucket: " + bucket + ")\n  |> range(start: " + start + ", stop: " + stop + ")\n  |> filter(fn: (r) => r._measurement == \"site\" and r.run == " +
		run + " and r._field == \"" + field + "\")\n  |> " + fn + "()\n"
}

// eventsFlux is what mattered.
func eventsFlux(bucket, run, start, stop string) string {
	return "from(bucket: " + bucket + ")\n  |> range(start: " + start + ", stop: " + stop + ")\n  |> filter(fn: (r) => r._measurement == \"event\" and r.run == " +
		run + " and r._field == \"text\" and (r.severity == \"warning\" or r.severity == \"critical\"))\n  |> group()\n" +
		"  |> keep(columns: [\"_time\", \"_value\", \"severity\", \"type\"])\n  |> rename(columns: {_value: \"text\"})\n  |> sort(columns: [\"_time\"])\n"
}

// grafanaUnit is what Grafana calls a unit; one that it does not know is put behind the number.
func grafanaUnit(unit string) string {
	switch unit {
	case "":
		return "none"
	case "W":
		return "watt"
	case "degC":
		return "celsius"
	case "J":
		return "joule"
	case "s", "h":
		return unit
	case "USD":
		return "currencyUSD"
	}
	return "suffix: " + unit
}
