package kernel

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unsafe"
)

// Hash returns the SHA-256 of a state, given by value or by pointer. Two states that hold the same numbers have the
// same hash; nil and empty slices count as the same. It panics, with the path of the field, on anything that is not
// plain data, so it enforces the rule as well.
func Hash(state any) [32]byte {
	h := sha256.New()
	w := writer{flush: func(b []byte) { h.Write(b) }, buf: make([]byte, 0, 2*block)}
	p, c := place(state)
	c.write(&w, p)
	h.Write(w.buf)
	return [32]byte(h.Sum(nil))
}

// magic opens a snapshot; its last byte is the version of the format.
var magic = []byte("halltwin state\x00\x01")

// Encode returns a state, given by value or by pointer, as bytes: the same bytes for the same state. A header tells
// the layout of the type, a checksum follows. It panics like [Hash] on what is not plain data.
func Encode(state any) []byte {
	p, c := place(state)
	w := writer{exact: true}
	w.buf = append(w.buf, magic...)
	layout := fingerprint(c.typ)
	w.buf = append(w.buf, layout[:]...)
	c.write(&w, p)
	sum := sha256.Sum256(w.buf)
	return append(w.buf, sum[:]...)
}

// Decode reads what [Encode] wrote into a state of the same type, given by pointer. Data that is damaged, cut off or
// of another version is an error and leaves the state as it was. It allocates no more than a small multiple of the
// data.
func Decode(data []byte, into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic(fmt.Sprintf("kernel: Decode into %T, which is no pointer", into))
	}
	c := codecOf(v.Type().Elem())
	if err := decode(data, v, c); err != nil {
		return fmt.Errorf("this snapshot cannot be read: %w", err)
	}
	return nil
}

func decode(data []byte, v reflect.Value, c *codec) error {
	const sum = sha256.Size
	if len(data) < len(magic) || !bytes.Equal(data[:len(magic)-1], magic[:len(magic)-1]) {
		return errors.New("it is no snapshot of a Halltwin state")
	}
	if got, want := data[len(magic)-1], magic[len(magic)-1]; got != want {
		return fmt.Errorf("it has format %d, this Halltwin reads format %d", got, want)
	}
	if len(data) < len(magic)+2*sum {
		return errors.New("it ends too early")
	}
	body, check := data[:len(data)-sum], data[len(data)-sum:]
	if s := sha256.Sum256(body); !bytes.Equal(s[:], check) {
		return errors.New("it is damaged: the checksum does not match")
	}
	layout := fingerprint(c.typ)
	if !bytes.Equal(body[len(magic):len(magic)+sum], layout[:]) {
		return errors.New("it was written by a Halltwin whose state is laid out differently")
	}
	return c.readInto(body[len(magic)+sum:], v)
}

// readInto reads the bare data of a state and stores it if all of it is sound.
func (c *codec) readInto(data []byte, v reflect.Value) error {
	r := reader{data: data}
	fresh := reflect.New(c.typ)
	c.read(&r, fresh.UnsafePointer())
	if r.err != nil {
		return r.err
	}
	if len(r.data) > 0 {
		return fmt.Errorf("%d bytes follow its end", len(r.data))
	}
	v.Elem().Set(fresh.Elem())
	return nil
}

// place returns where a state lies in memory and the codec of its type.
func place(state any) (unsafe.Pointer, *codec) {
	v := reflect.ValueOf(state)
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		return v.UnsafePointer(), codecOf(v.Type().Elem())
	}
	if !v.IsValid() {
		panic("kernel: a nil state")
	}
	at := reflect.New(v.Type())
	at.Elem().Set(v)
	return at.UnsafePointer(), codecOf(v.Type())
}

// fingerprint is the hash of the layout of a type: names and kinds of its fields, all the way down.
func fingerprint(t reflect.Type) [32]byte {
	var b strings.Builder
	describe(&b, t)
	return sha256.Sum256([]byte(b.String()))
}

func describe(b *strings.Builder, t reflect.Type) {
	switch {
	case t == agendaType:
		b.WriteString("agenda")
	case t.Kind() == reflect.Struct:
		b.WriteString("{")
		for i := range t.NumField() {
			b.WriteString(t.Field(i).Name + " ")
			describe(b, t.Field(i).Type)
			b.WriteString(";")
		}
		b.WriteString("}")
	case t.Kind() == reflect.Slice:
		b.WriteString("[]")
		describe(b, t.Elem())
	case t.Kind() == reflect.Array:
		fmt.Fprintf(b, "[%d]", t.Len())
		describe(b, t.Elem())
	default:
		b.WriteString(t.Kind().String())
	}
}
