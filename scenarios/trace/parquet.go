package trace

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// Limits that keep a file from claiming more memory than any trace needs.
const (
	maxFooter = 64 << 20
	maxPage   = 256 << 20
	maxRows   = 200_000_000
	maxDense  = 4096    // rows a byte of the file: runs of equal values pack well, but not better than this
	maxWhole  = 4 << 30 // of a file that cannot be read in place
)

// parquetFile is a flat Parquet file of which columns are read page by page. The library reads footer and schema; the
// pages are decoded here, straight into batches of numbers, because its decoders trust the lengths that a page claims (a
// page of five bytes can make them allocate 8 GB) and its values cost three times as much.
type parquetFile struct {
	name string
	at   io.ReaderAt
	size int64
	file *parquet.File
}

func openParquet(src *source) (*parquetFile, error) {
	f := &parquetFile{name: src.name}
	if err := f.locate(src); err != nil {
		return nil, err
	}
	if err := f.checkFooter(); err != nil {
		return nil, err
	}
	var err error
	if f.file, err = parquet.OpenFile(f.at, f.size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true)); err != nil {
		return nil, fileError(src.name, "the Parquet file is corrupt: %v", err)
	}
	if rows := f.file.NumRows(); rows < 0 || rows > maxRows || rows > maxDense*f.size {
		return nil, fileError(src.name, "the file of %d B says it has %d rows; at most %d are read", f.size, rows, min(maxRows, maxDense*f.size))
	}
	return f, nil
}

// orCorrupt turns a panic of the Parquet library, which it raises for schemas that make no sense, into an error.
func orCorrupt(file string, err *error, panicked any) {
	if panicked != nil {
		*err = fileError(file, "the Parquet file is corrupt: %v", panicked)
	}
}

// locate finds a way to read at offsets: the file itself where it allows that, else its bytes.
func (f *parquetFile) locate(src *source) error {
	if file, ok := src.raw.(interface {
		io.ReaderAt
		io.Seeker
	}); ok {
		var magic [4]byte
		if _, err := file.ReadAt(magic[:], 0); err == nil && string(magic[:]) == "PAR1" {
			size, err := file.Seek(0, io.SeekEnd)
			if err != nil {
				return readError(f.name, 0, err)
			}
			f.at, f.size = file, size
			return nil
		}
	}
	all, err := io.ReadAll(io.LimitReader(src, maxWhole))
	if err != nil {
		return readError(f.name, 0, err)
	}
	f.at, f.size = bytes.NewReader(all), int64(len(all))
	return nil
}

// checkFooter refuses what is not whole, and a footer whose lists claim more than it holds.
func (f *parquetFile) checkFooter() error {
	truncated := fileError(f.name, "the Parquet file is truncated or no Parquet at all: it does not end with a footer; fetch it again")
	if f.size < 12 {
		return truncated
	}
	var tail [8]byte
	if _, err := f.at.ReadAt(tail[:], f.size-8); err != nil {
		return readError(f.name, 0, err)
	}
	if string(tail[4:]) != "PAR1" {
		return truncated
	}
	length := int64(binary.LittleEndian.Uint32(tail[:4]))
	if length > f.size-12 {
		return truncated
	}
	if length > maxFooter {
		return fileError(f.name, "its footer is of %d MiB; at most %d are read", length>>20, maxFooter>>20)
	}
	footer := make([]byte, length)
	if _, err := f.at.ReadAt(footer, f.size-8-length); err != nil {
		return readError(f.name, 0, err)
	}
	t := &thrift{b: footer}
	if err := t.skip(thriftStruct, 0, false); err != nil {
		return fileError(f.name, "the Parquet file is corrupt: %v", err)
	}
	return nil
}

// find returns the leaf column of the first of the names that the file has, or nil.
func (f *parquetFile) find(names ...string) *parquet.Column {
	for _, name := range names {
		for _, c := range f.file.Root().Columns() {
			if c.Leaf() && strings.EqualFold(c.Name(), name) && !c.Repeated() {
				return c
			}
		}
	}
	return nil
}

