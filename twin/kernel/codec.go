package kernel

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"sync"
	"unsafe"
)

// codec writes and reads one type of plain data. Both work on memory directly, so that the state of a hall of
// 100,000 GPUs costs milliseconds; every write takes at least one byte, so that a length can be checked against the
// bytes that are left before anything is allocated.
type codec struct {
	typ   reflect.Type
	least int // bytes that any value takes at least
	write func(w *writer, p unsafe.Pointer)
	read  func(r *reader, p unsafe.Pointer)
}

// writer collects bytes, handing them on by the block where there is somewhere to hand them to.
type writer struct {
	buf   []byte
	flush func([]byte) // nil keeps everything
	exact bool         // tell nil from empty slices
}

const block = 1 << 16

func (w *writer) pass() {
	if w.flush != nil && len(w.buf) >= block {
		w.flush(w.buf)
		w.buf = w.buf[:0]
	}
}

func (w *writer) uint64(v uint64) {
	w.buf = binary.LittleEndian.AppendUint64(w.buf, v)
	w.pass()
}

func (w *writer) length(n int, isNil bool) {
	if w.exact && !isNil {
		n++
	}
	w.buf = binary.AppendUvarint(w.buf, uint64(n))
	w.pass()
}

// reader takes bytes off a snapshot. The first error sticks, and everything read after it is zero.
type reader struct {
	data []byte
	err  error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	r.data = nil
}

