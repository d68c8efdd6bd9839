package validate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

const physicsFrom = "it is made of reference results of the Modelica Buildings Library (github.com/lbl-srg/modelica-buildings, " +
	"Buildings/Resources/ReferenceResults/Dymola) as CSV, its chiller data as JSON, one EnergyPlus run, and published worked examples"

// PhysicsReferences holds the equations of equipment against published results, one by one.
var PhysicsReferences = Benchmark{
	Name:  "physics-references",
	About: "equations of air, coils, chillers, towers, fans, economizers, batteries, breakers against the Modelica Buildings Library, EnergyPlus and published cases",
	Data: "physics: verification_cases.json (id, group, inputs, expected, tol, source), chiller_eir_records.json, modelica-buildings/*.csv " +
		"(one trajectory each, first column time), energyplus/CoolingTower_VariableSpeed_Merkel.dat",
	Run: runPhysics,
}

func runPhysics(ctx context.Context, data string) (*Result, error) {
	dir, err := folder(data, "physics", physicsFrom, "verification_cases.json")
	if err != nil {
		return nil, err
	}
	r := &Result{}
	if err := r.cases(dir); err != nil {
		return nil, err
	}
	for _, c := range components {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		figures, err := c.run(dir)
		if errors.Is(err, fs.ErrNotExist) {
			r.Say("%s: passed over, %v", c.about, err)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.about, err)
		}
		for _, f := range figures {
			target := ""
			if f.limit > 0 {
				target = fmt.Sprintf("<= %g", f.limit)
			}
			r.Add(f.name, f.value, f.unit, target, f.limit == 0 || f.value <= f.limit)
		}
	}
	r.Say("figures without a unit are relative errors, the largest of all rows unless a median is named")
	return r, nil
}
