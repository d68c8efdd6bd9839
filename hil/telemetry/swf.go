package telemetry

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The columns of the standard workload format that name people, from 0, and how many there are.
const (
	swfColumns = 18
	swfUser    = 11
	swfGroup   = 12
)

// Number returns a pseudonym that is a number, for logs that take nothing else.
func (p *Pseudonyms) Number(name string) int64 {
	m := hmac.New(sha256.New, p.key)
	m.Write([]byte("number\x00" + name))
	return int64(binary.BigEndian.Uint32(m.Sum(nil)) >> 1)
}

// isSWF reports whether a text begins as a log in the standard workload format.
func isSWF(start string) bool {
	if strings.HasPrefix(start, ";") { // its remarks
		return true
	}
	for line := range strings.Lines(start) {
		line = strings.TrimSpace(line)
		f := strings.Fields(line)
		if line == "" {
			continue
		}
		if len(f) != swfColumns {
			return false
		}
		for _, x := range f {
			if _, err := strconv.ParseFloat(x, 64); err != nil {
				return false
			}
		}
		return true
	}
	return false
}

// swf copies a log in the standard workload format with users and groups replaced. Its remarks stay.
func (p *Pseudonyms) swf(in *bufio.Reader, out io.Writer) error {
	w := bufio.NewWriter(out)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if f := strings.Fields(line); len(f) > 0 && !strings.HasPrefix(f[0], ";") {
			if len(f) != swfColumns {
				return fmt.Errorf("line %d has %d columns; a log in the standard workload format has %d", n, len(f), swfColumns)
			}
			for _, i := range []int{swfUser, swfGroup} {
				if f[i] != "-1" { // not known
					f[i] = strconv.FormatInt(p.Number(strconv.Itoa(i)+" "+f[i]), 10)
				}
			}
			line = strings.Join(f, " ")
		}
		fmt.Fprintln(w, line)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return w.Flush()
}