func (r *reader) take(n int) []byte {
	if n > len(r.data) {
		r.fail("it ends too early")
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// length reads a length; each of that many elements takes at least size bytes.
func (r *reader) length(size int) (n int, isNil bool) {
	v, k := binary.Uvarint(r.data)
	if k <= 0 || k > 1 && r.data[k-1] == 0 {
		r.fail("a length is broken")
		return 0, true
	}
	r.data = r.data[k:]
	if v == 0 {
		return 0, true
	}
	v--
	if v > uint64(len(r.data)/size) {
		r.fail("a length of %d exceeds what follows", v)
		return 0, true
	}
	return int(v), false
}

// codecs caches what is known of a type; a codec never changes.
var codecs sync.Map // reflect.Type → *codec

// codecOf returns the codec of a type. It panics, with the path, on what is not plain data.
func codecOf(t reflect.Type) *codec {
	if c, ok := codecs.Load(t); ok {
		return c.(*codec)
	}
	c := compile(t, t.String(), nil)
	codecs.Store(t, c)
	return c
}

var agendaType = reflect.TypeFor[Agenda]()

func compile(t reflect.Type, path string, within []reflect.Type) *codec {
	if t == agendaType {
		return &codec{t, 17, writeAgenda, readAgenda}
	}
	switch t.Kind() {
	case reflect.Bool:
		return boolCodec(t)
	case reflect.Int8, reflect.Uint8:
		return numberCodec(t, 1)
	case reflect.Int16, reflect.Uint16:
		return numberCodec(t, 2)
	case reflect.Int32, reflect.Uint32, reflect.Float32:
		return numberCodec(t, 4)
	case reflect.Int64, reflect.Uint64, reflect.Float64, reflect.Int, reflect.Uint:
		return numberCodec(t, 8)
	case reflect.String:
		return stringCodec(t)
	case reflect.Struct, reflect.Slice, reflect.Array:
		for _, outer := range within {
			if outer == t {
				panic(fmt.Sprintf("kernel: %s: a type that contains itself is not plain data", path))
			}
		}
		within = append(within, t)
		switch t.Kind() {
		case reflect.Struct:
			return structCodec(t, path, within)
		case reflect.Slice:
			return sliceCodec(t, compile(t.Elem(), path+"[]", within))
		default:
			return arrayCodec(t, compile(t.Elem(), path+"[]", within))
		}
	}
	panic(fmt.Sprintf("kernel: %s is a %s, which is not plain data: state holds numbers, strings, arrays, slices and structs of these", path, t.Kind()))
}

func boolCodec(t reflect.Type) *codec {
	return &codec{t, 1, func(w *writer, p unsafe.Pointer) {
		b := byte(0)
		if *(*bool)(p) {
			b = 1
		}
		w.buf = append(w.buf, b)
		w.pass()
	}, func(r *reader, p unsafe.Pointer) {
		if b := r.take(1); b != nil {
			if b[0] > 1 {
				r.fail("a truth value is %d", b[0])
				return
			}
			*(*bool)(p) = b[0] == 1
		}
	}}
}

// numberCodec copies the size bytes of a number, least significant first. (int and uint are 64 bits wide on every
// platform that Halltwin supports.)
func numberCodec(t reflect.Type, size int) *codec {
	if t.Size() != uintptr(size) {
		panic(fmt.Sprintf("kernel: %s is %d bytes wide here: only 64-bit platforms are supported", t, t.Size()))
	}
	return &codec{t, size, func(w *writer, p unsafe.Pointer) {
		switch size {
		case 1:
			w.buf = append(w.buf, *(*uint8)(p))
		case 2:
			w.buf = binary.LittleEndian.AppendUint16(w.buf, *(*uint16)(p))
		case 4:
			w.buf = binary.LittleEndian.AppendUint32(w.buf, *(*uint32)(p))
		default:
			w.buf = binary.LittleEndian.AppendUint64(w.buf, *(*uint64)(p))
		}
		w.pass()
	}, func(r *reader, p unsafe.Pointer) {
		b := r.take(size)
		if b == nil {
			return
		}
		switch size {
		case 1:
			*(*uint8)(p) = b[0]
		case 2:
			*(*uint16)(p) = binary.LittleEndian.Uint16(b)
		case 4:
			*(*uint32)(p) = binary.LittleEndian.Uint32(b)
		default:
			*(*uint64)(p) = binary.LittleEndian.Uint64(b)
		}
	}}
}

func stringCodec(t reflect.Type) *codec {
	return &codec{t, 1, func(w *writer, p unsafe.Pointer) {
		s := *(*string)(p)
		w.length(len(s), false)
		w.buf = append(w.buf, s...)
		w.pass()
	}, func(r *reader, p unsafe.Pointer) {
		n, _ := r.length(1)
		*(*string)(p) = string(r.take(n))
	}}
}

func structCodec(t reflect.Type, path string, within []reflect.Type) *codec {
	type field struct {
		offset uintptr
		codec  *codec
	}
	var fields []field
	least := 0
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("state") == "-" { // scratch space, which saves work and never changes an outcome
			continue
		}
		fields = append(fields, field{f.Offset, compile(f.Type, path+"."+f.Name, within)})
		least += fields[len(fields)-1].codec.least
	}
	if len(fields) == 0 {
		return emptyCodec(t)
	}
	return &codec{t, least, func(w *writer, p unsafe.Pointer) {
		for i := range fields {
			fields[i].codec.write(w, unsafe.Add(p, fields[i].offset))
		}
	}, func(r *reader, p unsafe.Pointer) {
		for i := range fields {
			fields[i].codec.read(r, unsafe.Add(p, fields[i].offset))
		}
	}}
}

// emptyCodec gives what holds nothing its byte.
func emptyCodec(t reflect.Type) *codec {
	return &codec{t, 1, func(w *writer, _ unsafe.Pointer) { w.buf = append(w.buf, 0); w.pass() },
		func(r *reader, _ unsafe.Pointer) { r.take(1) }}
}

func arrayCodec(t reflect.Type, elem *codec) *codec {
	n, size := t.Len(), elem.typ.Size()
	if n == 0 {
		return emptyCodec(t)
	}
	if isRaw(elem.typ) {
		return &codec{t, n * int(size), func(w *writer, p unsafe.Pointer) { w.raw(p, n*int(size)) },
			func(r *reader, p unsafe.Pointer) { r.raw(p, n*int(size)) }}
	}
	return &codec{t, n * elem.least, func(w *writer, p unsafe.Pointer) {
		for i := range n {
			elem.write(w, unsafe.Add(p, uintptr(i)*size))
		}
	}, func(r *reader, p unsafe.Pointer) {
		for i := range n {
			elem.read(r, unsafe.Add(p, uintptr(i)*size))
		}
	}}
}

// slice is a slice's header in memory.
type slice struct {
	data     unsafe.Pointer
	len, cap int
}

func sliceCodec(t reflect.Type, elem *codec) *codec {
	size, raw := elem.typ.Size(), isRaw(elem.typ)
	return &codec{t, 1, func(w *writer, p unsafe.Pointer) {
		s := (*slice)(p)
		w.length(s.len, s.data == nil)
		if raw {
			w.raw(s.data, s.len*int(size))
			return
		}
		for i := range s.len {
			elem.write(w, unsafe.Add(s.data, uintptr(i)*size))
		}
	}, func(r *reader, p unsafe.Pointer) {
		n, isNil := r.length(elem.least)
		if isNil {
			return
		}
		v := reflect.MakeSlice(t, n, n)
		reflect.NewAt(t, p).Elem().Set(v)
		data := v.UnsafePointer()
		if raw {
			r.raw(data, n*int(size))
			return
		}
		for i := 0; i < n && r.err == nil; i++ {
			elem.read(r, unsafe.Add(data, uintptr(i)*size))
		}
	}}
}

// littleEndian says whether memory holds numbers as the format does.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// isRaw reports whether values of a type can be copied as bytes.
func isRaw(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Int8, reflect.Uint8:
		return true
	case reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint,
		reflect.Float32, reflect.Float64:
		return littleEndian
	}
	return false
}

