package mqtt

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/halltwin/halltwin/hil/source/points"
)

// largest is the largest message that is read, in bytes.
const largest = 64 << 10

// errStale says that nobody knows how old a message is.
var errStale = errors.New("it is retained and has no time")

// parse returns the number of a message, and when it was.
func parse(p *points.Point, payload []byte, retained bool, now time.Time) (float64, time.Time, error) {
	if len(payload) > largest {
		return 0, now, fmt.Errorf("a message of %d bytes: at most %d are read", len(payload), largest)
	}
	if retained && p.Time == "" {
		return 0, now, errStale
	}
	if p.Field == "" && p.Time == "" {
		v, err := number(strings.TrimSpace(string(payload)))
		return v, now, err
	}
	var doc any
	if err := json.Unmarshal(payload, &doc); err != nil {
		return 0, now, fmt.Errorf("it is no JSON: %w", err)
	}
	at := now
	if p.Time != "" {
		x, err := find(doc, p.Time)
		if err == nil {
			at, err = moment(x)
		}
		if err != nil {
			return 0, now, fmt.Errorf("%s: %w", p.Time, err)
		}
	}
	x, err := find(doc, p.Field)
	if err != nil {
		return 0, at, err
	}
	v, err := scalar(x)
	return v, at, err
}

// find follows a path into a document; the empty path is the document.
func find(doc any, path string) (any, error) {
	for path != "" {
		var key string
		key, path, _ = strings.Cut(path, ".")
		switch x := doc.(type) {
		case map[string]any:
			v, ok := x[key]
			if !ok {
				return nil, fmt.Errorf("it has no %.40q", key)
			}
			doc = v
		case []any:
			i, err := strconv.ParseUint(key, 10, 16)
			if err != nil || int(i) >= len(x) {
				return nil, fmt.Errorf("its list of %d has no %.40q", len(x), key)
			}
			doc = x[i]
		default:
			return nil, fmt.Errorf("there is nothing below, so no %.40q", key)
		}
	}
	return doc, nil
}

func scalar(x any) (float64, error) {
	switch v := x.(type) {
	case float64:
		return v, nil
	case bool:
		return map[bool]float64{true: 1}[v], nil
	case string:
		return number(v)
	}
	return 0, errors.New("it is no number")
}

func number(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%.40q is no number", text)
	}
	return v, nil
}

// moment reads a time. Numbers from 1e11 on are milliseconds: in seconds they would lie after the year 5000.
func moment(x any) (time.Time, error) {
	if text, ok := x.(string); ok {
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return t, nil
		}
	}
	v, err := scalar(x)
	if err != nil || v < 0 || v > 1e14 {
		return time.Time{}, errors.New("it is no time: seconds or milliseconds since 1970, or RFC 3339")
	}
	if v >= 1e11 {
		v /= 1000
	}
	whole, part := math.Modf(v)
	return time.Unix(int64(whole), int64(part*1e9)), nil
}
