package validate

import "testing"

func TestServing(t *testing.T) { check(t, Serving) }
