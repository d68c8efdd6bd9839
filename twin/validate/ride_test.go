package validate

import "testing"

func TestRideThrough(t *testing.T) { check(t, RideThrough) }
