package influx

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/gzip"
)

// Segment is a batch of points as it lies in the spool: one file.
//
//	"HTSPOOL1"      8 bytes
//	length of head  uint32, little endian
//	head            JSON: where it goes, of which run, how many points
//	length of body  uint32
//	body            line protocol, gzip
//	checksum        uint32, CRC-32C of all before it
type Segment struct {
	Head
	Body []byte // gzip
}

// Head says what a segment is.
type Head struct {
	Target Target `json:"target"`
	Run    string `json:"run"`
	Points int64  `json:"points"`
	Plain  int64  `json:"plain_bytes"` // of the body, unpacked
}

const (
	segmentMagic = "HTSPOOL1"
	maxHead      = 64 << 10
	maxBody      = 64 << 20
	maxPlain     = 256 << 20
)

// ErrTorn is a segment that is not whole.
var ErrTorn = errors.New("the segment is torn or damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encode writes a segment.
func (s *Segment) encode() ([]byte, error) {
	head, err := json.Marshal(s.Head)
	if err != nil {
		return nil, err
	}
	if len(head) > maxHead || len(s.Body) > maxBody {
		return nil, fmt.Errorf("a segment of %d bytes is too large", len(s.Body))
	}
	b := make([]byte, 0, len(segmentMagic)+len(head)+len(s.Body)+12)
	b = append(b, segmentMagic...)
	b = append(binary.LittleEndian.AppendUint32(b, uint32(len(head))), head...)
	b = append(binary.LittleEndian.AppendUint32(b, uint32(len(s.Body))), s.Body...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)), nil
}

// DecodeSegment reads a segment. What is damaged is [ErrTorn]; what it returns is whole.
func DecodeSegment(b []byte) (*Segment, error) {
	if len(b) < len(segmentMagic)+12 || string(b[:len(segmentMagic)]) != segmentMagic {
		return nil, ErrTorn
	}
	end := len(b) - 4
	if crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]) {
		return nil, ErrTorn
	}
	rest := b[len(segmentMagic):end]
	head, rest, ok := part(rest, maxHead)
	if !ok {
		return nil, ErrTorn
	}
	body, rest, ok := part(rest, maxBody)
	if !ok || len(rest) != 0 {
		return nil, ErrTorn
	}
	s := &Segment{Body: body}
	if err := json.Unmarshal(head, &s.Head); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTorn, err)
	}
	if s.Points < 0 || s.Plain < 0 || s.Plain > maxPlain {
		return nil, ErrTorn
	}
	return s, nil
}

// part takes a length and as many bytes.
func part(b []byte, most int) (head, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.LittleEndian.Uint32(b)
	if n > uint32(most) || int(n) > len(b)-4 {
		return nil, nil, false
	}
	return b[4 : 4+n], b[4+n:], true
}

// lines unpacks the body.
func (s *Segment) lines() ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(s.Body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTorn, err)
	}
	b, err := io.ReadAll(io.LimitReader(r, s.Plain+1))
	if err != nil || int64(len(b)) != s.Plain {
		return nil, ErrTorn
	}
	return b, nil
}

// packer packs lines; its memory is used again.
type packer struct {
	out bytes.Buffer
	w   *gzip.Writer
}

// pack returns a copy of the lines, packed.
func (p *packer) pack(lines []byte) ([]byte, error) {
	p.out.Reset()
	if p.w == nil {
		w, err := gzip.NewWriterLevel(&p.out, gzip.BestSpeed)
		if err != nil {
			return nil, err
		}
		p.w = w
	} else {
		p.w.Reset(&p.out)
	}
	if _, err := p.w.Write(lines); err != nil {
		return nil, err
	}
	if err := p.w.Close(); err != nil {
		return nil, err
	}
	return bytes.Clone(p.out.Bytes()), nil
}
