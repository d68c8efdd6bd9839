package validate

import "testing"

func TestOpenDCMicro(t *testing.T) { check(t, OpenDCMicro) }
