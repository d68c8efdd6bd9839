package validate

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMLPerfPower(t *testing.T) { check(t, MLPerfPower) }

// zipped writes a compressed file.
func zipped(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := gzip.NewWriter(f)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

// A made-up job of 64 nodes whose blocks are a few samples long, with nothing logged before its start.
func TestMLPerfPowerOfShortBlocks(t *testing.T) {
	var power, events strings.Builder
	power.WriteString("run,t_s")
	for n := range 64 {
		fmt.Fprintf(&power, ",node_%d_w", n)
	}
	power.WriteString("\n")
	events.WriteString("run,t_s,key,value,step,status\n")
	for run := range 4 {
		const stop = 110.0
		for at := 0.0; at < stop; at += 1 + 2.0 {
			level := 5600.0
			if math.Mod(at, 11) > 8 {
				level = 4800
			}
			fmt.Fprintf(&power, "r%d,%g", run, at)
			for n := range 64 {
				fmt.Fprintf(&power, ",%g", level+float64(n%8)*10+float64(run))
			}
			power.WriteString("\n")
		}
		fmt.Fprintf(&events, "r%d,-3,global_batch_size,64,,\n", run)
		for k := range 10 {
			fmt.Fprintf(&events, "r%d,%d,eval_start,,%d,\nr%d,%d,eval_stop,,,\n", run, k*11+8, (k+1)*256, run, k*11+11)
		}
		fmt.Fprintf(&events, "r%d,%g,run_stop,,,success\n", run, stop)
	}
	dir := t.TempDir()
	zipped(t, filepath.Join(dir, "made_64n_lora_power.csv.gz"), power.String())
	zipped(t, filepath.Join(dir, "made_64n_lora_events.csv.gz"), events.String())
	r, err := MLPerfPower.Run(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Figures {
		t.Logf("%-48s %10.4g %s %s", f.Name, f.Value, f.Unit, f.Target)
		if !f.OK && !strings.Contains(f.Name, "ramp") {
			t.Errorf("%s is %g", f.Name, f.Value)
		}
	}
}

func TestMLPerfPowerRefuses(t *testing.T) {
	dir := t.TempDir()
	var missing *MissingError
	if _, err := MLPerfPower.Run(context.Background(), dir); !errors.As(err, &missing) {
		t.Errorf("nothing there: %v", err)
	}
	zipped(t, filepath.Join(dir, "a_1n_b_power.csv.gz"), "run,t_s,node_0_w\nr,0,5\n")
	if _, err := MLPerfPower.Run(context.Background(), dir); !errors.As(err, &missing) {
		t.Errorf("no events: %v", err)
	}
	zipped(t, filepath.Join(dir, "a_1n_b_events.csv.gz"), "run,t_s,key,value,step,status\nr,1,run_stop,,,\n")
	if r, err := MLPerfPower.Run(context.Background(), dir); err != nil || len(r.Figures) != 0 {
		t.Errorf("one sample: %v, %v", r, err)
	}
	zipped(t, filepath.Join(dir, "a_1n_b_power.csv.gz"), "run,t_s,node_0_w\nr,0,x\n")
	if _, err := MLPerfPower.Run(context.Background(), dir); err == nil || !strings.Contains(err.Error(), "power.csv.gz:2: node_0_w") {
		t.Errorf("no number: %v", err)
	}
}

func FuzzPowerLog(f *testing.F) {
	f.Add("run,t_s,node_0_w\nr,0,5\nr,1,\n", "run,t_s,key,value,step,status\nr,0,eval_start,,3,\nr,9,run_stop,,,\n")
	f.Fuzz(func(t *testing.T, power, events string) {
		dir := t.TempDir()
		p, e := filepath.Join(dir, "a_2n_b_power.csv.gz"), filepath.Join(dir, "a_2n_b_events.csv.gz")
		zipped(t, p, power)
		zipped(t, e, events)
		l, err := readNodeLog(p, e)
		if err != nil || len(l.runs) == 0 {
			return
		}
		l.fit()
		l.report(&Result{})
	})
}
