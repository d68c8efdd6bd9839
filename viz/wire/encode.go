package wire

import (
	"encoding/binary"
	"fmt"
	"math"
)

// headroom is how far values may leave the range of a keyframe before the next one, as a share of that range to each side.
const headroom = 0.1

// unknown returns the code for an unknown value.
func unknown(width uint8) uint16 {
	if width == 1 {
		return math.MaxUint8
	}
	return math.MaxUint16
}

// Encoder turns the values of one tile into frames. What it has sent is what a viewer knows, as long as she applies all.
type Encoder struct {
	head    Header
	codes   []uint16 // as they were last sent
	scratch []byte
	begun   bool
}

// NewEncoder returns an encoder of the tile that begins at first. Of the header it takes Width, Run, Stream, Channel, Level
// and Total.
func NewEncoder(h Header, first uint32) *Encoder {
	h.First, h.Count = first, min(Tile, h.Total-first)
	return &Encoder{head: h, codes: make([]uint16, h.Count)}
}

// Begun reports whether there is anything that a viewer could know.
func (e *Encoder) Begun() bool { return e.begun }

// Time returns the time of what was last sent.
func (e *Encoder) Time() float64 { return e.head.Time }

// Next appends the frame that brings viewers to the values of the tile at t: a delta, or a keyframe where it must be one, or
// is asked for.
func (e *Encoder) Next(b []byte, t float64, values []float64, keyframe bool) []byte {
	e.head.Time = t
	e.head.Sequence++
	if keyframe || !e.begun || !e.fits(values) {
		e.fit(values)
		e.begun = true
		for i, v := range values {
			e.codes[i] = e.code(v)
		}
		return e.Keyframe(b)
	}
	e.head.Kind = Delta
	e.scratch = e.scratch[:0]
	for i, v := range values {
		c := e.code(v)
		e.put(c - e.codes[i])
		e.codes[i] = c
	}
	return AppendFrame(b, &e.head, e.scratch)
}

// Keyframe appends what was last sent as a keyframe, for a viewer who does not know it.
func (e *Encoder) Keyframe(b []byte) []byte {
	e.head.Kind = Keyframe
	e.scratch = e.scratch[:0]
	for _, c := range e.codes {
		e.put(c)
	}
	return AppendFrame(b, &e.head, e.scratch)
}

func (e *Encoder) put(c uint16) {
	if e.head.Width == 1 {
		e.scratch = append(e.scratch, byte(c))
		return
	}
	e.scratch = binary.LittleEndian.AppendUint16(e.scratch, c)
}

// fits reports whether the scale of the last keyframe still serves.
func (e *Encoder) fits(values []float64) bool {
	top := float64(unknown(e.head.Width)) - 0.5
	for _, v := range values {
		if q := (v - e.head.Offset) / e.head.Scale; finite(v) && !(q >= -0.5 && q < top) {
			return false
		}
	}
	return true
}

// fit chooses offset and scale for the values. Small whole numbers, such as states, are carried exactly.
func (e *Encoder) fit(values []float64) {
	lo, hi, whole := math.Inf(1), math.Inf(-1), true
	for _, v := range values {
		if finite(v) {
			lo, hi = min(lo, v), max(hi, v)
			whole = whole && v == math.Trunc(v)
		}
	}
	steps := float64(unknown(e.head.Width)) - 1
	span := hi - lo
	switch {
	case lo > hi: // nothing is known
		e.head.Offset, e.head.Scale = 0, 1
	case whole && span <= steps:
		e.head.Offset, e.head.Scale = lo, 1
		if lo >= 0 && hi <= steps {
			e.head.Offset = 0
		}
	case span == 0:
		e.head.Scale = max(math.Abs(lo)*headroom/steps, math.SmallestNonzeroFloat32)
		e.head.Offset = lo - e.head.Scale*math.Floor(steps/2)
	default:
		e.head.Scale = max(span*(1+2*headroom)/steps, math.SmallestNonzeroFloat32)
		e.head.Offset = lo - span*headroom
	}
	if !finite(e.head.Offset) || !finite(e.head.Scale) { // values near the ends of what a number can be
		e.head.Offset, e.head.Scale = 0, math.MaxFloat64/steps
	}
}

func (e *Encoder) code(v float64) uint16 {
	none := unknown(e.head.Width)
	if !finite(v) {
		return none
	}
	return uint16(min(max(math.RoundToEven((v-e.head.Offset)/e.head.Scale), 0), float64(none-1)))
}

// Decoder turns the frames of one tile back into values.
type Decoder struct {
	head  Header
	codes []uint16
	begun bool
}

// Apply takes in a frame. It returns false for one that was missed a predecessor, which changes nothing.
func (d *Decoder) Apply(frame []byte) (bool, error) {
	h, codes, err := ParseFrame(frame)
	if err != nil {
		return false, err
	}
	if h.Kind == Delta {
		switch {
		case !d.begun || h.Sequence != d.head.Sequence+1 || h.Stream != d.head.Stream || h.Run != d.head.Run:
			return false, nil
		case h.Count != d.head.Count || h.First != d.head.First || h.Width != d.head.Width:
			return false, fmt.Errorf("a delta of %d values of %d bytes from %d on follows %d of %d from %d on",
				h.Count, h.Width, h.First, d.head.Count, d.head.Width, d.head.First)
		}
	} else {
		d.codes = make([]uint16, h.Count)
	}
	for i := range d.codes {
		var c uint16
		if h.Width == 1 {
			c = uint16(uint8(d.codes[i]) + codes[i])
		} else {
			c = d.codes[i] + binary.LittleEndian.Uint16(codes[2*i:])
		}
		d.codes[i] = c
	}
	d.head, d.begun = h, true
	return true, nil
}

// Header returns that of the last frame applied.
func (d *Decoder) Header() Header { return d.head }

// Values appends what is known.
func (d *Decoder) Values(out []float64) []float64 {
	none := unknown(d.head.Width)
	for _, c := range d.codes {
		if c == none {
			out = append(out, math.NaN())
		} else {
			out = append(out, d.head.Offset+float64(c)*d.head.Scale)
		}
	}
	return out
}
