package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCalibrateTypes calibrates a recording of two types of GPU, each into a file of its own.
func TestCalibrateTypes(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	var b strings.Builder
	b.WriteString("timestamp,gpu,gpu_model,power_w,gpu_util_pct\n")
	for s := range 200 {
		use := float64(s / 20 % 5 * 25)
		for g := range 4 {
			model, watts := "NVIDIA A100-SXM4-40GB", 60+3.0*use
			if g > 1 {
				model, watts = "NVIDIA H100 80GB HBM3", 80+6.0*use
			}
			fmt.Fprintf(&b, "%d,%d,%s,%.1f,%.0f\n", 1750000000+s, g, model, watts+float64((s*7+g)%5)-2, use)
		}
	}
	if err := os.WriteFile("two.csv", []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	p, out, said := bench()
	if code := p.run([]string{"calibrate", "two.csv", "--out", "fit.yaml"}); code != exitOK {
		t.Fatalf("exit code %d: %s", code, said)
	}
	for name, device := range map[string]string{"fit-a100-sxm4-40gb": "NVIDIA A100-SXM4-40GB", "fit-h100-80gb-hbm3": "NVIDIA H100 80GB HBM3"} {
		text, err := os.ReadFile(filepath.Join(dir, name+".yaml"))
		if err != nil || !strings.Contains(string(text), device) || !strings.Contains(out.String(), name+".html") {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	p, _, said = bench()
	if code := p.run([]string{"calibrate", "two.csv", "--limit", "400"}); code != exitUsage || !strings.Contains(said.String(), "2 types of device") {
		t.Errorf("exit code %d: %s", code, said)
	}
}
