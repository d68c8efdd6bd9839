package validate

import "testing"

func TestAnnualPUE(t *testing.T) { check(t, AnnualPUE) }
