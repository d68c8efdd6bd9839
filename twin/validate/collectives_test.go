package validate

import "testing"

func TestCollectives(t *testing.T) { check(t, Collectives) }
