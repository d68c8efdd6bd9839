package validate

import "testing"

func TestIntegrator(t *testing.T) { check(t, Integrator) }
