package weather

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/halltwin/halltwin/models/moistair"
	"github.com/halltwin/halltwin/models/unit"
)

const library = "../../scenarios/library"

func load(t testing.TB, path string) *Series {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(library, path))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse(path, data)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestTypicalYear reads the shipped years by local standard time: hour 1 of 1 January is 01:00.
func TestTypicalYear(t *testing.T) {
	s := load(t, "weather/chicago.epw.gz")
	if !s.AnyYear || s.Zone != -6*3600 || s.Elevation != 201 || len(s.Times) != 8760 {
		t.Fatalf("any year %v, zone %d, elevation %v, %d rows", s.AnyYear, s.Zone, s.Elevation, len(s.Times))
	}
	start := at(t, "2025-01-01T00:00:00-06:00")
	w, err := Compile(nil, s, start, start.Add(365*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	var c Cursor
	got := w.At(&c, 3600)
	if got.DryBulb != -12.2 || math.Abs(got.DewPoint+16.1) > 1e-6 || got.Pressure != 99500 {
		t.Errorf("first hour: %+v, want -12.2 °C, dew point -16.1 °C, 99500 Pa", got)
	}
	for h := range 8760 {
		a := w.At(&c, float64(h)*3600+1800)
		if a.DewPoint > a.WetBulb+0.5 || a.WetBulb > a.DryBulb+1e-9 || a.RelativeHumidity < 0 || a.RelativeHumidity > 1 {
			t.Fatalf("hour %d: %+v", h, a)
		}
	}
}

// TestLeapYear gives 29 February the hours of 28 February and lets March follow in step.
func TestLeapYear(t *testing.T) {
	s := load(t, "weather/denver.epw.gz")
	source := func(text string) *Source {
		start := at(t, text)
		w, err := Compile(nil, s, start, start.Add(72*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	common, leap := source("2025-02-28T00:00:00-07:00"), source("2024-02-28T00:00:00-07:00")
	for h := range 24 {
		var a, b, c Cursor
		feb28, feb29 := leap.At(&a, float64(h)*3600), leap.At(&b, float64(h+24)*3600)
		if feb28 != feb29 {
			t.Fatalf("hour %d: %v on the 28th, %v on the 29th", h, feb28, feb29)
		}
		mar := leap.At(&b, float64(h+48)*3600)
		if want := common.At(&c, float64(h+24)*3600); mar != want {
			t.Fatalf("hour %d of 1 March: %v, want %v", h, mar, want)
		}
	}
}

// TestYearTurns runs across New Year and through five years.
func TestYearTurns(t *testing.T) {
	s := load(t, "weather/san-francisco.epw.gz")
	start := at(t, "2023-12-30T12:00:00Z")
	w, err := Compile(nil, s, start, start.AddDate(5, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(w.times); i++ {
		if d := w.times[i] - w.times[i-1]; d != 3600 {
			t.Fatalf("a step of %v s at %v", d, start.Add(time.Duration(w.times[i])*time.Second))
		}
	}
}

// TestOffset raises the dry bulb by 8 K and keeps the water: the wet bulb rises by about a third.
func TestOffset(t *testing.T) {
	s := load(t, "weather/denver.epw.gz")
	start := at(t, "2025-07-15T12:00:00-06:00")
	end := start.Add(12 * time.Hour)
	base, err := Compile(nil, s, start, end)
	if err != nil {
		t.Fatal(err)
	}
	hot, err := Compile(&Spec{Offset: &OffsetSpec{DryBulb: 8}}, s, start, end)
	if err != nil {
		t.Fatal(err)
	}
	var c, d Cursor
	for h := range 12 {
		a, b := base.At(&c, float64(h)*3600), hot.At(&d, float64(h)*3600)
		if math.Abs(b.DryBulb-a.DryBulb-8) > 1e-9 || math.Abs(b.Humidity-a.Humidity) > 1e-12 {
			t.Errorf("hour %d: %+v became %+v", h, a, b)
		}
		if rise := b.WetBulb - a.WetBulb; rise < 1.5 || rise > 4.5 {
			t.Errorf("hour %d: the wet bulb rose by %v K", h, rise)
		}
	}
}

func TestConstant(t *testing.T) {
	start := time.Unix(0, 0)
	w, err := Compile(&Spec{Constant: &ConstantSpec{DryBulb: 29.4, RelativeHumidity: 0.48, Pressure: 101325}}, nil, start, start)
	if err != nil {
		t.Fatal(err)
	}
	var c Cursor
	if got := w.At(&c, 1e9); math.Abs(got.WetBulb-21.1) > 0.1 {
		t.Errorf("wet bulb %v, want 21.1 (Ananthanarayanan 2013, example 17.1)", got.WetBulb)
	}
}

const carbonHead = "# gaps: hold\ntime_utc,gco2_per_kwh\n"

func parse(t *testing.T, text string) *Series {
	t.Helper()
	s, err := Parse("test.csv", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestGaps states the policy: an error, or the last value kept, or a line drawn.
func TestGaps(t *testing.T) {
	text := "time,dry_bulb_c,rh_pct\n2025-01-01T00:00:00Z,10,50\n2025-01-01T01:00:00Z,11,50\n2025-01-01T05:00:00Z,19,50\n"
	s := parse(t, text)
	start := at(t, "2025-01-01T00:00:00Z")
	end := start.Add(5 * time.Hour)
	if _, err := Compile(&Spec{}, s, start, end); err == nil || !strings.Contains(err.Error(), "no rows for 3.0 h after 2025-01-01T01:00:00Z") {
		t.Errorf("a gap of three hours was accepted: %v", err)
	}
	if _, err := Compile(&Spec{}, s, start, start.Add(time.Hour)); err != nil {
		t.Errorf("a gap outside the run was refused: %v", err)
	}
	for gaps, want := range map[string]float64{"hold": 11, "interpolate": 15} {
		w, err := Compile(&Spec{Gaps: gaps}, s, start, end)
		if err != nil {
			t.Fatal(err)
		}
		var c Cursor
		if got := w.At(&c, 3*3600).DryBulb; math.Abs(got-want) > 1e-9 {
			t.Errorf("gaps: %s gives %v at 03:00, want %v", gaps, got, want)
		}
	}
}

func TestCoverage(t *testing.T) {
	s := parse(t, carbonHead+"2022-07-01T00:00,100\n2022-07-01T01:00,200\n")
	spec := &CarbonSpec{File: "test.csv"}
	start := at(t, "2025-07-01T00:00:00Z")
	if _, err := CompileCarbon(spec, s, start, start.Add(2*time.Hour)); err == nil || !strings.Contains(err.Error(), "year: any") {
		t.Errorf("another year was accepted: %v", err)
	}
	spec.Year = "any"
	g, err := CompileCarbon(spec, s, start, start.Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	var c Cursor
	gram := 1e-3 / 3.6e6
	if a, b := g.At(&c, 3599), g.At(&c, 3600); math.Abs(a-100*gram) > 1e-20 || math.Abs(b-200*gram) > 1e-20 {
		t.Errorf("%v then %v g/kWh, want 100 then 200: a value holds until the next", a/gram, b/gram)
	}
	c = 0
	if m := g.Mean(&c, 1800, 5400); math.Abs(m-150*gram) > 1e-20 {
		t.Errorf("mean %v, want 150", m/gram)
	}
	if next, ok := g.Next(&c, 0); !ok || next != 3600 {
		t.Errorf("changes next at %v", next)
	}
	if _, err := CompileCarbon(spec, s, start, start.Add(4*time.Hour)); err == nil {
		t.Error("a run longer than the file was accepted")
	}
}

// TestLastHour: rows within the last hour of a run still count.
func TestLastHour(t *testing.T) {
	s, err := Parse("g.csv", []byte("time_utc,gco2_per_kwh\n2022-01-01T00:00:00Z,80\n2022-01-01T00:10:00Z,120\n2022-01-01T00:25:00Z,90\n"))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)
	g, err := CompileCarbon(&CarbonSpec{File: "g.csv"}, s, start, start.Add(30*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	var c Cursor
	for at, want := range map[float64]float64{0: 80, 599: 80, 600: 120, 1500: 90, 1800: 90} {
		if got := g.At(&c, at) * 3.6e9; math.Abs(got-want) > 1e-9 {
			t.Errorf("at %g s: %g g/kWh, want %g", at, got, want)
		}
	}
}

// TestCarbonLibrary runs every shipped series through a leap year.
func TestCarbonLibrary(t *testing.T) {
	for name, mean := range map[string]float64{"us-pjm": 362.6, "us-ciso": 256.2, "us-erco": 347.2, "us-bpat": 54.7, "us-southwest": 256.2} {
		s := load(t, "carbon/"+name+".csv.gz")
		start := at(t, "2024-01-01T00:00:00-06:00")
		g, err := CompileCarbon(&CarbonSpec{File: name}, s, start, start.AddDate(1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		var c Cursor
		if got := g.Mean(&c, 0, 366*86400) * 3.6e9; math.Abs(got-mean) > 0.5 {
			t.Errorf("%s: mean %v g/kWh, want %v", name, got, mean)
		}
	}
}

func TestPriceUnits(t *testing.T) {
	s := parse(t, "time_utc,usd_per_mwh\n2025-07-01T00:00,94\n2025-07-01T01:00,94\n")
	start := at(t, "2025-07-01T00:00:00Z")
	g, err := CompilePrice(&PriceSpec{File: "test.csv"}, s, start, start.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	var c Cursor
	want, _ := unit.Parse[unit.EnergyPrice]("0.094 USD/kWh")
	if got := g.At(&c, 0); math.Abs(got-float64(want)) > 1e-18 {
		t.Errorf("%v USD/J, want %v", got, want)
	}
}

// TestMended clips what cannot be and says so.
func TestMended(t *testing.T) {
	s := parse(t, "# elevation: 1650 m\ntime,dry_bulb_c,dew_point_c\n2025-01-01T00:00:00Z,10,12\n2025-01-01T01:00:00Z,,5\n2025-01-01T02:00:00Z,11,5\n")
	notes := strings.Join(s.Notes, "\n")
	if !strings.Contains(notes, "1 rows had a dew point above") || !strings.Contains(notes, "1 rows had missing") {
		t.Errorf("notes: %s", notes)
	}
	w := s.Column(Humidity)[0]
	if p := moistair.PressureAt(1650); math.Abs(moistair.Relative(10, w, p)-1) > 1e-9 || s.Column(Pressure)[0] != p {
		t.Error("a clipped dew point is saturated air at the station's pressure")
	}
}

// TestBad lists files that must be refused with a line and a reason.
func TestBad(t *testing.T) {
	head := "LOCATION,X,,USA,TMY3,1,41.98,-87.92,-6.0,201.0\n" + strings.Repeat("X\n", 7)
	row := func(stamp, rest string) string { return "2020," + stamp + ",0,?," + rest + "\n" }
	for name, c := range map[string]struct{ text, want string }{
		"empty":           {"", "no header row"},
		"no time":         {"t,gco2_per_kwh\n", "no column time_utc"},
		"nothing to read": {"time,foo\n", "known columns are"},
		"no offset":       {"time,gco2_per_kwh\n2025-01-01T00:00:00,3\n", "test:2: \"2025-01-01T00:00:00\" is no time stamp"},
		"twice":           {carbonHead + "2025-01-01T00:00,3\n2025-01-01T00:00,3\n", "test:4: 2025-01-01T00:00:00Z is not later"},
		"word":            {carbonHead + "2025-01-01T00:00,high\n", "\"high\" is no number"},
		"infinite":        {carbonHead + "2025-01-01T00:00,inf\n", "is no number"},
		"no rows":         {carbonHead, "no row holds values"},
		"long line":       {carbonHead + strings.Repeat("9", maxLine+1), "a line of"},
		"bad gaps":        {"# gaps: maybe\ntime,gco2_per_kwh\n", "gaps: maybe"},
		"short EPW":       {"LOCATION,X,,USA,TMY3,1,41.98,-87.92,-6.0,201.0\n", "ends after 1"},
		"zone":            {strings.Replace(head, "-6.0", "99", 1), "time zone of 99"},
		"hour 25":         {head + row("1,1,25", "9,5,50,99500"), "no such hour"},
		"few columns":     {head + "2020,1,1\n", "this one has 3"},
		"no weather":      {head + row("1,1,1", "99.9,99.9,999,999999"), "no row holds weather"},
		"backwards":       {head + row("1,1,2", "9,5,50,99500") + row("1,1,1", "9,5,50,99500"), "is not later"},
		"broken gzip":     {"\x1f\x8b\x00", "test:"},
	} {
		if _, err := Parse("test", []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// TestReferenceFiles reads every weather file of the shared data, the ones with bad hours too.
func TestReferenceFiles(t *testing.T) {
	dir := os.Getenv("HALLTWIN_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	files, _ := filepath.Glob(filepath.Join(dir, "weather", "*.epw"))
	if len(files) == 0 {
		t.Skip("reference data is absent: set HALLTWIN_DATA to its folder")
	}
	start := at(t, "2025-01-01T00:00:00Z")
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(filepath.Base(f), data)
		if err != nil {
			t.Error(err)
			continue
		}
		w, err := Compile(&Spec{Year: "any"}, s, start, start.AddDate(1, 0, 0))
		if err != nil {
			t.Error(err)
			continue
		}
		hottest := -99.0
		for _, a := range w.air {
			hottest = max(hottest, a.WetBulb)
		}
		if hottest < 15 || hottest > 33 {
			t.Errorf("%s: highest wet bulb %v °C", s.Name, hottest)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("# gaps: hold\ntime_utc,gco2_per_kwh\n2025-01-01T00:00,3\n2025-01-01T03:00,4\n"))
	f.Add([]byte("LOCATION,X,,USA,TMY3,1,41.98,-87.92,-6.0,201.0\n1\n2\n3\n4\n5\n6\nDATA PERIODS,1,1\n1986,1,1,1,0,?,-12.2,-16.1,73,99500\n1986,12,31,24,0,?,-12.2,-16.1,73,99500\n"))
	f.Add([]byte("# year: any\n# zone: +01:00\ntime,dry_bulb_c,rh_pct\n2024-02-28T23:00:00+01:00,10,50\n2024-02-29T00:00:00+01:00,11,50\n2024-03-01T00:00:00+01:00,11,50\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("fuzz", data)
		if err != nil {
			return
		}
		start := time.Unix(1709164800, 0) // 29 February 2024
		for _, gaps := range []string{"error", "hold", "interpolate"} {
			if w, err := Compile(&Spec{Year: "any", Gaps: gaps}, s, start, start.Add(48*time.Hour)); err == nil {
				for i, a := range w.air {
					if math.IsNaN(a.WetBulb) || i > 0 && w.times[i] <= w.times[i-1] {
						t.Fatalf("row %d: %+v at %v", i, a, w.times[i])
					}
				}
			}
			_, _ = CompileCarbon(&CarbonSpec{Gaps: gaps}, s, start, start.Add(48*time.Hour))
		}
	})
}

func BenchmarkAt(b *testing.B) {
	s := load(b, "weather/chicago.epw.gz")
	start := at(b, "2025-01-01T00:00:00Z")
	w, err := Compile(nil, s, start, start.AddDate(1, 0, 0))
	if err != nil {
		b.Fatal(err)
	}
	var c Cursor
	t := 0.0
	for b.Loop() {
		w.At(&c, t)
		t += 300
	}
}

func BenchmarkCompileYear(b *testing.B) {
	s := load(b, "weather/chicago.epw.gz")
	start := at(b, "2025-01-01T00:00:00Z")
	for b.Loop() {
		if _, err := Compile(nil, s, start, start.AddDate(1, 0, 0)); err != nil {
			b.Fatal(err)
		}
	}
}
