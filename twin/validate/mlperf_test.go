package validate

import "testing"

func TestMLPerfPower(t *testing.T) { check(t, MLPerfPower) }
