package validate

import "testing"

func TestSURFWeekLive(t *testing.T) { check(t, SURFWeekLive) }
