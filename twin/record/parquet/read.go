package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Limits on what a reader accepts, so that a damaged or hostile file cannot exhaust memory.
const (
	maxFooter  = 256 << 20 // bytes
	maxColumns = 4096
)

// ErrTorn is returned for a file that holds no whole footer.
var ErrTorn = errors.New("no whole Parquet footer found")

// WholeSize returns how many bytes of a file, from its beginning, form a whole Parquet file: its size, or less
// if a crash left a torn row group at the end. It fails with ErrTorn when there is no such prefix.
func WholeSize(r io.ReaderAt, size int64) (int64, error) {
	const block = 1 << 20
	end := size
	for end >= 12 {
		start := max(end-block, 0)
		b := make([]byte, end-start)
		if _, err := r.ReadAt(b, start); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		for i := len(b) - 4; i >= 0; i-- {
			if string(b[i:i+4]) == magic && footerEndsAt(r, start+int64(i)) {
				return start + int64(i) + 4, nil
			}
		}
		if start == 0 {
			break
		}
		end = start + 3 // a magic may straddle two blocks
	}
	return 0, ErrTorn
}

// footerEndsAt says whether a footer with its length ends where a magic begins.
func footerEndsAt(r io.ReaderAt, at int64) bool {
	if at < 8 {
		return false
	}
	var n [4]byte
	if _, err := r.ReadAt(n[:], at-4); err != nil {
		return false
	}
	length := int64(binary.LittleEndian.Uint32(n[:]))
	if length == 0 || length > maxFooter || length > at-8 {
		return false
	}
	raw := make([]byte, length)
	if _, err := r.ReadAt(raw, at-4-length); err != nil {
		return false
	}
	var meta format.FileMetaData
	if thrift.Unmarshal(new(thrift.CompactProtocol), raw, &meta) != nil || len(meta.Schema) == 0 {
		return false
	}
	for _, g := range meta.RowGroups {
		for _, c := range g.Columns {
			m := &c.MetaData
			if m.DataPageOffset < 4 || m.TotalCompressedSize < 0 || m.DataPageOffset+m.TotalCompressedSize > at {
				return false
			}
		}
	}
	return true
}

// Table is a level's file, open for reading.
type Table struct {
	Level   string
	Run     string
	Start   string   // as in the run's header, RFC 3339
	Columns []Column // those of the channels
	Rows    int64
	Torn    int64 // bytes at the end that a crash left unreadable
	file    *parquet.File
	fixed   [fixedColumns]int // leaf numbers
}

// Column describes one channel of a table.
type Column struct {
	Name, Channel, Unit, Doc string
	leaf                     int
}

// Open reads a file's footer, or the last whole one of a file that a crash has torn.
func Open(r io.ReaderAt, size int64) (t *Table, err error) {
	defer func() { // the library panics on some damaged input
		if p := recover(); p != nil {
			t, err = nil, fmt.Errorf("damaged Parquet file: %v", p)
		}
	}()
	whole, err := WholeSize(r, size)
	if err != nil {
		return nil, err
	}
	f, err := parquet.OpenFile(io.NewSectionReader(r, 0, whole), whole,
		parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, err
	}
	t = &Table{Rows: f.NumRows(), Torn: size - whole, file: f}
	t.Level, _ = f.Lookup("halltwin.level")
	t.Run, _ = f.Lookup("halltwin.run")
	t.Start, _ = f.Lookup("halltwin.start")
	leaves := f.Schema().Columns()
	if len(leaves) > maxColumns {
		return nil, fmt.Errorf("%d columns are more than the %d that a recording may have", len(leaves), maxColumns)
	}
	found := 0
	for i, path := range leaves {
		name := path[len(path)-1]
		switch name {
		case "time":
			t.fixed[colTime] = i
		case "t_s":
			t.fixed[colSeconds] = i
		case "index":
			t.fixed[colIndex] = i
		case "name":
			t.fixed[colName] = i
		default:
			c := Column{Name: name, leaf: i}
			c.Channel, _ = f.Lookup("channel:" + name)
			c.Unit, _ = f.Lookup("unit:" + name)
			c.Doc, _ = f.Lookup("doc:" + name)
			t.Columns = append(t.Columns, c)
			continue
		}
		found++
	}
	if found != fixedColumns {
		return nil, errors.New("not a recording of halltwin: it needs the columns time, t_s, index and name")
	}
	return t, nil
}

// Row is one instant of one thing. Its slices are used again for the next row.
type Row struct {
	Time   float64 // s from the start
	Index  int32
	Name   []byte
	Values []float64 // by Table.Columns; NaN means none
}

// Scan calls fn with every row in order, until it returns an error.
func (t *Table) Scan(fn func(*Row) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged Parquet file: %v", p)
		}
	}()
	row := Row{Values: make([]float64, len(t.Columns))}
	byLeaf := map[int]int{}
	for i, c := range t.Columns {
		byLeaf[c.leaf] = i
	}
	buffer := make([]parquet.Row, 512)
	for _, g := range t.file.RowGroups() {
		rows := g.Rows()
		for {
			n, err := rows.ReadRows(buffer)
			for _, r := range buffer[:n] {
				for i := range row.Values {
					row.Values[i] = math.NaN()
				}
				for _, v := range r {
					t.set(&row, byLeaf, v)
				}
				if err := fn(&row); err != nil {
					return errors.Join(err, rows.Close())
				}
			}
			if errors.Is(err, io.EOF) || err == nil && n == 0 {
				break
			}
			if err != nil {
				return errors.Join(err, rows.Close())
			}
		}
		if err := rows.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (t *Table) set(row *Row, byLeaf map[int]int, v parquet.Value) {
	if v.IsNull() {
		return
	}
	switch v.Column() {
	case t.fixed[colTime]:
	case t.fixed[colSeconds]:
		row.Time = v.Double()
	case t.fixed[colIndex]:
		row.Index = v.Int32()
	case t.fixed[colName]:
		row.Name = append(row.Name[:0], v.ByteArray()...)
	default:
		if i, ok := byLeaf[v.Column()]; ok && v.Kind() == parquet.Double {
			row.Values[i] = v.Double()
		}
	}
}

// OpenBytes is Open on memory.
func OpenBytes(b []byte) (*Table, error) { return Open(bytes.NewReader(b), int64(len(b))) }