func (f *parquetFile) names() string {
	var names []string
	for _, c := range f.file.Root().Columns() {
		names = append(names, c.Name())
	}
	return list(names)
}

// need is find for a column without which the file is of no use.
func (f *parquetFile) need(names ...string) (*parquet.Column, error) {
	if c := f.find(names...); c != nil {
		return c, nil
	}
	return nil, fileError(f.name, "there is no column %s; the file has %s", names[0], f.names())
}

// chunks returns the parts of a column, one a row group, in order.
func (f *parquetFile) chunks(c *parquet.Column) ([]*format.ColumnMetaData, error) {
	var out []*format.ColumnMetaData
	groups := f.file.Metadata().RowGroups
	for g := range groups {
		if c.Index() >= len(groups[g].Columns) {
			return nil, fileError(f.name, "row group %d lacks column %s", g, c.Name())
		}
		m := &groups[g].Columns[c.Index()].MetaData
		if m.NumValues != groups[g].NumRows {
			return nil, fileError(f.name, "row group %d has %d rows but %d values of %s", g, groups[g].NumRows, m.NumValues, c.Name())
		}
		out = append(out, m)
	}
	return out, nil
}

// scalar is what a column is read as.
type scalar interface{ float64 | int64 }

// pageReader reads one column as a stream of numbers, null where a value is missing.
type pageReader[T scalar] struct {
	file     *parquetFile
	column   *parquet.Column
	kind     parquet.Kind
	optional bool
	null     T
	chunks   []*format.ColumnMetaData
	pages    *bufio.Reader // of the present chunk
	left     int64         // values of the chunk not yet begun
	codec    format.CompressionCodec

	dictionary []T
	inPage     int // values of the page not yet delivered
	levels     hybrid
	indexes    hybrid
	indexed    bool
	plain      []byte
	raw, body  []byte // buffers
	scratch    [batch]uint32
	defined    [batch]uint32
}

// batch is the number of values handled at a time.
const batch = 4096

func newPageReader[T scalar](f *parquetFile, c *parquet.Column, null T) (*pageReader[T], error) {
	r := &pageReader[T]{file: f, column: c, kind: c.Type().Kind(), optional: c.Optional(), null: null}
	switch r.kind {
	case parquet.Int32, parquet.Int64, parquet.Float, parquet.Double:
	default:
		return nil, r.fail("it holds %s, a number is due", c.Type())
	}
	var err error
	r.chunks, err = f.chunks(c)
	r.pages = bufio.NewReaderSize(nil, 64<<10)
	return r, err
}

func (r *pageReader[T]) fail(msg string, args ...any) error {
	return &Error{File: r.file.name, Column: r.column.Name(), Msg: fmt.Sprintf(msg, args...)}
}

// read fills dst, or less of it at the end of the file. It never panics.
func (r *pageReader[T]) read(dst []T) (n int, err error) {
	for n < len(dst) {
		if r.inPage == 0 {
			if ok, err := r.nextPage(); !ok {
				return n, err
			}
			continue
		}
		m := min(len(dst)-n, r.inPage, batch)
		if err := r.deliver(dst[n : n+m]); err != nil {
			return n, err
		}
		n += m
		r.inPage -= m
	}
	return n, nil
}

var errShort = errors.New("a page is shorter than it says")

// deliver decodes the next values of the page.
func (r *pageReader[T]) deliver(dst []T) error {
	if !r.optional {
		return r.values(dst)
	}
	defined := r.defined[:len(dst)]
	if !r.levels.read(defined) {
		return r.fail("%v", errShort)
	}
	present := 0
	for _, d := range defined {
		present += int(d & 1)
	}
	if err := r.values(dst[:present]); err != nil {
		return err
	}
	for i := len(dst) - 1; i >= 0; i-- { // spread the present ones to their places, from the back
		if defined[i]&1 == 0 {
			dst[i] = r.null
		} else {
			present--
			dst[i] = dst[present]
		}
	}
	return nil
}

