package unit

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Unit is one symbol of a kind: a value v in this unit is v*Factor + Offset in SI.
type Unit struct {
	Symbol string
	Factor float64
	Offset float64 // only temperatures have one
}

// Kind is a physical dimension as a scenario writes it.
type Kind struct {
	Name    string // as an error message says it: "power"
	Units   []Unit // every accepted symbol; the first is the SI unit of the Go value
	Show    []string
	Plain   bool   // a bare number is accepted (ratios, counts)
	Example string // what to write, for messages: "1.2 kW or 1.2 MW"
}

// SI returns the symbol of the unit in which the Go value is held.
func (k *Kind) SI() string { return k.Units[0].Symbol }

// Lookup finds a unit by its symbol.
func (k *Kind) Lookup(symbol string) (Unit, bool) {
	for _, u := range k.Units {
		if u.Symbol == symbol {
			return u, true
		}
	}
	return Unit{}, false
}

// ErrorCode says what is wrong with a quantity, so that a diagnostic can choose its words and its fix.
type ErrorCode int

// The ways in which a quantity can be wrong.
const (
	BadNumber   ErrorCode = iota // there is no number
	MissingUnit                  // a dimensional number without its unit
	UnknownUnit                  // a symbol that no kind knows
	WrongKind                    // a unit of another kind: a power where a temperature is due
	NotFinite                    // NaN or infinite
)

// Error is a quantity that could not be read. It says what would be accepted.
type Error struct {
	Code ErrorCode
	Kind *Kind
	Text string // what was written
	Unit string // the symbol found, if any
	Of   *Kind  // the kind that the symbol belongs to, when Code is WrongKind
}

// Error returns the problem and the fix in one sentence.
func (e *Error) Error() string {
	if fix := e.Fix(); fix != "" {
		return e.Problem() + ": " + fix
	}
	return e.Problem()
}

// Problem says what is wrong, without what to do about it.
func (e *Error) Problem() string {
	switch e.Code {
	case MissingUnit:
		return e.Kind.Name + " needs a unit"
	case UnknownUnit:
		return fmt.Sprintf("unknown unit %q", clip(e.Unit))
	case WrongKind:
		return fmt.Sprintf("%q is %s, %s is due", clip(e.Text), e.Of.Noun(), e.Kind.Noun())
	case NotFinite:
		return fmt.Sprintf("%q is not a finite number", clip(e.Text))
	default:
		return fmt.Sprintf("%q is no %s", clip(e.Text), e.Kind.Name)
	}
}

// Fix says what to write instead, or nothing when the problem says it.
func (e *Error) Fix() string {
	switch e.Code {
	case MissingUnit:
		return "write " + e.Kind.example(e.Text)
	case UnknownUnit:
		if alt := closest(e.Unit, e.Kind); alt != "" {
			return fmt.Sprintf("did you mean %s?", alt)
		}
		return fmt.Sprintf("%s is written in %s", e.Kind.Name, e.Kind.list())
	case NotFinite:
		return ""
	default:
		return "write " + e.Kind.Example
	}
}

// Noun returns the name of the kind with its article: "a power", "an energy".
func (k *Kind) Noun() string {
	if strings.ContainsRune("aeio", rune(k.Name[0])) {
		return "an " + k.Name
	}
	return "a " + k.Name
}