func (w *writer) raw(p unsafe.Pointer, n int) {
	if n == 0 {
		return
	}
	b := unsafe.Slice((*byte)(p), n)
	if w.flush != nil && n >= block {
		w.flush(w.buf)
		w.flush(b)
		w.buf = w.buf[:0]
		return
	}
	w.buf = append(w.buf, b...)
	w.pass()
}

func (r *reader) raw(p unsafe.Pointer, n int) {
	if b := r.take(n); n > 0 && b != nil {
		copy(unsafe.Slice((*byte)(p), n), b)
	}
}

// An agenda is written as its events in order, whatever its inner arrangement.
func writeAgenda(w *writer, p unsafe.Pointer) {
	a := (*Agenda)(p)
	w.uint64(a.seq)
	w.uint64(math.Float64bits(a.last))
	events := a.Events()
	w.length(len(events), false)
	for i := range events {
		e := &events[i]
		w.uint64(math.Float64bits(e.At))
		w.uint64(e.Seq)
		w.uint64(uint64(uint32(e.Subject))<<32 | uint64(e.Gen))
		w.buf = append(w.buf, e.Phase, e.Kind)
	}
	w.pass()
}

func readAgenda(r *reader, p unsafe.Pointer) {
	a := (*Agenda)(p)
	a.seq, a.last = r.uint64(), math.Float64frombits(r.uint64())
	if !(math.Abs(a.last) <= math.MaxFloat64) {
		r.fail("its agenda has no time")
	}
	n, _ := r.length(26)
	events := make([]Event, n)
	for i := range events {
		e := &events[i]
		e.At, e.Seq = math.Float64frombits(r.uint64()), r.uint64()
		both := r.uint64()
		e.Subject, e.Gen = int32(uint32(both>>32)), uint32(both)
		if b := r.take(2); b != nil {
			e.Phase, e.Kind = b[0], b[1]
		}
		if r.err != nil {
			return
		}
		if !(e.At >= a.last && e.At <= math.MaxFloat64) || e.Seq >= a.seq || i > 0 && !events[i-1].before(e) {
			r.fail("event %d of its agenda is out of order", i)
			return
		}
	}
	a.restore(events)
}