func (r *pageReader[T]) values(dst []T) error {
	if !r.indexed {
		if !takePlain(r.kind, dst, &r.plain) {
			return r.fail("%v", errShort)
		}
		return nil
	}
	index := r.scratch[:len(dst)]
	if !r.indexes.read(index) {
		return r.fail("%v", errShort)
	}
	dictionary := r.dictionary
	for i, k := range index {
		if int(k) >= len(dictionary) {
			return r.fail("a page refers to entry %d of a dictionary of %d", k, len(dictionary))
		}
		dst[i] = dictionary[k]
	}
	return nil
}

// takePlain decodes PLAIN values from the front of b.
func takePlain[T scalar](kind parquet.Kind, dst []T, b *[]byte) bool {
	s := *b
	width := 8
	if kind == parquet.Int32 || kind == parquet.Float {
		width = 4
	}
	if len(s) < width*len(dst) {
		return false
	}
	switch kind {
	case parquet.Int32:
		for i := range dst {
			dst[i] = T(int32(binary.LittleEndian.Uint32(s[4*i:])))
		}
	case parquet.Int64:
		for i := range dst {
			dst[i] = T(int64(binary.LittleEndian.Uint64(s[8*i:])))
		}
	case parquet.Float:
		for i := range dst {
			dst[i] = T(math.Float32frombits(binary.LittleEndian.Uint32(s[4*i:])))
		}
	default:
		for i := range dst {
			dst[i] = T(math.Float64frombits(binary.LittleEndian.Uint64(s[8*i:])))
		}
	}
	*b = s[width*len(dst):]
	return true
}

// nextPage makes the next data page the present one; false at the end of the file.
func (r *pageReader[T]) nextPage() (bool, error) {
	for {
		if r.left == 0 {
			if len(r.chunks) == 0 {
				return false, nil
			}
			if err := r.openChunk(); err != nil {
				return false, err
			}
			continue
		}
		head, err := r.pages.Peek(64 << 10)
		if len(head) == 0 {
			return false, r.fail("the file ends before its last page: %v", err)
		}
		h, err := readPageHeader(head)
		if err != nil {
			return false, r.fail("a page header is corrupt")
		}
		_, _ = r.pages.Discard(h.length)
		if h.compressed < 0 || h.size < 0 || h.compressed > maxPage || h.size > maxPage || h.values < 0 {
			return false, r.fail("a page claims %d B and %d values; at most %d MiB are read", h.size, h.values, maxPage>>20)
		}
		data, err := r.pageBody(&h)
		if err != nil {
			return false, err
		}
		switch h.kind {
		case 2:
			if err := r.readDictionary(&h, data); err != nil {
				return false, err
			}
			continue
		case 0, 3:
			if h.values > r.left {
				return false, r.fail("a page has %d values, its column %d", h.values, r.left)
			}
			r.left -= h.values
			r.inPage = int(h.values)
			if err := r.openPage(&h, data); err != nil {
				return false, err
			}
			return true, nil
		}
	}
}

func (r *pageReader[T]) openChunk() error {
	m := r.chunks[0]
	r.chunks = r.chunks[1:]
	from := m.DataPageOffset
	if d := m.DictionaryPageOffset; d > 0 && d < from {
		from = d
	}
	if from < 0 || m.TotalCompressedSize < 0 || from > r.file.size-m.TotalCompressedSize || m.NumValues < 0 {
		return r.fail("its pages lie outside the file: it is truncated or corrupt")
	}
	r.pages.Reset(io.NewSectionReader(r.file.at, from, m.TotalCompressedSize))
	r.left, r.codec, r.dictionary = m.NumValues, m.Codec, r.dictionary[:0]
	return nil
}

