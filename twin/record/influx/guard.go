package influx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// DefaultMaxSeries is how many series a run may make unless its scenario says otherwise. InfluxData advises to stay below
// a million in a bucket; a run is one of many.
const DefaultMaxSeries = 100_000

// eventSeries is about how many series the events of a run make: four fields, by type and severity.
const eventSeries = 4 * 40

// LevelSeries is how many series a level makes: one a thing and field.
type LevelSeries struct {
	Level  facility.Kind
	Things int
	Fields int
}

// Series is their product. Jobs share one tag set, since their names are fields.
func (l LevelSeries) Series() int {
	if l.Level == facility.Job {
		return l.Fields + 1
	}
	return l.Things * l.Fields
}

// Count estimates the series of channels. Of things says how many of a kind are recorded.
func Count(channels []*channel.Channel, things func(facility.Kind) int, levels []facility.Kind) []LevelSeries {
	var list []LevelSeries
	for k := range facility.NumKinds {
		n := 0
		for _, c := range channels {
			if c.Kind == k {
				n++
			}
		}
		if n > 0 && sends(levels, k) {
			list = append(list, LevelSeries{Level: k, Things: things(k), Fields: n})
		}
	}
	return list
}

// sends says whether a level is among those that are sent; an empty list means all.
func sends(levels []facility.Kind, k facility.Kind) bool {
	return len(levels) == 0 || slices.Contains(levels, k)
}

// TooManyError is a run that would make more series than it may.
type TooManyError struct {
	Levels []LevelSeries // the largest first
	Total  int
	Max    int
}

func (e *TooManyError) Error() string {
	var parts, keep []string
	rest := e.Total
	for _, l := range e.Levels {
		if rest > e.Max {
			parts = append(parts, fmt.Sprintf("%s %s × %s = %s", record.Digits(float64(l.Things), 9), record.LevelName(l.Level),
				plural(l.Fields, "channel"), record.Digits(float64(l.Series()), 9)))
			rest -= l.Series()
			continue
		}
		keep = append(keep, record.LevelName(l.Level))
	}
	fix := "leave such levels to Parquet"
	if len(keep) > 0 {
		slices.Sort(keep)
		fix = "send only `levels: [" + strings.Join(keep, ", ") + "]`, which Parquet does not mind"
	}
	return fmt.Sprintf("InfluxDB would get %s series, more than the %s allowed, most of them by %s: %s; record fewer things with "+
		"record.select; or raise record.influx.max_series", record.Digits(float64(e.Total), 9), record.Digits(float64(e.Max), 9),
		strings.Join(parts, " and "), fix)
}

func plural(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%s %s", record.Digits(float64(n), 9), word)
}

// Guard refuses more series than most; 0 means [DefaultMaxSeries].
func Guard(levels []LevelSeries, most int) error {
	if most == 0 {
		most = DefaultMaxSeries
	}
	total := eventSeries
	for _, l := range levels {
		total += l.Series()
	}
	if total <= most {
		return nil
	}
	levels = slices.Clone(levels)
	slices.SortStableFunc(levels, func(a, b LevelSeries) int { return b.Series() - a.Series() })
	return &TooManyError{Levels: levels, Total: total, Max: most}
}

// ParseLevels reads the names of levels: rack, dry_cooler.
func ParseLevels(names []string) ([]facility.Kind, error) {
	var list []facility.Kind
	for _, n := range names {
		k, ok := facility.ParseKind(strings.ReplaceAll(n, "_", "-"))
		if !ok {
			var known []string
			for k := range facility.NumKinds {
				known = append(known, record.LevelName(k))
			}
			return nil, fmt.Errorf("there is no level %q: choose from %s", n, strings.Join(known, ", "))
		}
		list = append(list, k)
	}
	return list, nil
}
