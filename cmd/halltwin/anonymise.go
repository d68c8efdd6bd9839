package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/halltwin/halltwin/hil/telemetry"
	"github.com/halltwin/halltwin/models/reading"
	"github.com/halltwin/halltwin/twin/live"
)

// pseudonyms reads the key in a file.
func pseudonyms(keyFile string) (*telemetry.Pseudonyms, error) {
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, &exitError{exitIO, err}
	}
	names, err := telemetry.NewPseudonyms(bytes.TrimSpace(key))
	if err != nil {
		return nil, usage("%s: %w", keyFile, err)
	}
	return names, nil
}

// anonymise prints a log of jobs, or one of a live twin, with its users replaced by pseudonyms under the key in a file.
func anonymise(p *process, path, keyFile string) error {
	names, err := pseudonyms(keyFile)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return &exitError{exitIO, err}
	}
	defer file.Close()
	in, out := bufio.NewReader(file), bufio.NewWriter(p.stdout.Out)
	if start, _ := in.Peek(64); bytes.Contains(start, []byte(live.LogFormat)) {
		err = live.Anonymise(in, out, names.Of)
	} else {
		err = names.Table(in, out)
	}
	if err != nil {
		return &exitError{exitIO, fmt.Errorf("%s: %w", path, err)}
	}
	return out.Flush()
}

// nameless is a source whose jobs have pseudonyms in place of users.
type nameless struct {
	live.Source
	names *telemetry.Pseudonyms
}

// Read implements live.Source.
func (n nameless) Read(ctx context.Context, b *reading.Batch) error {
	err := n.Source.Read(ctx, b)
	live.HideUsers(b, n.names.Of)
	return err
}

// Taken implements live.Acknowledger.
func (n nameless) Taken() {
	if a, ok := n.Source.(live.Acknowledger); ok {
		a.Taken()
	}
}
