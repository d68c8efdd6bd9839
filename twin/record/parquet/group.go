package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go"
)

// Group is a stretch of a table, in order of time; it holds whole instants.
type Group struct {
	From, To float64 // s from the start, of its first and last row
	Rows     int64
	at       int
}

// Groups lists the stretches of a table, so that a time can be found without reading it all.
func (t *Table) Groups() (list []Group, err error) {
	defer damaged(&err)
	meta := t.file.Metadata()
	for i, g := range t.file.RowGroups() {
		stretch := Group{Rows: g.NumRows(), at: i}
		if stretch.Rows == 0 {
			continue
		}
		stats := meta.RowGroups[i].Columns[t.fixed[colSeconds]].MetaData.Statistics
		if len(stats.MinValue) == 8 && len(stats.MaxValue) == 8 {
			stretch.From = math.Float64frombits(binary.LittleEndian.Uint64(stats.MinValue))
			stretch.To = math.Float64frombits(binary.LittleEndian.Uint64(stats.MaxValue))
		} else {
			times, err := t.Times(stretch)
			if err != nil {
				return nil, err
			}
			stretch.From, stretch.To = times[0], times[len(times)-1]
		}
		list = append(list, stretch)
	}
	return list, nil
}

// Times reads the time of every row of a stretch.
func (t *Table) Times(g Group) (out []float64, err error) {
	out = make([]float64, 0, g.Rows)
	err = t.column(g, t.fixed[colSeconds], func(v parquet.Value) { out = append(out, v.Double()) })
	return out, err
}

// Indices reads the number of the thing of every row of a stretch.
func (t *Table) Indices(g Group) (out []int32, err error) {
	out = make([]int32, 0, g.Rows)
	err = t.column(g, t.fixed[colIndex], func(v parquet.Value) { out = append(out, v.Int32()) })
	return out, err
}

// Values reads the i-th of [Table.Columns] of every row of a stretch; NaN means none.
func (t *Table) Values(g Group, i int) (out []float64, err error) {
	out = make([]float64, 0, g.Rows)
	err = t.column(g, t.Columns[i].leaf, func(v parquet.Value) {
		if v.IsNull() || v.Kind() != parquet.Double {
			out = append(out, math.NaN())
		} else {
			out = append(out, v.Double())
		}
	})
	return out, err
}

// column reads one column of a stretch, which has as many values as the stretch has rows.
func (t *Table) column(g Group, leaf int, take func(parquet.Value)) (err error) {
	defer damaged(&err)
	pages := t.file.RowGroups()[g.at].ColumnChunks()[leaf].Pages()
	defer func() { err = errors.Join(err, pages.Close()) }()
	buffer := make([]parquet.Value, 1024)
	rows := int64(0)
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		values := page.Values()
		for {
			n, err := values.ReadValues(buffer)
			if rows += int64(n); rows > g.Rows {
				return errors.New("damaged Parquet file: a column is longer than its row group")
			}
			for _, v := range buffer[:n] {
				take(v)
			}
			if errors.Is(err, io.EOF) || err == nil && n == 0 {
				break
			}
			if err != nil {
				return err
			}
		}
		parquet.Release(page)
	}
	if rows != g.Rows {
		return errors.New("damaged Parquet file: a column is shorter than its row group")
	}
	return nil
}

// damaged turns a panic of the library over damaged input into an error.
func damaged(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("damaged Parquet file: %v", p)
	}
}
