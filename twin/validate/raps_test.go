package validate

import "testing"

func TestRAPSFrontier(t *testing.T) { check(t, RAPSFrontier) }

func TestRAPSMarconi100(t *testing.T) { check(t, RAPSMarconi100) }
