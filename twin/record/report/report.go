package report

import (
	"io"

	"github.com/halltwin/halltwin/twin/record/series"
)

// Needs is what a store must keep for a report.
var Needs = series.Options{Carpets: []string{"rack.inlet_temperature"}}

// Write writes the report of a run.
func Write(w io.Writer, s *series.Store) error {
	_, err := io.WriteString(w, "<!doctype html>\n")
	return err
}
