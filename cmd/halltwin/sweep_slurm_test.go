package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/halltwin/halltwin/hil/source/slurm/slurmtest"
	"github.com/halltwin/halltwin/twin/ensemble"
)

// shared is swept by workers that an array of Slurm starts.
const shared = `halltwin: v1
name: shared
start: 2025-07-15T12:00:00-05:00
duration: 4 h
replicas: 16
site: {use: sites/edge-cabinet}
workload:
  - generate: {use: workloads/llm-lab, load: 60 %, largest: 100 %}
failures: {use: failures/fleet-2025}
record: {every: 1 min}
step: {calm: 5 s, disturbed: 5 s}
variants:
  cap: {set: {"gpu[*].power_limit": 150 W}, at: 1 h}
`

// A sweep whose workers are the tasks of an array that `worker --print slurm | sbatch` has started comes to the bytes of one
// in this process, though one of them is killed at work: every run counts once.
func TestSweepOverSlurm(t *testing.T) {
	cluster := slurmtest.New(t)
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("shared.yaml", []byte(shared), 0o644); err != nil {
		t.Fatal(err)
	}
	p, _, _ := bench()
	if code := p.run([]string{"sweep", "shared.yaml", "-o", "alone"}); code != exitOK {
		t.Fatalf("exit code %d", code)
	}

	head := exec.Command("halltwin", "sweep", "shared.yaml", "-o", "many", "--serve=127.0.0.1:0", "--patience", "2s")
	says, err := head.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := head.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	defer func() {
		if !ended {
			_ = head.Process.Kill() // a failed test does not wait for it
			_ = head.Wait()
		}
	}()
	lines := bufio.NewReader(says)
	var join []string
	for join == nil {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("the sweep never said how workers join: %v", err)
		}
		if _, args, ok := strings.Cut(strings.TrimSpace(line), "workers join with: "); ok {
			join = strings.Fields(args)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() // until it ends

	script, err := exec.Command(join[0], append(join[1:], "--print", "slurm", "--count", "3", "--workers", "1", "--idle", "30s")...).Output()
	if err != nil {
		t.Fatal(err)
	}
	submit := exec.Command("sbatch", "--parsable")
	submit.Stdin = bytes.NewReader(script)
	out, err := submit.CombinedOutput()
	if err != nil {
		t.Fatalf("sbatch: %v\n%s\n%s", err, out, script)
	}
	job := strings.TrimSpace(string(out))
	journal := filepath.Join("many", ensemble.JournalFile)
	for limit := time.Now().Add(time.Minute); ; <-time.After(5 * time.Millisecond) {
		b, err := os.ReadFile(journal)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if log, _ := os.ReadFile("halltwin-worker-" + job + "_1.log"); bytes.Count(b, []byte("\n")) >= 2 && bytes.Contains(log, []byte("working for sweeps")) {
			break
		}
		if time.Now().After(limit) {
			logs, _ := filepath.Glob("*.log")
			for _, name := range logs {
				text, _ := os.ReadFile(name)
				t.Logf("%s: %s", name, text)
			}
			t.Fatalf("%d results after a minute", bytes.Count(b, []byte("\n")))
		}
	}
	cluster.Do("scancel", "--signal=KILL", "--full", job+"_1")
	if err := head.Wait(); err != nil {
		t.Fatal(err)
	}
	ended = true
	cluster.Do("scancel", job)

	for _, name := range []string{ensemble.TableFile, ensemble.ReportFile} {
		want, err := os.ReadFile(filepath.Join("alone", name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("many", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s of many workers is not that of this process", name)
		}
	}
	b, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	results := strings.Split(strings.TrimSpace(string(b)), "\n")
	for _, line := range results {
		seen[line[:strings.Index(line, `"cell"`)]] = true
	}
	if len(results) != 32 || len(seen) != 32 {
		t.Errorf("%d lines for %d runs, and 32 were to be made", len(results), len(seen))
	}
}
