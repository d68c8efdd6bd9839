package trace

import (
	"bytes"
	"strings"
)

// Read reads the trace of a spec, opening its files through open.
func Read(spec *Spec, open Opener) (*Trace, error) {
	spec = spec.withDefaults()
	src, err := openSource(spec.File, open)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	format := spec.Format
	if format == "auto" {
		if format, err = sniff(src); err != nil {
			return nil, err
		}
	}
	if spec.Replay && (format == "swf" || format == "opendc") {
		return nil, fileError(src.name, "replay: this format (%s) does not say on which nodes a job ran", format)
	}
	switch format {
	case "swf":
		return readSWF(src, spec)
	case "opendc":
		return readOpenDC(src, open, spec)
	case "raps":
		return readRAPS(src, func() (*source, error) { return openSource(second(spec, "traces.csv"), open) }, spec)
	case "philly":
		if json, err := isJSON(src); err != nil {
			return nil, err
		} else if json && spec.Replay {
			return nil, fileError(src.name, "replay: this format names machines, not node numbers")
		} else if json {
			return readPhilly(src, spec)
		}
	}
	c := *spec
	c.Format = format
	return readTable(src, &c)
}

// second names the other file of a format that has two.
func second(spec *Spec, name string) string {
	if spec.With != "" {
		return spec.With
	}
	return beside(spec.File, name)
}

func isJSON(src *source) (bool, error) {
	head, err := src.head()
	if err != nil {
		return false, err
	}
	head = bytes.TrimLeft(head, " \t\r\n\ufeff")
	return len(head) > 0 && (head[0] == '[' || head[0] == '{'), nil
}

// sniff tells a format from the beginning of the file; "auto" leaves it to the header of a table.
func sniff(src *source) (string, error) {
	head, err := src.head()
	if err != nil {
		return "", err
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return "", fileError(src.name, "the file is empty")
	}
	if bytes.HasPrefix(head, []byte("PAR1")) {
		return "opendc", nil
	}
	if json, err := isJSON(src); err != nil {
		return "", err
	} else if json {
		return "philly", nil
	}
	line := firstLine(head)
	if bytes.HasPrefix(line, []byte{';'}) && bytes.IndexByte(line, ',') < 0 {
		return "swf", nil
	}
	numbers := bytes.Fields(line)
	if len(numbers) == swfColumns {
		if _, ok := parseNumber(numbers[0]); ok {
			return "swf", nil
		}
	}
	header := "," + strings.ToLower(string(line)) + ","
	if strings.Contains(header, ",run_s,") && strings.Contains(header, ",trace_quanta_s,") {
		return "raps", nil
	}
	return "auto", nil
}
