package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/halltwin/halltwin/twin/record/journal"
)

const magic = "PAR1"

// column describes one column of a file.
type column struct {
	name string
	node parquet.Node
	meta []format.KeyValue
}

// ordered is a group whose columns stand in the order given; parquet.Group sorts them by name.
type ordered struct {
	parquet.Group
	fields []parquet.Field
}

func (o ordered) Fields() []parquet.Field { return o.fields }

func newSchema(name string, columns []column) *parquet.Schema {
	group := parquet.Group{}
	for _, c := range columns {
		group[c.name] = c.node
	}
	byName := map[string]parquet.Field{}
	for _, f := range group.Fields() {
		byName[f.Name()] = f
	}
	fields := make([]parquet.Field, len(columns))
	for i, c := range columns {
		fields[i] = byName[c.name]
	}
	return parquet.NewSchema(name, ordered{group, fields})
}

// file appends row groups to one Parquet file, each with a footer of its own.
//
// The library encodes each row group as a small file in memory; its pages are moved behind what is already
// there, and the offsets in its metadata with them. Page indexes are left out: they hold absolute offsets too,
// and readers do without.
type file struct {
	log    *journal.Log
	meta   format.FileMetaData
	about  []format.KeyValue
	column []column
	buffer bytes.Buffer
	writer *parquet.GenericWriter[any]
	rows   int64 // in the row group being filled
}

func newFile(log *journal.Log, name string, columns []column, about []format.KeyValue, createdBy string) *file {
	f := &file{log: log, column: columns, about: about}
	f.writer = parquet.NewGenericWriter[any](&f.buffer, newSchema(name, columns),
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest, Concurrency: 1}),
		parquet.PageBufferSize(256*1024),
		parquet.DataPageStatistics(true))
	f.meta.CreatedBy = createdBy
	return f
}

// columns returns the writers of the columns of the row group being filled.
func (f *file) columns() []*parquet.ColumnWriter { return f.writer.ColumnWriters() }

// flush appends the row group being filled, if it holds any rows, and the footer.
func (f *file) flush() error {
	if f.rows == 0 && f.log.Size() > 0 {
		return nil
	}
	if err := f.writer.Close(); err != nil {
		return fmt.Errorf("cannot encode %s: %w", f.log.Name(), err)
	}
	part := f.writer.File().Metadata()
	at := f.log.Size()
	var head []byte
	if at == 0 {
		head = []byte(magic)
		at = int64(len(magic))
	}
	pages := []byte(nil)
	if f.rows > 0 {
		shift := at - int64(len(magic))
		group, end, err := move(&part.RowGroups[0], shift)
		if err != nil {
			return fmt.Errorf("cannot encode %s: %w", f.log.Name(), err)
		}
		pages = f.buffer.Bytes()[len(magic) : end-shift]
		group.Ordinal = int16(min(len(f.meta.RowGroups), 1<<15-1))
		if len(f.meta.RowGroups) == 0 { // once is enough, and readers look at the first
			for i := range group.Columns {
				group.Columns[i].MetaData.KeyValueMetadata = f.column[i].meta
			}
		}
		f.meta.RowGroups = append(f.meta.RowGroups, group)
		f.meta.NumRows += group.NumRows
	}
	f.meta.Version, f.meta.Schema, f.meta.ColumnOrders = part.Version, part.Schema, part.ColumnOrders
	f.meta.KeyValueMetadata = f.about

	footer, err := thrift.Marshal(new(thrift.CompactProtocol), &f.meta)
	if err != nil {
		return fmt.Errorf("cannot encode the footer of %s: %w", f.log.Name(), err)
	}
	tail := binary.LittleEndian.AppendUint32(nil, uint32(len(footer)))
	if err := f.log.Append(head, pages, footer, tail, []byte(magic)); err != nil {
		return err
	}
	f.rows = 0
	f.buffer.Reset()
	f.writer.Reset(&f.buffer)
	return nil
}

// move copies a row group's metadata with its offsets shifted by d, and returns where its pages end. It copies
// deeply, since the writer uses its memory again.
func move(from *format.RowGroup, d int64) (g format.RowGroup, end int64, err error) {
	raw, err := thrift.Marshal(new(thrift.CompactProtocol), from)
	if err != nil {
		return g, 0, err
	}
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), raw, &g); err != nil {
		return g, 0, err
	}
	if g.FileOffset > 0 {
		g.FileOffset += d
	}
	for i := range g.Columns {
		c := &g.Columns[i]
		if c.FileOffset > 0 {
			c.FileOffset += d
		}
		c.ColumnIndexOffset, c.ColumnIndexLength = 0, 0
		c.OffsetIndexOffset, c.OffsetIndexLength = 0, 0
		m := &c.MetaData
		m.EncodingStats, m.SizeStatistics = nil, format.SizeStatistics{} // optional, and in every footer
		m.DataPageOffset += d
		start := m.DataPageOffset
		if m.DictionaryPageOffset > 0 {
			m.DictionaryPageOffset += d
			start = min(start, m.DictionaryPageOffset)
		}
		end = max(end, start+m.TotalCompressedSize)
	}
	return g, end, nil
}
