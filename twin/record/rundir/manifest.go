package rundir

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// Format is the version of the directory's layout.
const Format = 1

// The states of a run directory.
const (
	Running  = "running"  // being written, or left so by a crash
	Finished = "finished" // closed with a summary
	Stopped  = "stopped"  // closed without one
)

// Names of the files.
const (
	ManifestFile = "manifest.json"
	ResolvedFile = "resolved.yaml"
	ActionsFile  = "actions.log"
	EventsFile   = "events.jsonl"
	SummaryFile  = "summary.json"
	EngineFile   = "engine.json"
	ReportFile   = "report.html"
	MeasuredFile = "measured.csv"
	MetricsDir   = "metrics/"
)

// Manifest is manifest.json.
type Manifest struct {
	Format   int            `json:"format"`
	State    string         `json:"state"`
	Run      string         `json:"run"`
	ID       string         `json:"id"` // the tag `run` of its points
	Scenario string         `json:"scenario"`
	About    string         `json:"about,omitempty"`
	Variant  string         `json:"variant,omitempty"`
	Seed     uint64         `json:"seed"`
	Start    time.Time      `json:"start"`
	Duration float64        `json:"duration_s"`
	Every    float64        `json:"every_s"`
	Source   record.Source  `json:"source"`
	Version  string         `json:"version"`
	Command  string         `json:"command,omitempty"`
	Resolved string         `json:"resolved_sha256"`
	Inputs   []record.Input `json:"inputs,omitempty"`
	Channels []Channel      `json:"channels"`
	Site     *Site          `json:"site,omitempty"`
	Files    []File         `json:"files"`
}

// Channel describes one recorded channel.
type Channel struct {
	Name   string `json:"name"`
	Unit   string `json:"unit"`
	Level  string `json:"level"`
	Column string `json:"column"` // in Parquet, CSV and InfluxDB
	Doc    string `json:"doc"`
}

// File is one file of the directory.
type File struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Sum   string `json:"sha256"`
}

func newManifest(h *record.Header) *Manifest {
	m := &Manifest{
		Format: Format, State: Running, Run: h.Run, ID: h.ID(), Scenario: h.Scenario, About: h.About, Variant: h.Variant, Seed: h.Seed,
		Start: h.Start, Duration: h.Duration, Every: h.Every, Source: h.Source, Version: h.Version, Command: h.Command,
		Resolved: sum(h.Resolved), Inputs: h.Inputs, Site: encodeSite(h.Site), Files: []File{},
	}
	for _, c := range h.Channels {
		m.Channels = append(m.Channels, Channel{c.Name, c.Unit, c.Kind.String(), record.FieldName(c), c.Doc})
	}
	return m
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// header rebuilds the header that the manifest was made of.
func (m *Manifest) header() (*record.Header, error) {
	h := &record.Header{
		Run: m.Run, Scenario: m.Scenario, About: m.About, Variant: m.Variant, Seed: m.Seed, Start: m.Start,
		Duration: m.Duration, Every: m.Every, Source: m.Source, Version: m.Version, Inputs: m.Inputs, Command: m.Command,
	}
	for _, c := range m.Channels {
		h.Channels = append(h.Channels, c.registered())
	}
	site, err := m.Site.decode()
	if err != nil {
		return nil, fmt.Errorf("the site in %s: %w", ManifestFile, err)
	}
	h.Site = site
	return h, nil
}

// registered returns the channel of the registry, or, for a recording of another version, one made up from what
// the manifest says.
func (c Channel) registered() *channel.Channel {
	kind, ok := facility.ParseKind(c.Level)
	if !ok {
		kind = facility.Site
	}
	if known, ok := channel.Lookup(c.Name); ok && known.Unit == c.Unit && known.Kind == kind {
		return known
	}
	return &channel.Channel{ID: -1, Name: c.Name, Unit: c.Unit, Kind: kind, Reduce: channel.Mean, Doc: c.Doc}
}

// encode writes a value as indented JSON with a newline at its end.
func encode(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	return append(b, '\n'), err
}