// pageBody reads the page and decompresses it. The levels of a v2 page stand before its compressed part.
func (r *pageReader[T]) pageBody(h *pageHeader) ([]byte, error) {
	levels := 0
	if h.kind == 3 {
		if h.defLevels < 0 || h.repLevels != 0 || h.defLevels > h.compressed || h.defLevels > h.size {
			return nil, r.fail("a page header is corrupt")
		}
		levels = int(h.defLevels)
	}
	if cap(r.raw) < int(h.compressed) {
		r.raw = make([]byte, h.compressed)
	}
	raw := r.raw[:h.compressed]
	if _, err := io.ReadFull(r.pages, raw); err != nil {
		return nil, r.fail("the file ends within a page: it is truncated")
	}
	size := int(h.size)
	if cap(r.body) < size {
		r.body = make([]byte, size)
	}
	body := r.body[:size]
	copy(body, raw[:levels])
	packed := raw[levels:]
	if r.codec == format.Uncompressed || h.uncompressed {
		if len(packed) != size-levels {
			return nil, r.fail("a page header is corrupt")
		}
		copy(body[levels:], packed)
		return body, nil
	}
	if err := unpack(r.codec, body[levels:], packed); err != nil {
		return nil, r.fail("a page cannot be decompressed: %v", err)
	}
	return body, nil
}

// unpack decompresses src, which must fill dst exactly.
func unpack(codec format.CompressionCodec, dst, src []byte) error {
	switch codec {
	case format.Snappy:
		if n, err := snappy.DecodedLen(src); err != nil || n != len(dst) {
			return errShort
		}
		out, err := snappy.Decode(dst, src)
		if err == nil && len(out) > 0 && &out[0] != &dst[0] {
			copy(dst, out)
		}
		return err
	case format.Gzip:
		z, err := gzip.NewReader(bytes.NewReader(src))
		if err != nil {
			return err
		}
		_, err = io.ReadFull(z, dst)
		return err
	case format.Zstd:
		z, err := zstd.NewReader(bytes.NewReader(src), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPage))
		if err != nil {
			return err
		}
		defer z.Close()
		_, err = io.ReadFull(z, dst)
		return err
	}
	return fmt.Errorf("compression %v is not supported: write the file with snappy, zstd, gzip or none", codec)
}

func (r *pageReader[T]) readDictionary(h *pageHeader, data []byte) error {
	width := int64(8)
	if r.kind == parquet.Int32 || r.kind == parquet.Float {
		width = 4
	}
	if h.values*width > int64(len(data)) {
		return r.fail("%v", errShort)
	}
	if cap(r.dictionary) < int(h.values) {
		r.dictionary = make([]T, h.values)
	}
	r.dictionary = r.dictionary[:h.values]
	takePlain(r.kind, r.dictionary, &data)
	return nil
}

// openPage prepares the levels and the values of a data page.
func (r *pageReader[T]) openPage(h *pageHeader, data []byte) error {
	if h.kind == 3 {
		r.levels = newHybrid(data[:h.defLevels], 1)
		if h.defLevels == 0 {
			r.levels = everywhere(1)
		}
		data = data[h.defLevels:]
	} else if r.optional {
		if len(data) < 4 {
			return r.fail("%v", errShort)
		}
		n := int64(binary.LittleEndian.Uint32(data))
		if n > int64(len(data)-4) {
			return r.fail("%v", errShort)
		}
		r.levels = newHybrid(data[4:4+n], 1)
		data = data[4+n:]
	}
	switch h.encoding {
	case 0: // PLAIN
		r.indexed, r.plain = false, data
	case 2, 8: // PLAIN_DICTIONARY, RLE_DICTIONARY
		r.indexed = true
		if len(data) == 0 {
			r.indexes = everywhere(0)
			return nil
		}
		if data[0] > 32 {
			return r.fail("a page header is corrupt")
		}
		r.indexes = newHybrid(data[1:], uint(data[0]))
	default:
		return r.fail("encoding %v is not supported: write the file with plain or dictionary encoding", format.Encoding(h.encoding))
	}
	return nil
}
