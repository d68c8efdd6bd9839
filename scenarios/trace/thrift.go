package trace

import "errors"

// thrift walks Thrift's compact protocol, in which Parquet writes its footer and its page headers, without building
// anything. It is used to read the few numbers of a page header and to check a footer before the Parquet library
// allocates what the footer's lists claim to hold.
type thrift struct {
	b  []byte
	at int
}

var errThrift = errors.New("its metadata is corrupt")

// The type codes of the compact protocol.
const (
	thriftStop   = 0
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI64    = 6 // 4 and 5 are the narrower integers
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

func (t *thrift) byte() (byte, error) {
	if t.at >= len(t.b) {
		return 0, errThrift
	}
	t.at++
	return t.b[t.at-1], nil
}

func (t *thrift) varint() (uint64, error) {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		c, err := t.byte()
		if err != nil {
			return 0, err
		}
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v, nil
		}
	}
	return 0, errThrift
}

func (t *thrift) integer() (int64, error) {
	v, err := t.varint()
	return int64(v>>1) ^ -int64(v&1), err
}

// fields calls visit for each field of a struct; visit consumes the value and says so, or leaves it to be skipped.
func (t *thrift) fields(depth int, visit func(id int, kind byte) (bool, error)) error {
	if depth > 32 {
		return errThrift
	}
	id := 0
	for {
		head, err := t.byte()
		if err != nil {
			return err
		}
		kind := head & 0x0f
		if kind == thriftStop {
			return nil
		}
		if delta := int(head >> 4); delta > 0 {
			id += delta
		} else {
			v, err := t.integer()
			if err != nil {
				return err
			}
			id = int(v)
		}
		used := false
		if visit != nil {
			if used, err = visit(id, kind); err != nil {
				return err
			}
		}
		if !used {
			if err := t.skip(kind, depth+1, false); err != nil {
				return err
			}
		}
	}
}

// skip passes over a value; element says that it stands in a list, where a boolean takes a byte.
func (t *thrift) skip(kind byte, depth int, element bool) error {
	switch kind {
	case thriftTrue, thriftFalse:
		if element {
			_, err := t.byte()
			return err
		}
		return nil
	case thriftByte:
		_, err := t.byte()
		return err
	case 4, 5, thriftI64:
		_, err := t.varint()
		return err
	case thriftDouble:
		return t.pass(8)
	case thriftBinary:
		n, err := t.varint()
		if err != nil {
			return err
		}
		return t.pass(n)
	case thriftList, thriftSet:
		head, err := t.byte()
		if err != nil {
			return err
		}
		n := uint64(head >> 4)
		if n == 15 {
			if n, err = t.varint(); err != nil {
				return err
			}
		}
		return t.repeat(n, depth, head&0x0f)
	case thriftMap:
		n, err := t.varint()
		if err != nil || n == 0 {
			return err
		}
		kinds, err := t.byte()
		if err != nil {
			return err
		}
		return t.repeat(n, depth, kinds>>4, kinds&0x0f)
	case thriftStruct:
		return t.fields(depth, nil)
	}
	return errThrift
}

// repeat skips n groups of values. Each takes a byte at least, so a count beyond what is left is a lie.
func (t *thrift) repeat(n uint64, depth int, kinds ...byte) error {
	if n > uint64(len(t.b)-t.at) {
		return errThrift
	}
	for range n {
		for _, kind := range kinds {
			if err := t.skip(kind, depth+1, true); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *thrift) pass(n uint64) error {
	if n > uint64(len(t.b)-t.at) {
		return errThrift
	}
	t.at += int(n)
	return nil
}

// pageHeader is what is read of a Parquet page header.
type pageHeader struct {
	kind         int64 // 0 data, 2 dictionary, 3 data v2
	size         int64 // uncompressed, B
	compressed   int64 // B
	values       int64
	nulls        int64
	encoding     int64
	defLevels    int64 // bytes, v2
	repLevels    int64 // bytes, v2
	uncompressed bool  // v2: stored as is, though the column has a codec
	length       int   // of the header itself, B
}

// readPageHeader reads the header at the beginning of b.
func readPageHeader(b []byte) (pageHeader, error) {
	var h pageHeader
	t := &thrift{b: b}
	number := func(to *int64, kind byte) (bool, error) {
		if kind < thriftByte || kind > thriftI64 {
			return false, errThrift
		}
		v, err := t.integer()
		*to = v
		return true, err
	}
	// details reads one of the three kinds of header; slots[i] takes field i+1.
	details := func(kind byte, slots ...*int64) (bool, error) {
		if kind != thriftStruct {
			return false, errThrift
		}
		return true, t.fields(1, func(id int, kind byte) (bool, error) {
			if id == 7 && len(slots) > 4 {
				h.uncompressed = kind == thriftFalse
				return false, nil
			}
			if id < 1 || id > len(slots) || slots[id-1] == nil {
				return false, nil
			}
			return number(slots[id-1], kind)
		})
	}
	err := t.fields(0, func(id int, kind byte) (bool, error) {
		switch id {
		case 1:
			return number(&h.kind, kind)
		case 2:
			return number(&h.size, kind)
		case 3:
			return number(&h.compressed, kind)
		case 5:
			return details(kind, &h.values, &h.encoding)
		case 7:
			return details(kind, &h.values, &h.encoding)
		case 8:
			return details(kind, &h.values, &h.nulls, nil, &h.encoding, &h.defLevels, &h.repLevels)
		}
		return false, nil
	})
	h.length = t.at
	return h, err
}
