package trace

import "encoding/binary"

// hybrid decodes Parquet's mixture of runs and bit-packed groups. Values are produced on demand, never more than asked for,
// whatever lengths the data claims.
type hybrid struct {
	b      []byte // what follows the present run
	width  uint
	run    uint64 // values left of a run
	value  uint32
	packed uint64 // values left of a bit-packed group
	bits   []byte // of the group
	bit    uint64 // position in it
}

func newHybrid(b []byte, width uint) hybrid { return hybrid{b: b, width: width} }

// everywhere returns an endless run of one value.
func everywhere(value uint32) hybrid { return hybrid{run: 1 << 62, value: value} }

// read fills dst; false where the data ends early.
func (h *hybrid) read(dst []uint32) bool {
	for len(dst) > 0 {
		switch {
		case h.run > 0:
			n := min(uint64(len(dst)), h.run)
			for i := range dst[:n] {
				dst[i] = h.value
			}
			h.run -= n
			dst = dst[n:]
		case h.packed > 0:
			n := min(uint64(len(dst)), h.packed)
			h.unpack(dst[:n])
			h.packed -= n
			dst = dst[n:]
		default:
			if !h.next() {
				return false
			}
		}
	}
	return true
}

// next reads the header of a run or of a group.
func (h *hybrid) next() bool {
	head, n := binary.Uvarint(h.b)
	if n <= 0 {
		return false
	}
	h.b = h.b[n:]
	if head&1 == 0 {
		size := int(h.width+7) / 8
		if len(h.b) < size {
			return false
		}
		var word [4]byte
		copy(word[:], h.b[:size])
		h.run, h.value = head>>1, binary.LittleEndian.Uint32(word[:])
		h.b = h.b[size:]
		return true
	}
	groups := head >> 1
	if h.width == 0 {
		h.run, h.value = min(groups, 1<<40)*8, 0
		return true
	}
	size := min(groups, 1<<40) * uint64(h.width)
	if size > uint64(len(h.b)) { // the last group of a page may be cut to its values
		size = uint64(len(h.b))
	}
	h.bits, h.bit = h.b[:size], 0
	h.packed = min(groups*8, size*8/uint64(h.width))
	h.b = h.b[size:]
	return groups == 0 || h.packed > 0
}

// unpack reads the next len(dst) values of the group, which it has.
func (h *hybrid) unpack(dst []uint32) {
	mask := uint64(1)<<h.width - 1
	bits, bit, width := h.bits, h.bit, uint64(h.width)
	safe := 0 // values that can be read with a load of 8 bytes
	if len(bits) >= 8 {
		if last := uint64(len(bits)-8)*8 + 7; last >= bit {
			safe = int(min((last-bit)/width+1, uint64(len(dst))))
		}
	}
	for i := range dst[:safe] {
		word := binary.LittleEndian.Uint64(bits[bit>>3:])
		dst[i] = uint32(word >> (bit & 7) & mask)
		bit += width
	}
	for i := safe; i < len(dst); i++ {
		var tail [8]byte
		copy(tail[:], bits[bit>>3:])
		dst[i] = uint32(binary.LittleEndian.Uint64(tail[:]) >> (bit & 7) & mask)
		bit += width
	}
	h.bit = bit
}
