package wire

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Version is the version of the protocol.
const Version = 1

// Subprotocol is what both sides agree on; TicketPrefix opens the one that carries the ticket.
const (
	Subprotocol  = "halltwin.1"
	TicketPrefix = "ticket."
)

// HeaderSize is the length of a frame's header in bytes.
const HeaderSize = 56

// Tile is how many values a frame holds at most: the unit in which values are encoded and shared between viewers.
const Tile = 16384

const magic = 0x48

// Kind says whether a frame stands alone.
type Kind uint8

// The kinds.
const (
	Keyframe Kind = 1
	Delta    Kind = 2
)

// Header is what stands before the codes of a frame.
type Header struct {
	Kind     Kind
	Width    uint8 // bytes a code: 1 or 2
	Run      uint32
	Stream   uint32
	Channel  uint16
	Level    uint8
	Sequence uint32
	First    uint32
	Count    uint32
	Total    uint32
	Time     float64
	Offset   float64
	Scale    float64
}

// AppendFrame appends a frame with the given codes, which are Count × Width bytes.
func AppendFrame(b []byte, h *Header, codes []byte) []byte {
	b = append(b, magic, Version, byte(h.Kind), h.Width)
	b = binary.LittleEndian.AppendUint32(b, h.Run)
	b = binary.LittleEndian.AppendUint32(b, h.Stream)
	b = binary.LittleEndian.AppendUint16(b, h.Channel)
	b = append(b, h.Level, 0)
	b = binary.LittleEndian.AppendUint32(b, h.Sequence)
	b = binary.LittleEndian.AppendUint32(b, h.First)
	b = binary.LittleEndian.AppendUint32(b, h.Count)
	b = binary.LittleEndian.AppendUint32(b, h.Total)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(h.Time))
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(h.Offset))
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(h.Scale))
	return append(b, codes...)
}

// ParseFrame takes a frame apart. The codes are a part of b.
func ParseFrame(b []byte) (h Header, codes []byte, err error) {
	if len(b) < HeaderSize {
		return h, nil, fmt.Errorf("a frame of %d bytes: its header alone has %d", len(b), HeaderSize)
	}
	if b[0] != magic || b[1] != Version {
		return h, nil, fmt.Errorf("no frame of version %d: it begins with %#x %#x", Version, b[0], b[1])
	}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
	f64 := func(at int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b[at:])) }
	h = Header{
		Kind: Kind(b[2]), Width: b[3], Run: u32(4), Stream: u32(8), Channel: binary.LittleEndian.Uint16(b[12:]), Level: b[14],
		Sequence: u32(16), First: u32(20), Count: u32(24), Total: u32(28), Time: f64(32), Offset: f64(40), Scale: f64(48),
	}
	switch {
	case h.Kind != Keyframe && h.Kind != Delta:
		return h, nil, fmt.Errorf("frame of unknown kind %d", h.Kind)
	case h.Width != 1 && h.Width != 2:
		return h, nil, fmt.Errorf("frame with codes of %d bytes: 1 or 2 are known", h.Width)
	case b[15] != 0:
		return h, nil, fmt.Errorf("frame with %d in the byte that is kept free", b[15])
	case h.Count > Tile || uint64(h.First)+uint64(h.Count) > uint64(h.Total):
		return h, nil, fmt.Errorf("frame of %d values from %d on, of %d", h.Count, h.First, h.Total)
	case len(b)-HeaderSize != int(h.Count)*int(h.Width):
		return h, nil, fmt.Errorf("frame of %d values of %d bytes with %d bytes of codes", h.Count, h.Width, len(b)-HeaderSize)
	case math.IsNaN(h.Time) || !finite(h.Offset) || !finite(h.Scale) || h.Scale < 0:
		return h, nil, fmt.Errorf("frame at %v with offset %v and scale %v", h.Time, h.Offset, h.Scale)
	}
	return h, b[HeaderSize:], nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
