package parquet

import (
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/halltwin/halltwin/twin/record/journal"
)

// ColumnData is one column of a table that is at hand as a whole. One of Text, Whole and Number holds its values.
type ColumnData struct {
	Name, Unit, Doc string
	Text            []string
	Whole           []int64
	Number          []float64 // NaN is null
}

func (c *ColumnData) rows() int { return max(len(c.Text), len(c.Whole), len(c.Number)) }

func (c *ColumnData) node() parquet.Node {
	switch {
	case c.Text != nil:
		return parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
	case c.Whole != nil:
		return parquet.Encoded(parquet.Int(64), &parquet.DeltaBinaryPacked)
	}
	return parquet.Optional(parquet.Leaf(parquet.DoubleType))
}

func (c *ColumnData) value(row, column int) parquet.Value {
	switch {
	case c.Text != nil:
		return parquet.ByteArrayValue([]byte(c.Text[row])).Level(0, 0, column)
	case c.Whole != nil:
		return parquet.Int64Value(c.Whole[row]).Level(0, 0, column)
	case math.IsNaN(c.Number[row]):
		return parquet.Value{}.Level(0, 0, column)
	}
	return parquet.DoubleValue(c.Number[row]).Level(0, 1, column)
}

// WriteColumns writes a whole table, whose columns are of one length. About goes into the metadata of the file.
func WriteColumns(log *journal.Log, name, createdBy string, columns []ColumnData, about ...format.KeyValue) error {
	made := make([]column, len(columns))
	rows := columns[0].rows()
	for i := range columns {
		c := &columns[i]
		if n := c.rows(); n != rows {
			return fmt.Errorf("column %s of %s has %d values where there are %d rows", c.Name, name, n, rows)
		}
		made[i] = column{c.Name, c.node(), describe(c.Unit, c.Doc, "")}
		for _, m := range made[i].meta {
			about = append(about, format.KeyValue{Key: m.Key + ":" + c.Name, Value: m.Value})
		}
	}
	f := newFile(log, name, made, about, createdBy)
	var values []parquet.Value
	for from := 0; from < rows; from += GroupRows {
		to := min(from+GroupRows, rows)
		out := f.columns()
		for i := range columns {
			values = values[:0]
			for row := from; row < to; row++ {
				values = append(values, columns[i].value(row, i))
			}
			if _, err := out[i].WriteRowValues(values); err != nil {
				return err
			}
		}
		f.rows = int64(to - from)
		if err := f.flush(); err != nil {
			return err
		}
	}
	return f.flush()
}
