package telemetry

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Pseudonyms replaces names by keyed hashes.
type Pseudonyms struct{ key []byte }

// NewPseudonyms returns pseudonyms under a secret key of 16 bytes or more. Logs made under one key can be joined; whoever does
// not have it cannot find out whose pseudonym one is by trying names.
func NewPseudonyms(key []byte) (*Pseudonyms, error) {
	if len(key) < 16 {
		return nil, errors.New("a key for pseudonyms has 16 bytes or more")
	}
	return &Pseudonyms{key}, nil
}

// Of returns the pseudonym of a name; nobody stays nobody.
func (p *Pseudonyms) Of(name string) string {
	if name == "" {
		return ""
	}
	m := hmac.New(sha256.New, p.key)
	m.Write([]byte("user\x00" + name))
	return "u-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(m.Sum(nil)[:10]))
}

// Apply replaces the users of a log.
func (p *Pseudonyms) Apply(l *Log) {
	for _, s := range l.Series {
		s.User = p.Of(s.User)
	}
}

// userColumns are the headers, lower case, of columns that name people.
var userColumns = []string{"user", "username", "user_name", "uid", "user_id", "userid", "id_user", "account", "owner"}

// Table copies a table with a header, separated by commas or, as sacct writes it, by bars, and replaces the columns that name people;
// or a log in the standard workload format, whose users and groups stay numbers. Names of jobs stay as they are.
func (p *Pseudonyms) Table(in io.Reader, out io.Writer) error {
	b := bufio.NewReader(in)
	start, _ := b.Peek(4096)
	if isSWF(string(start)) {
		return p.swf(b, out)
	}
	first, _, _ := strings.Cut(string(start), "\n")
	r, w := csv.NewReader(b), csv.NewWriter(out)
	if strings.Count(first, "|") > strings.Count(first, ",") {
		r.Comma, w.Comma = '|', '|'
	}
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	head, err := r.Read()
	if err != nil {
		return err
	}
	var columns []int
	for i, h := range head {
		if slices.Contains(userColumns, plain(h)) {
			columns = append(columns, i)
		}
	}
	if len(columns) == 0 {
		return fmt.Errorf("no column names people (%s); there are %s", strings.Join(userColumns, ", "), strings.Join(head, ", "))
	}
	for row := head; err == nil; row, err = r.Read() {
		if len(row) > 0 && &row[0] != &head[0] {
			for _, i := range columns {
				if i < len(row) {
					row[i] = p.Of(strings.TrimSpace(row[i]))
				}
			}
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, w.Error())
}
