package validate

import "testing"

func TestPowerSequences(t *testing.T) { check(t, PowerSequences) }
