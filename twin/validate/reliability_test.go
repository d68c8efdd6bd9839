package validate

import "testing"

func TestReliability(t *testing.T) { check(t, Reliability) }
