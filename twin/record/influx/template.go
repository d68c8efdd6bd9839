package influx

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v4"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

const templateAPI = "influxdata.com/v2alpha1"

// Template is an InfluxDB template (`influx apply`): the bucket, variables that choose bucket and run, and one dashboard
// a level, made from the registry.
func Template(bucket string) ([]byte, error) {
	type object = map[string]any
	var docs []object
	add := func(kind, name string, spec object) {
		docs = append(docs, object{"apiVersion": templateAPI, "kind": kind, "metadata": object{"name": name}, "spec": spec})
	}
	add("Label", "halltwin", object{"name": "halltwin", "color": "#4591ED", "description": "made by halltwin influx template"})
	label := []object{{"kind": "Label", "name": "halltwin"}}
	add("Bucket", "halltwin-bucket", object{"name": bucket, "associations": label})
	add("Variable", "halltwin-run", object{"name": "run", "type": "query", "language": "flux", "query": runsFlux(fluxString(bucket)), "associations": label})

	var charts []object
	var level facility.Kind
	y := 0
	flush := func() {
		if len(charts) > 0 {
			add("Dashboard", "halltwin-"+level.String(), object{"name": "Halltwin: " + record.LevelName(level), "charts": charts,
				"description": "What a run of Halltwin records of each " + level.String() + ".", "associations": label})
		}
		charts, y = nil, 0
	}
	from, run := fluxString(bucket), "v.run"
	for i, p := range Panels() {
		if i == 0 || p.Level != level {
			flush()
			level = p.Level
		}
		if level == facility.Site && len(charts) == 0 {
			charts = append(charts, object{"kind": "Single_Stat", "name": "PUE", "xPos": 0, "yPos": 0, "width": 3, "height": 2,
				"decimalPlaces": 3, "colors": []object{{"name": "ink", "type": "text", "hex": "#4591ED", "id": "base", "value": 0}},
				"queries": []object{{"query": statFlux(from, run, "v.timeRangeStart", "v.timeRangeStop", "pue", "mean")}}})
			charts = append(charts, object{"kind": "Table", "name": "What happened", "xPos": 3, "yPos": 0, "width": 9, "height": 4,
				"fieldOptions": []object{{"fieldName": "_time", "displayName": "time", "visible": true}, {"fieldName": "text", "displayName": "event", "visible": true}},
				"tableOptions": object{"sortBy": "_time", "verticalTimeAxis": true}, "timeFormat": "YYYY-MM-DD HH:mm:ss",
				"colors":  []object{{"name": "ink", "type": "min", "hex": "#4591ED", "id": "base", "value": 0}},
				"queries": []object{{"query": eventsFlux(from, run, "v.timeRangeStart", "v.timeRangeStop")}}})
			y = 4
		}
		suffix := ""
		if s := record.Symbol(p.Unit); s != "" {
			suffix = " " + s
		}
		n := len(charts)
		if level == facility.Site {
			n -= 2
		}
		charts = append(charts, object{
			"kind": "Xy", "name": p.Title(), "note": p.About(), "xPos": 6 * (n % 2), "yPos": y + 4*(n/2), "width": 6, "height": 4,
			"geom": "line", "position": "overlaid", "xCol": "_time", "yCol": "_value",
			"axes": []object{{"name": "x", "base": "10", "scale": "linear"}, {"name": "y", "base": "10", "scale": "linear", "suffix": suffix}},
			"colors": []object{{"id": "a", "name": "ink", "type": "scale", "hex": "#31C0F6", "value": 0}, {"id": "b", "name": "ink", "type": "scale", "hex": "#A500A5", "value": 0},
				{"id": "c", "name": "ink", "type": "scale", "hex": "#FF7E27", "value": 0}},
			"queries": []object{{"query": p.Flux(from, run, "v.timeRangeStart", "v.timeRangeStop", "v.windowPeriod")}},
		})
	}
	flush()
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	for _, d := range docs {
		if err := e.Encode(d); err != nil {
			return nil, fmt.Errorf("template: %w", err)
		}
	}
	return b.Bytes(), e.Close()
}