// clip shortens what was written, for a message.
func clip(s string) string {
	const most = 40
	for i, n := 0, 0; i < len(s); n++ {
		if n == most {
			return s[:i] + "…"
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return s
}

// Parse reads text as a quantity of the kind and returns its value in SI.
//
// The form is a decimal number, optional space, a unit symbol: "700 W", "1.2MW", "-4 K". Kinds with Plain set
// also accept a bare number. Any error is a *[Error].
func (k *Kind) Parse(text string) (float64, error) {
	number, symbol := split(text)
	if number == "" {
		return 0, &Error{Code: BadNumber, Kind: k, Text: text}
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, &Error{Code: NotFinite, Kind: k, Text: text}
	}
	if symbol == "" {
		if k.Plain {
			return v, nil
		}
		return 0, &Error{Code: MissingUnit, Kind: k, Text: text}
	}
	u, ok := k.Lookup(symbol)
	if !ok {
		for _, other := range Kinds() {
			if _, found := other.Lookup(symbol); found {
				return 0, &Error{Code: WrongKind, Kind: k, Text: text, Unit: symbol, Of: other}
			}
		}
		return 0, &Error{Code: UnknownUnit, Kind: k, Text: text, Unit: symbol}
	}
	si := v*u.Factor + u.Offset
	if math.IsInf(si, 0) {
		return 0, &Error{Code: NotFinite, Kind: k, Text: text}
	}
	return si, nil
}

// Format prints an SI value with the unit of the kind that reads best, to at most prec significant digits
// (prec < 1 prints as many as are needed to read the same value back).
func (k *Kind) Format(si float64, prec int) string {
	u := k.best(si)
	v := (si - u.Offset) / u.Factor
	if prec < 1 {
		prec = -1
		if back := v*u.Factor + u.Offset; back != si {
			u = k.Units[0]
			v = si
		}
	}
	text := strconv.FormatFloat(v, 'g', prec, 64)
	if strings.ContainsAny(text, "e") && math.Abs(v) < 1e15 && math.Abs(v) >= 1e-4 {
		text = strconv.FormatFloat(v, 'f', -1, 64)
	}
	if u.Symbol == "" {
		return text
	}
	return text + " " + u.Symbol
}

// best chooses, among the units to show, the largest in which the magnitude is at least one.
func (k *Kind) best(si float64) Unit {
	chosen := k.Units[0]
	if len(k.Show) == 0 {
		return chosen
	}
	first := true
	for _, symbol := range k.Show {
		u, _ := k.Lookup(symbol)
		if first || math.Abs(si-u.Offset) >= u.Factor*(1-1e-12) {
			chosen = u
		}
		first = false
	}
	if si == 0 {
		return k.Units[0]
	}
	return chosen
}

// split cuts a quantity into its number and its unit symbol.
func split(text string) (number, symbol string) {
	text = strings.TrimSpace(text)
	i := 0
	for i < len(text) {
		c := text[i]
		exponent := (c == 'e' || c == 'E') && i > 0 && i+1 < len(text) &&
			(isDigit(text[i+1]) || (text[i+1] == '-' || text[i+1] == '+') && i+2 < len(text) && isDigit(text[i+2]))
		sign := (c == '-' || c == '+') && (i == 0 || text[i-1] == 'e' || text[i-1] == 'E')
		if !isDigit(c) && c != '.' && !sign && !exponent {
			break
		}
		i++
	}
	number = text[:i]
	if strings.Trim(number, "+-.") == "" {
		return "", text
	}
	return number, strings.TrimSpace(text[i:])
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// example writes the number with the two units that its writer probably had in mind: those of the kind's example
// or, for a large number, the SI unit and the next.
func (k *Kind) example(text string) string {
	number, _ := split(text)
	if number == "" || len(number) > 20 {
		return k.Example
	}
	var symbols []string
	for _, e := range strings.Split(strings.ReplaceAll(k.Example, " or ", ", "), ", ") {
		if _, symbol := split(e); symbol != "" {
			symbols = append(symbols, symbol)
		}
	}
	symbols = symbols[max(0, len(symbols)-2):]
	if v, err := strconv.ParseFloat(number, 64); err == nil && math.Abs(v) >= 100 {
		if i := slices.Index(k.Show, k.SI()); i >= 0 {
			symbols = k.Show[i:min(i+2, len(k.Show))]
		}
	}
	written := make([]string, len(symbols))
	for i, symbol := range symbols {
		written[i] = number + " " + symbol
	}
	return strings.Join(written, " or ")
}

func (k *Kind) list() string {
	var symbols []string
	for _, u := range k.Units {
		symbols = append(symbols, u.Symbol)
	}
	return strings.Join(symbols, ", ")
}

// words are what people write for a unit that has a symbol.
var words = map[string]string{
	"watt": "W", "watts": "W", "kilowatt": "kW", "kilowatts": "kW", "megawatt": "MW", "megawatts": "MW",
	"sec": "s", "secs": "s", "second": "s", "seconds": "s", "m": "min", "mins": "min", "minute": "min", "minutes": "min",
	"hr": "h", "hrs": "h", "hour": "h", "hours": "h", "msec": "ms", "milliseconds": "ms", "yr": "year",
	"c": "degC", "°": "degC", "celsius": "degC", "deg": "degC", "f": "degF", "fahrenheit": "degF", "kelvin": "K",
	"percent": "%", "pct": "%", "gbps": "Gb/s", "mbps": "Mb/s", "gbit": "Gb/s", "gib": "GiB", "mib": "MiB", "lpm": "L/min",
	"l/min": "L/min", "l/s": "L/s", "m³/s": "m3/s", "m³/h": "m3/h", "m³": "m3", "m²": "m2", "$": "USD", "$/kwh": "USD/kWh", "usd/kwh": "USD/kWh",
	"tflops": "TFLOP/s", "pflops": "PFLOP/s", "meter": "m", "meters": "m", "litre": "L", "liter": "L", "litres": "L", "liters": "L",
	"volt": "V", "volts": "V", "amp": "A", "amps": "A", "ampere": "A",
}

// closest returns the symbols of the kind that were probably meant by s, as a message lists them, or "".
func closest(s string, k *Kind) string {
	if symbol, ok := words[strings.ToLower(s)]; ok {
		if _, ok := k.Lookup(symbol); ok {
			return strconv.Quote(symbol)
		}
	}
	var found []string
	for _, u := range k.Units {
		if strings.EqualFold(u.Symbol, s) {
			found = append(found, strconv.Quote(u.Symbol))
		}
	}
	return strings.Join(found, " or ")
}
