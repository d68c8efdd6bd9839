package validate

import "testing"

func TestSchedules(t *testing.T) { check(t, Schedules) }
