package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/recordtest"
	"github.com/halltwin/halltwin/twin/record/series"
)

var keep = flag.String("keep", "", "also write the report to this file, to look at it")

func write(t *testing.T, s *series.Store) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func sample(t *testing.T, every float64) *series.Store {
	t.Helper()
	s := series.New(Needs)
	if err := recordtest.Play(s, recordtest.Header(recordtest.Site(4, 32)), every); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReport(t *testing.T) {
	page := write(t, sample(t, 60))
	if *keep != "" {
		if err := os.WriteFile(*keep, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d bytes", len(page))
	for _, want := range []string{"1 of 2 expectations missed", "goodput", "1.212", "CRAH failed", "31.24 °C", "41.21 m³",
		"halltwin run hot-noon.yaml --seed 7", `id="carpet"`, "15 Jul 2025", "prefers-color-scheme:dark", "@media print"} {
		if !strings.Contains(page, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	for _, figure := range []string{"power", "pue", "inlet", "carpet", "gpus", "jobs", "throttled", "weather"} {
		if !strings.Contains(page, `<figure id="`+figure+`"`) {
			t.Errorf("no figure %s", figure)
		}
	}
	if strings.Contains(page, "NaN") || strings.Contains(page, "ZgotmplZ") || strings.Contains(page, "wall time") {
		t.Error("the report holds NaN, a refused value, or what differs between equal runs")
	}
}

func TestChannels(t *testing.T) {
	listed := map[string]bool{}
	for _, name := range Channels() {
		listed[name] = true
		if _, ok := channel.Lookup(name); !ok {
			t.Errorf("the registry has no channel %s", name)
		}
	}
	for id, list := range channels {
		for _, name := range list {
			if !listed[name] {
				t.Errorf("figure %s shows %s, which Channels does not list", id, name)
			}
		}
	}
}

// Nothing is fetched from anywhere, and every drawing has a text alternative.
func TestSelfContained(t *testing.T) {
	page := write(t, sample(t, 600))
	for _, m := range regexp.MustCompile(`\s(?:src|href|action|poster|srcset)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(m[1], "data:") && !strings.HasPrefix(m[1], "#") {
			t.Errorf("%s points outside", m[0])
		}
	}
	for _, word := range []string{"<script", "<iframe", "<link rel=\"stylesheet", "@import", "url(", "http://", "https://", " style="} {
		if strings.Contains(page, word) {
			t.Errorf("the report holds %q", word)
		}
	}
	drawings := regexp.MustCompile(`<svg [^>]*>`).FindAllString(page, -1)
	for _, d := range drawings {
		if !strings.Contains(d, `aria-hidden="true"`) && !(strings.Contains(d, `role="img"`) && strings.Contains(d, "aria-labelledby=")) {
			t.Errorf("%s has no text alternative", d)
		}
	}
	if len(drawings) < 8 {
		t.Errorf("%d drawings", len(drawings))
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]] {
			t.Errorf("two elements have the id %s", m[1])
		}
		ids[m[1]] = true
	}
}

// Names of people's making cannot break out of the page.
func TestEscapes(t *testing.T) {
	evil := `</title></style></svg><script>alert(1)</script>&"'`
	h := recordtest.Header(recordtest.Site(1, 8))
	h.Scenario, h.About, h.Variant, h.Command = evil, evil, evil, evil
	h.Inputs = []record.Input{{Path: evil, Label: evil, Value: evil, Origin: evil}}
	h.Site.Levels[3].Names = []string{evil, evil, evil, evil, evil, evil, evil, evil}
	s := series.New(Needs)
	if err := s.Open(h); err != nil {
		t.Fatal(err)
	}
	if err := recordtest.Samples(s, h, 3600); err != nil {
		t.Fatal(err)
	}
	s.Events[3].Text, s.Events[3].Subject = evil, evil
	sum := recordtest.Summary(h)
	sum.Expectations[0].Name, sum.Notes, sum.Lost[0].Cause = evil, []string{evil}, evil
	s.Summary = sum
	if page := write(t, s); strings.Contains(page, "<script") {
		t.Errorf("a name becomes markup: %.300s", page[strings.Index(page, "<script")-100:])
	}
}

// A year of minutes in a hall of 1,500 racks with a thousand events stays under a megabyte.
func TestSmall(t *testing.T) {
	h := recordtest.Header(recordtest.Site(30, 50))
	h.Duration, h.Every = 365*86400, 3600
	s := series.New(Needs)
	if err := s.Open(h); err != nil {
		t.Fatal(err)
	}
	if err := recordtest.Samples(s, h, 9*3600); err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		e := record.Event{Time: float64(i), ID: int64(i + 100), Severity: record.Critical, Type: "fail",
			Subject: fmt.Sprintf("hall-0/row-%d/rack-%d/node-1/gpu-3", i%30, i%50), Text: "GPU failed: " + strings.Repeat("row remap ", 20)}
		if err := s.Event(&e); err != nil {
			t.Fatal(err)
		}
	}
	s.Summary = recordtest.Summary(h)
	page := write(t, s)
	t.Logf("%d bytes", len(page))
	if len(page) > 800_000 {
		t.Errorf("%d bytes", len(page))
	}
}

// A run that was killed, and one that recorded next to nothing, still make a report.
func TestUnfinished(t *testing.T) {
	h := recordtest.Header(recordtest.Site(1, 2))
	h.Site = nil
	s := series.New(Needs)
	if err := s.Open(h); err != nil {
		t.Fatal(err)
	}
	if page := write(t, s); !strings.Contains(page, "The run did not finish") {
		t.Error("does not say that the run did not finish")
	}
	f := record.Frame{Channel: recordtest.Power, Values: []float64{1e6}}
	if err := s.Frame(&f); err != nil {
		t.Fatal(err)
	}
	if page := write(t, s); !strings.Contains(page, `<figure id="power"`) {
		t.Error("one sample makes no chart")
	}
}
