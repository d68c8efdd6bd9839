// Package library is the shelf of parts that scenarios use by name: sites, hardware, plants, workloads, services, engines,
// models, failure fleets, weather, grid series, traces and what-if files. They are YAML and data files, embedded in the binary;
// every figure in them cites where it is from. `halltwin library` lists them.
package library

import "embed"

// FS holds the library. A part "sites/h100-hall-1k" is the file sites/h100-hall-1k.yaml.
//
//go:embed */*
var FS embed.FS
