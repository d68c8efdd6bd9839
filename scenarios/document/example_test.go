package document_test

import (
	"fmt"
	"os"
	"testing/fstest"

	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/scenarios/document"
)

// hall is what the examples read: a spec as a model package declares it.
type hall struct {
	UPS struct {
		Rating   unit.Power    `yaml:"rating" doc:"rated output power" default:"1 MW" source:"typical" range:"(0,)"`
		Autonomy unit.Duration `yaml:"autonomy" doc:"battery time at rated load" default:"5 min" source:"typical"`
	} `yaml:"ups" doc:"uninterruptible power supplies"`
}

func Example() {
	loader := &document.Loader{Library: fstest.MapFS{"hardware/ups.yaml": {Data: []byte("autonomy: 10 min\n")}}}
	written, ds := loader.LoadBytes("hall.yaml", []byte("ups:\n  use: hardware/ups\n  rating: 500 kW\n"))
	whole, more := loader.Resolve(written)
	ds = append(ds, more...)
	var spec hall
	ds = append(ds, document.Decode(whole, &spec)...)
	if err := ds.Err(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(spec.UPS.Rating, spec.UPS.Autonomy)
	_ = document.Resolved(os.Stdout, whole, spec)
	// Output:
	// 500 kW 10 min
	// ups:                # hardware/ups
	//   rating: 500 kW
	//   autonomy: 10 min  # library:hardware/ups.yaml:1
}

func ExampleDiagnostics_Render() {
	loader := &document.Loader{Library: fstest.MapFS{"hardware/ups.yaml": {Data: []byte("rating: 1.2\n")}}}
	written, _ := loader.LoadBytes("hall.yaml", []byte("ups:\n  use: hardware/ups\n  autonmy: 5 min\n"))
	whole, _ := loader.Resolve(written)
	document.Decode(whole, new(hall)).Render(os.Stdout, loader.Sources(), false)
	// Output:
	// error[units]: power needs a unit
	//  ┌─ library:hardware/ups.yaml:1:9        used by hall.yaml:2:8
	// 1│rating: 1.2
	//  │        ^^^ write 1.2 kW or 1.2 MW (ups.rating is a power)
	// error[key]: unknown field "autonmy" in ups — did you mean "autonomy"?   hall.yaml:3:3
}
