package ensemble

import (
	"github.com/halltwin/halltwin/twin/record/journal"
	"github.com/halltwin/halltwin/twin/record/parquet"
	"github.com/parquet-go/parquet-go/format"
)

// TableFile is the tidy table of an experiment: a row for each figure of each run.
const TableFile = "results.parquet"

// Table writes the results as a tidy table: run, variant, an axis a column, seed, kpi, value, unit. It depends on what was
// run alone, not on who ran it or in which order.
func (o *Outcome) Table(in journal.Folder) error {
	e := o.Experiment
	axes := make([]parquet.ColumnData, len(e.Design.Axes))
	numeric := make([]bool, len(axes))
	for i := range axes {
		a := &e.Design.Axes[i]
		axes[i] = parquet.ColumnData{Name: "axis." + a.Name, Doc: "value of this axis of the sweep", Unit: a.Unit()}
		numeric[i] = a.Numeric()
	}
	run, seed, value := []int64{}, []int64{}, []float64{}
	variant, kpi, unit := []string{}, []string{}, []string{}
	for n := range o.Results {
		r := &o.Results[n]
		name, point := e.Of(r.Cell)
		row := func(key string, v float64, u string) {
			run, seed, value = append(run, int64(n)), append(seed, int64(r.Seed)), append(value, v)
			variant, kpi, unit = append(variant, variantName(name)), append(kpi, key), append(unit, u)
			for i := range axes {
				text := e.Design.Text[point][i]
				if numeric[i] {
					axes[i].Number = append(axes[i].Number, e.Design.Axes[i].Of(text))
				} else {
					axes[i].Text = append(axes[i].Text, text)
				}
			}
		}
		for _, f := range o.Figures {
			if v, ok := r.Figures[f.Key]; ok {
				row(f.Key, v, f.Unit)
			}
		}
		for _, name := range o.Expectations {
			if held, ok := r.Held[name]; ok {
				v := 0.0
				if held {
					v = 1
				}
				row("expect."+name, v, "")
			}
		}
	}
	columns := append([]parquet.ColumnData{
		{Name: "run", Doc: "number of the run in the experiment", Whole: run},
		{Name: "variant", Doc: "variant of the scenario", Text: variant},
	}, axes...)
	columns = append(columns,
		parquet.ColumnData{Name: "seed", Doc: "seed of every random stream: runs of one seed meet the same failures and arrivals", Whole: seed},
		parquet.ColumnData{Name: "kpi", Doc: "key of the figure; expect.NAME is 1 where that expectation held", Text: kpi},
		parquet.ColumnData{Name: "value", Doc: "in the unit beside it", Number: value},
		parquet.ColumnData{Name: "unit", Doc: "of the value", Text: unit})
	log, err := journal.Create(in, TableFile)
	if err != nil {
		return err
	}
	if err := parquet.WriteColumns(log, "results", "halltwin "+e.Version, columns, format.KeyValue{Key: "halltwin.experiment", Value: e.Name}); err != nil {
		return err
	}
	return log.Close()
}
