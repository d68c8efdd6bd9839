package influx

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/halltwin/halltwin/models/suggest"
	"github.com/halltwin/halltwin/twin/record"
)

//go:embed queries/*.flux queries/*.sql
var queryFiles embed.FS

// Query is a ready query, in Flux for InfluxDB 2 and in SQL for InfluxDB 3, which has no Flux. The SQL also runs on the
// Parquet files of a run directory, given as tables named by their level. Both give the same rows.
type Query struct {
	Name  string `json:"name"`
	About string `json:"about"`
	Flux  string `json:"flux"`
	SQL   string `json:"sql"`
}

// Queries returns the ready queries, by name.
func Queries() ([]Query, error) {
	entries, err := queryFiles.ReadDir("queries")
	if err != nil {
		return nil, err
	}
	var list []Query
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".flux")
		if !ok {
			continue
		}
		q := Query{Name: name}
		for _, form := range []struct {
			into *string
			ext  string
		}{{&q.Flux, ".flux"}, {&q.SQL, ".sql"}} {
			b, err := queryFiles.ReadFile(path.Join("queries", name+form.ext))
			if err != nil {
				return nil, err
			}
			*form.into = string(b)
		}
		first, _, _ := strings.Cut(q.Flux, "\n")
		q.About = strings.TrimPrefix(first, "// ")
		list = append(list, q)
	}
	return list, nil
}

// FindQuery finds a ready query.
func FindQuery(name string) (Query, error) {
	list, err := Queries()
	if err != nil {
		return Query{}, err
	}
	var names []string
	for _, q := range list {
		if q.Name == name {
			return q, nil
		}
		names = append(names, q.Name)
	}
	if w := suggest.Closest(name, names); w != "" {
		return Query{}, fmt.Errorf("there is no query %q: did you mean %q?", name, w)
	}
	return Query{}, fmt.Errorf("there is no query %q: choose from %s", name, strings.Join(names, ", "))
}

// Scope is what a query is asked about.
type Scope struct {
	Bucket      string
	Run         string
	Start, Stop time.Time
	Every       time.Duration // length of the windows
}

// ScopeOf is all of a run, in windows of about a hundredth of it.
func ScopeOf(h *record.Header, bucket string) Scope {
	every := max(time.Duration(h.Duration/100)*time.Second, time.Duration(h.Every)*time.Second)
	return Scope{Bucket: bucket, Run: h.ID(), Start: h.Start, Stop: h.At(h.Duration + h.Every), Every: roundWindow(every)}
}

// roundWindow takes the next longer window that people would choose.
func roundWindow(d time.Duration) time.Duration {
	round := []time.Duration{time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute,
		30 * time.Minute, time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}
	i := slices.IndexFunc(round, func(r time.Duration) bool { return r >= d })
	if i < 0 {
		return round[len(round)-1]
	}
	return round[i]
}

// InFlux fills the query in. A scope's texts cannot break out of their quotes.
func (q Query) InFlux(s Scope) string {
	return strings.NewReplacer("$BUCKET", fluxString(s.Bucket), "$RUN", fluxString(s.Run),
		"$START", s.Start.UTC().Format(time.RFC3339), "$STOP", s.Stop.UTC().Format(time.RFC3339),
		"$EVERY", fmt.Sprintf("%ds", int64(s.Every/time.Second))).Replace(q.Flux)
}

// InSQL fills the query in.
func (q Query) InSQL(s Scope) string {
	stamp := func(t time.Time) string { return "TIMESTAMP '" + t.UTC().Format("2006-01-02T15:04:05") + "Z'" }
	return strings.NewReplacer("$RUN", sqlString(s.Run), "$START", stamp(s.Start), "$STOP", stamp(s.Stop),
		"$EVERY", fmt.Sprintf("INTERVAL '%d seconds'", int64(s.Every/time.Second))).Replace(q.SQL)
}

// fluxString quotes a text for Flux, whose strings interpolate "${…}".
func fluxString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "${", `\${`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + `"`
}

func sqlString(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
