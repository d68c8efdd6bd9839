package validate

import "testing"

func TestSURFWeek(t *testing.T) { check(t, SURFWeek) }
