package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"

	"github.com/halltwin/halltwin/hil/telemetry"
)

// anonymise prints a table with its users replaced by pseudonyms under the key in a file.
func anonymise(p *process, path, keyFile string) error {
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return &exitError{exitIO, err}
	}
	names, err := telemetry.NewPseudonyms(bytes.TrimSpace(key))
	if err != nil {
		return usage("%s: %w", keyFile, err)
	}
	in, err := os.Open(path)
	if err != nil {
		return &exitError{exitIO, err}
	}
	defer in.Close()
	out := bufio.NewWriter(p.stdout.Out)
	if err := names.Table(in, out); err != nil {
		return &exitError{exitIO, fmt.Errorf("%s: %w", path, err)}
	}
	return out.Flush()
}
