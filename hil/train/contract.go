package train

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
)

// Phase is what a workload is doing.
type Phase string

// The phases.
const (
	Train      Phase = "train"
	Eval       Phase = "eval"
	Checkpoint Phase = "checkpoint"
)

// Line is what a workload prints after each step, evaluation or checkpoint, as one JSON object a line. Samples and tokens
// count from the start; a line tells of what has just ended.
type Line struct {
	Step    int      `json:"step"`
	Samples float64  `json:"samples"`
	Tokens  float64  `json:"tokens,omitempty"`
	Loss    *float64 `json:"loss,omitempty"` // absent where it is not a number
	Phase   Phase    `json:"phase"`
}

// MaxLine is the longest line in bytes that is read.
const MaxLine = 4096

// ParseLine reads a line of a workload's output. Lines that do not begin with a brace are its own talk: ok is false.
func ParseLine(text []byte) (l Line, ok bool, err error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] != '{' {
		return l, false, nil
	}
	if len(text) > MaxLine {
		return l, false, fmt.Errorf("a line of %d bytes: at most %d", len(text), MaxLine)
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return l, false, fmt.Errorf("not a line of the contract: %w", err)
	}
	switch {
	case l.Phase != Train && l.Phase != Eval && l.Phase != Checkpoint:
		return l, false, fmt.Errorf("phase %q: train, eval or checkpoint", l.Phase)
	case l.Step < 0 || !(l.Samples >= 0) || !(l.Tokens >= 0) || math.IsInf(l.Samples, 0) || math.IsInf(l.Tokens, 0):
		return l, false, fmt.Errorf("step %d, samples %g, tokens %g: none is negative", l.Step, l.Samples, l.Tokens)
	}
	return l, true, nil
}

// Transformer is a PyTorch program that trains a small transformer under torchrun and keeps to the contract.
//
//go:embed transformer.py
var Transformer []byte
