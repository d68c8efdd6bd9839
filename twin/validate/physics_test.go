package validate

import "testing"

func TestPhysicsReferences(t *testing.T) { check(t, PhysicsReferences) }
