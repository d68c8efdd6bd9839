package trace

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// parseNumber reads a finite decimal number, correctly rounded. Plain decimals of up to 15 digits, which is nearly
// all that traces hold, are exact products of two exact numbers (Clinger 1990); the rest goes to strconv.
func parseNumber(b []byte) (float64, bool) {
	b = bytes.TrimSpace(b)
	s := b
	negative := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	if len(s) == 0 {
		return 0, false
	}
	var mantissa uint64
	digits, point := 0, -1
	for i, c := range s {
		switch {
		case c >= '0' && c <= '9':
			mantissa = mantissa*10 + uint64(c-'0')
			digits++
		case c == '.' && point < 0:
			point = i
		default:
			return parseAny(b)
		}
		if digits > 15 {
			return parseAny(b)
		}
	}
	if digits == 0 {
		return 0, false
	}
	v := float64(mantissa)
	if point >= 0 {
		v /= pow10[len(s)-1-point]
	}
	if negative {
		v = -v
	}
	return v, true
}

func parseAny(b []byte) (float64, bool) {
	if len(b) > 64 || !isDigit(b[len(b)-1]) && b[len(b)-1] != '.' { // no hexadecimal floats, "inf" or "nan"
		return 0, false
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) || bytes.ContainsAny(b, "xXpP_") {
		return 0, false
	}
	return v, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isNull reports whether a field says that there is no value, as pandas, Slurm, Java and SQL write it.
func isNull(b []byte) bool {
	b = bytes.TrimSpace(b)
	switch string(b) {
	case "", "None", "none", "NULL", "null", "NaN", "nan", "NaT", "N/A", "Unknown", "INVALID", "-":
		return true
	}
	return false
}

// parseStamp reads a time stamp: 2006-01-02 15:04[:05[.000]] with a blank, an underscore or a T between, and
// optionally an offset (Z, +08:00, -0500, " UTC"). It returns unix seconds; where the stamp has no offset, zoned is false and the
// wall-clock time is taken as UTC.
func parseStamp(b []byte) (sec float64, zoned, ok bool) {
	b = bytes.TrimSpace(b)
	if len(b) < 10 || b[4] != '-' && b[4] != '/' || b[7] != b[4] {
		return 0, false, false
	}
	year, ok1 := digits(b[0:4])
	month, ok2 := digits(b[5:7])
	day, ok3 := digits(b[8:10])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false, false
	}
	var hour, minute, second int
	var fraction float64
	rest := b[10:]
	if len(rest) > 0 {
		if len(rest) < 6 || rest[0] != ' ' && rest[0] != 'T' && rest[0] != '_' || rest[3] != ':' {
			return 0, false, false
		}
		if hour, ok = digits(rest[1:3]); !ok || hour > 24 {
			return 0, false, false
		}
		if minute, ok = digits(rest[4:6]); !ok || minute > 59 {
			return 0, false, false
		}
		rest = rest[6:]
		if len(rest) >= 3 && rest[0] == ':' {
			if second, ok = digits(rest[1:3]); !ok || second > 60 {
				return 0, false, false
			}
			rest = rest[3:]
			if len(rest) > 1 && rest[0] == '.' {
				i := 1
				for i < len(rest) && isDigit(rest[i]) {
					i++
				}
				if i == 1 || i > 16 {
					return 0, false, false
				}
				fraction, _ = parseNumber(rest[:i])
				rest = rest[i:]
			}
		}
	}
	days := civilDays(year, month, day)
	sec = float64(int64(days)*86400+int64(hour*3600+minute*60+second)) + fraction
	offset, zoned, ok := parseOffset(rest)
	return sec - offset, zoned, ok
}

// parseOffset reads what follows a time of day: nothing, Z, UTC, or hours and minutes east of Greenwich. It returns s.
func parseOffset(b []byte) (sec float64, zoned, ok bool) {
	b = bytes.TrimSpace(b)
	switch string(b) {
	case "":
		return 0, false, true
	case "Z", "z", "UTC", "GMT":
		return 0, true, true
	}
	if b[0] != '+' && b[0] != '-' {
		return 0, false, false
	}
	rest := []byte("00")
	switch {
	case len(b) == 3:
	case len(b) == 5:
		rest = b[3:]
	case len(b) == 6 && b[3] == ':':
		rest = b[4:]
	default:
		return 0, false, false
	}
	hours, ok1 := digits(b[1:3])
	minutes, ok2 := digits(rest)
	if !ok1 || !ok2 || hours > 14 || minutes > 59 {
		return 0, false, false
	}
	sec = float64(hours*3600 + minutes*60)
	if b[0] == '-' {
		sec = -sec
	}
	return sec, true, true
}

func digits(b []byte) (int, bool) {
	n := 0
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(b) > 0
}

