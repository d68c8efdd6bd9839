package account

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Books are all books of a run: plain data.
type Books struct {
	Energy   Energy
	GPU      GPUTime
	Training GPUTime // of training jobs alone, for their effective training time ratio; Site is what they held
	Jobs     Jobs
	Services []Service
}

// Clone returns a copy that shares nothing.
func (b *Books) Clone() *Books {
	c := *b
	c.Services = slices.Clone(b.Services)
	return &c
}

// Tolerance is the largest relative residual of a book that closes.
const Tolerance = 1e-9

// Check returns an error that prints every book that does not close, or nil.
func (b *Books) Check() error {
	all := []book{b.Energy.book(), b.GPU.book(), b.Jobs.book()}
	for i := range b.Services {
		all = append(all, b.Services[i].book())
	}
	var open []string
	for i := range all {
		if !all[i].closes() {
			open = append(open, all[i].String())
		}
	}
	if open == nil {
		return nil
	}
	return fmt.Errorf("the books do not close: this is a bug of the simulator\n%s", strings.Join(open, "\n"))
}

// entry is a line of a book.
type entry struct {
	name  string
	value float64
}

// book is a balance: what comes in equals what goes out.
type book struct {
	name, unit string
	exact      bool // counts, of which none may be negative
	in, out    []entry
}

func (b *book) sides() (in, out, scale float64) {
	for _, e := range b.in {
		in += e.value
		scale += math.Abs(e.value)
	}
	for _, e := range b.out {
		out += e.value
		scale += math.Abs(e.value)
	}
	return in, out, scale / 2
}

// closes is written so that a NaN never closes.
func (b *book) closes() bool {
	in, out, scale := b.sides()
	if b.exact {
		for _, e := range b.out {
			if e.value < 0 {
				return false
			}
		}
		return in == out
	}
	return math.Abs(in-out) <= Tolerance*scale
}

func (b *book) String() string {
	var s strings.Builder
	in, out, scale := b.sides()
	fmt.Fprintf(&s, "%s (%s)\n", b.name, b.unit)
	for _, e := range b.in {
		fmt.Fprintf(&s, "  in   %-24s %22.12g\n", e.name, e.value)
	}
	for _, e := range b.out {
		fmt.Fprintf(&s, "  out  %-24s %22.12g\n", e.name, e.value)
	}
	fmt.Fprintf(&s, "  in - out %37.12g  (%.2g of the whole)\n", in-out, (in-out)/math.Max(scale, math.SmallestNonzeroFloat64))
	return s.String()
}
