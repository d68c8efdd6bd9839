package agent

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestSpool lets a spool and a list live the same: readings come, leave and the process dies, and nothing is lost or comes twice.
func TestSpool(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "halltwin-spool-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		s, err := openSpool(dir, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		name, n := s.stream(), 0
		var want []string
		first := uint64(0)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				for range rapid.IntRange(1, 20).Draw(t, "lines") {
					line := fmt.Sprintf("%d %s\n", n, strings.Repeat("x", rapid.SampledFrom([]int{0, 50, 600}).Draw(t, "size")))
					n++
					want = append(want, line)
					if err := s.add([]byte(line)); err != nil {
						t.Fatal(err)
					}
				}
			},
			"send": func(t *rapid.T) {
				at, lines, body, err := s.next()
				if err != nil || at != first || (lines == 0) != (len(want) == 0) || string(body) != strings.Join(want[:lines], "") {
					t.Fatalf("%d readings from %d (%d bytes), %v; %d wait from %d", lines, at, len(body), err, len(want), first)
				}
				if rapid.Bool().Draw(t, "arrive") {
					want, first = want[lines:], first+uint64(lines)
					if err := s.done(first); err != nil {
						t.Fatal(err)
					}
				}
			},
			"die": func(t *rapid.T) { // as a process does: nothing is written any more
				s.release()
				torn := rapid.Bool().Draw(t, "torn")
				if torn {
					if _, err := s.tail.WriteString("half a li"); err != nil {
						t.Fatal(err)
					}
				}
				if err := s.tail.Close(); err != nil {
					t.Fatal(err)
				}
				if s, err = openSpool(dir, 0, 1000); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				if waiting, lost := s.counts(); waiting != len(want) || lost != 0 || s.stream() != name {
					t.Fatalf("%d wait, %d lost; %d should wait", waiting, lost, len(want))
				}
			},
		})
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestSpoolIsBounded(t *testing.T) {
	dir := t.TempDir()
	s, err := openSpool(dir, 20_000, 4000)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openSpool(dir, 0, 1000); err == nil || !strings.Contains(err.Error(), "another agent") {
		t.Errorf("two have one spool: %v", err)
	}
	line := append(bytes.Repeat([]byte{'x'}, 999), '\n')
	for range 50 {
		if err := s.add(line); err != nil {
			t.Fatal(err)
		}
	}
	waiting, lost := s.counts()
	first, lines, _, err := s.next()
	if err != nil || waiting+lost != 50 || waiting < 12 || waiting > 24 || int(first) != lost || lines == 0 {
		t.Errorf("%d wait, %d lost; the next is %d of %d, %v", waiting, lost, first, lines, err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mark"), []byte("what\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openSpool(dir, 0, 1000); err == nil || !strings.Contains(err.Error(), "empty the folder") {
		t.Errorf("a mark that says nothing: %v", err)
	}
}
