package telemetry

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
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
