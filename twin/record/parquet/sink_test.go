package parquet

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/journal"
	"github.com/halltwin/halltwin/twin/record/recordtest"
)

func play(t *testing.T, folder journal.Folder, every float64) error {
	t.Helper()
	return recordtest.Play(New(folder, "metrics/"), recordtest.Header(recordtest.Site(2, 8)), every)
}

func read(t *testing.T, path string) (*Table, []Row) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	table, err := OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	if err := table.Scan(func(r *Row) error {
		rows = append(rows, Row{r.Time, r.Index, bytes.Clone(r.Name), append([]float64(nil), r.Values...)})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return table, rows
}

func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	if err := play(t, journal.Dir(dir), 600); err != nil {
		t.Fatal(err)
	}
	rack, rows := read(t, filepath.Join(dir, "metrics/rack.parquet"))
	if rack.Level != "rack" || rack.Run != "hot-noon" || rack.Start != "2025-07-15T00:00:00-05:00" || rack.Torn != 0 {
		t.Errorf("table %+v", rack)
	}
	if len(rack.Columns) != 2 || rack.Columns[0].Name != "inlet_temperature_c" || rack.Columns[0].Unit != "degC" ||
		rack.Columns[0].Channel != "rack.inlet_temperature" || rack.Columns[0].Doc == "" {
		t.Errorf("columns %+v", rack.Columns)
	}
	if want := 145 * 16; len(rows) != want || rack.Rows != int64(want) {
		t.Fatalf("%d rows, want %d", len(rows), want)
	}
	if r := rows[16*3+5]; r.Time != 1800 || r.Index != 5 || string(r.Name) != "hall-0/row-0/rack-5" || r.Values[1] < 1e4 {
		t.Errorf("row %+v %s", r, r.Name)
	}
	_, jobs := read(t, filepath.Join(dir, "metrics/job.parquet"))
	if len(jobs) != 2*145 || string(jobs[1].Name) != "job-7" || jobs[1].Values[0] != 1 {
		t.Errorf("%d jobs, second %+v", len(jobs), jobs[1])
	}
}

func TestColumnMetadata(t *testing.T) {
	dir := t.TempDir()
	if err := play(t, journal.Dir(dir), 3600); err != nil {
		t.Fatal(err)
	}
	table, _ := read(t, filepath.Join(dir, "metrics/site.parquet"))
	meta := table.file.Metadata()
	if len(meta.RowGroups) < Checkpoints {
		t.Errorf("%d row groups: a crash would lose too much", len(meta.RowGroups))
	}
	for _, g := range meta.RowGroups[:1] {
		c := g.Columns[fixedColumns]
		got := map[string]string{}
		for _, kv := range c.MetaData.KeyValueMetadata {
			got[kv.Key] = kv.Value
		}
		if got["unit"] != "W" || got["channel"] != "site.power" || got["doc"] == "" {
			t.Fatalf("metadata of %v: %v", c.MetaData.PathInSchema, got)
		}
	}
}

func TestSameBytes(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	for _, dir := range []string{a, b} {
		if err := play(t, journal.Dir(dir), 300); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"site", "rack", "job"} {
		x, _ := os.ReadFile(filepath.Join(a, "metrics", name+".parquet"))
		y, _ := os.ReadFile(filepath.Join(b, "metrics", name+".parquet"))
		if len(x) == 0 || !bytes.Equal(x, y) {
			t.Errorf("%s.parquet differs between two equal runs", name)
		}
	}
}

// A full disk: the error says so, and what was written before is read back.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	err := play(t, &journal.Full{Folder: journal.Dir(dir), Room: 60_000}, 60)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "no space left") {
		t.Fatalf("error %v", err)
	}
	table, rows := read(t, filepath.Join(dir, "metrics/rack.parquet"))
	if table.Torn != 0 || len(rows) < 16*60 {
		t.Errorf("%d rows survive, %d bytes torn", len(rows), table.Torn)
	}
}

// A crash at any byte leaves a file of which a whole prefix is read, and the prefix grows.
func TestTorn(t *testing.T) {
	dir := t.TempDir()
	if err := play(t, journal.Dir(dir), 1800); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "metrics/site.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	for n := len(whole); n > 0; n -= 4999 {
		table, err := OpenBytes(whole[:n])
		if errors.Is(err, ErrTorn) {
			if n > 4000 {
				t.Fatalf("%d bytes: %v", n, err)
			}
			break
		}
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if last != 0 && table.Rows > last {
			t.Fatalf("%d bytes hold %d rows, more bytes %d", n, table.Rows, last)
		}
		last = table.Rows
		count := int64(0)
		if err := table.Scan(func(*Row) error { count++; return nil }); err != nil || count != table.Rows {
			t.Fatalf("%d bytes: %d rows of %d, %v", n, count, table.Rows, err)
		}
	}
}

func frames(at float64, inlet, power []float64) (list []*record.Frame) {
	if inlet != nil {
		list = append(list, &record.Frame{Time: at, Channel: recordtest.Inlet, Values: inlet})
	}
	if power != nil {
		list = append(list, &record.Frame{Time: at, Channel: recordtest.RackIT, Values: power})
	}
	return list
}

func TestUnknownIsNull(t *testing.T) {
	dir := t.TempDir()
	h := recordtest.Header(recordtest.Site(1, 3))
	s := New(journal.Dir(dir), "")
	if err := s.Open(h); err != nil {
		t.Fatal(err)
	}
	send := func(at float64, inlet, power []float64) {
		for _, f := range frames(at, inlet, power) {
			if err := s.Frame(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	send(0, []float64{20, math.NaN(), 22}, nil)
	send(60, nil, []float64{1, 2, 3})
	if err := s.Close(nil); err != nil {
		t.Fatal(err)
	}
	_, rows := read(t, filepath.Join(dir, "rack.parquet"))
	if len(rows) != 6 || rows[0].Values[0] != 20 || !math.IsNaN(rows[1].Values[0]) || !math.IsNaN(rows[0].Values[1]) ||
		rows[5].Values[1] != 3 {
		t.Errorf("rows %+v", rows)
	}
}

func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	if err := recordtest.Play(New(journal.Dir(dir), ""), recordtest.Header(recordtest.Site(1, 2)), 21600); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "rack.parquet"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add([]byte("PAR1PAR1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := OpenBytes(b)
		if err != nil {
			return
		}
		n := 0
		_ = table.Scan(func(*Row) error { // any error will do, a crash or a hang will not
			if n++; n > 1e5 {
				return errors.New("enough")
			}
			return nil
		})
	})
}
