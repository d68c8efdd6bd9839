package document

import (
	"io"
	"testing"
)

// BenchmarkLoad20000Racks is the whole way of a hall with every rack written out: text to spec.
func BenchmarkLoad20000Racks(b *testing.B) {
	text := written(20_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		var l Loader
		v, ds := l.LoadBytes("large.yaml", text)
		v, more := l.Resolve(v)
		var spec sampleSpec
		ds = append(append(ds, more...), Decode(v, &spec)...)
		if len(ds) > 0 || len(spec.Racks) != 20_000 {
			b.Fatal(ds)
		}
	}
}

// BenchmarkDecode20000Racks is the decoding alone.
func BenchmarkDecode20000Racks(b *testing.B) {
	var l Loader
	v, ds := l.LoadBytes("large.yaml", written(20_000))
	if len(ds) > 0 {
		b.Fatal(ds)
	}
	b.ReportAllocs()
	for b.Loop() {
		var spec sampleSpec
		if ds := Decode(v, &spec); len(ds) > 0 {
			b.Fatal(ds)
		}
	}
}

// BenchmarkResolved20000Racks writes the resolved document.
func BenchmarkResolved20000Racks(b *testing.B) {
	var l Loader
	v, ds := l.LoadBytes("large.yaml", written(20_000))
	if len(ds) > 0 {
		b.Fatal(ds)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := Resolved(io.Discard, v, new(sampleSpec)); err != nil {
			b.Fatal(err)
		}
	}
}
