package channel

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/suggest"
	"github.com/halltwin/halltwin/models/unit"
)

// ID is the position of a channel in the registry. It is dense, and stable within one version of Halltwin; files
// and messages carry names.
type ID int32

// Type says how a value behaves in time.
type Type uint8

// The types.
const (
	Gauge   Type = iota // a value at an instant; an expectation reduces it over time: max, mean, p95 …
	Counter             // how often something has happened so far: whole, never falling
	Total               // what has accrued so far, or a ratio of such: an expectation means its final value
)

var typeNames = [...]string{"gauge", "counter", "total"}

func (t Type) String() string { return typeNames[t] }

// Reduce says which one number stands for many subjects: for the racks of a row, say.
type Reduce uint8

// The reductions.
const (
	Sum  Reduce = iota // powers, flows, counts
	Max                // risks: temperatures
	Min                // reserves: charge
	Mean               // intensities: utilisation, load
	Last               // one subject only: there is nothing to reduce
)

var reduceNames = [...]string{"sum", "max", "min", "mean", "last"}

func (r Reduce) String() string { return reduceNames[r] }

// Channel is one kind of value of one kind of subject.
type Channel struct {
	ID     ID
	Name   string        // "rack.inlet_temperature"
	Unit   string        // symbol of the unit in which values are held, "" for ratios and numbers
	Kind   facility.Kind // what it is a property of
	Type   Type
	Reduce Reduce
	Doc    string // one sentence
}

// Quantity returns the kind of quantity in which the channel is measured.
func (c *Channel) Quantity() *unit.Kind {
	if c.Unit == "" {
		return unit.RatioKind
	}
	for _, k := range unit.Kinds() {
		if k.SI() == c.Unit {
			return k
		}
	}
	return unit.DurationKind // hours
}

// Show prints a value of the channel with the unit that reads best, to at most prec significant digits.
func (c *Channel) Show(v float64, prec int) string {
	if k := c.Quantity(); k.SI() == c.Unit {
		return k.Format(v, prec)
	}
	return strconv.FormatFloat(v, 'g', prec, 64) + " " + c.Unit
}

// All returns every channel, sorted by name, at the position of its ID. The slice must not be changed.
func All() []Channel { return table }

// Lookup finds a channel by its name.
func Lookup(name string) (*Channel, bool) {
	i, ok := slices.BinarySearchFunc(table, name, func(c Channel, n string) int { return strings.Compare(c.Name, n) })
	if !ok {
		return nil, false
	}
	return &table[i], true
}

// UnknownError is a name or pattern that no channel has.
type UnknownError struct {
	Pattern string
	Fix     string // what to write instead
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("no channel is called %q: %s", e.Pattern, e.Fix)
}

// longestPattern is longer than every name, in bytes.
const longestPattern = 64

// Match returns the channels that a name or pattern means, sorted by name; "*" stands for any letters: "job.*",
// "*.power". A pattern that matches nothing is an *[UnknownError].
func Match(pattern string) ([]Channel, error) {
	if len(pattern) <= longestPattern {
		var found []Channel
		for _, c := range table {
			if like(pattern, c.Name) {
				found = append(found, c)
			}
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	return nil, unknown(pattern)
}

// like matches with at most one point to return to, so that the work is at most the product of the lengths.
func like(pattern, name string) bool {
	p, n, star, back := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, back = p, n
			p++
		case p < len(pattern) && pattern[p] == name[n]:
			p++
			n++
		case star >= 0:
			back++
			p, n = star+1, back
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

func unknown(pattern string) error {
	if len(pattern) > longestPattern {
		return &UnknownError{Pattern: pattern[:longestPattern] + "…", Fix: "names are shorter"}
	}
	var names, here []string
	subject, _, _ := strings.Cut(pattern, ".")
	for _, c := range table {
		names = append(names, c.Name)
		if strings.HasPrefix(c.Name, subject+".") {
			here = append(here, c.Name)
		}
	}
	if w := suggest.Closest(strings.ReplaceAll(pattern, "*", ""), names); w != "" {
		return &UnknownError{pattern, fmt.Sprintf("did you mean %q?", w)}
	}
	if len(here) > 0 {
		return &UnknownError{pattern, fmt.Sprintf("%s has %s", subject, strings.Join(here, ", "))}
	}
	return &UnknownError{pattern, "the subjects are " + strings.Join(subjects(), ", ")}
}

// subjects lists what stands before the dot, each once.
func subjects() []string {
	var out []string
	for _, c := range table {
		if s, _, ok := strings.Cut(c.Name, "."); ok && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
