package validate

import "testing"

func TestWholePlants(t *testing.T) { check(t, WholePlants) }
