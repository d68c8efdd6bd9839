package validate

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// check runs a benchmark on the reference data and wants every target met.
func check(t *testing.T, b Benchmark) {
	t.Helper()
	data := os.Getenv("HALLTWIN_DATA")
	if data == "" {
		data = filepath.Join("..", "..", "..", "shared", "data")
	}
	r, err := b.Run(context.Background(), data)
	var missing *MissingError
	if errors.As(err, &missing) {
		t.Skip("no reference data (HALLTWIN_DATA): ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Figures) == 0 {
		t.Error("no figures")
	}
	for _, f := range r.Figures {
		t.Logf("%-48s %12.8g %-5s %s", f.Name, f.Value, f.Unit, f.Target)
		if !f.OK {
			t.Errorf("%s is %g %s, the target is %s", f.Name, f.Value, f.Unit, f.Target)
		}
	}
	for _, l := range r.Lines {
		t.Log(l)
	}
}
