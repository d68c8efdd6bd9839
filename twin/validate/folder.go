package validate

import (
	"os"
	"path/filepath"
)

// folder returns where a benchmark's files lie: in the data folder itself, or in its place below it. All files must be
// there.
func folder(data, below, from string, files ...string) (string, error) {
	var missing string
	for _, dir := range []string{data, filepath.Join(data, filepath.FromSlash(below))} {
		missing = ""
		for _, f := range files {
			if _, err := os.Stat(filepath.Join(dir, f)); err != nil {
				missing = filepath.Join(dir, f)
				break
			}
		}
		if missing == "" {
			return dir, nil
		}
	}
	return "", &MissingError{Path: missing, From: from}
}
