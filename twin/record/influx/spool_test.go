package influx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func sample(n int64) *Segment {
	var p packer
	text := bytes.Repeat([]byte("site,run=a power_w=1 1\n"), int(n))
	body, err := p.pack(text)
	if err != nil {
		panic(err)
	}
	return &Segment{Head: Head{Target: Target{"http://db:8086", "lab", "twin"}, Run: "a", Points: n, Plain: int64(len(text))}, Body: body}
}

// Whatever happens to a file, what is read from it is what was written, or nothing.
func TestSegmentDamage(t *testing.T) {
	seg := sample(10)
	whole, err := seg.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeSegment(whole)
	if err != nil || got.Head != seg.Head || !bytes.Equal(got.Body, seg.Body) {
		t.Fatalf("read back %+v, %v", got, err)
	}
	for cut := range whole {
		if _, err := DecodeSegment(whole[:cut]); !errors.Is(err, ErrTorn) {
			t.Fatalf("cut to %d bytes: %v", cut, err)
		}
	}
	for i := range whole {
		for bit := range 8 {
			b := bytes.Clone(whole)
			b[i] ^= 1 << bit
			if _, err := DecodeSegment(b); !errors.Is(err, ErrTorn) {
				t.Fatalf("bit %d of byte %d is another: %v", bit, i, err)
			}
		}
	}
}

// A crash leaves whole files and rests: rests are put aside and told, whole ones are found in order.
func TestSpoolAfterCrash(t *testing.T) {
	root := t.TempDir()
	target := sample(1).Target
	sp, err := openSpool(root, target, "../../a b", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for n := range int64(4) {
		name, err := sp.put(sample(n + 1))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, time.Time{}, time.Unix(1000+n, 0)); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if rel, err := filepath.Rel(root, names[0]); err != nil || !filepath.IsLocal(rel) {
		t.Fatalf("%s is outside the spool", names[0])
	}
	if err := os.Truncate(names[1], 40); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(names[3]+".new", []byte("half a se"), 0o600); err != nil {
		t.Fatal(err)
	}
	sp, err = openSpool(root, target, "b", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var points []int64
	torn := 0
	for {
		name, seg, err := sp.oldest()
		if errors.Is(err, ErrTorn) {
			torn++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if seg == nil {
			break
		}
		points = append(points, seg.Points)
		if err := sp.sent(name); err != nil {
			t.Fatal(err)
		}
	}
	if torn != 1 || len(points) != 3 || points[0] != 1 || points[1] != 3 || points[2] != 4 {
		t.Errorf("%d torn, points %v", torn, points)
	}
	if sp.size != 0 {
		t.Errorf("an empty spool has %d bytes", sp.size)
	}
	if piles, err := Piles(root); err != nil || len(piles) != 1 || piles[0].Torn != 1 {
		t.Errorf("piles %+v, %v", piles, err)
	}
}

func FuzzDecodeSegment(f *testing.F) {
	b, err := sample(3).encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b[:len(b)-4])
	f.Add([]byte(segmentMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = binary.LittleEndian.AppendUint32(bytes.Clone(b), crc32.Checksum(b, castagnoli)) // past the checksum
		seg, err := DecodeSegment(b)
		if err != nil {
			return
		}
		if _, err := seg.lines(); err != nil && !errors.Is(err, ErrTorn) {
			t.Fatal(err)
		}
		again, err := seg.encode()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := DecodeSegment(again); err != nil || back.Head != seg.Head || !bytes.Equal(back.Body, seg.Body) {
			t.Fatalf("%+v is read back as %+v, %v", seg, back, err)
		}
	})
}