// civilDays returns the days from 1970-01-01 to a date of the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
func civilDays(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	if year < 0 {
		era = (year - 399) / 400
	}
	yearOfEra := year - era*400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	return era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719468
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// parseSpan reads Slurm's spans of time: MM:SS, HH:MM:SS, D-HH, D-HH:MM, D-HH:MM:SS, each with an optional fraction
// of a second. It returns s.
func parseSpan(b []byte) (float64, bool) {
	b = bytes.TrimSpace(b)
	days := 0.0
	hasDays := false
	if i := bytes.IndexByte(b, '-'); i > 0 {
		d, ok := digits(b[:i])
		if !ok || i > 6 {
			return 0, false
		}
		days, hasDays = float64(d), true
		b = b[i+1:]
	}
	var parts [3]float64
	n := 0
	for {
		i := bytes.IndexByte(b, ':')
		field := b
		if i >= 0 {
			field = b[:i]
		}
		v, ok := parseNumber(field)
		if !ok || v < 0 || n == 3 {
			return 0, false
		}
		parts[n] = v
		n++
		if i < 0 {
			break
		}
		b = b[i+1:]
	}
	switch {
	case hasDays:
		return days*86400 + parts[0]*3600 + parts[1]*60 + parts[2], true
	case n == 2:
		return parts[0]*60 + parts[1], true
	case n == 3:
		return parts[0]*3600 + parts[1]*60 + parts[2], true
	}
	return 0, false
}

// parseSize reads an amount of memory as Slurm writes it: a number with K, M, G, T or P (powers of 1024; M where there
// is none), and after it n for "a node" or c for "a core". It returns bytes and that letter, or 0.
func parseSize(b []byte) (bytes_ float64, per byte, ok bool) {
	b = bytes.TrimSpace(b)
	if n := len(b); n > 1 && (b[n-1] == 'n' || b[n-1] == 'c') {
		per = b[n-1]
		b = b[:n-1]
	}
	factor := float64(1 << 20)
	if n := len(b); n > 1 {
		switch b[n-1] {
		case 'K', 'k':
			factor, b = 1<<10, b[:n-1]
		case 'M', 'm':
			factor, b = 1<<20, b[:n-1]
		case 'G', 'g':
			factor, b = 1<<30, b[:n-1]
		case 'T', 't':
			factor, b = 1<<40, b[:n-1]
		case 'P', 'p':
			factor, b = 1<<50, b[:n-1]
		}
	}
	v, ok := parseNumber(b)
	return v * factor, per, ok && v >= 0
}

// tres is a set of trackable resources as Slurm writes them: names or the numbers of its table.
type tres struct{ gpus, cpus, memory, nodes float64 }

// parseTRES reads "cpu=64,mem=500G,node=2,gres/gpu=8,gres/gpu:h100=8" or "1=64,2=512000,4=2,1001=8". The total of gres/gpu
// counts; typed entries (gres/gpu:h100) count where there is no total.
func parseTRES(b []byte) (tres, bool) {
	var t tres
	typed := 0.0
	for len(bytes.TrimSpace(b)) > 0 {
		item := b
		if i := bytes.IndexByte(b, ','); i >= 0 {
			item, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		key, value, found := bytes.Cut(bytes.TrimSpace(item), []byte{'='})
		if !found {
			return t, false
		}
		var ok bool
		switch {
		case string(key) == "cpu" || string(key) == "1":
			t.cpus, ok = parseNumber(value)
		case string(key) == "mem" || string(key) == "2":
			t.memory, _, ok = parseSize(value)
		case string(key) == "node" || string(key) == "4":
			t.nodes, ok = parseNumber(value)
		case string(key) == "gres/gpu" || string(key) == "1001":
			t.gpus, ok = parseNumber(value)
		case bytes.HasPrefix(key, []byte("gres/gpu:")) || string(key) == "1002":
			var v float64
			v, ok = parseNumber(value)
			typed += v
		default:
			ok = true
		}
		if !ok {
			return t, false
		}
	}
	if t.gpus == 0 {
		t.gpus = typed
	}
	return t, true
}

// parseGRES reads what older sacct versions print in ReqGRES and AllocGRES: "gpu:8", "gpu:v100:4", "7696487:2".
// It returns GPUs a node.
func parseGRES(b []byte) (float64, bool) {
	total := 0.0
	for item := range bytes.SplitSeq(b, []byte{','}) {
		item = bytes.TrimSpace(item)
		if len(item) == 0 || !bytes.HasPrefix(item, []byte("gpu")) && !bytes.HasPrefix(item, []byte("gres:gpu")) {
			continue
		}
		if i := bytes.IndexByte(item, '('); i >= 0 {
			item = item[:i]
		}
		i := bytes.LastIndexByte(item, ':')
		if i < 0 {
			total++
			continue
		}
		v, ok := parseNumber(item[i+1:])
		if !ok {
			return 0, false
		}
		total += v
	}
	return total, true
}
